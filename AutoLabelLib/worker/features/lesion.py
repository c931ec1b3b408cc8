"""What readers of lesions on CT look at: the family "lesion"; outline on slices, thin parts, core, rim, solid parts.

Slices lie across the third axis: give the axes in the order R, A, S for axial ones. Intensities are in HU. All of them
count, also those outside of the settings' intensity range.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.worker.features.mesh import surface_mesh
from AutoLabelLib.worker.features.region import Margin, Mask, Region, Values
from AutoLabelLib.worker.features.settings import FeatureSettings

UNDEFINED = "the segment is so small that it has neither a core nor a rim"

_SOLID_HU, _GROUND_GLASS_HU, _AIR_HU = -300.0, -750.0, -850.0
_CALCIFIED_HU = (130.0, 200.0)
_PERCENTILES = (5, 25, 75, 95, 99)
_OPENING_MM = (1.5, 2.25)
_RIM_MM = 1.0
_CORE_FRACTION = 0.6  # of the largest depth
_MARGIN_VOXELS = 5  # what a Gaussian of one voxel sees

_WORDS = {
    "lesion_slice_area_mm2": "how large it is on the slice where it is largest",
    "lesion_slice_long_axis_mm": "how long it is on the slice where it is largest",
    "lesion_slice_short_axis_mm": "how wide it is on the slice where it is largest",
    "lesion_slice_eccentricity": "how oval it is on that slice, 0 for a circle",
    "lesion_slice_circularity": "how round and smooth its outline is on that slice, 1 for a circle",
    "lesion_slice_solidity": "how free of dents and spikes its outline is on that slice: 1 if it has none",
    "lesion_height_mm": "over how many mm of slices it reaches",
    "lesion_thickness_mm": "how thick it is where it is thickest",
    "lesion_thickness_ratio": "how thick it is for its volume: 1 for a ball",
    **{f"lesion_thicker_than_{2 * mm:g}mm": f"how much of it is thicker than {2 * mm:g} mm" for mm in _OPENING_MM},
    "lesion_radius_variation": "how much its surface varies in distance from its middle",
    "lesion_radius_maximum": "how far spikes reach out, for its size",
    "lesion_radius_minimum": "how deep dents reach in, for its size",
    **{f"lesion_{p}th_percentile": f"the brightness that {p} % of it stay below" for p in _PERCENTILES},
    **{f"lesion_above_{hu:g}hu": f"how much of it is as bright as calcium (above {hu:g} HU)" for hu in _CALCIFIED_HU},
    "lesion_calcified_mm3": f"how large its parts as bright as calcium (above {_CALCIFIED_HU[-1]:g} HU) are",
    "lesion_solid_fraction": "how much of it is solid (above -300 HU)",
    "lesion_solid_ml": "how large its solid part (above -300 HU) is",
    "lesion_ground_glass_fraction": "how much of it is ground glass (-750 to -300 HU)",
    "lesion_air_fraction": "how much of it is air (below -850 HU)",
    "lesion_core_mean": "how bright its core is",
    "lesion_core_spread": "how uneven its core is",
    "lesion_core_95th_percentile": "how bright the brightest parts of its core are",
    "lesion_core_gradient": "how steeply the brightness changes in its core",
    "lesion_rim_mean": "how bright its rim is",
    "lesion_rim_spread": "how uneven its rim is",
    "lesion_core_over_rim": "how much brighter its core is than its rim",
    "lesion_unevenness": "how uneven it is from voxel to voxel",
    "lesion_core_unevenness": "how uneven its core is from voxel to voxel",
}


def descriptions(settings: FeatureSettings) -> dict[str, str]:
    """Return the names of the family, in order, and what they mean."""
    return dict(_WORDS)


def margin(settings: FeatureSettings) -> Margin:
    """Return how far beyond the mask the family looks."""
    return Margin(voxels=_MARGIN_VOXELS)


def compute(region: Region, settings: FeatureSettings) -> dict[str, float]:
    """Return what a reader of lesions sees in a region."""
    depth_mm = _depth_mm(region.mask, region.spacing_mm)
    return {
        **_on_the_largest_slice(region.mask, region.spacing_mm),
        **_thickness(region, depth_mm),
        **_radii(region),
        **_parts(region),
        **_core_and_rim(region, depth_mm),
    }


def _depth_mm(mask: Mask, spacing_mm: Values) -> Values:
    """Return how far within a mask each voxel (I, J, K) lies: the distance to the next voxel outside of it."""
    from scipy.ndimage import distance_transform_edt

    padded = distance_transform_edt(np.pad(mask, 1), sampling=spacing_mm)
    return np.asarray(padded[1:-1, 1:-1, 1:-1], dtype=np.float64)


def _on_the_largest_slice(mask: Mask, spacing_mm: Values) -> dict[str, float]:
    """Return what the outline looks like on the slice with the most voxels; the largest part if there are several."""
    from scipy.ndimage import label

    parts, _ = label(mask[:, :, int(mask.sum(axis=(0, 1)).argmax())])
    part = parts == np.bincount(parts[parts > 0]).argmax()
    in_plane_mm = spacing_mm[:2]
    points_mm = np.argwhere(part) * in_plane_mm
    own_variance = np.diag(in_plane_mm**2 / 12)  # of a voxel by itself
    spread = np.cov(points_mm.T, bias=True) if len(points_mm) > 1 else np.zeros((2, 2))
    minor, major = np.linalg.eigvalsh(spread + own_variance)
    area = len(points_mm) * float(np.prod(in_plane_mm))
    return {
        "lesion_slice_area_mm2": area,
        "lesion_slice_long_axis_mm": 4 * math.sqrt(major),
        "lesion_slice_short_axis_mm": 4 * math.sqrt(minor),
        "lesion_slice_eccentricity": math.sqrt(max(0.0, 1 - minor / major)),
        "lesion_slice_circularity": _circularity(part, in_plane_mm),
        "lesion_slice_solidity": area / _hull_area_mm2(points_mm, in_plane_mm),
        "lesion_height_mm": float(mask.any(axis=(0, 1)).sum() * spacing_mm[2]),
    }


def _circularity(part: Mask, in_plane_mm: Values) -> float:
    """Return what the outline encloses, compared with a circle of the same length: 1 for a circle."""
    from skimage.measure import find_contours

    outlines = [line * in_plane_mm for line in find_contours(np.pad(part, 1).astype(np.float64), 0.5)]
    outline = max(outlines, key=lambda line: float(np.ptp(line, axis=0).prod()))
    x, y = outline.T
    enclosed = abs(float(np.dot(x[:-1], y[1:]) - np.dot(y[:-1], x[1:]))) / 2
    length = float(np.linalg.norm(np.diff(outline, axis=0), axis=1).sum())
    return 4 * math.pi * enclosed / length**2


def _hull_area_mm2(points_mm: Values, in_plane_mm: Values) -> float:
    """Return the area of the convex hull of pixels, their corners included."""
    from scipy.spatial import ConvexHull

    corners = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]]) * in_plane_mm / 2
    return float(ConvexHull((points_mm[:, None] + corners).reshape(-1, 2)).volume)


def _thickness(region: Region, depth_mm: Values) -> dict[str, float]:
    """Return how thick the segment is, and how much of it holds a ball of some sizes."""
    from scipy.ndimage import distance_transform_edt

    count = np.count_nonzero(region.mask)
    volume_mm3 = count * float(np.prod(region.spacing_mm))
    found = {
        "lesion_thickness_mm": 2 * float(depth_mm.max()),
        "lesion_thickness_ratio": float(depth_mm.max()) / (3 * volume_mm3 / (4 * math.pi)) ** (1 / 3),
    }
    for radius_mm in _OPENING_MM:
        deep = depth_mm > radius_mm
        covered = distance_transform_edt(~deep, sampling=region.spacing_mm) <= radius_mm if deep.any() else deep
        found[f"lesion_thicker_than_{2 * radius_mm:g}mm"] = np.count_nonzero(covered & region.mask) / count
    return found


def _radii(region: Region) -> dict[str, float]:
    """Return how far the surface lies from its middle."""
    vertices_mm = surface_mesh(region.mask, region.spacing_mm).vertices_mm
    radii = np.linalg.norm(vertices_mm - vertices_mm.mean(axis=0), axis=1)
    mean = float(radii.mean())
    return {
        "lesion_radius_variation": float(radii.std()) / mean,
        "lesion_radius_maximum": float(radii.max()) / mean,
        "lesion_radius_minimum": float(radii.min()) / mean,
    }


def _parts(region: Region) -> dict[str, float]:
    """Return how much of the segment is calcified, solid, ground glass and air."""
    values = region.voxels[region.mask]
    voxel_mm3 = float(np.prod(region.spacing_mm))
    shares = {f"lesion_above_{hu:g}hu": float((values > hu).mean()) for hu in _CALCIFIED_HU}
    solid = values > _SOLID_HU
    percentiles = zip(_PERCENTILES, np.percentile(values, _PERCENTILES), strict=True)
    return {
        **{f"lesion_{p}th_percentile": float(value) for p, value in percentiles},
        **shares,
        "lesion_calcified_mm3": float((values > _CALCIFIED_HU[-1]).sum()) * voxel_mm3,
        "lesion_solid_fraction": float(solid.mean()),
        "lesion_solid_ml": float(solid.sum()) * voxel_mm3 / 1000,
        "lesion_ground_glass_fraction": float((~solid & (values > _GROUND_GLASS_HU)).mean()),
        "lesion_air_fraction": float((values < _AIR_HU).mean()),
    }


def _core_and_rim(region: Region, depth_mm: Values) -> dict[str, float]:
    """Return how bright and how uneven the innermost and the outermost parts are."""
    deepest = float(depth_mm.max())
    core = depth_mm >= _CORE_FRACTION * deepest
    rim = region.mask & (depth_mm <= max(_RIM_MM, float(region.spacing_mm.min())))
    gradient, unevenness = _steepness(region), _unevenness(region)
    inner = region.voxels[core]
    found = {
        "lesion_core_mean": float(inner.mean()),
        "lesion_core_spread": float(inner.std()),
        "lesion_core_95th_percentile": float(np.percentile(inner, 95)),
        "lesion_core_gradient": float(gradient[core].mean()),
        "lesion_unevenness": float(unevenness[region.mask].mean()),
        "lesion_core_unevenness": float(unevenness[core].mean()),
    }
    if rim.any():
        outer = region.voxels[rim]
        found["lesion_rim_mean"], found["lesion_rim_spread"] = float(outer.mean()), float(outer.std())
        found["lesion_core_over_rim"] = found["lesion_core_mean"] - found["lesion_rim_mean"]
    return found


def _steepness(region: Region) -> Values:
    """Return how steep the image is, in HU per mm, (I, J, K): its gradient under a Gaussian of one voxel."""
    from scipy.ndimage import gaussian_filter1d

    squares = np.zeros_like(region.wide_voxels)
    for axis, mm in enumerate(region.spacing_mm):
        slope = region.wide_voxels
        for other in range(3):
            slope = gaussian_filter1d(slope, 1.0, other, order=int(other == axis), mode="nearest")
        squares += (slope / mm) ** 2
    return np.asarray(np.sqrt(squares)[region.box])


def _unevenness(region: Region) -> Values:
    """Return the standard deviation of each voxel with its neighbours, (I, J, K)."""
    from scipy.ndimage import uniform_filter

    wide: NDArray[np.float64] = region.wide_voxels
    centred = wide - wide.mean()  # near 0, so that rounding stays small
    mean = uniform_filter(centred, 3, mode="nearest")
    variance = uniform_filter(centred**2, 3, mode="nearest") - mean**2
    return np.asarray(np.sqrt(np.maximum(variance, 0.0))[region.box])
