"""A mask cut along the patient's axial planes, whatever grid it lies on, and the outlines of its cuts.

On a grid with axial slices, which may be turned or sheared within them, those slices are taken as they are. On any
other one (sagittal, coronal ones have axial planes, too, but oblique ones do not) the mask is resampled first, finely
enough to keep what is one voxel thin. An edge lies half-way from a voxel's centre inside to its neighbour's outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import Affine, as_affine, cropped_affine, index_from_ras, ras_from_index, spacing_mm

EDGE = 0.5
_TILT_VOXELS = (
    0.25  # by so much of a slice's distance to the next may a slice leave the axial plane over the whole mask
)
_FINEST_VOXELS = 0.5
_MOST_STEPS = 256  # along each axis: at 0.5 % of its size, an organ's edge need not be known any better
_PAD = 1


@dataclass(frozen=True, eq=False)
class Sections:
    """A mask in axial planes.

    Attributes:
        inside: (P, Q, N), N planes; above `EDGE` inside of the mask; its outer voxels are 0.
        affine: (4, 4), index to RAS mm; the first two axes run in the axial plane.
    """

    inside: NDArray[np.float32]
    affine: Affine


@dataclass(frozen=True, eq=False)
class Cut:
    """One connected part of one plane's cut, not outlined yet.

    Attributes:
        plane: Index of the plane.
        longest_mm: No two positions of its outline are further apart.
        box: Where it lies in the plane, with a margin.
        part: Its number in the labelled planes.
    """

    plane: int
    longest_mm: float
    box: tuple[slice, slice]
    part: int


def axial_sections(mask: NDArray[np.bool_], affine: Affine) -> Sections:
    """Return a mask (I, J, K), which is not empty and touches none of its array's faces, in axial planes."""
    upright = _upright_axis(affine, mask.shape)
    if upright is None:
        return _resampled(mask, affine)
    order = [axis for axis in range(3) if axis != upright] + [upright]
    index_map = np.zeros((4, 4))
    index_map[order, range(3)] = index_map[3, 3] = 1.0
    return Sections(mask.transpose(order).astype(np.float32), as_affine(affine @ index_map))


def _upright_axis(affine: Affine, shape_ijk: tuple[int, ...]) -> int | None:
    """Return the voxel axis whose slices are axial planes; None if there is none."""
    rises_mm = np.abs(affine[2, :3])
    upright = int(np.argmax(rises_mm))
    tilt_mm = sum(rises_mm[axis] * shape_ijk[axis] for axis in range(3) if axis != upright)
    return upright if tilt_mm <= _TILT_VOXELS * rises_mm[upright] else None


def _resampled(mask: NDArray[np.bool_], affine: Affine) -> Sections:
    from scipy.ndimage import affine_transform

    corners = np.stack(np.meshgrid(*((-0.5, n - 0.5) for n in mask.shape)), axis=-1).reshape(-1, 3)
    corners_ras_mm = ras_from_index(affine, corners)
    low, high = corners_ras_mm.min(axis=0), corners_ras_mm.max(axis=0)
    step_mm = max(_FINEST_VOXELS * min(spacing_mm(affine)), float((high - low).max()) / _MOST_STEPS)
    inside = np.argwhere(mask)
    anchor = ras_from_index(affine, inside[len(inside) // 2])  # a plane through a voxel's middle: one voxel is kept
    start = anchor - np.ceil((anchor - low) / step_mm) * step_mm
    shape = np.ceil((high - start) / step_mm).astype(int) + 1
    target = np.diag([step_mm, step_mm, step_mm, 1.0])
    target[:3, 3] = start
    matrix = np.linalg.inv(affine[:3, :3]) * step_mm
    values = affine_transform(
        mask.astype(np.float32), matrix, index_from_ras(affine, start), tuple(shape), order=1, prefilter=False
    )
    return Sections(np.pad(values, _PAD), cropped_affine(target, (-_PAD, -_PAD, -_PAD)))


def cuts(sections: Sections) -> tuple[list[Cut], NDArray[np.int32]]:
    """Return the connected parts of all planes, the longest first, and the planes with each part's number."""
    from scipy.ndimage import find_objects, label

    in_plane = np.zeros((3, 3, 3), bool)
    in_plane[:, :, 1] = True  # voxels that share a corner belong together, those above each other do not
    parts, _ = label(sections.inside > EDGE, in_plane)
    found = []
    axes_mm = sections.affine[:2, :2]
    for part, box in enumerate(find_objects(parts), start=1):
        size = np.array([side.stop - side.start + 1 for side in box[:2]])  # an edge may lie up to a voxel further out
        longest_mm = max(np.linalg.norm(axes_mm @ size), np.linalg.norm(axes_mm @ (size * (1, -1))))
        wider = slice(box[0].start - 1, box[0].stop + 1), slice(box[1].start - 1, box[1].stop + 1)
        found.append(Cut(box[2].start, float(longest_mm), wider, part))
    return sorted(found, key=lambda cut: -cut.longest_mm), parts


def outlines(sections: Sections, cut: Cut, parts: NDArray[np.int32]) -> Iterator[NDArray[np.float64]]:
    """Yield the closed lines (N, 3) in RAS mm around a cut, and around holes in it."""
    from skimage.measure import find_contours

    numbers = parts[(*cut.box, cut.plane)]
    inside = np.where((numbers == cut.part) | (numbers == 0), sections.inside[(*cut.box, cut.plane)], 0.0)
    for line in find_contours(inside, EDGE, fully_connected="high"):
        in_plane = np.add(line, (cut.box[0].start, cut.box[1].start))
        yield ras_from_index(sections.affine, np.column_stack([in_plane, np.full(len(line), cut.plane)]))
