from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from AutoLabelLib.core.bundle import read_spec
from AutoLabelLib.core.errors import InputError, JobCancelled
from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.files.images import read_image
from AutoLabelLib.files.labelmaps import read_labelmap
from AutoLabelLib.worker.classification.classifier import Classifier
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tasks import classification, training
from AutoLabelLib.worker.training import checkpoint, curves
from AutoLabelLib.worker.training import recipe as recipes
from AutoLabelLib.worker.training.classifier_checks import check_network
from AutoLabelLib.worker.training.classifier_recipe import from_recipe, with_classes
from AutoLabelLib.worker.training.classifier_training import fit_and_predict
from AutoLabelLib.worker.training.labelled_cases import read_labelled_cases
from AutoLabelLib.worker.training.labelled_objects import LabelledExamples, load_object, load_objects, plain_batch
from Testing.tiny_labelled import recipe, recipe_entries, write_cases

_MONAI = "monai.networks.nets."
NETWORKS: dict[str, dict[str, Any]] = {
    "DenseNet121": {"spatial_dims": 3, "in_channels": 2, "out_channels": 3, "init_features": 8, "growth_rate": 4},
    "ResNet": {
        "block": "basic",
        "layers": [1, 1, 1, 1],
        "block_inplanes": [4, 8, 8, 8],
        "spatial_dims": 3,
        "n_input_channels": 2,
        "num_classes": 3,
    },
    "SEResNet50": {"spatial_dims": 3, "in_channels": 2, "num_classes": 3, "layers": [1, 1, 1, 1]},
    "EfficientNetBN": {
        "model_name": "efficientnet-b0",
        "pretrained": False,
        "spatial_dims": 3,
        "in_channels": 2,
        "num_classes": 3,
    },
    "ViT": {
        "in_channels": 2,
        "img_size": [32, 32, 32],
        "patch_size": [16, 16, 16],
        "hidden_size": 24,
        "mlp_dim": 32,
        "num_layers": 2,
        "num_heads": 2,
        "classification": True,
        "num_classes": 3,
        "post_activation": "none",
    },
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cases(tmp_path_factory.mktemp("cases"))


def train(folder: Path, cases: Path, context: TaskContext | None = None, **more: Any) -> Result:
    """Train the small recipe, with the changes in `entries`, and return the result."""
    folder.mkdir(exist_ok=True)
    path = folder / "recipe.json"
    path.write_text(json.dumps(recipe_entries(**more.pop("entries", {}))))
    options = {"recipe": str(path), "cases": str(cases), "output": str(folder / "run"), "device": "cpu", **more}
    return training.run(Job("training", options=options), context or TaskContext())


def classified(bundle: str, cases: Path, number: int) -> Finding:
    image = read_image(cases.parent / f"{number}.nii.gz")
    mask = read_labelmap(cases.parent / f"{number}_mask.nii.gz")
    job = Job("classification", bundle, (image,), (mask,), options={"device": "cpu"})
    return Finding.from_json(classification.run(job, TaskContext()).values["findings"][0])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, cases: Path) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOLABEL_HOME", str(tmp_path_factory.mktemp("home")))
        return train(tmp_path_factory.mktemp("trained"), cases, entries={"holdout": {"every": 3}})


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    from AutoLabelLib.core import catalogue

    monkeypatch.setattr(catalogue, "is_trusted", lambda folder, sha256=None: True)


def test_a_trained_classifier_tells_cases_apart_that_it_never_saw(trained: Result, cases: Path, trusted: None) -> None:
    held_out = [4, 5, 10, 11]
    found = {number: classified(trained.values["bundle"], cases, number) for number in held_out}
    assert [found[number].label for number in held_out] == ["dark", "dark", "bright", "bright"]
    assert all(1 <= one.attributes["size"] <= 5 for one in found.values())
    names = (Path(trained.values["cases"])).read_text().splitlines()
    assert sum(",test," in line for line in names) == len(held_out)


def test_the_bundle_says_what_it_takes_and_what_it_says(trained: Result) -> None:
    spec = read_spec(trained.values["bundle"])
    assert (spec.task, spec.classes, spec.looks_at) == ("classification", ("dark", "bright"), "segment")
    assert [(one.name, one.low, one.high) for one in spec.attributes] == [("size", 1, 5)]
    assert spec.patch_voxels == (8, 8, 6) and spec.modality == "CT"
    card = (Path(trained.values["bundle"]) / "docs" / "README.md").read_text()
    for words in ("dark, bright", "rating of size from 1 (small) to 5 (large)", "volume ml: 0.0", "not calibrated"):
        assert words in card
    assert any("not calibrated" in warning for warning in trained.warnings)


def test_training_and_inference_see_the_same(trained: Result, cases: Path, trusted: None) -> None:
    classifier = Classifier.load(trained.values["bundle"])
    case = read_labelled_cases(cases)[0]
    kept = load_object(case, recipe())
    patch, features = plain_batch([kept], recipe())
    assert case.mask is not None
    prepared = classifier.prepare(read_image(case.images[0]), read_labelmap(case.mask).array[0] > 0)
    assert np.abs(patch[0].numpy() - prepared.patch).max() < 1e-3
    assert features is not None and features[0].numpy() == pytest.approx(prepared.features)
    assert kept.measured == pytest.approx(dict(prepared.measured))


def test_a_run_that_was_stopped_goes_on_as_if_nothing_had_happened(
    tmp_path: Path, cases: Path, trained: Result
) -> None:
    epochs: list[str] = []
    stopping = TaskContext(is_cancelled=lambda: len(epochs) >= 4, send_log=lambda line: epochs.append(line))
    entries = {"holdout": {"every": 3}}
    with pytest.raises(JobCancelled):
        train(tmp_path, cases, stopping, entries=entries)
    assert (tmp_path / "run" / checkpoint.NAME).exists()
    with pytest.raises(InputError, match="--resume"):
        train(tmp_path, cases, entries=entries)
    again = train(tmp_path, cases, entries=entries, resume=True)
    weights = "models/model.safetensors"
    one, other = (Path(result.values["bundle"]) / weights for result in (trained, again))
    assert one.read_bytes() == other.read_bytes()
    assert len(curves.read(tmp_path / "run")) == 12


def test_folds_give_members_and_calibrate_them(tmp_path: Path, cases: Path, trusted: None) -> None:
    entries = {
        "training": {**recipe_entries()["training"], "epochs": 3},
        "classification": {**recipe_entries()["classification"], "folds": 2, "calibration": "temperature_and_bias"},
    }
    result = train(tmp_path, cases, entries=entries)
    assert len(result.values["curves"]) == 2
    assert [row["validation_auc"] is not None for row in curves.read(tmp_path / "run" / "network_1")][-1]
    classifier = Classifier.load(result.values["bundle"])
    assert len(classifier.networks) == 2
    assert classifier.contract.calibrated_on == "fitted on 10 cases of 2 folds by patient"
    assert len(classifier.contract.bias) == 2
    assert classified(result.values["bundle"], cases, 0).class_probabilities


def test_members_may_be_networks_of_different_kinds(tmp_path: Path, cases: Path, trusted: None) -> None:
    own = "AutoLabelLib.worker.classification.networks."
    features_only = {"_target_": f"{own}ImageAndFeatures", "features": 2, "classes": 2, "attributes": 1}
    image_only = {"_target_": _MONAI + "ResNet", **NETWORKS["ResNet"]}
    entries = {
        "training": {**recipe_entries()["training"], "epochs": 2},
        "members": [{"training": {"seed": 1}}, {"network_def": features_only}, {"network_def": image_only}],
    }
    result = train(tmp_path, cases, entries=entries)
    first, second, third = Classifier.load(result.values["bundle"]).networks
    assert type(third).__name__ == "ResNet"  # reads no features, though the others do
    assert first.image_network is not None and second.image_network is None
    standardised: Any = second.standardised
    measured = [load_object(case, recipe()).features for case in read_labelled_cases(cases)]
    assert torch.allclose(standardised.mean, torch.stack([one for one in measured if one is not None]).mean(0))


def test_training_can_start_from_another_model(tmp_path: Path, cases: Path, trained: Result) -> None:
    entries = {"training": {**recipe_entries()["training"], "epochs": 1, "learning_rate": 1e-9}}
    result = train(tmp_path, cases, entries=entries, start_from=trained.values["bundle"])
    from safetensors.torch import load_file

    one, other = (load_file(Path(r.values["bundle"]) / "models" / "model.safetensors") for r in (trained, result))
    assert all(torch.allclose(one[name].float(), other[name].float(), atol=1e-3) for name in one)


def test_several_labels_are_learned(tmp_path: Path, trusted: None) -> None:
    labels = [";".join(["bright"] * (n // 2 % 2) + ["large"] * (n % 3 > 0)) or "none" for n in range(12)]
    cases = write_cases(tmp_path, label=labels)
    section = {**recipe_entries()["classification"], "multi_label": True, "balance": "sampling"}
    entries = {"classes": [], "classification": section}
    result = train(tmp_path / "train", cases, entries=entries)
    assert read_spec(result.values["bundle"]).classes == ("bright", "large")
    found = [classified(result.values["bundle"], cases, number) for number in (0, 2, 10)]
    assert all(sum(one.class_probabilities.values()) != pytest.approx(1) for one in found)
    assert found[1].class_probabilities["bright"] > 0.5 > found[0].class_probabilities["bright"]


def test_fit_and_predict_gives_probabilities_of_other_cases(tmp_path: Path, cases: Path) -> None:
    listed = read_labelled_cases(cases)
    found = fit_and_predict(recipe(), listed[:8], listed[8:], tmp_path / "fold", TaskContext())
    assert found.shape == (4, 2) and np.allclose(found.sum(axis=1), 1)
    assert found[2:, 1].min() > found[:2, 1].max()


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["dark"] * 12, 'No training case is of the class "bright"'),
        (["dark"] * 11 + ["blue"], 'class "blue", which the recipe'),
    ],
)
def test_classes_that_are_missing_or_unknown_are_named(tmp_path: Path, labels: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        train(tmp_path / "train", write_cases(tmp_path, label=labels))


def test_a_class_with_one_case_is_warned_of(tmp_path: Path) -> None:
    cases = write_cases(tmp_path, 4, label=["dark", "dark", "dark", "bright"])
    entries = {"training": {**recipe_entries()["training"], "epochs": 1}}
    result = train(tmp_path / "train", cases, entries=entries)
    assert any('Only one training case is of the class "bright"' in warning for warning in result.warnings)


def test_a_case_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    cases = write_cases(tmp_path, 4, mask=["0_mask.nii.gz", "", "2_mask.nii.gz", "3_mask.nii.gz"])
    with pytest.raises(InputError, match='The case "1": it has no mask'):
        train(tmp_path / "train", cases)
    sizes = {"attribute:size": ["1", "2", "9", "3"]}
    with pytest.raises(InputError, match='The case "2": its size is 9, which is not from 1 to 5'):
        train(tmp_path / "again", write_cases(tmp_path, 4, **sizes))


def test_soft_labels_are_targets(tmp_path: Path) -> None:
    probabilities = {"probability:bright": ["0.3", "", "0.85", ""]}
    cases = read_labelled_cases(write_cases(tmp_path, 4, **probabilities))
    targets = [one.target.numpy() for one in load_objects(cases, recipe(), TaskContext())]
    assert targets[0] == pytest.approx([0.7, 0.3, 0.0])
    assert targets[1] == pytest.approx([1.0, 0.0, 0.25])
    assert targets[2] == pytest.approx([0.15, 0.85, 0.5])


def test_equal_seeds_give_equal_batches(cases: Path) -> None:
    objects = load_objects(read_labelled_cases(cases)[:4], recipe(), TaskContext())
    examples = LabelledExamples(objects, recipe())
    one, other, later = (list(examples.batches(3, 5, epoch)) for epoch in (0, 0, 1))
    assert len(one) == 2
    (image, features), target = one[0]
    assert image.shape == (3, 2, 8, 8, 6) and features.shape == (3, 2) and target.shape == (3, 3)
    assert torch.equal(image, other[0][0][0]) and not torch.equal(image, later[0][0][0])


@pytest.mark.parametrize("name", list(NETWORKS))
def test_networks_of_monai_can_be_trained(name: str) -> None:
    definition = {"_target_": _MONAI + name, **NETWORKS[name]}
    section = {"mask_channel": True}
    check_network(recipe(network_def=definition, classification=section, patch_voxels=[32, 32, 32]))


@pytest.mark.parametrize("name", ["segment_classifier", "volume_classifier"])
def test_the_general_recipes_take_the_classes_of_the_list(name: str, cases: Path) -> None:
    general = recipes.load(name)
    assert general.task == "classification" and not general.classes
    listed = read_labelled_cases(cases)
    named = with_classes(general, [*listed, replace(listed[0], label="grey")])
    assert named.classes == ("bright", "dark", "grey")
    check_network(named)


def test_a_network_that_does_not_fit_is_explained() -> None:
    section = {"mask_channel": True}
    dense = {"_target_": _MONAI + "DenseNet121", **NETWORKS["DenseNet121"]}
    with pytest.raises(InputError, match="channel"):
        check_network(recipe(network_def={**dense, "in_channels": 1}, classification=section, patch_voxels=[32] * 3))
    with pytest.raises(InputError, match="but 3 are needed"):
        check_network(recipe(network_def={**dense, "out_channels": 2}, classification=section, patch_voxels=[32] * 3))
    vit = {"_target_": _MONAI + "ViT", **NETWORKS["ViT"], "post_activation": "Tanh"}
    with pytest.raises(InputError, match="post_activation"):
        check_network(recipe(network_def=vit, classification=section, patch_voxels=[32] * 3))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"classification": {"balance": "luck"}}, "balances"),
        ({"classification": {"folds": 1}}, "at least 2 folds"),
        ({"classification": {"colour": 1}}, 'unknown entry "colour"'),
        ({"classification": {"looks_at": "volume", "mask_channel": True}}, "no mask channel"),
        ({"classification": {"calibration": "prayer"}}, "calibrations"),
        ({"segments": [{"name": "a", "label_value": 1}]}, "names segments"),
        ({"task": "segmentation", "segments": [{"name": "a", "label_value": 1}]}, "names classes"),
        ({"training": {"loss": "dice_ce"}}, "cross_entropy, focal"),
        ({"classes": ["one"]}, "two classes"),
    ],
)
def test_a_wrong_recipe_is_explained(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        from_recipe(recipe(**changes))


def test_a_whole_image_needs_neither_mask_nor_spacing(cases: Path) -> None:
    section = {"looks_at": "volume"}
    whole = recipe(spacing_mm=[], classification=section, attributes=[])
    case = replace(read_labelled_cases(cases)[0], mask=None)
    one = load_object(case, whole)
    assert one.patch.shape == (1, 8, 8, 6) and one.features is None
