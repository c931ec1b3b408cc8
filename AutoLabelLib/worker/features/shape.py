"""Shape: the family "morph", IBSI's morphological features (HCUG), in mm and ml."""

from __future__ import annotations

import math

import numpy as np

from AutoLabelLib.worker.features.autocorrelation import spatial_autocorrelation
from AutoLabelLib.worker.features.distribution import ratio
from AutoLabelLib.worker.features.mesh import Mesh, convex_hull, surface_mesh
from AutoLabelLib.worker.features.region import Region, Values
from AutoLabelLib.worker.features.settings import FeatureSettings

UNDEFINED = "the segment is a single voxel or lies in one plane, or all its voxels have the same intensity"

_WORDS = {
    "morph_volume_mesh_ml": "how large it is",
    "morph_volume_voxel_counting_ml": "how large it is, counted in voxels",
    "morph_surface_area_mesh_mm2": "how large its surface is",
    "morph_surface_to_volume_ratio_per_mm": "how much surface it has for its volume",
    "morph_compactness_1": "how compact it is",
    "morph_compactness_2": "how compact it is, from 0 to 1 for a ball",
    "morph_spherical_disproportion": "how much more surface it has than a ball",
    "morph_sphericity": "how round and smooth it is, from 0 to 1 for a ball",
    "morph_asphericity": "how ragged or elongated its surface is, 0 for a ball",
    "morph_centre_of_mass_shift_mm": "how far its bright parts lie from its middle",
    "morph_maximum_3d_diameter_mm": "how long it is across",
    "morph_major_axis_length_mm": "how long its longest axis is",
    "morph_minor_axis_length_mm": "how long its middle axis is",
    "morph_least_axis_length_mm": "how long its shortest axis is",
    "morph_elongation": "how far it is from elongated: 1 for as wide as long",
    "morph_flatness": "how far it is from flat: 1 for as thick as long",
    "morph_volume_density_aabb": "how much of its bounding box it fills",
    "morph_area_density_aabb": "how much surface it has for its bounding box",
    "morph_volume_density_aee": "how much of the ellipsoid of its axes it fills",
    "morph_area_density_aee": "how ragged its surface is, compared with the ellipsoid of its axes",
    "morph_volume_density_convex_hull": "how free of dents and spikes it is: 1 if it has none",
    "morph_area_density_convex_hull": "how ragged its surface is, compared with a skin stretched around it",
    "morph_integrated_intensity": "its mean brightness times its volume in mm³",
    "morph_morans_i": "how alike the brightness of parts near each other is: 1 for alike, 0 for chance",
    "morph_gearys_c": "how much the brightness differs between parts near each other: below 1 for little",
}


def descriptions(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the family, in order, and what they mean."""
    return dict(_WORDS)


def compute(region: Region, settings: FeatureSettings) -> dict[str, float]:
    """Return the features of a region's shape, and of how its intensities lie in it."""
    mesh = surface_mesh(region.mask, region.spacing_mm)
    found = {**_roundness(mesh), **_axes(region, mesh), **_boxes(mesh), **_intensities(region, mesh)}
    found["morph_volume_voxel_counting_ml"] = np.count_nonzero(region.mask) * float(np.prod(region.spacing_mm)) / 1000
    return {name: found[name] for name in _WORDS if name in found}


def _roundness(mesh: Mesh) -> dict[str, float]:
    volume, area = mesh.volume_mm3, mesh.area_mm2
    compactness_2 = 36 * math.pi * volume**2 / area**3
    return {
        "morph_volume_mesh_ml": volume / 1000,
        "morph_surface_area_mesh_mm2": area,
        "morph_surface_to_volume_ratio_per_mm": area / volume,
        "morph_compactness_1": volume / (math.sqrt(math.pi) * area**1.5),
        "morph_compactness_2": compactness_2,
        "morph_spherical_disproportion": compactness_2 ** (-1 / 3),
        "morph_sphericity": compactness_2 ** (1 / 3),
        "morph_asphericity": compactness_2 ** (-1 / 3) - 1,
    }


def _axes(region: Region, mesh: Mesh) -> dict[str, float]:
    """Return what the principal axes of the voxels' centres say; NaN where they all lie in one plane.

    Source: IBSI, morphological features; the variances have N - 1 in the denominator, as in its reference values.
    """
    points_mm = np.argwhere(region.mask) * region.spacing_mm
    variances = np.linalg.eigvalsh(np.cov(points_mm.T) if len(points_mm) > 1 else np.zeros((3, 3)))
    variances = np.where(variances < 1e-9 * max(variances[2], 1e-9), 0.0, variances)  # rounding around 0
    least, minor, major = (float(length) for length in 4 * np.sqrt(variances))
    found = {
        "morph_major_axis_length_mm": major,
        "morph_minor_axis_length_mm": minor,
        "morph_least_axis_length_mm": least,
        "morph_elongation": ratio(minor, major),
        "morph_flatness": ratio(least, major),
    }
    if least > 0:
        a, b, c = major / 2, minor / 2, least / 2
        found["morph_volume_density_aee"] = mesh.volume_mm3 / (4 / 3 * math.pi * a * b * c)
        found["morph_area_density_aee"] = mesh.area_mm2 / _ellipsoid_area_mm2(a, b, c)
    return found


def _ellipsoid_area_mm2(a: float, b: float, c: float) -> float:
    """Return what IBSI takes for the surface of an ellipsoid of half axes a >= b >= c; too little by some per cent.

    Source: IBSI, RDD2: a series of Legendre polynomials up to the 20th. Their arguments have a denominator that is 0
        for equal axes; multiplied by it, their recurrence needs no division.
    """
    first, second = 1 - (b / a) ** 2, 1 - (c / a) ** 2
    half_sum, product = (first + second) / 2, first * second
    total, before, now = 1.0, 1.0, half_sum
    for degree in range(1, 21):
        total += now / (1 - 4 * degree**2)
        before, now = now, ((2 * degree + 1) * half_sum * now - degree * product * before) / (degree + 1)
    return 4 * math.pi * a * b * total


def _boxes(mesh: Mesh) -> dict[str, float]:
    hull = convex_hull(mesh)
    i, j, k = (float(length) for length in np.ptp(mesh.vertices_mm, axis=0))
    return {
        "morph_maximum_3d_diameter_mm": hull.diameter_mm,
        "morph_volume_density_aabb": mesh.volume_mm3 / (i * j * k),
        "morph_area_density_aabb": mesh.area_mm2 / (2 * (i * j + j * k + i * k)),
        "morph_volume_density_convex_hull": mesh.volume_mm3 / hull.volume_mm3,
        "morph_area_density_convex_hull": mesh.area_mm2 / hull.area_mm2,
    }


def _intensities(region: Region, mesh: Mesh) -> dict[str, float]:
    if not region.intensities.size:
        return {}
    morans_i, gearys_c = spatial_autocorrelation(region)
    found = {
        "morph_integrated_intensity": mesh.volume_mm3 * float(region.intensities.mean()),
        "morph_morans_i": morans_i,
        "morph_gearys_c": gearys_c,
    }
    total = float(region.intensities.sum())
    if total:
        middle = np.argwhere(region.mask).mean(axis=0)
        weighted: Values = region.intensities @ np.argwhere(region.intensity_mask) / total
        found["morph_centre_of_mass_shift_mm"] = float(np.linalg.norm((weighted - middle) * region.spacing_mm))
    return found
