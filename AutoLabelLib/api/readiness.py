"""Whether `segment` can run, found out at once: for a button that must say why it cannot be pressed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from AutoLabelLib.client.memory import check_fits
from AutoLabelLib.core import catalogue
from AutoLabelLib.core.errors import ContractError
from AutoLabelLib.core.model import ModelSpec


def check_segment(
    volume_node: Any, model: str | Path | ModelSpec, *, roi: Any = None, segmentation: Any = None, modality: str = ""
) -> tuple[str, ...]:
    """Raise what `segment` would raise before it reads a voxel; return what the user should know, in sentences.

    Args:
        volume_node: Volume node.
        model: Name of an installed model, folder of a bundle, or the model itself.
        roi: Markups ROI node; None for all of the volume.
        segmentation: Segmentation node to add to; None for a new one.
        modality: DICOM modality, for volumes that do not say it.

    Raises:
        InputError: If one of the nodes cannot be used.
        ModelError: If the model is missing, or does not take this volume.
    """
    from AutoLabelLib.scene.layers import affine_in, check_editable
    from AutoLabelLib.scene.regions import box_of_roi
    from AutoLabelLib.scene.volumes import bytes_of, check_kind, grid_of, remarks, shared_image

    spec = model if isinstance(model, ModelSpec) else catalogue.find(model)
    _check_task(spec)
    check_kind(volume_node)
    grid = grid_of(volume_node)
    warnings = spec.check_form(shared_image(volume_node, modality))
    box = box_of_roi(roi, volume_node, grid) if roi is not None else None
    check_fits(bytes_of(volume_node, box))
    if segmentation is not None:
        check_editable(segmentation)
        affine_in(segmentation, volume_node, grid.local_affine)
    return remarks(volume_node) + warnings


def _check_task(spec: ModelSpec) -> None:
    if spec.task != "segmentation":
        raise ContractError(f'"{spec.name}" is a model for {spec.task}, not for segmentation.', "Choose another one.")
    if spec.needs_prompt:
        raise ContractError(
            f'"{spec.name}" needs a click: it does nothing by itself.', "Use it in the panel Interactive."
        )
