"""Where a segmentation is written: a segmentation file, or a Slicer scene."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from AutoLabelLib.cli import report
from AutoLabelLib.files import atomic, formats, labelmaps

if TYPE_CHECKING:
    from AutoLabelLib.core.image import Image
    from AutoLabelLib.core.job import Result
    from AutoLabelLib.core.labelmap import Labelmap
    from AutoLabelLib.core.model import ModelSpec

SCENE = ".mrb"


def check(path: Path, overwrite: bool) -> None:
    """Raise FileError if the result could not be written there; called before anything is computed."""
    ending = formats.suffix(path)
    if ending not in (*labelmaps.WRITABLE, SCENE):
        raise formats.unknown_format(path, (*labelmaps.WRITABLE, SCENE))
    atomic.check_target(path, overwrite)
    if labelmaps.has_sidecar(path):
        atomic.check_target(labelmaps.sidecar(path), overwrite)
    if ending == SCENE:
        from AutoLabelLib.core.packages import require

        require("slicer")


def write(path: Path, source: Path, image: Image, labelmap: Labelmap, spec: ModelSpec, result: Result) -> None:
    """Write a result in the format that the path's ending names.

    Args:
        path: Where to.
        source: File or folder of the image; its name becomes the volume's in a scene.
        image: What was segmented; a scene shows it, too.
        labelmap: The segments.
        spec: The model that made them.
        result: How it made them.

    Raises:
        FileError: If it cannot be written.
    """
    from AutoLabelLib.core.provenance import segment_tags

    tags = segment_tags(result, spec)
    if formats.suffix(path) != SCENE:
        labelmaps.write_labelmap(path, labelmap, tags=tags)
        return
    name = formats.without_suffix(source).name or "volume"
    _write_scene(path, name, image, labelmap, tags)


def tell(path: Path, labelmap: Labelmap, result: Result, warnings: tuple[str, ...], as_json: bool) -> None:
    """Print what was written: a table of the segments, or everything as JSON."""
    segments = [
        {"name": segment.name, "label_value": segment.label_value, "volume_ml": labelmap.volume_ml(segment)}
        for segment in labelmap.segments
    ]
    if as_json:
        report.print_json(
            {
                "output": str(path),
                "segments": segments,
                "warnings": list(warnings),
                "phase_seconds": result.phase_seconds,
                "provenance": result.provenance,
            }
        )
        return
    report.print_warnings(warnings)
    rows = [(segment["name"], segment["label_value"], segment["volume_ml"]) for segment in segments]
    report.print_columns(rows, ("segment", "label value", "volume (ml)"))
    print(f"Wrote {path}")


def _write_scene(path: Path, name: str, image: Image, labelmap: Labelmap, tags: dict[str, str]) -> None:
    """Write a scene that opens on the result: the slice views meet in its middle, the 3D view shows its surface."""
    from AutoLabelLib.scene.headless import headless_scene
    from AutoLabelLib.scene.render_three_d import show_surfaces
    from AutoLabelLib.scene.scene_files import write_scene
    from AutoLabelLib.scene.segmentations import show_labelmap
    from AutoLabelLib.scene.views import show_in_slice_views
    from AutoLabelLib.scene.volumes import volume_from_image

    headless_scene(fresh=True)
    volume_node = volume_from_image(image, name)
    segmentation_node = show_labelmap(labelmap, volume_node, tags=tags)
    show_surfaces(segmentation_node)
    show_in_slice_views(volume_node, _middle_ras_mm(labelmap))
    write_scene(path)


def _middle_ras_mm(labelmap: Labelmap) -> tuple[float, float, float] | None:
    """Return the middle of all segments; None if all are empty."""
    import numpy as np

    from AutoLabelLib.core.affine import ras_from_index

    indices = np.argwhere(labelmap.array.any(axis=0))
    if not len(indices):
        return None
    right, anterior, superior = ras_from_index(labelmap.affine, indices.mean(axis=0))
    return (float(right), float(anterior), float(superior))
