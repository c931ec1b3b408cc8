"""The verb `evaluate`: how well a segmentation agrees with a reference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from AutoLabelLib.api.pending import Pending
from AutoLabelLib.api.segment_choice import open_labelmap
from AutoLabelLib.api.sources import is_node
from AutoLabelLib.client import default_worker
from AutoLabelLib.core import catalogue
from AutoLabelLib.core.job import Job, Progress


def evaluate(prediction: Any, reference: Any, **options: Any) -> Any:
    """Compare a segmentation with a reference: Dice, HD95 (mm) and volume error (ml) per segment.

    Args:
        prediction: Segmentation or labelmap volume node, `Labelmap`, or path of a segmentation file.
        reference: The same kind of thing, taken as the truth.
        **options: Of the worker's evaluation task.

    Returns:
        For nodes a table node, else a mapping with the keys cases, summary and warnings.

    Raises:
        InputError: If one cannot be read or they do not share a grid.
    """
    grid_node = _grid_node(reference)
    labelmaps = (open_labelmap(prediction, grid_node), open_labelmap(reference, grid_node))
    result = default_worker().submit(Job("evaluation", labelmaps=labelmaps, options=options)).wait()
    if is_node(prediction):
        from AutoLabelLib.scene.tables import table_from_rows

        return table_from_rows("Evaluation", result.values["cases"])
    return {**result.values, "warnings": list(result.warnings)}


def evaluate_cases(
    cases: str | Path,
    model: str | Path | None = None,
    *,
    wait: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> Any:
    """Compare many segmentations with their references; with a model, segment each case first.

    Args:
        cases: Case list (CSV or JSON).
        model: Name of an installed model or folder of a bundle; None if the list names predictions.
        wait: If False, return a `Pending` at once.
        on_progress: Called with each `Progress`, in the calling thread.
        **options: Of the worker's evaluation task, such as split="test".

    Returns:
        A mapping with the keys cases and summary; the summary has means with 95 % intervals.
    """
    folder = str(catalogue.find(model).folder) if model is not None else ""
    job = Job("evaluation", folder, options={"cases": str(Path(cases).resolve()), **options})
    pending: Pending[Any] = Pending(default_worker().submit(job), lambda result: dict(result.values))
    return pending.handed_over(wait, on_progress)


def _grid_node(reference: Any) -> Any:
    """Return the volume node on whose grid two segmentations are compared; None for the segmentation's own."""
    if is_node(reference) and reference.IsA("vtkMRMLSegmentationNode"):
        return reference.GetNodeReference(reference.GetReferenceImageGeometryReferenceRole())
    return reference if is_node(reference) else None
