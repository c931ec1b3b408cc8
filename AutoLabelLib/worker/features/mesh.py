"""The surface of a mask as a mesh of triangles in mm, and the hull around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.worker.features.region import Mask, Values


@dataclass(frozen=True, eq=False)
class Mesh:
    """A closed surface.

    Attributes:
        vertices_mm: (V, 3), in the axes of the grid.
        faces: (F, 3), indices of vertices.
        volume_mm3: What it encloses.
        area_mm2: Its surface.
    """

    vertices_mm: Values
    faces: NDArray[np.int64]
    volume_mm3: float
    area_mm2: float


@dataclass(frozen=True, eq=False)
class Hull:
    """The convex hull of a mesh.

    Attributes:
        volume_mm3: What it encloses.
        area_mm2: Its surface.
        diameter_mm: The largest distance of two of its corners.
    """

    volume_mm3: float
    area_mm2: float
    diameter_mm: float


def surface_mesh(mask: Mask, spacing_mm: Values) -> Mesh:
    """Return the surface of a mask that is not empty, half-way between its voxels' centres and the others'.

    Source: Lewiner et al. 2003, Efficient implementation of marching cubes' cases with topological guarantees.
    """
    from skimage.measure import marching_cubes

    vertices, faces, _, _ = marching_cubes(np.pad(mask, 1).astype(np.float32), 0.5, spacing=tuple(spacing_mm))
    vertices = np.asarray(vertices, dtype=np.float64)
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    doubled = np.cross(b - a, c - a)
    centre = vertices.mean(axis=0)  # near the mesh, so that tetrahedra are small and rounding is, too
    volume = abs(float(np.einsum("ij,ij->", a - centre, doubled))) / 6
    return Mesh(vertices, faces, volume, float(np.linalg.norm(doubled, axis=1).sum()) / 2)


def convex_hull(mesh: Mesh) -> Hull:
    """Return the convex hull of a mesh."""
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import pdist

    hull = ConvexHull(mesh.vertices_mm)
    return Hull(float(hull.volume), float(hull.area), float(pdist(mesh.vertices_mm[hull.vertices]).max()))
