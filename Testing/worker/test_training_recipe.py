from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from AutoLabelLib.core.errors import FileError, InputError
from AutoLabelLib.worker.training import augment, network, recipe
from AutoLabelLib.worker.training.prepare import Normalisation
from Testing.tiny_training import recipe_entries


def test_every_recipe_of_the_project_can_be_built() -> None:
    paths = sorted(recipe.FOLDER.glob("*.json"))
    assert paths
    for path in paths:
        loaded = recipe.load(path.stem)
        assert loaded.name == path.stem
        network.build(loaded.network_def)
        Normalisation(loaded.normalisation)
        augment.compose(augment.from_recipe(loaded.augmentation), loaded.patch_voxels)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": "red"}, "Unknown entry in the recipe: colour"),
        ({"training": {"epoch": 3}}, "Unknown entry.*epoch"),
        ({"training": {"epochs": 0}}, "at least one epoch"),
        ({"training": {"loss": "hope"}}, "dice_ce"),
        ({"segments": []}, "at least one segment"),
        ({"segments": [{"name": "a", "label_value": 1}, {"name": "b", "label_value": 1}]}, "twice"),
        ({"segments": [{"name": "a", "label_value": 0}]}, "above 0"),
        ({"spacing_mm": [1.0, 0.0, 1.0]}, "positive spacings"),
        ({"patch_voxels": [16, 16]}, "three positive sizes"),
        ({"members": [{"colour": "red"}]}, "member.*colour"),
        ({"members": [{"training": {"epoch": 3}}]}, "member.*epoch"),
        ({"members": [{}, {"training": {"epochs": 0}}]}, "at least one epoch"),
    ],
)
def test_a_wrong_entry_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        recipe.from_dict(recipe_entries(**changes))


def test_a_missing_entry_is_named() -> None:
    entries = recipe_entries()
    del entries["segments"]
    with pytest.raises(InputError, match="lacks segments"):
        recipe.from_dict(entries)


def test_a_missing_recipe_names_the_known_ones() -> None:
    with pytest.raises(FileError, match="hippocampus_mr"):
        recipe.load("liver_on_mars")


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("epochs: 3")
    with pytest.raises(FileError, match="cannot be read"):
        recipe.load(tmp_path / "r.json")


def test_a_file_anywhere_is_read(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(recipe_entries()))
    assert recipe.load(tmp_path / "r.json").label_values == (3, 7)


@pytest.mark.parametrize(
    "network_def",
    [
        {"_target_": "os.system", "command": "true"},
        {"_target_": "monai.networks.nets.NoSuchNet"},
        {"_target_": "monai.networks.nets.UNet", "spatial_dims": 3},
    ],
)
def test_only_networks_of_monai_are_built(network_def: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"not a MONAI network|cannot be built"):
        network.build(network_def)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"_target_": "NormalizeIntensityd", "keys": "$__import__('os').getcwd()"}, "expression"),
        ({"_target_": "NoSuchTransformd", "keys": "image"}, "cannot be built"),
        ({"_target_": "Orientationd", "keys": "image", "axcodes": "RAS", "labels": None}, "about space"),
    ],
)
def test_a_normalisation_is_data_about_intensities(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Normalisation([entry])


def test_half_precision_is_refused_where_gradients_would_be_garbage() -> None:
    model = network.build(recipe_entries()["network_def"])
    assert network.bf16_is_safe(model, (16, 16, 16), 1)
    assert not network.bf16_is_safe(model, (8, 16, 16), 1)  # two voxels are left at the bottom, the kernel has three
    assert model.training
