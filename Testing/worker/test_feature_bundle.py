"""Classifiers of features as bundles: the task "classification" uses them like any other, and says its doubts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.bundle import card, read_spec
from AutoLabelLib.core.errors import ChecksumError, InputError, ModelError
from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.files.images import read_image
from AutoLabelLib.files.labelmaps import read_labelmap
from AutoLabelLib.worker.classification.classifier import Classifier
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tabular.case_features import read_case
from AutoLabelLib.worker.tabular.classifier import FeatureClassifier
from AutoLabelLib.worker.tasks import classification, comparison
from AutoLabelLib.worker.training.labelled_cases import read_labelled_cases
from Testing.labelled_phantoms import write_labelled_phantoms


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labelled_phantoms(tmp_path_factory.mktemp("cases"))


@pytest.fixture(scope="module")
def bundle(cases: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("home") / "blobs"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AUTOLABEL_HOME", str(output.parent))
        options: dict[str, Any] = {"cases": str(cases), "output": str(output), "export": "best", "draws": 20}
        options |= {"classifiers": ["logistic_regression", "naive_bayes"], "folds": 3, "modality": "CT"}
        options |= {"positive": "large", "features": {"families": ["morph", "stat"]}}
        return Path(comparison.run(Job("comparison", options=options), TaskContext()).values["exported"])


def classify(bundle: Path, image: Image, labelmap: Labelmap) -> Finding:
    job = Job("classification", str(bundle), (image,), (labelmap,))
    return Finding.from_json(classification.run(job, TaskContext()).values["findings"][0])


def pair(cases: Path, number: int) -> tuple[Image, Labelmap]:
    image = read_image(cases.parent / f"case{number:02}.nii.gz", "CT")
    return image, read_labelmap(cases.parent / f"mask{number:02}.nii.gz")


def test_its_contract_says_what_it_is(bundle: Path) -> None:
    spec = read_spec(bundle)
    assert (spec.task, spec.method, spec.looks_at, spec.modality) == ("classification", "features", "segment", "CT")
    assert spec.classes == ("small", "large")
    assert spec.name == bundle.name
    assert spec.name.startswith("blobs_")
    assert "24 cases of 12 patients" in card(bundle)


def test_the_task_classifies_with_it(bundle: Path, cases: Path) -> None:
    labels = [case.label for case in read_labelled_cases(cases)][:24]
    found = [classify(bundle, *pair(cases, number)) for number in range(0, 24, 3)]
    right = [finding.label == label for finding, label in zip(found, labels[::3], strict=True)]
    assert sum(right) >= len(right) - 1
    assert all(set(finding.class_probabilities) == {"small", "large"} for finding in found)
    assert found[0].model == f"{bundle.name} 1.0.0"


def test_it_answers_as_the_classifier_that_was_fitted(bundle: Path, cases: Path) -> None:
    classifier = Classifier.load(bundle)
    assert isinstance(classifier, FeatureClassifier)
    image, mask = read_case(read_labelled_cases(cases)[5])
    prepared = classifier.prepare(image, mask)
    assert prepared.features is not None
    expected = classifier.model.predict_proba(prepared.features[np.newaxis])[0]
    np.testing.assert_allclose(classifier.probabilities(prepared), expected)
    logits = classifier.logits(prepared)
    np.testing.assert_allclose(np.exp(logits) / np.exp(logits).sum(), expected)


def test_the_way_a_volume_is_stored_changes_nothing(bundle: Path, cases: Path) -> None:
    classifier = Classifier.load(bundle)
    image, mask = read_case(read_labelled_cases(cases)[3])
    expected = classifier.probabilities(classifier.prepare(image, mask))
    swap = np.array([[0, 0, 1, 0], [0, -1, 0, mask.shape[1] - 1], [1, 0, 0, 0], [0, 0, 0, 1]], dtype=float)
    stored = replace(image, array=image.array.transpose(0, 3, 2, 1)[:, :, ::-1].copy(), affine=image.affine @ swap)
    found = classifier.probabilities(classifier.prepare(stored, mask.transpose(2, 1, 0)[:, ::-1].copy()))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_something_that_it_was_not_trained_on_is_doubted(bundle: Path, cases: Path) -> None:
    image, labelmap = pair(cases, 0)
    one_voxel = np.zeros_like(labelmap.array)
    one_voxel[0, 9, 9, 4] = 1
    doubt = classify(bundle, image, replace(labelmap, array=one_voxel)).uncertain
    assert "single voxel" in doubt
    assert "smaller" in doubt


def test_it_needs_a_mask(bundle: Path, cases: Path) -> None:
    image, _ = pair(cases, 0)
    with pytest.raises(InputError, match="segment"):
        classification.run(Job("classification", str(bundle), (image,)), TaskContext())
    with pytest.raises(InputError, match="empty"):
        Classifier.load(bundle).prepare(image, np.zeros(image.spatial_shape, bool))


def test_altered_files_are_refused(bundle: Path, tmp_path: Path) -> None:
    import shutil

    copy = Path(shutil.copytree(bundle, tmp_path / "copy"))
    with (copy / "models" / "classifier.json").open("a") as stream:
        stream.write(" ")
    with pytest.raises(ChecksumError):
        Classifier.load(copy)
    (copy / "models" / "classifier.json").unlink()
    with pytest.raises(ModelError, match="missing"):
        Classifier.load(copy)
