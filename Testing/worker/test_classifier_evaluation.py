from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from AutoLabelLib.cli import classifier_report
from AutoLabelLib.core import catalogue
from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tasks import evaluation, training
from AutoLabelLib.worker.training import card
from Testing.tiny_bundles import TinyBundle, write_bundle
from Testing.tiny_classifiers import TinyClassifier, side_weights, write_classifier
from Testing.tiny_labelled import CLASSES, recipe_entries, write_cases

# Told by the brightness in the middle of a patch of one voxel: above 0 it is bright.
_BRIGHTNESS = (
    {"_target_": "ScaleIntensityRanged", "keys": "image", "a_min": -150, "a_max": 150, "b_min": -1, "b_max": 1},
)


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "is_trusted", lambda folder, sha256=None: True)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cases(tmp_path_factory.mktemp("cases"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    scale = [{**_BRIGHTNESS[0], "a_min": -1000, "a_max": 150, "b_min": 0}]
    segmenter = TinyBundle(classes=2, prompts=("point",), modality="CT", normalisation=tuple(scale))
    write_bundle(root / "segmenter", segmenter, is_trusted=False)
    plain = TinyClassifier(classes=CLASSES, patch_voxels=(1, 1, 1), spacing_mm=(3.0, 3.0, 3.0))
    weights = side_weights(plain, 3.0)
    weights["weight"][0] *= -1
    tiny = TinyClassifier(
        classes=CLASSES,
        attributes=(),
        patch_voxels=(1, 1, 1),
        spacing_mm=(3.0, 3.0, 3.0),
        normalisation=_BRIGHTNESS,
        state=weights,
        more={"segmenter": str(root / "segmenter")},
    )
    return write_classifier(root / "tiny", tiny, is_trusted=False)


def evaluate(folder: Path, cases: Path, **more: Any) -> Result:
    options = {"cases": str(cases), "device": "cpu", **more}
    return evaluation.run(Job("evaluation", str(folder), options=options), TaskContext())


def test_a_right_classifier_gets_full_marks(folder: Path, cases: Path) -> None:
    values = evaluate(folder, cases).values
    assert values["figures"]["auc"]["value"] == values["figures"]["accuracy"]["value"] == 1.0
    assert values["cases_per_class"] == {"dark": 5, "bright": 5}  # two cases have no label
    assert values["confusion_matrix"] == [[5, 0], [0, 5]]
    assert values["settings"]["groups"] == 6
    assert 0 < values["baselines"]["long axis"]["value"] < 1
    assert "p_value" in values["baselines"]["long axis"]["against_model"]
    assert [row["said"] for row in values["cases"][:4]] == ["dark", "dark", "bright", "bright"]
    json.dumps(dict(values))


def test_the_report_is_printed_and_goes_into_the_card(
    cases: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = dict(evaluate(folder, cases).values)
    classifier_report.show(values)
    told = capsys.readouterr().out
    assert "10 cases of 6 patients: dark 5, bright 5" in told
    assert "AUC of long axis alone" in told and "AUC " in told and "calibration error" in told
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(recipe_entries(training={**recipe_entries()["training"], "epochs": 1})))
    options = {"recipe": str(path), "cases": str(cases), "output": str(tmp_path / "run"), "device": "cpu"}
    bundle = Path(training.run(Job("training", options=options), TaskContext()).values["bundle"])
    text = card.write(bundle, {"All cases": values}).read_text()
    assert "| AUC | 1.000" in text and "| AUC of long axis alone |" in text and "dark 5, bright 5" in text


def test_masks_can_be_those_of_a_click(folder: Path, cases: Path) -> None:
    values = evaluate(folder, cases, mask="clicked").values
    assert values["settings"]["mask"] == "clicked" and values["settings"]["simulate_click"] == "middle"
    assert values["settings"]["cases"] + len(values["failed"]) == 10
    assert all("found nothing" in one["error"] for one in values["failed"])


def test_a_case_that_cannot_be_used_does_not_stop_the_others(folder: Path, tmp_path: Path) -> None:
    cases = write_cases(tmp_path, 4, mask=["0_mask.nii.gz", "", "2_mask.nii.gz", "3_mask.nii.gz"])
    result = evaluate(folder, cases)
    assert [one["case"] for one in result.values["failed"]] == ["1"]
    assert any("1 of 4 cases" in warning for warning in result.warnings)


def test_one_class_alone_has_no_auc(folder: Path, tmp_path: Path) -> None:
    values = evaluate(folder, write_cases(tmp_path, 4, label=["dark", "dark", "", ""])).values
    assert values["figures"]["auc"]["value"] is None and values["figures"]["accuracy"]["value"] == 1.0
    assert values["baselines"] == {}
    classifier_report.show(values)


@pytest.mark.parametrize(
    ("labels", "more", "words"),
    [
        (["dark", "blue", "dark", "dark"], {}, 'class "blue", which "tiny" does not know'),
        ([""] * 4, {}, "No case of the list has a label"),
        (["dark"] * 4, {"mask": "guessed"}, 'no mask "guessed"'),
        (["dark"] * 4, {"colour": 1}, "no option colour"),
        (["dark"] * 4, {"split": "test"}, "which cases are in which split"),
    ],
)
def test_what_cannot_be_evaluated_is_explained(
    folder: Path, tmp_path: Path, labels: list[str], more: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        evaluate(folder, write_cases(tmp_path, 4, label=labels), **more)
