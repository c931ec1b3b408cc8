"""Classifiers of features: they learn what is there, nothing where there is nothing, and come back from their file."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from AutoLabelLib.core.errors import FileError, InputError, ModelError
from AutoLabelLib.worker.classification_metrics import Predictions, figures
from AutoLabelLib.worker.tabular import methods, model, model_file
from AutoLabelLib.worker.tabular.folds import grouped_folds

NAMES = ("size", "shape", "grain", "noise")


def table(count: int = 90, classes: int = 2, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.intp], list[str]]:
    """Return features of three kinds of signal, the class, and patients with up to three cases each.

    The classes are 2 : 1 (: 1); some features are undefined, one is a hundred times larger than the others.
    """
    rng = np.random.default_rng(seed)
    patients = rng.integers(0, count // 2, count)
    truth = np.array([0, 0, 1, *range(2, classes)])[patients % (classes + 1)]
    noise = rng.normal(size=(count, 4))
    features = noise + np.stack([1.5 * truth, -1.5 * (truth > 0), 1.0 * (truth == 1), 0 * truth], axis=1)
    features[:, 2] = 100 * np.exp(features[:, 2])
    features[rng.random((count, 4)) < 0.05] = np.nan
    features[3, 0] = np.inf
    return features, truth, [f"patient {number}" for number in patients]


def fit(method: str = "logistic_regression", **more: Any) -> model.Fitted:
    features, truth, groups = table(**more)
    names = ("benign", "malignant", "other")[: truth.max() + 1]
    return model.fit(method, features, truth, names, NAMES, groups)


@pytest.mark.parametrize("method", [*methods.METHODS, "single_feature"])
def test_each_method_learns_and_comes_back_from_its_file(method: str, tmp_path: Path) -> None:
    classifier = fit(method).classifier
    features, truth, _ = table(seed=1)
    probabilities = classifier.predict_proba(features)
    assert figures(Predictions(truth, probabilities, classifier.classes))["auc"] > 0.8  # type: ignore[operator]
    assert abs(probabilities[:, 1].mean() - truth.mean()) < 0.15  # calibrated to how frequent the class is

    model_file.save(classifier, tmp_path)
    again = model_file.load(tmp_path)
    np.testing.assert_allclose(again.predict_proba(features), probabilities)
    assert (again.method, again.classes, again.feature_names) == (method, ("benign", "malignant"), NAMES)
    np.testing.assert_array_equal(again.typical, classifier.typical)


def test_several_classes(tmp_path: Path) -> None:
    for method in ("svm", "naive_bayes"):
        classifier = fit(method, classes=3).classifier
        features, truth, _ = table(classes=3, seed=1)
        probabilities = classifier.predict_proba(features)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
        assert figures(Predictions(truth, probabilities, classifier.classes))["auc"] > 0.75  # type: ignore[operator]


def test_several_labels_at_once(tmp_path: Path) -> None:
    features, truth, groups = table(classes=3)
    labels = np.stack([truth > 0, truth == 1], axis=1)
    found = model.fit("svm", features, labels, ("any", "one"), NAMES, groups)
    probabilities = found.classifier.predict_proba(features)
    assert found.inner is not None
    assert found.inner.shape == probabilities.shape == (90, 2)
    assert figures(Predictions(labels, found.inner, ("any", "one")))["auc"] > 0.75  # type: ignore[operator]
    model_file.save(found.classifier, tmp_path)
    np.testing.assert_allclose(model_file.load(tmp_path).predict_proba(features), probabilities)


def test_equal_seeds_give_equal_classifiers() -> None:
    features = table(seed=1)[0]
    first, second = (fit("decision_tree").classifier.predict_proba(features) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_inner_probabilities_come_from_cases_that_were_not_learned() -> None:
    rng = np.random.default_rng(0)
    noise, truth = rng.normal(size=(120, 4)), np.arange(120) % 2
    found = model.fit("decision_tree", noise, truth, ("a", "b"), NAMES)
    assert found.inner is not None
    learned = figures(Predictions(truth, found.classifier.predict_proba(noise), ("a", "b")))["auc"]
    unseen = figures(Predictions(truth, found.inner, ("a", "b")))["auc"]
    assert learned > 0.7  # type: ignore[operator]
    assert 0.3 < unseen < 0.65  # type: ignore[operator]


def test_a_class_with_one_patient_is_learned_but_not_calibrated() -> None:
    features, truth, _ = table()
    groups = [f"{label}" if label else str(number) for number, label in enumerate(truth)]
    found = model.fit("svm", features, truth, ("a", "b"), NAMES, groups)
    assert not found.classifier.is_calibrated
    assert found.inner is None
    assert np.isfinite(found.classifier.predict_proba(features)).all()


def test_a_feature_that_is_never_defined_does_no_harm() -> None:
    features, truth, groups = table()
    features[:, 3] = np.nan
    for method in ("svm", "decision_tree"):
        classifier = model.fit(method, features, truth, ("a", "b"), NAMES, groups).classifier
        assert np.isfinite(classifier.predict_proba(np.full((1, 4), np.nan))).all()
        assert np.isnan(classifier.typical[3])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"method": "luck"}, "no classifier"),
        ({"truth": np.zeros(90, int)}, "has every case"),
        ({"feature_names": ("one",)}, "do not fit"),
        ({"features": np.zeros(90)}, "table of features"),
    ],
)
def test_what_cannot_be_learned_is_said(change: dict[str, Any], words: str) -> None:
    features, truth, groups = table()
    given = {"method": "svm", "features": features, "truth": truth, "feature_names": NAMES, **change}
    with pytest.raises(InputError, match=words):
        model.fit(classes=("a", "b"), groups=groups, **given)


def test_another_number_of_features_is_refused() -> None:
    with pytest.raises(InputError, match="takes 4 features, got 3"):
        fit().classifier.predict_proba(np.zeros((2, 3)))


def test_a_file_with_a_foreign_type_is_refused(tmp_path: Path) -> None:
    model_file.save(fit().classifier, tmp_path)
    path = tmp_path / model_file.PIPELINES
    with zipfile.ZipFile(path) as archive:
        schema = json.loads(archive.read("schema.json"))
        rest = {name: archive.read(name) for name in archive.namelist() if name != "schema.json"}
    foreign = {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode", "content": "os.system"}
    schema["content"][0] = {**foreign, "__id__": 1}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))
        for name, content in rest.items():
            archive.writestr(name, content)
    with pytest.raises(ModelError, match=r"os\.system.*not trusted"):
        model_file.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a zip file"])
def test_a_damaged_file_is_said(tmp_path: Path, content: bytes) -> None:
    model_file.save(fit().classifier, tmp_path)
    (tmp_path / model_file.PIPELINES).write_bytes(content)
    with pytest.raises(FileError, match="cannot be read"):
        model_file.load(tmp_path)
    (tmp_path / model_file.PIPELINES).unlink()
    with pytest.raises(FileError, match="missing"):
        model_file.load(tmp_path)
    (tmp_path / model_file.DESCRIPTION).write_text("{}", encoding="utf-8")
    with pytest.raises(FileError):
        model_file.load(tmp_path)


def test_folds_keep_patients_together_and_classes_in_proportion() -> None:
    _, truth, groups = table(120)
    folds = grouped_folds(truth, groups, 4, 0, ("a", "b"))
    judged = np.concatenate([test for _, test in folds])
    assert sorted(judged) == list(range(120))
    for train, test in folds:
        assert not {groups[index] for index in train} & {groups[index] for index in test}
        assert abs(truth[test].mean() - truth.mean()) < 0.1
    again = grouped_folds(truth, groups, 4, 0, ("a", "b"))
    assert all((a[1] == b[1]).all() for a, b in zip(folds, again, strict=True))


@pytest.mark.parametrize(
    ("truth", "count", "words"),
    [
        ([0, 0, 0, 0, 1], 2, r'"b" has cases of 1 patient\(s\) only.*Give more cases of it'),
        ([0, 0, 0, 1, 1], 3, r'"b" has cases of 2 patient\(s\) only, too few for 3 folds. Use 2 folds'),
        ([0, 0, 1, 1, 1], 1, "2 folds or more"),
    ],
)
def test_too_few_patients_are_said(truth: list[int], count: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        grouped_folds(np.array(truth), list("abcde"), count, 0, ("a", "b"))
