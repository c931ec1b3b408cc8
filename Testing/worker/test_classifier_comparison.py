"""Comparisons of classifiers: the same folds for all, no leakage, and a report that says what the figures say."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from AutoLabelLib.core.errors import FileError, InputError, JobCancelled
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.worker.classifier_comparison import options as choices
from AutoLabelLib.worker.classifier_comparison import pictures, report
from AutoLabelLib.worker.classifier_comparison.cross_validation import Judged, cross_validated
from AutoLabelLib.worker.classifier_comparison.judgement import judgement, prediction_rows
from AutoLabelLib.worker.classifier_comparison.study import Study
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.features.settings import FeatureSettings
from AutoLabelLib.worker.tabular import case_features
from AutoLabelLib.worker.tabular.folds import grouped_folds
from AutoLabelLib.worker.tasks.comparison import run
from AutoLabelLib.worker.training.labelled_cases import LabelledCase
from Testing.labelled_phantoms import write_labelled_phantoms

FAST = ("logistic_regression", "naive_bayes")


def study(features: NDArray[np.float64], truth: NDArray[Any], classes: tuple[str, ...] = ("no", "yes")) -> Study:
    """Return a study without files; two cases per patient."""
    cases = tuple(
        LabelledCase((Path(f"case{n}.nii"),), None, str(truth[n]), f"patient {n // 2}") for n in range(len(truth))
    )
    names = tuple(f"feature {n}" for n in range(features.shape[1]))
    return Study(cases, truth, classes, features, names, FeatureSettings(), names[0], features[:, :1], 0, ())


def compared(of: Study, **more: Any) -> tuple[Judged, dict[str, Any]]:
    given = {"cases": "x", "output": "y", "classifiers": FAST, "draws": 100, **more}
    options = choices.from_mapping(given)
    folds = grouped_folds(of.truth, of.groups, options.folds, options.seed, of.classes)
    judged = cross_validated(of, folds, options, TaskContext())
    return judged, judgement(of, judged, options)


def figure(values: dict[str, Any], name: str, which: str = "auc") -> Any:
    return next(row for row in values["contenders"] if row["name"] == name)["figures"][which]["value"]


def informative(count: int = 120, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, count // 2).repeat(2)
    return rng.normal(size=(count, 6)) + truth[:, None] * (0.5, 0.9, 0.9, 0.9, 0, 0), truth


def test_together_features_beat_one_alone_and_the_test_says_so() -> None:
    _, values = compared(study(*informative(300)), ensembles=("mean", "stacked"))
    assert [row["name"] for row in values["contenders"]] == ["baseline", *FAST, "mean", "stacked"]
    assert figure(values, "baseline") < 0.75
    assert figure(values, "mean") > 0.85
    assert figure(values, "stacked") > 0.85
    row = values["contenders"][1]
    test = row["versus_baseline"]
    assert test["difference"] == pytest.approx(figure(values, FAST[0]) - figure(values, "baseline"))
    assert test["p_value"] <= test["p_value_holm"] < 0.01
    assert values["contenders"][0]["versus_baseline"] is None
    assert values["best"] != "baseline"


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_labels_are_not_learned(seed: int) -> None:
    features, truth = informative(160, seed)
    per_patient = np.random.default_rng(seed + 100).permutation(truth[::2]).repeat(2)
    _, values = compared(study(features, per_patient), classifiers=("svm", "decision_tree"), ensembles=("stacked",))
    for row in values["contenders"]:
        assert abs(row["figures"]["auc"]["value"] - 0.5) < 0.17, row["name"]


def test_cases_of_one_patient_do_not_betray_each_other() -> None:
    rng = np.random.default_rng(0)
    fingerprint = rng.normal(size=(60, 6)).repeat(2, axis=0)  # the two cases of a patient are twins, of random class
    truth = rng.integers(0, 2, 60).repeat(2)
    _, values = compared(study(fingerprint, truth), classifiers=("k_nearest",), ensembles=())
    assert abs(figure(values, "k_nearest") - 0.5) < 0.2


def test_equal_seeds_give_equal_reports() -> None:
    first, second = (compared(study(*informative()))[1] for _ in range(2))
    for values in (first, second):
        for row in values["contenders"]:
            row.pop("seconds")
    assert first == second


def test_every_case_is_judged_once() -> None:
    of = study(*informative(60))
    judged, values = compared(of)
    assert all(np.isfinite(table).all() for table in judged.probabilities.values())
    assert sum(values["cases_per_fold"]) == 60
    rows = prediction_rows(of, judged)
    assert rows[7]["group"] == "patient 3"
    assert rows[7]["mean: yes"] == pytest.approx(judged.probabilities["mean"][7, 1], abs=1e-6)
    assert rows[6]["fold"] == rows[7]["fold"]


def test_several_classes_and_several_labels(tmp_path: Path) -> None:
    features, truth = informative(180)
    third = (truth + (features[:, 5] > 0.8)).clip(0, 2)
    _, values = compared(study(features, third, ("a", "b", "c")))
    assert values["positive"] is None
    assert set(values["contenders"][0]["curves"]) == {"a", "b", "c"}
    assert values["contenders"][1]["versus_baseline"]["method"].startswith("bootstrap")
    labels = np.stack([truth == 1, features[:, 5] > 0], axis=1)
    _, several = compared(study(features, labels, ("ill", "old")))
    assert figure(several, "mean") > 0.8
    for judged in (values, several):
        judged["provenance"] = {"versions": {"autolabel": "1"}}
        page = report.page(judged, pictures.draw(judged, tmp_path))
        assert "Class by class" in page


def task(path: Path, output: Path, context: TaskContext | None = None, **more: Any) -> Result:
    options = {"cases": str(path), "output": str(output), "classifiers": list(FAST), "folds": 3, "draws": 50, **more}
    options.setdefault("features", {"families": ["morph", "stat"]})
    return run(Job("comparison", options=options), context or TaskContext())


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labelled_phantoms(tmp_path_factory.mktemp("cases"))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Return how often features were computed since."""
    calls = []
    compute = case_features.features_of
    monkeypatch.setattr(case_features, "features_of", lambda *given: calls.append(1) or compute(*given))
    return lambda: len(calls)


def test_a_comparison_from_files_to_report(cases: Path, tmp_path: Path, counted: Callable[[], int]) -> None:
    told: list[float] = []
    result = task(cases, tmp_path / "report", TaskContext(lambda progress: told.append(progress.fraction)))
    values = result.values
    assert (values["cases"], values["groups"], values["unlabelled"]) == (24, 12, 1)
    assert values["classes"] == ["large", "small"]
    assert values["baseline"] == "morph_maximum_3d_diameter_mm"
    assert figure(dict(values), "mean") > 0.9
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert all(Path(path).is_file() for path in values["files"].values())
    assert "no label" in result.warnings[0]

    page = (tmp_path / "report" / "comparison.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 5
    assert "http" not in page.replace("http-equiv", "")
    assert f"{figure(dict(values), 'mean'):.3f}" in page
    written = json.loads((tmp_path / "report" / "comparison.json").read_text(encoding="utf-8"))
    assert written["contenders"][1]["figures"] == values["contenders"][1]["figures"]
    with (tmp_path / "report" / "predictions.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 24
    assert rows[0]["label"] == "small"
    assert 0 <= float(rows[0]["naive_bayes: small"]) <= 1

    assert counted() == 24
    again = task(cases, tmp_path / "again", positive="large", baseline="attribute:size")
    assert counted() == 24  # the features were kept
    assert (again.values["classes"], again.values["baseline"]) == (["small", "large"], "attribute:size")
    with pytest.raises(FileError, match="already holds a comparison"):
        task(cases, tmp_path / "report")


def test_damaged_kept_features_are_computed_anew(cases: Path, tmp_path: Path, counted: Callable[[], int]) -> None:
    case = LabelledCase((cases.parent / "case00.nii.gz",), cases.parent / "mask00.nii.gz", "small", "a")
    settings = FeatureSettings(families=("stat",))
    first = case_features.features_of_cases([case], settings, TaskContext())
    kept = case_features._kept_at(case, settings)
    kept.write_text("{", encoding="utf-8")
    second = case_features.features_of_cases([case], settings, TaskContext())
    assert counted() == 2
    np.testing.assert_array_equal(first.table, second.table)
    whole = case_features.features_of_cases([replace(case, mask=None)], settings, TaskContext())
    assert whole.table[0, 0] < first.table[0, 0]  # the mean of everything, with its air


def test_a_case_that_cannot_be_used_is_reported(cases: Path, tmp_path: Path) -> None:
    rows = cases.read_text(encoding="utf-8").splitlines()
    changed = cases.with_name("with_empty.csv")
    changed.write_text("\n".join([*rows[:-1], "case24.nii.gz,empty.nii.gz,small,patient 77,1"]), encoding="utf-8")
    from AutoLabelLib.core.labelmap import Labelmap
    from AutoLabelLib.files.images import read_image
    from AutoLabelLib.files.labelmaps import write_labelmap

    image = read_image(cases.parent / "case24.nii.gz")
    empty = np.zeros((1, *image.spatial_shape), np.uint8)
    write_labelmap(cases.parent / "empty.nii.gz", Labelmap(empty, image.affine, ()))
    result = task(changed, tmp_path / "report")
    assert result.values["cases"] == 24
    assert result.values["failed"][0]["case"] == "case24"
    assert "1 case(s) cannot be used" in result.warnings[0]


def test_a_class_with_few_patients_is_not_calibrated_and_that_is_said() -> None:
    features, _ = informative(40)
    truth = np.zeros(40, dtype=int)
    truth[[0, 1, 2, 3]] = 1  # of two patients
    judged, values = compared(study(features, truth), folds=2)
    assert judged.uncalibrated == tuple(sorted(FAST))
    assert figure(values, "mean") is not None


def test_it_stops_when_cancelled(cases: Path, tmp_path: Path) -> None:
    seen: list[str] = []

    def stop_in_a_fold() -> bool:
        return any("fold 2" in message for message in seen)

    context = TaskContext(lambda progress: seen.append(progress.message), stop_in_a_fold)
    with pytest.raises(JobCancelled):
        task(cases, tmp_path / "report", context)
    assert not (tmp_path / "report" / "comparison.html").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"folds": 7}, 'class "large" has cases of 6 patient.*Use 6 folds'),
        ({"folds": 1}, "from 2 to 50"),
        ({"seed": "x"}, "whole number"),
        ({"classifiers": "luck"}, 'no "luck" among the classifiers'),
        ({"baseline": "morph_diameter"}, "Did you mean"),
        ({"baseline": "attribute:colour"}, 'no attribute|has the attribute "colour"'),
        ({"positive": "huge"}, 'No case has the class "huge"'),
        ({"speed": 3}, 'no option "speed"'),
        ({"export": "svm"}, "does not compete"),
        ({"features": {"families": ["luck"]}}, "no family"),
    ],
)
def test_wrong_options_are_said(cases: Path, tmp_path: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        task(cases, tmp_path / "report", **change)


def test_one_class_only_is_said(cases: Path, tmp_path: Path) -> None:
    rows = [row for row in cases.read_text(encoding="utf-8").splitlines() if ",large," not in row]
    one = cases.with_name("one_class.csv")
    one.write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(InputError, match="nothing to tell apart"):
        task(one, tmp_path / "report")
