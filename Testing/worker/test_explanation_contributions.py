"""What handcrafted features add: exact where the model is linear, complete where it is sampled, in words and bars."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.worker.classification.forest import FeatureForest
from AutoLabelLib.worker.classification.networks import ImageAndFeatures, MeanOfClassifiers, SmallResNet, learn_features
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.explanation.contributions import log_odds_of, of_classifier, sampled, told
from AutoLabelLib.worker.explanation.pictures import bar_plot
from AutoLabelLib.worker.features.settings import FeatureSettings
from AutoLabelLib.worker.tabular.model import TabularClassifier, fit
from AutoLabelLib.worker.tasks import explanation
from Testing.grids import make_affine
from Testing.tiny_classifiers import TinyClassifier, write_classifier

NAMES = ("morph_sphericity", "stat_mean", "glcm_contrast", "my_own_column")


def table(count: int = 80) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return features of which the second decides, the first a little, and the last one nothing."""
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1, (count, 4)) * (0.1, 50, 2, 1) + (0.5, -300, 8, 0)
    score = (values[:, 1] + 300) / 50 * 2 - (values[:, 0] - 0.5) / 0.1 + rng.normal(0, 0.3, count)
    return values, (score > 0).astype(np.intp)


def fitted(method: str) -> TabularClassifier:
    values, truth = table()
    return fit(method, values, truth, ("benign", "malignant"), NAMES, seed=0).classifier


CASE = np.array([0.45, -180.0, 9.0, 1.5])


def test_a_linear_model_is_taken_apart_exactly() -> None:
    classifier = fitted("logistic_regression")
    effects = of_classifier(classifier, CASE, "malignant")
    part = classifier.parts[0]
    scaled = CASE[None]
    for _, step in part.pipeline.steps[:-1]:
        scaled = step.transform(scaled)
    expected = part.pipeline[-1].coef_[0] * scaled[0] / part.calibration.temperature
    np.testing.assert_allclose(effects, expected)
    np.testing.assert_allclose(of_classifier(classifier, CASE, "benign"), -expected)
    assert np.argmax(np.abs(effects)) == 1
    near = np.array([[0.5, -305.0, 8.0, 0.0], [0.5, -295.0, 8.0, 0.0]])  # not so sure that rounding would matter
    low, high = log_odds_of(classifier.predict_proba(near)[:, 1])
    first, second = (of_classifier(classifier, row, "malignant") for row in near)
    assert high - low == pytest.approx((second - first).sum(), rel=1e-6)


@pytest.mark.parametrize("method", ["svm", "random_forest"])
def test_any_model_is_taken_apart_by_sampling(method: str) -> None:
    classifier = fitted(method)
    effects = of_classifier(classifier, CASE, "malignant", rounds=4)
    both = log_odds_of(classifier.predict_proba(np.stack([CASE, classifier.typical]))[:, 1])
    assert effects.sum() == pytest.approx(both[0] - both[1])
    assert np.argmax(np.abs(effects)) == 1
    assert effects[1] > 0
    np.testing.assert_array_equal(effects, of_classifier(classifier, CASE, "malignant", rounds=4))


def test_sampling_knows_what_does_not_matter() -> None:
    typical = np.array([1.0, 2.0, np.nan])
    effects = sampled(lambda rows: 3 * rows[:, 0], np.array([2.0, np.nan, np.nan]), typical, rounds=2, seed=0)
    np.testing.assert_allclose(effects, (3, 0, 0))


def test_words_say_what_it_is_and_which_way_it_speaks(tmp_path: Path) -> None:
    effects = np.array([-0.5, 1.7, 0.1, 0.0])
    rows = told(NAMES, np.array([0.4, -180, np.nan, 3]), np.array([0.5, -300, 8, np.nan]), effects, "malignant")
    assert [row.feature for row in rows] == ["stat_mean", "morph_sphericity", "glcm_contrast", "my_own_column"]
    assert "-180 (typically -300), speaks strongly for malignant" in rows[0].words
    assert "stat_mean" not in rows[0].words
    assert "speaks against malignant" in rows[1].words
    assert "not defined here, speaks a little for malignant" in rows[2].words
    assert rows[3].words == "my_own_column: 3, says nothing here"
    assert rows[2].to_json()["value"] is None
    bar_plot(tmp_path / "bars.png", rows * 5, "malignant")
    assert (tmp_path / "bars.png").read_bytes().startswith(b"\x89PNG")


def bright_ball() -> tuple[Image, Labelmap]:
    """Return a CT with a dense ball in air, and the ball as a segment."""
    rng = np.random.default_rng(0)
    affine = make_affine("LPI", (0.8, 0.8, 1.5), (10, 5, 0))
    voxels = rng.normal(-900, 20, (20, 20, 12)).astype(np.float32)
    places = ras_from_index(affine, np.moveaxis(np.indices(voxels.shape), 0, -1)) - ras_from_index(affine, (9, 9, 6))
    mask = np.linalg.norm(places, axis=-1) < 5
    voxels[mask] = rng.normal(-50, 20, int(mask.sum()))
    labelmap = Labelmap(mask.astype(np.uint8)[None], affine, (Segment("Nodule", 1),))
    return Image(voxels[None], affine, "CT", unit="HU"), labelmap


def test_a_network_that_reads_features_gives_heat_and_contributions(tmp_path: Path) -> None:
    networks = "AutoLabelLib.worker.classification.networks"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = ImageAndFeatures(2, 2, 0, SmallResNet(1, 4, (4, 8)), 4)
    learn_features(network, torch.tensor([[2.0, -500.0], [4.0, -300.0], [3.0, -450.0]]))
    definition = {
        "_target_": f"{networks}.ImageAndFeatures",
        "features": 2,
        "classes": 2,
        "attributes": 0,
        "image_network": {
            "_target_": f"{networks}.SmallResNet",
            "in_channels": 1,
            "out_channels": 4,
            "channels": [4, 8],
        },
        "width": 4,
    }
    names = ["morph_volume_voxel_counting_ml", "stat_mean"]
    tiny = TinyClassifier(
        ("benign", "malignant"), network_def=definition, state=network.state_dict(), section={"features": names}
    )
    image, labelmap = bright_ball()
    job = Job(
        "explanation",
        str(write_classifier(tmp_path / "tiny", tiny)),
        (image,),
        (labelmap,),
        options={"device": "cpu", "method": "gradcam", "draws": 1},
    )
    result = explanation.run(job, TaskContext())
    assert result.images[0].same_grid(image)
    rows = result.values["contributions"]
    assert {row["feature"] for row in rows} == set(names)
    assert {row["feature"]: row["typical"] for row in rows}["morph_volume_voxel_counting_ml"] == pytest.approx(3.0)
    assert all(np.isfinite(row["effect"]) for row in rows)
    assert result.values["layer"] == "image_network.stages"


def test_heat_is_of_the_networks_that_see_the_image_and_features_are_of_all(tmp_path: Path) -> None:
    """Forests among the members have no gradients; a feature that only they read counts all the same."""
    package = "AutoLabelLib.worker.classification"
    forest_def = {"features": 1, "classes": 2, "trees": 20, "leaves": 4, "least_cases": 1}
    forest = FeatureForest(**forest_def)
    volumes = torch.linspace(0, 2, 40)[:, None]
    is_large = (volumes > 1).float()
    forest.grow(volumes, torch.cat([1 - is_large, is_large], 1), seed=0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        eye = ImageAndFeatures(0, 2, 0, SmallResNet(1, 4, (4, 8)), 4)
    eye_def = {"features": 0, "classes": 2, "width": 4} | {
        "image_network": {
            "_target_": f"{package}.networks.SmallResNet",
            "in_channels": 1,
            "out_channels": 4,
            "channels": [4, 8],
        }
    }
    tiny = TinyClassifier(
        ("small", "large"),
        network_def={
            "_target_": f"{package}.networks.MeanOfClassifiers",
            "networks": [
                {"_target_": f"{package}.forest.FeatureForest", **forest_def},
                {"_target_": f"{package}.networks.ImageAndFeatures", **eye_def},
            ],
        },
        state=MeanOfClassifiers([forest, eye]).state_dict(),
        section={"features": ["morph_volume_voxel_counting_ml"]},
    )
    image, labelmap = bright_ball()
    folder, context = write_classifier(tmp_path / "tiny", tiny), TaskContext()
    options = {"device": "cpu", "method": "gradcam", "draws": 1, "target": "large"}
    result = explanation.run(Job("explanation", str(folder), (image,), (labelmap,), options=options), context)

    assert any("1 of 2 networks" in warning for warning in context.warnings)
    assert result.images[0].array.max() > 0
    (row,) = result.values["contributions"]
    assert row["typical"] == pytest.approx(1.0)
    assert row["effect"] < 0  # the ball has half a millilitre


def test_a_classifier_of_features_is_explained_by_them(tmp_path: Path) -> None:
    """A bundle without a network gives no heat, but says what each feature adds."""
    from AutoLabelLib.worker.tabular import bundle

    names = ("morph_volume_voxel_counting_ml", "stat_mean", "stat_maximum")
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1, (40, 3)) * (1, 100, 100) + (2, -400, 0)
    truth = (values[:, 1] > -400).astype(np.intp)
    classifier = fit("random_forest", values, truth, ("benign", "malignant"), names).classifier
    wishes = bundle.Wishes("by_features", "CT", FeatureSettings(families=("morph", "stat")), {})
    folder = bundle.write(tmp_path / "by_features", classifier, wishes)
    image, labelmap = bright_ball()
    plot = tmp_path / "bars.png"
    job = Job(
        "explanation",
        str(folder),
        (image,),
        (labelmap,),
        options={"device": "cpu", "plot": str(plot)},
    )
    result = explanation.run(job, TaskContext())
    assert not result.images
    assert result.values["target"] == "malignant"
    assert result.values["method"] == "contributions"
    assert result.values["contributions"][0]["feature"] == "stat_mean"
    assert "speaks" in result.values["contributions"][0]["words"]
    assert plot.is_file()
    assert "plot" not in result.provenance["options"]
