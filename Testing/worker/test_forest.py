"""A forest as a network: it says what scikit-learn's says, keeps it through its state, and takes what is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.classification.forest import FeatureForest
from AutoLabelLib.worker.training import labelled_forest
from AutoLabelLib.worker.training.labelled_cases import LabelledCase
from AutoLabelLib.worker.training.labelled_objects import LabelledObject
from Testing.tiny_labelled import recipe

FEATURES, CASES = 4, 120


def examples() -> tuple[torch.Tensor, torch.Tensor]:
    """Return features (N, F) and targets (N, 2 classes + 1 rating): the sum of two features decides both."""
    random = torch.Generator().manual_seed(2)
    features = torch.randn(CASES, FEATURES, generator=random) * 100 + 1000
    malignant = (features[:, 0] + features[:, 1] > 2000).float()
    return features, torch.stack([1 - malignant, malignant, malignant * 0.8 + 0.1], dim=1)


@pytest.fixture(scope="module")
def forest() -> FeatureForest:
    grown = FeatureForest(FEATURES, 2, 1, trees=12, leaves=16, least_cases=3)
    grown.grow(*examples(), seed=5)
    return grown


def said(forest: FeatureForest, features: torch.Tensor | None) -> torch.Tensor:
    return torch.as_tensor(forest(torch.zeros(len(features) if features is not None else 1, 1, 2, 2, 2), features))


def test_it_learns_classes_and_ratings(forest: FeatureForest) -> None:
    features, targets = examples()
    answer = said(forest, features)
    assert (answer[:, :2].argmax(1) == targets[:, :2].argmax(1)).float().mean() > 0.95
    assert answer[:, :2].exp().sum(1) == pytest.approx(torch.ones(CASES), abs=2e-3)
    assert (answer[:, 2].sigmoid() - targets[:, 2]).abs().mean() < 0.3  # 0.4 without learning


def test_its_trees_are_those_of_scikit_learn(forest: FeatureForest) -> None:
    from sklearn.ensemble import ExtraTreesRegressor

    features, targets = examples()
    trees = ExtraTreesRegressor(12, max_leaf_nodes=16, min_samples_leaf=3, max_features=0.5, random_state=5)
    trees.fit(features.numpy().astype(float), targets[:, :2].numpy())
    unseen = torch.randn(300, FEATURES, generator=torch.Generator().manual_seed(8)) * 100 + 1000
    expected = trees.predict(unseen.numpy())[:, 1].clip(0.005, 0.995)
    assert said(forest, unseen)[:, 1].exp().numpy() == pytest.approx(expected, abs=1e-3)


def test_it_survives_being_stored_and_the_same_seed_grows_the_same(forest: FeatureForest) -> None:
    features, targets = examples()
    again, twin = (FeatureForest(FEATURES, 2, 1, trees=12, leaves=16, least_cases=3) for _ in range(2))
    again.load_state_dict(forest.state_dict())
    twin.grow(features, targets, seed=5)
    assert torch.equal(said(again, features), said(forest, features))
    assert all(torch.equal(a, b) for a, b in zip(twin.state_dict().values(), forest.state_dict().values(), strict=True))


def test_what_is_missing_counts_as_typical(forest: FeatureForest) -> None:
    typical = forest.typical[None].clone()
    assert torch.equal(said(forest, None), said(forest, typical))
    assert torch.equal(said(forest, torch.full((1, FEATURES), torch.nan)), said(forest, typical))


def test_cases_that_nobody_has_labelled_teach_nothing() -> None:
    features, targets = examples()
    unlabelled = torch.cat([targets, torch.full((1, 3), torch.nan)])
    with_nan = torch.cat([features, torch.full((1, FEATURES), torch.nan)])
    plain, more = (FeatureForest(FEATURES, 2, 1, trees=3, leaves=8) for _ in range(2))
    plain.grow(features, targets, seed=1)
    more.grow(with_nan, unlabelled, seed=1)
    assert torch.equal(said(plain, features), said(more, features))


def test_ratings_that_nobody_has_given_are_left_out() -> None:
    features, targets = examples()
    targets[::2, 2] = torch.nan
    forest = FeatureForest(FEATURES, 2, 1, trees=5, leaves=16, least_cases=3, attribute_weight=0.5)
    forest.grow(features, targets, seed=1)
    assert torch.isfinite(said(forest, features)).all()


def test_a_forest_of_the_wrong_size_says_what_to_name() -> None:
    wanted = recipe()
    definition = {"_target_": "AutoLabelLib.worker.classification.forest.FeatureForest", "features": 3, "classes": 2}
    one = LabelledObject(
        LabelledCase((), None, "dark", "a"), torch.zeros(1, 2, 2, 2), torch.zeros(2), torch.zeros(3), {}
    )
    assert labelled_forest.is_grown(replace(wanted, network_def=definition))
    with pytest.raises(InputError, match="reads 3 features, but 2 are measured"):
        labelled_forest.grown(replace(wanted, network_def=definition), [one])


@pytest.mark.parametrize("size", [{"trees": 0}, {"leaves": 0}, {"least_cases": 0}])
def test_a_forest_has_trees_and_leaves(size: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="positive"):
        FeatureForest(FEATURES, 2, **size)


def test_thresholds_are_not_rounded_to_the_other_side() -> None:
    from AutoLabelLib.worker.classification.forest import _rounded_down

    thresholds = np.random.default_rng(0).normal(0, 1000, 1000)
    assert (_rounded_down(thresholds).astype(np.float64) <= thresholds).all()
