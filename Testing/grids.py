"""Grids to try geometry on: all 48 axis orientations, anisotropic, oblique, left-handed and sheared."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

ORIENTATIONS = tuple(
    "".join(letters) for axes in itertools.permutations(("RL", "AP", "SI")) for letters in itertools.product(*axes)
)
_DIRECTION = {"R": (1, 0, 0), "L": (-1, 0, 0), "A": (0, 1, 0), "P": (0, -1, 0), "S": (0, 0, 1), "I": (0, 0, -1)}


def axes_of(code: str) -> NDArray[np.float64]:
    """Return the (3, 3) matrix whose columns are the directions that a code such as "LPS" names."""
    return np.array([_DIRECTION[letter] for letter in code], dtype=np.float64).T


def rotation(angles_degrees: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return rotations about R, A and S, one after the other, as (3, 3)."""
    result = np.eye(3)
    for axis, angle in enumerate(np.deg2rad(angles_degrees)):
        turn = np.eye(3)
        first, second = (a for a in range(3) if a != axis)
        turn[first, first] = turn[second, second] = np.cos(angle)
        turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
        result = turn @ result
    return result


def make_affine(
    code: str = "RAS",
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0),
    angles_degrees: tuple[float, float, float] = (0.0, 0.0, 0.0),
    shear: tuple[float, float, float] = (0.0, 0.0, 0.0),
    origin_mm: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> NDArray[np.float64]:
    """Return an affine (4, 4): the axes of a code, scaled, sheared (j along i, k along i, k along j), turned, moved."""
    skew = np.eye(3)
    skew[0, 1], skew[0, 2], skew[1, 2] = shear
    affine = np.eye(4)
    affine[:3, :3] = rotation(angles_degrees) @ axes_of(code) @ skew @ np.diag(spacing_mm)
    affine[:3, 3] = origin_mm
    return affine


def lopsided(shape_ijk: tuple[int, int, int]) -> NDArray[np.int32]:
    """Return an array (I, J, K) in which every voxel has a value of its own, so that no flip or swap can hide."""
    return np.arange(np.prod(shape_ijk), dtype=np.int32).reshape(shape_ijk)


def affines(largest_angle_degrees: float = 180.0, largest_shear: float = 0.3) -> st.SearchStrategy[NDArray[np.float64]]:
    """Draw affines of every orientation, with spacings from 0.2 to 8 mm."""
    angle = st.floats(-largest_angle_degrees, largest_angle_degrees)
    shear = st.floats(-largest_shear, largest_shear)
    spacing = st.floats(0.2, 8.0)
    offset = st.floats(-500, 500)
    return st.builds(
        make_affine,
        st.sampled_from(ORIENTATIONS),
        st.tuples(spacing, spacing, spacing),
        st.tuples(angle, angle, angle),
        st.tuples(shear, shear, shear),
        st.tuples(offset, offset, offset),
    )


def shapes(largest: int = 7) -> st.SearchStrategy[tuple[int, int, int]]:
    """Draw shapes (I, J, K) in voxels."""
    size = st.integers(1, largest)
    return st.tuples(size, size, size)
