from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from AutoLabelLib.core.errors import ModelError
from AutoLabelLib.core.image import Image
from AutoLabelLib.worker.networks import preprocessing

RANGE = {"_target_": "ScaleIntensityRanged", "keys": "image", "a_min": 0, "a_max": 10, "b_min": -1, "b_max": 1}
Z_SCORE = {"_target_": "monai.transforms.NormalizeIntensityd", "keys": "image", "channel_wise": True}


def orientation(**more: Any) -> dict[str, Any]:
    return {"_target_": "Orientationd", "keys": "image", **more}


def spacing(pixdim: Any) -> dict[str, Any]:
    return {"_target_": "Spacingd", "keys": "image", "pixdim": pixdim}


def test_space_is_read_and_intensities_are_run() -> None:
    wishes = preprocessing.from_configs([orientation(axcodes="LPS"), spacing([1.5, 1.0, 2.0]), RANGE, Z_SCORE])
    assert (wishes.axcodes, wishes.spacing_mm) == ("LPS", (1.5, 1.0, 2.0))
    values = wishes.normalise(torch.rand(2, 5, 6, 7) * 10)
    assert values.dtype == torch.float32
    assert type(values) is torch.Tensor
    torch.testing.assert_close(values.mean((1, 2, 3)), torch.zeros(2), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("pixdim", "expected"), [(2.0, (2.0, 2.0, 2.0)), ([1.0, 1.0], (1.0, 1.0, 1.0)), ([-1, -1, 5], (-1.0, -1.0, 5.0))]
)
def test_monais_short_spacings_are_understood(pixdim: Any, expected: tuple[float, ...]) -> None:
    assert preprocessing.from_configs([spacing(pixdim)]).spacing_mm == expected


def test_the_closest_canonical_orientation_is_ras() -> None:
    assert preprocessing.from_configs([orientation(as_closest_canonical=True)]).axcodes == "RAS"
    assert preprocessing.from_configs([]) == preprocessing.Preprocessing()


def test_what_concerns_one_voxel_alone_can_be_done_in_parts() -> None:
    assert preprocessing.from_configs([RANGE]).is_local
    assert not preprocessing.from_configs([RANGE, Z_SCORE]).is_local
    assert preprocessing.from_configs([]).is_local


def test_files_and_crops_are_left_out() -> None:
    steps = [
        {"_target_": "LoadImaged", "keys": "image", "reader": "no such reader"},
        {"_target_": "monai.transforms.EnsureChannelFirstD", "keys": "image"},
        {"_target_": "CropForegroundDict", "keys": "image", "source_key": "image"},
        {"_target_": "EnsureTyped", "keys": "image"},
    ]
    assert preprocessing.from_configs(steps).transforms == ()
    assert preprocessing.from_configs(steps).left_out == ("CropForegroundd",)


def test_another_key_is_served() -> None:
    wishes = preprocessing.from_configs([{**RANGE, "keys": "t1"}])
    torch.testing.assert_close(wishes.normalise(torch.full((1, 2, 2, 2), 10.0)), torch.ones(1, 2, 2, 2))


def test_a_step_that_changes_the_shape_is_refused() -> None:
    step = {"_target_": "Zoomd", "keys": "image", "zoom": 2.0, "keep_size": False}
    wishes = preprocessing.from_configs([step])
    with pytest.raises(ModelError, match="shape"):
        wishes.normalise(torch.zeros(1, 5, 6, 7))


def test_a_step_that_fails_is_named() -> None:
    wishes = preprocessing.from_configs([{**RANGE, "keys": ["image", "other"]}])
    with pytest.raises(ModelError, match="ScaleIntensityRanged"):
        wishes.normalise(torch.zeros(1, 5, 6, 7))


def test_an_unknown_step_is_refused() -> None:
    with pytest.raises(ModelError, match="NoSuchTransformd"):
        preprocessing.from_configs([{"_target_": "NoSuchTransformd", "keys": "image"}])


def test_a_size_is_a_wish_about_the_grid() -> None:
    wishes = preprocessing.from_configs([{"_target_": "Resized", "keys": "image", "spatial_size": [4, -1, 2]}])
    image = Image(np.arange(8 * 6 * 6, dtype=np.float32).reshape(1, 8, 6, 6), np.diag([1.0, 1.0, 2.0, 1.0]))
    grid = wishes.grid_over(image)
    assert grid.shape == (4, 6, 2)
    np.testing.assert_allclose(np.diag(grid.affine)[:3], (2.0, 1.0, 6.0))
    expected = image.array[0].reshape(4, 2, 6, 2, 3).mean(axis=(1, 4))  # as its mode "area" says
    np.testing.assert_allclose(wishes.volume(image.array, grid)[0].numpy(), expected)
