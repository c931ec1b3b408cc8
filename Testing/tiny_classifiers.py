"""Classifiers so small that their answer is known: a weighted sum over a patch per class."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from AutoLabelLib.core import catalogue
from AutoLabelLib.core.bundle import file_sha256

_WIDTH_VOXELS = 2.0


@dataclass(frozen=True)
class TinyClassifier:
    """What a bundle shall say; the default tells whether what is in the patch lies to the right or to the left.

    Attributes:
        classes: Names of the classes.
        attributes: Names of the attributes.
        channels: Of the image.
        modality: Of all channels.
        spacing_mm: Of the patch; None to squeeze the whole image into it.
        patch_voxels: Of the patch.
        normalisation: MONAI transforms on intensities.
        network_def: Network; None for the weighted sum.
        state: Its weights; None for those of the default.
        section: Entries of "classification".
        more: Further entries of the contract.
    """

    classes: tuple[str, ...] = ("left", "right")
    attributes: tuple[str, ...] = ()
    channels: int = 1
    modality: str = "CT"
    spacing_mm: tuple[float, float, float] | None = (1.0, 1.0, 1.0)
    patch_voxels: tuple[int, int, int] = (16, 16, 16)
    normalisation: tuple[dict[str, Any], ...] = ()
    network_def: Mapping[str, Any] | None = None
    state: Mapping[str, torch.Tensor] | None = None
    section: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def inputs(self) -> int:
        """Number of channels that the network sees."""
        return self.channels + bool(self.section.get("mask_channel"))

    @property
    def outputs(self) -> int:
        """Number of the network's outputs."""
        return len(self.classes) + len(self.attributes)


def weighted_sum(tiny: TinyClassifier) -> dict[str, Any]:
    """Return the definition of a convolution as large as the patch."""
    return {
        "_target_": "torch.nn.Conv3d",
        "in_channels": tiny.inputs,
        "out_channels": tiny.outputs,
        "kernel_size": list(tiny.patch_voxels),
    }


def side_weights(tiny: TinyClassifier, strength: float = 1.0) -> dict[str, torch.Tensor]:
    """Return weights whose class n looks towards the far end of axis n // 2, or the near end if n is even.

    So the classes are left, right, posterior, anterior, inferior, superior on a patch with the axes RAS. Each sees the
    mean of what is there, times the strength.
    """
    weight = torch.zeros(tiny.outputs, tiny.inputs, *tiny.patch_voxels)
    index = torch.stack(torch.meshgrid(*(torch.arange(n) - (n - 1) / 2 for n in tiny.patch_voxels), indexing="ij"))
    for output in range(tiny.outputs):
        axis = (output // 2) % 3
        middle = torch.zeros(3, 1, 1, 1)
        middle[axis] = tiny.patch_voxels[axis] / 4 * (1 if output % 2 else -1)
        seen = torch.exp(-((index - middle) ** 2).sum(0) / (2 * _WIDTH_VOXELS**2))
        weight[output, 0] = seen / seen.sum() * strength
    return {"weight": weight, "bias": torch.zeros(tiny.outputs)}


def write_classifier(folder: Path, tiny: TinyClassifier | None = None, *, is_trusted: bool = True) -> Path:
    """Write a bundle, have it approved, and return its folder."""
    tiny = tiny or TinyClassifier()
    for part in ("configs", "models"):
        (folder / part).mkdir(parents=True)
    save_file(dict(tiny.state or side_weights(tiny)), folder / "models" / "model.safetensors")
    inference = {
        "network_def": dict(tiny.network_def or weighted_sum(tiny)),
        "preprocessing": {"_target_": "Compose", "transforms": list(tiny.normalisation)},
    }
    (folder / "configs" / "inference.json").write_text(json.dumps(inference), encoding="utf-8")
    hashes = {name: file_sha256(folder / name) for name in ("configs/inference.json", "models/model.safetensors")}
    (folder / "configs" / "metadata.json").write_text(json.dumps(_metadata(tiny, hashes)), encoding="utf-8")
    if is_trusted:
        catalogue.trust(folder)
    return folder


def _metadata(tiny: TinyClassifier, hashes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "version": "1.2.3",
        "network_data_format": {
            "inputs": {"image": {"num_channels": tiny.inputs, "modality": tiny.modality}},
            "outputs": {"pred": {"num_channels": tiny.outputs}},
        },
        "autolabel": {
            "name": "tiny",
            "task": "classification",
            "channels": [{"name": f"image {n}", "modality": tiny.modality} for n in range(tiny.channels)],
            "classes": list(tiny.classes),
            "attributes": [{"name": name} for name in tiny.attributes],
            "looks_at": "segment",
            "spacing_mm": list(tiny.spacing_mm) if tiny.spacing_mm else None,
            "patch_voxels": list(tiny.patch_voxels),
            "classification": dict(tiny.section),
            "sha256": dict(hashes),
            **tiny.more,
        },
    }
