"""Affines, axes and the one place where RAS meets LPS.

An affine is a (4, 4) float64 matrix that maps the index of a voxel's *centre* (i, j, k, 1) to millimetres in
RAS (x grows to the patient's right, y to anterior, z to superior). ITK, NRRD and DICOM speak
LPS; nothing outside this file flips a sign or permutes an axis.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.errors import GeometryError

Affine = NDArray[np.float64]

_LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_AXIS_LETTERS = (("L", "R"), ("P", "A"), ("I", "S"))  # (negative end, positive end) of RAS x, y, z
_AXIS_OF_LETTER = {letter: axis for axis, pair in enumerate(_AXIS_LETTERS) for letter in pair}


def as_affine(matrix: ArrayLike) -> Affine:
    """Return a checked, read-only copy of an index-to-RAS matrix.

    Args:
        matrix: (4, 4), index to RAS mm.

    Raises:
        GeometryError: If it has another shape, is not finite, or is singular.
    """
    affine = np.array(matrix, dtype=np.float64)
    if affine.shape != (4, 4):
        raise GeometryError(f"An affine must be a 4x4 matrix, but this one has the shape {affine.shape}.")
    if not np.isfinite(affine).all():
        raise GeometryError(
            "The volume's affine holds NaN or infinite numbers.",
            "Check the volume's spacing, origin and directions.",
        )
    if not np.allclose(affine[3], [0, 0, 0, 1]):
        raise GeometryError(f"The last row of an affine must be 0 0 0 1, but it is {affine[3].tolist()}.")
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    # Normalised by the column lengths, the determinant is 1 for orthogonal axes and 0 for coplanar ones.
    if (lengths < 1e-9).any() or abs(np.linalg.det(affine[:3, :3] / lengths)) < 1e-4:
        raise GeometryError(
            "The volume's affine is singular: two of its axes coincide or a spacing is zero.",
            "Check the volume's spacing and directions in the Volumes module.",
        )
    affine.setflags(write=False)
    return affine


def lps_from_ras(matrix_or_points: ArrayLike) -> NDArray[np.float64]:
    """Return an affine (4, 4) or points (..., 3) in mm with RAS turned into LPS."""
    values = np.asarray(matrix_or_points, dtype=np.float64)
    if values.shape == (4, 4):
        return np.asarray(_LPS_FROM_RAS @ values, dtype=np.float64)
    return np.asarray(values * np.diag(_LPS_FROM_RAS)[:3], dtype=np.float64)


def ras_from_lps(matrix_or_points: ArrayLike) -> NDArray[np.float64]:
    """Return an affine (4, 4) or points (..., 3) in mm with LPS turned into RAS."""
    return lps_from_ras(matrix_or_points)  # the flip is its own inverse


def spacing_mm(affine: ArrayLike) -> tuple[float, float, float]:
    """Return the distance in mm between neighbouring voxel centres along i, j and k."""
    lengths = np.linalg.norm(np.asarray(affine, dtype=np.float64)[:3, :3], axis=0)
    return (float(lengths[0]), float(lengths[1]), float(lengths[2]))


def voxel_volume_ml(affine: ArrayLike) -> float:
    """Return the volume of one voxel in millilitres (right for sheared grids, too)."""
    return float(abs(np.linalg.det(np.asarray(affine, dtype=np.float64)[:3, :3]))) / 1000.0


def ras_from_index(affine: ArrayLike, index_ijk: ArrayLike) -> NDArray[np.float64]:
    """Return RAS mm positions (..., 3) of continuous voxel indices (..., 3); integers are voxel centres."""
    matrix = np.asarray(affine, dtype=np.float64)
    return np.asarray(index_ijk, dtype=np.float64) @ matrix[:3, :3].T + matrix[:3, 3]


def index_from_ras(affine: ArrayLike, position_ras_mm: ArrayLike) -> NDArray[np.float64]:
    """Return continuous voxel indices (..., 3) of RAS mm positions (..., 3)."""
    return ras_from_index(np.linalg.inv(np.asarray(affine, dtype=np.float64)), position_ras_mm)


def _nearest_axes(affine: ArrayLike) -> tuple[int, int, int]:
    """Return which RAS axis (0, 1, 2) each voxel axis runs along, each used once, by the best total match."""
    matrix = np.asarray(affine, dtype=np.float64)[:3, :3]
    cosines = np.abs(matrix / np.linalg.norm(matrix, axis=0))
    # A greedy choice can be wrong near 45 degrees, where two voxel axes want the same RAS axis.
    best = max(itertools.permutations(range(3)), key=lambda p: sum(cosines[p[v], v] for v in range(3)))
    return (best[0], best[1], best[2])


def orientation(affine: ArrayLike) -> str:
    """Return the nearest orientation code, naming where each index axis points *to* (such as "RAS", "LPI")."""
    matrix = np.asarray(affine, dtype=np.float64)
    axes = _nearest_axes(matrix)
    return "".join(_AXIS_LETTERS[axes[v]][int(matrix[axes[v], v] > 0)] for v in range(3))


@dataclass(frozen=True)
class AxisOrder:
    """How the axes of one grid become those of another: permute, then flip.

    Attributes:
        axes: For each new spatial axis, the old spatial axis that it was.
        flips: For each new spatial axis, whether it runs backwards.
    """

    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]

    def apply(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return a view of array (..., I, J, K) with its three last axes in the new order."""
        lead = array.ndim - 3
        moved = array.transpose(*range(lead), *(lead + axis for axis in self.axes))
        i, j, k = (slice(None, None, -1 if flip else 1) for flip in self.flips)
        return moved[..., i, j, k]

    def inverse(self) -> AxisOrder:
        """Return the order that leads back."""
        i, j, k = (self.axes.index(old) for old in range(3))
        return AxisOrder((i, j, k), (self.flips[i], self.flips[j], self.flips[k]))

    def apply_to_affine(self, affine: ArrayLike, shape_ijk: tuple[int, ...]) -> Affine:
        """Return the affine of the reordered grid.

        Args:
            affine: (4, 4), of the old grid.
            shape_ijk: Shape of the old grid in voxels.
        """
        index_map = np.zeros((4, 4))  # new index -> old index
        index_map[3, 3] = 1.0
        for new, (old, flip) in enumerate(zip(self.axes, self.flips, strict=True)):
            index_map[old, new] = -1.0 if flip else 1.0
            index_map[old, 3] = shape_ijk[old] - 1 if flip else 0.0
        return as_affine(np.asarray(affine, dtype=np.float64) @ index_map)


def axis_order(affine: ArrayLike, target: str = "RAS") -> AxisOrder:
    """Return the permutation and flips that bring a grid nearest to a target orientation.

    Args:
        affine: (4, 4), index to RAS mm.
        target: Orientation code such as "RAS" or "LPS": where each new axis shall point to.

    Raises:
        GeometryError: If the code does not name each of the three directions once.
    """
    if len(target) != 3 or sorted(_AXIS_OF_LETTER.get(letter, -1) for letter in target) != [0, 1, 2]:
        raise GeometryError(f'"{target}" is not an orientation code; expected something like RAS or LPS.')
    matrix = np.asarray(affine, dtype=np.float64)
    ras_axis_of_voxel_axis = _nearest_axes(matrix)
    axes, flips = [], []
    for letter in target:
        ras_axis = _AXIS_OF_LETTER[letter]
        old = ras_axis_of_voxel_axis.index(ras_axis)
        wants_positive = letter == _AXIS_LETTERS[ras_axis][1]
        axes.append(old)
        flips.append(bool(matrix[ras_axis, old] > 0) != wants_positive)
    return AxisOrder((axes[0], axes[1], axes[2]), (flips[0], flips[1], flips[2]))


def zoomed_shape(
    affine: ArrayLike, shape_ijk: tuple[int, ...], target_spacing_mm: tuple[float, ...]
) -> tuple[int, int, int]:
    """Return the shape whose voxels come closest to a spacing over the same physical extent (at least 1)."""
    old_mm = spacing_mm(affine)
    counts = [max(1, round(n * old / new)) for n, old, new in zip(shape_ijk, old_mm, target_spacing_mm, strict=True)]
    return (counts[0], counts[1], counts[2])


def zoomed_affine(affine: ArrayLike, shape_ijk: tuple[int, ...], new_shape_ijk: tuple[int, ...]) -> Affine:
    """Return the affine of a grid that covers the same physical box with another number of voxels.

    The *edges* of the outer voxels coincide, as in `torch.nn.functional.interpolate(align_corners=False)`.
    """
    ratio = np.asarray(shape_ijk, dtype=np.float64) / np.asarray(new_shape_ijk, dtype=np.float64)
    index_map = np.diag([*ratio, 1.0])
    index_map[:3, 3] = 0.5 * ratio - 0.5
    return as_affine(np.asarray(affine, dtype=np.float64) @ index_map)


def cropped_affine(affine: ArrayLike, start_ijk: ArrayLike) -> Affine:
    """Return the affine of a sub-grid whose voxel (0, 0, 0) is voxel start_ijk (may be negative) of the grid."""
    result = np.array(affine, dtype=np.float64)
    result[:3, 3] = ras_from_index(affine, start_ijk)
    return as_affine(result)


def same_affine(first: ArrayLike, second: ArrayLike, shape_ijk: tuple[int, ...], tolerance_mm: float = 1e-3) -> bool:
    """Return whether no corner of a grid moves by more than a tolerance between two affines."""
    corners = np.array(list(itertools.product(*((0, n - 1) for n in shape_ijk))), dtype=np.float64)
    apart_mm = np.abs(ras_from_index(first, corners) - ras_from_index(second, corners))
    return bool(apart_mm.max(initial=0.0) <= tolerance_mm)
