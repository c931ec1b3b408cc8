from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from AutoLabelLib.core.errors import ContractError, GeometryError, UnsupportedVolumeError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.model import Channel, ModelSpec
from AutoLabelLib.core.prompt import Box, Point, Prompts
from Testing.grids import lopsided, make_affine

SHAPE = (5, 6, 7)
MR = ModelSpec("hippocampus_mr", "1.0.0", "segmentation", (Channel("T1", "MR"),))
CT = ModelSpec(
    "lung_nodule_ct", "1.0.0", "segmentation", (Channel("image", "CT", "HU"),), prompts=("point",), needs_prompt=True
)
INSIDE = Prompts(points=(Point((-2.0, -6.0, 9.0)),))


def make_image(array: np.ndarray | None = None, modality: str = "MR", unit: str | None = None) -> Image:
    array = lopsided(SHAPE)[None] if array is None else array
    return Image(array, make_affine("LPS", (1, 2, 3)), modality, unit=unit)


def make_ct(offset: int = -1024, unit: str | None = "HU") -> Image:
    return make_image(lopsided(SHAPE)[None] + offset, "CT", unit)


def test_a_good_input_passes_in_silence() -> None:
    assert MR.check(make_image()) == ()
    assert CT.check(make_ct(), INSIDE) == ()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity(bad: float) -> None:
    array = lopsided(SHAPE)[None].astype(np.float32)
    array[0, 0, 0, 0] = bad
    with pytest.raises(UnsupportedVolumeError, match="NaN or infinite"):
        MR.check(make_image(array))


@pytest.mark.parametrize("shape", [(1, 6, 7), (5, 1, 7), (5, 6, 1)])
def test_one_slice(shape: tuple[int, int, int]) -> None:
    with pytest.raises(UnsupportedVolumeError, match="only one slice"):
        MR.check(make_image(lopsided(shape)[None]))


def test_a_constant_volume() -> None:
    with pytest.raises(UnsupportedVolumeError, match="same value"):
        MR.check(make_image(np.zeros((1, *SHAPE))))


def test_a_volume_of_another_modality() -> None:
    with pytest.raises(ContractError, match=r"made for MR, but the volume is CT\. Choose a model for CT"):
        MR.check(make_ct())


def test_a_volume_without_a_modality_is_taken_with_a_warning() -> None:
    (warning,) = MR.check(make_image(modality=""))
    assert "takes it as MR" in warning


def test_a_ct_that_does_not_say_so_is_not_taken_as_mr() -> None:
    values = np.linspace(-1000, 1000, int(np.prod(SHAPE))).reshape(1, *SHAPE)
    with pytest.raises(ContractError, match="looks like a CT"):
        MR.check(make_image(values, modality=""))
    assert MR.check(make_image(values, modality="MR")) == ()


def test_a_model_for_any_modality() -> None:
    anything = replace(MR, channels=(Channel("image"),))
    assert anything.modality == ""
    assert anything.check(make_image(modality="US")) == ()


@pytest.mark.parametrize("channels", [2, 3])
def test_a_wrong_number_of_channels(channels: int) -> None:
    rgb = make_image(np.stack([lopsided(SHAPE)] * channels))
    with pytest.raises(ContractError, match=rf"takes 1 channel\(s\) \(T1\), but the image has {channels}"):
        MR.check(rgb)


def test_too_few_channels() -> None:
    brats = replace(MR, channels=(Channel("T1", "MR"), Channel("FLAIR", "MR")))
    with pytest.raises(ContractError, match=r"takes 2 channel\(s\) \(T1, FLAIR\), but the image has 1"):
        brats.check(make_image())


def test_ct_without_air_is_doubted_unless_it_says_its_unit() -> None:
    (warning,) = CT.check(make_ct(offset=0, unit=None), INSIDE)
    assert "Hounsfield" in warning
    assert CT.check(make_ct(offset=0), INSIDE) == ()
    assert CT.check(make_ct(unit=None), INSIDE) == ()


def test_a_prompt_to_a_model_that_takes_none() -> None:
    with pytest.raises(ContractError, match="does not understand a point; it takes: no prompts at all"):
        MR.check(make_image(), INSIDE)


def test_a_foreign_kind_of_prompt() -> None:
    box = Prompts(boxes=(Box((0, 0, 0), (1, 1, 1)),))
    with pytest.raises(ContractError, match="does not understand a box; it takes: point"):
        CT.check(make_ct(), box)


def test_a_missing_prompt() -> None:
    with pytest.raises(ContractError, match=r"needs to be told where to look.*point"):
        CT.check(make_ct())


def test_a_prompt_outside() -> None:
    with pytest.raises(GeometryError, match=r"RAS \(2\.0, -6\.0, 9\.0\) mm is outside"):
        CT.check(make_ct(), Prompts(points=(Point((2.0, -6.0, 9.0)),)))


@pytest.mark.parametrize("shear", [(0.4, 0, 0), (0.2, -0.3, 0.1)])
def test_a_sheared_grid_is_welcome(shear: tuple[float, float, float]) -> None:
    sheared = Image(lopsided(SHAPE)[None], make_affine("RAS", (1, 1, 2), shear=shear), "MR")
    assert MR.check(sheared) == ()
