"""Features of a mask on an image, however the volume is stored: the same nodule gives the same figures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from AutoLabelLib.core.affine import axis_order, cropped_affine, ras_from_index
from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.worker.features.of_image import features_of, suited_settings
from AutoLabelLib.worker.features.settings import FAMILIES, FeatureSettings
from Testing.grids import make_affine

ALL = FeatureSettings(tuple(FAMILIES), log_sigmas_mm=(1.0, 2.0))
SHAPE = (40, 38, 32)
SPACING_MM = (0.5, 0.55, 0.7)


def nodule(affine: NDArray[np.float64], shape: tuple[int, int, int]) -> tuple[Image, NDArray[np.bool_]]:
    """Return a lopsided nodule as a scanner with that grid would see it, about the origin of RAS."""
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    r, a, s = np.moveaxis(ras_from_index(affine, grid), -1, 0)
    mask = (r / 6) ** 2 + (a / 4.5) ** 2 + (s / 5) ** 2 + 0.1 * r * a / 6 < 1
    values = 20 + 12 * r - 9 * a + 30 * np.sin(s)
    return Image(values[np.newaxis], affine, "CT", unit="HU"), mask


def centred(code: str, spacing_mm: tuple[float, float, float] = SPACING_MM, **options: object) -> NDArray[np.float64]:
    """Return an affine whose grid of `SHAPE` has its middle at the origin."""
    affine = np.array(make_affine(code, spacing_mm, **options))  # type: ignore[arg-type]
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(SHAPE) - 1) / 2)
    return affine


@pytest.mark.parametrize("code", ["LPS", "SRA", "IAL", "PIR"])
def test_the_order_in_which_voxels_are_stored_changes_nothing(code: str) -> None:
    image, mask = nodule(centred("RAS"), SHAPE)
    order = axis_order(image.affine, code)
    affine = order.apply_to_affine(image.affine, SHAPE)
    stored = Image(order.apply(image.array), affine, "CT", unit="HU")
    assert features_of(stored, order.apply(mask), ALL) == features_of(image, mask, ALL)


@pytest.mark.parametrize(
    "affine",
    [
        centred("RAS", angles_degrees=(12, -25, 8)),
        centred("LAS", angles_degrees=(0, 0, 30)),
        centred("RAS", shear=(0.3, 0.0, 0.2)),
        centred("LPS", shear=(0.0, -0.25, 0.1), angles_degrees=(5, 10, 0)),
    ],
    ids=["oblique", "left-handed", "sheared", "sheared and oblique"],
)
def test_other_grids_see_nearly_the_same_nodule(affine: NDArray[np.float64]) -> None:
    settings = FeatureSettings(("morph", "stat"), resample_mm=0.5)
    seen = features_of(*nodule(affine, SHAPE), settings)
    truth = features_of(*nodule(centred("RAS"), SHAPE), settings)
    for name in ("morph_volume_mesh_ml", "morph_major_axis_length_mm", "morph_least_axis_length_mm", "stat_variance"):
        assert seen[name] == pytest.approx(truth[name], rel=0.05)
    assert seen["stat_mean"] == pytest.approx(truth["stat_mean"], abs=5)


def test_a_cut_of_a_sheared_volume_is_enough() -> None:
    image, mask = nodule(centred("LPS", shear=(0.2, -0.1, 0.3)), SHAPE)
    assert not (mask[:4].any() or mask[:, :4].any() or mask[:, :, :3].any())
    start = (3, 2, 1)
    part = tuple(slice(first, None) for first in start)
    cut = Image(image.array[(slice(None), *part)], cropped_affine(image.affine, start), "CT", unit="HU")
    settings = FeatureSettings()
    assert features_of(cut, mask[part], settings) == pytest.approx(
        features_of(image, mask, settings), rel=1e-6, nan_ok=True
    )


def test_what_is_measured_is_the_chosen_channel() -> None:
    image, mask = nodule(centred("RAS"), SHAPE)
    two = Image(np.concatenate([image.array, image.array + 100]), image.affine, "MR")
    settings = FeatureSettings(("stat",))
    first, second = (features_of(two, mask, settings, channel=channel) for channel in range(2))
    assert second["stat_mean"] == pytest.approx(first["stat_mean"] + 100)


def test_settings_fit_the_image() -> None:
    image, _ = nodule(centred("RAS"), SHAPE)
    assert suited_settings(image).bin_width == 25
    other = Image(image.array, image.affine, "MR")
    assert (suited_settings(other).bin_width, suited_settings(other).bin_count) == (None, 32)


@pytest.mark.parametrize("shear", [(0, 0, 0), (0.3, 0, 0)])
def test_an_empty_mask_and_a_single_voxel(shear: tuple[float, float, float]) -> None:
    image, mask = nodule(centred("RAS", shear=shear), SHAPE)
    with pytest.raises(InputError, match="empty"):
        features_of(image, np.zeros_like(mask), ALL)
    single = np.zeros_like(mask)
    single[20, 18, 15] = True
    found = features_of(image, single, ALL)
    assert found["stat_mean"] == pytest.approx(image.array[0, 20, 18, 15], abs=1e-6)
    assert math.isnan(found["morph_elongation"])
