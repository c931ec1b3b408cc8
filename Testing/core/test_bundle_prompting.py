"""How a bundle from elsewhere wants to be prompted is read off its files, whatever it is called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from AutoLabelLib.core.bundle_prompting import DEEPEDIT, VISTA3D, any_structure, intensity_channels, prompting_of
from AutoLabelLib.core.labelmap import Segment


def config(folder: Path, **sections: Any) -> Path:
    path = folder / "inference.json"
    path.write_text(json.dumps(sections), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("$monai.networks.nets.vista3d132(in_channels=@input_channels)", VISTA3D),
        ({"_target_": "monai.networks.nets.vista3d.VISTA3D", "image_encoder": {}}, VISTA3D),
        ({"_target_": "DynUNet"}, ""),
        ("$monai.networks.nets.UNet()", ""),
    ],
)
def test_the_network_tells(network: Any, expected: str, tmp_path: Path) -> None:
    assert prompting_of(config(tmp_path, network_def=network, note="like vista3d132")) == expected


def test_the_transforms_tell(tmp_path: Path) -> None:
    steps = [{"_target_": "monai.apps.deepedit.transforms.AddGuidanceSignalDeepEditd", "keys": "image"}]
    assert prompting_of(config(tmp_path, network_def={"_target_": "DynUNet"}, steps=steps)) == DEEPEDIT


def test_yaml_and_nothing_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "inference.yaml"
    path.write_text("network_def: $monai.networks.nets.vista3d132()\n", encoding="utf-8")
    assert prompting_of(path) == VISTA3D
    assert prompting_of(None) == prompting_of(tmp_path / "absent.json") == ""


def test_guidance_channels_are_no_images(tmp_path: Path) -> None:
    assert intensity_channels(config(tmp_path), 3, 2) == 1
    assert intensity_channels(config(tmp_path, number_intensity_ch=2), 5, 3) == 2
    assert intensity_channels(config(tmp_path), 1, 2) == 1  # the metadata did not count them


def test_whatever_is_pointed_at_has_a_label_value_of_its_own() -> None:
    assert any_structure(()).label_value == 133
    assert any_structure((Segment("spleen", 200),)).label_value == 201
