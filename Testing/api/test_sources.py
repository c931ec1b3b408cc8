"""Whatever a user may pass as an image becomes an Image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from AutoLabelLib.api.sources import is_node, open_source
from AutoLabelLib.core.errors import FileError, InputError, UnsupportedVolumeError
from AutoLabelLib.core.image import Image


def image(seed: int = 0, modality: str = "", shape: tuple[int, int, int] = (4, 5, 6)) -> Image:
    voxels = np.random.default_rng(seed).integers(0, 100, (1, *shape)).astype(np.int16)
    return Image(voxels, np.diag([1.0, 2.0, 3.0, 1.0]), modality)


def test_an_image_is_itself() -> None:
    given = image(modality="MR")
    assert open_source(given) is given


def test_a_missing_modality_is_filled_in_but_a_known_one_is_kept() -> None:
    assert open_source(image(), modality="MR").modality == "MR"
    assert open_source(image(modality="CT"), modality="MR").modality == "CT"


def test_a_list_becomes_channels() -> None:
    stacked = open_source([image(0, "MR"), image(1, "MR")])
    assert stacked.array.shape == (2, 4, 5, 6)
    assert stacked.channel_names == ("MR", "MR")


def test_channels_on_different_grids_are_refused() -> None:
    with pytest.raises(UnsupportedVolumeError, match="same grid"):
        open_source([image(), image(shape=(4, 5, 7))])


@pytest.mark.parametrize("nothing", [[], (), None, 3, {"a": 1}])
def test_what_is_no_image_is_refused_in_one_sentence(nothing: object) -> None:
    with pytest.raises(InputError):
        open_source(nothing)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"absent\.nii"):
        open_source(tmp_path / "absent.nii.gz")


def test_a_thing_with_another_isa_is_no_node() -> None:
    class Other:
        def IsA(self, name: str) -> int:  # noqa: N802 - as VTK spells it
            return 0

    assert not is_node(Other())
    assert not is_node("path")
