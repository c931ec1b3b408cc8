"""Slices that form one volume: their order, and the affine."""

from __future__ import annotations

import numpy as np

from AutoLabelLib.core.affine import Affine, as_affine, ras_from_lps
from AutoLabelLib.core.errors import GeometryError
from AutoLabelLib.dicom.slices import Slice

_SAME_PLACE_MM = 1e-3  # positions are decimal strings of 16 characters
_SAME_DIRECTION = 1e-3
# A slice may be off its place by this share of the slice distance; scanners round positions.
_TOLERANCE = 0.1


def build(members: list[Slice]) -> tuple[list[Slice], Affine]:
    """Return slices in the order of increasing index k, and the affine (index to RAS mm) of their volume.

    The third axis is the line through the slices' corners, which leans if the gantry was tilted.

    Raises:
        GeometryError: If they differ in size, orientation or spacing, if some are missing, doubled or unevenly
            spaced, or if they do not lie on a line.
    """
    _check_alike(members)
    first = members[0]
    ordered = sorted(members, key=lambda one: float(one.position_lps_mm @ first.normal_lps))
    positions = np.array([one.position_lps_mm for one in ordered])
    if len(ordered) > 1:
        _check_distances(np.diff(positions @ first.normal_lps))
        step = (positions[-1] - positions[0]) / (len(ordered) - 1)
        _check_straight(positions, step)
    else:
        step = first.normal_lps * first.thickness_mm
    lps = np.eye(4)
    lps[:3, 0] = first.row_lps * first.spacing_ij_mm[0]
    lps[:3, 1] = first.column_lps * first.spacing_ij_mm[1]
    lps[:3, 2] = step
    lps[:3, 3] = positions[0]
    return ordered, as_affine(ras_from_lps(lps))


def _check_alike(members: list[Slice]) -> None:
    first = members[0]
    hint = "It may hold a scout or several volumes: move one volume's files into a folder of their own."
    for other in members[1:]:
        if other.shape_ij != first.shape_ij:
            raise GeometryError(f"The slices differ in size: {first.shape_ij} and {other.shape_ij} voxels.", hint)
        if not np.allclose(other.spacing_ij_mm, first.spacing_ij_mm, rtol=1e-3):
            raise GeometryError(
                f"The slices differ in pixel spacing: {first.spacing_ij_mm} and {other.spacing_ij_mm} mm.", hint
            )
        turned = max(abs(other.row_lps - first.row_lps).max(), abs(other.column_lps - first.column_lps).max())
        if turned > _SAME_DIRECTION:
            raise GeometryError("The slices of the series differ in orientation.", hint)


def _check_distances(distances_mm: np.ndarray) -> None:
    """Raise unless the distances between neighbouring slices are positive and even."""
    doubled = int(np.count_nonzero(distances_mm < _SAME_PLACE_MM))
    if doubled:
        raise GeometryError(
            f"{doubled} of {len(distances_mm) + 1} slices lie where another one is already: the series holds "
            "copies, or several time points or echoes.",
            "Remove the copies, or move one volume's files into a folder of their own.",
        )
    usual = float(np.median(distances_mm))
    uneven = np.flatnonzero(np.abs(distances_mm - usual) > _TOLERANCE * usual)
    if not len(uneven):
        return
    where = int(uneven[np.argmax(distances_mm[uneven])])
    widest = float(distances_mm[where])
    missing = int(sum(round(distance / usual) - 1 for distance in distances_mm if distance > 1.5 * usual))
    if missing > 0:
        raise GeometryError(
            f"{missing} slice(s) are missing: slices {where + 1} and {where + 2} are {widest:.2f} mm apart, "
            f"expected {usual:.2f} mm.",
            "Export the whole series again.",
        )
    raise GeometryError(
        f"The slices are unevenly spaced: from {distances_mm.min():.2f} to {distances_mm.max():.2f} mm.",
        "Load the series in Slicer, which can resample it, and use the volume from there.",
    )


def _check_straight(positions_lps_mm: np.ndarray, step_lps_mm: np.ndarray) -> None:
    expected = positions_lps_mm[0] + np.arange(len(positions_lps_mm))[:, None] * step_lps_mm
    off_mm = float(np.linalg.norm(positions_lps_mm - expected, axis=1).max())
    allowed_mm = _TOLERANCE * float(np.linalg.norm(step_lps_mm))
    if off_mm > allowed_mm:
        raise GeometryError(
            f"The slices do not lie on a line: one is {off_mm:.2f} mm off its place, allowed are {allowed_mm:.2f} mm.",
            "It may be two volumes in one series: move one volume's files into a folder of their own.",
        )
