"""What is measured on a segment: diameters, volume, intensities, and how much of a lung nodule is solid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import Affine, cropped_affine, ras_from_index, voxel_volume_ml
from AutoLabelLib.core.crop import IndexBox, found_box
from AutoLabelLib.core.errors import GeometryError, InputError, UnsupportedVolumeError
from AutoLabelLib.core.finding import Finding, Line
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.prompt import Position
from AutoLabelLib.core.terminology import SegmentCode
from AutoLabelLib.worker.measurement.diameters import axial_axes, longest_mm

SOLID_ABOVE_HU = -300.0
"""Above it, a voxel of a lung nodule is solid: with it, software found the solid part of 115 subsolid nodules with
a sensitivity of 90 % and a specificity of 88 %.

Source: Scholten et al., Eur Radiol 2015;25:488-496.
"""

AROUND_VOXELS = 2
"""How far around a segment is looked, to see whether it lies in lung."""

_LUNG_HU = (-950.0, -500.0)  # not the air around the patient
_LEAST_LUNG = 0.25  # a nodule at the pleura or the hilum has no more around it
_LARGEST_NODULE_MM = 100.0


@dataclass(frozen=True)
class Measured:
    """What was measured, as a `Finding` takes it.

    Attributes:
        center_ras_mm: Middle of the box around it.
        size_mm: Extent of that box along R, A and S, to the outer edges of the voxels.
        values: Numbers with the unit in the name; see `measured`.
        lines_ras_mm: Ends of long_axis and short_axis.
    """

    center_ras_mm: Position
    size_mm: Position
    values: Mapping[str, float]
    lines_ras_mm: Mapping[str, Line]


def measure(image: Image, mask: NDArray[np.bool_], *, solid: bool | None = None) -> dict[str, float]:
    """Return the numbers of `measured` alone."""
    return dict(measured(image, mask, solid=solid).values)


def measured(
    image: Image, mask: NDArray[np.bool_], *, solid: bool | None = None, solid_above_hu: float = SOLID_ABOVE_HU
) -> Measured:
    """Return what a radiologist would measure on a mask.

    The values: `long_axis_mm` and `short_axis_mm` (on one axial plane, in one connected part; see `axial_axes`),
    their `mean_diameter_mm`, `max_diameter_3d_mm`, `volume_ml`, `voxels`, `parts` (connected by a corner or more);
    `mean_hu`, `min_hu`, `max_hu` and `sd_hu` for CT, else `mean_intensity` and so on, of several channels each with the
    channel's name at the end; `solid_percent`, `solid_volume_ml` and `solid_above_hu` where a solid part has a meaning.

    Args:
        image: The image; of several channels, intensities of each are measured.
        mask: (I, J, K), on the image's grid.
        solid: Whether the solid part is measured; None: in CT, where at least a quarter of what is around is lung.
        solid_above_hu: What counts as solid.

    Raises:
        InputError: If the mask is empty.
        GeometryError: If it is not on the image's grid.
        UnsupportedVolumeError: If a voxel in it is NaN or infinite.
    """
    if mask.shape != image.spatial_shape:
        raise GeometryError(f"The mask has {mask.shape} voxels, but the image has {image.spatial_shape}.")
    if not mask.any():
        raise InputError("The segment is empty: there is nothing to measure.", "Segment something first.")
    box = found_box(mask[None])
    inside, affine = np.pad(mask[box.slices], 1), cropped_affine(image.affine, np.subtract(box.start_ijk, 1))
    axes = axial_axes(inside, affine)
    volume_ml = int(np.count_nonzero(inside)) * voxel_volume_ml(affine)
    values = {
        "long_axis_mm": axes.long_mm,
        "short_axis_mm": axes.short_mm,
        "mean_diameter_mm": (axes.long_mm + axes.short_mm) / 2,
        "max_diameter_3d_mm": longest_mm(inside, affine),
        "volume_ml": volume_ml,
        "voxels": float(np.count_nonzero(inside)),
        "parts": float(_count_parts(inside)),
        **_intensities(image, mask, box),
    }
    if is_ct(image) and (_lies_in_lung(image, mask, box, axes.long_mm) if solid is None else solid):
        share = float(np.mean(image.array[0][box.slices][mask[box.slices]] > solid_above_hu))
        values |= {"solid_percent": 100 * share, "solid_volume_ml": share * volume_ml, "solid_above_hu": solid_above_hu}
    center, size = _box_ras_mm(inside, affine)
    return Measured(center, size, values, {"long_axis": axes.long_ras_mm, "short_axis": axes.short_ras_mm})


def with_measurements(finding: Finding, found: Measured, code: SegmentCode | None = None) -> Finding:
    """Return a finding with what was measured, and the kind of structure that its segment's code says."""
    structure = _structure(code) or finding.structure
    return replace(finding, measurements=found.values, lines_ras_mm=found.lines_ras_mm, structure=structure)


def _structure(code: SegmentCode | None) -> str:
    """Return what a code says that a segment shows, such as "Left Kidney"; "" where nobody said."""
    if code is None:
        return ""
    modifier = f"{code.type_modifier.meaning} " if code.type_modifier else ""
    return f"{modifier}{code.type.meaning}"


def is_ct(image: Image) -> bool:
    """Return whether the voxels of an image are in Hounsfield units."""
    return image.unit == "HU" or image.modality == "CT"


def _count_parts(mask: NDArray[np.bool_]) -> int:
    from scipy.ndimage import label

    return int(label(mask, np.ones((3, 3, 3)))[1])


def _intensities(image: Image, mask: NDArray[np.bool_], box: IndexBox) -> dict[str, float]:
    word = "hu" if is_ct(image) else "intensity"
    values: dict[str, float] = {}
    for number, channel in enumerate(image.array):
        voxels = channel[box.slices][mask[box.slices]].astype(np.float64)
        if not np.isfinite(voxels).all():
            raise UnsupportedVolumeError(
                "The segment covers voxels that are NaN or infinite.",
                "Replace them first, for example with slicer.util.arrayFromVolume and numpy.nan_to_num.",
            )
        names = image.channel_names or tuple(map(str, range(1, len(image.array) + 1)))
        ending = f"{word}_{names[number]}" if len(image.array) > 1 else word
        figures = {"mean": voxels.mean(), "min": voxels.min(), "max": voxels.max(), "sd": voxels.std()}
        values |= {f"{figure}_{ending}": float(value) for figure, value in figures.items()}
    return values


def _lies_in_lung(image: Image, mask: NDArray[np.bool_], box: IndexBox, long_axis_mm: float) -> bool:
    """Return whether a mask is small enough for a nodule, and enough of what is around it is lung."""
    from scipy.ndimage import binary_dilation

    if long_axis_mm > _LARGEST_NODULE_MM:
        return False
    wider = tuple(
        slice(max(0, side.start - AROUND_VOXELS), side.stop + AROUND_VOXELS) for side in box.slices
    )  # a slice may end beyond the array
    near = mask[wider]
    around = image.array[0][wider][binary_dilation(near, np.ones((3, 3, 3)), AROUND_VOXELS) & ~near]
    low, high = _LUNG_HU
    return around.size > 0 and float(np.mean((around > low) & (around < high))) >= _LEAST_LUNG


def _box_ras_mm(mask: NDArray[np.bool_], affine: Affine) -> tuple[Position, Position]:
    """Return middle and size of the box along R, A and S around the voxels of a mask, edges included."""
    edges = ras_from_index(affine, np.argwhere(mask))
    half_mm = np.abs(affine[:3, :3]).sum(axis=1) / 2
    low, high = edges.min(axis=0) - half_mm, edges.max(axis=0) + half_mm
    right, anterior, superior = ((low + high) / 2).tolist()
    width, depth, height = (high - low).tolist()
    return (right, anterior, superior), (width, depth, height)
