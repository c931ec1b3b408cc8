from __future__ import annotations

import numpy as np
import pytest
import torch

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.classification import calibration
from AutoLabelLib.worker.classification.networks import ImageAndFeatures, StandardisedFeatures
from AutoLabelLib.worker.training.class_loss import ClassLoss, balanced_order, class_weights


def drawn(true_temperature: float, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return logits that are too sure by a factor, and classes drawn from what they should have said."""
    rng = np.random.default_rng(2)
    honest = rng.normal(0, 2, (4000, 3))
    probabilities = calibration.probabilities(honest + np.array([shift, 0, 0]))
    truth = (probabilities.cumsum(axis=1) < rng.random((4000, 1))).sum(axis=1)
    return honest * true_temperature, truth


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_is_found(temperature: float) -> None:
    assert calibration.fit(*drawn(temperature)).temperature == pytest.approx(temperature, rel=0.08)


def test_a_bias_is_found_too() -> None:
    found = calibration.fit(*drawn(2.0, shift=1.5), way="temperature_and_bias")
    assert found.temperature == pytest.approx(2.0, rel=0.08)
    assert found.bias[0] - found.bias[1] == pytest.approx(1.5, abs=0.15)
    assert sum(found.bias) == pytest.approx(0, abs=1e-6)


def test_slopes_mend_what_is_too_sure_of_one_class_only() -> None:
    rng = np.random.default_rng(1)
    said = rng.uniform(0.02, 0.98, 8000)
    true = 1 / (1 + np.exp(-(2.0 * np.log(said) - 0.5 * np.log(1 - said) + 0.3)))
    truth = (rng.random(8000) < true).astype(int)
    logits = np.log(np.stack([1 - said, said], axis=1))

    found = calibration.fit(logits, truth, way="slopes_and_bias")

    assert found.temperature == 1.0
    assert found.slopes == pytest.approx((0.5, 2.0), rel=0.15)
    again = calibration.probabilities(logits, found.temperature, found.bias, found.slopes)
    assert np.abs(again[:, 1] - true).max() < 0.04
    timid = calibration.fit(logits, truth, way="temperature_and_bias")
    before = calibration.probabilities(logits, timid.temperature, timid.bias)
    assert np.abs(before[:, 1] - true).max() > 0.06


def test_several_labels_are_calibrated_each() -> None:
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 2, (4000, 2))
    truth = rng.random((4000, 2)) < calibration.probabilities(honest, multi_label=True)
    assert calibration.fit(honest * 3, truth, multi_label=True).temperature == pytest.approx(3, rel=0.08)


def test_separable_cases_do_not_make_certainty() -> None:
    found = calibration.fit([[5.0, -5.0], [-5.0, 5.0]] * 4, [0, 1] * 4)
    assert 0.05 < found.temperature < 1


def test_what_cannot_be_calibrated_is_refused() -> None:
    with pytest.raises(InputError, match="no cases"):
        calibration.fit(np.empty((0, 2)), np.empty(0))
    with pytest.raises(InputError, match="no calibration"):
        calibration.fit([[0.0, 1.0]], [1], way="prayer")
    with pytest.raises(InputError, match="no slopes"):
        calibration.fit([[0.0, 1.0]], [[0, 1]], way="slopes_and_bias", multi_label=True)
    assert calibration.fit([[0.0, 1.0]], [1], way="none") == calibration.Calibration()


def test_large_logits_stay_finite() -> None:
    assert calibration.probabilities([[1e4, -1e4]]).tolist() == [[1.0, 0.0]]
    assert np.isfinite(calibration.probabilities([[1e9, -1e9]], multi_label=True)).all()


def test_what_nobody_said_teaches_nothing() -> None:
    loss = ClassLoss(2, (1.0, 1.0))
    output = torch.zeros(2, 3, requires_grad=True)
    target = torch.tensor([[torch.nan, torch.nan, 0.5], [0.0, 1.0, torch.nan]])
    loss(output, target).backward()
    gradient = output.grad
    assert gradient is not None and bool(torch.isfinite(gradient).all())
    assert gradient[0, :2].abs().sum() == 0 and gradient[1, 2] == 0 and gradient[1, 1] < 0
    nothing = ClassLoss(2, (1.0, 1.0))(output, torch.full((2, 3), torch.nan))
    assert float(nothing.detach()) == 0


def test_the_loss_is_least_at_the_target() -> None:
    for kind in ("cross_entropy", "focal"):
        for multi_label in (False, True):
            loss = ClassLoss(2, (1.0, 1.0), multi_label=multi_label, kind=kind)
            right, wrong = torch.tensor([[-4.0, 4.0]]), torch.tensor([[4.0, -4.0]])
            target = torch.tensor([[0.0, 1.0]])
            assert float(loss(right, target)) < 0.05 < 2 < float(loss(wrong, target))


def test_weights_make_classes_count_the_same() -> None:
    targets = torch.tensor([[1.0, 0.0]] * 9 + [[0.0, 1.0]] + [[torch.nan] * 2])
    first, second = class_weights(targets, multi_label=False)
    assert first * 9 == pytest.approx(second * 1)
    assert class_weights(targets, multi_label=True) == pytest.approx((1 / 9, 9.0))


def test_sampling_shows_rare_classes_as_often() -> None:
    targets = torch.tensor([[1.0, 0.0]] * 90 + [[0.0, 1.0]] * 10)
    order = np.array(balanced_order(targets, np.random.default_rng(0).random(4000).tolist()))
    assert (order >= 90).mean() == pytest.approx(0.5, abs=0.03)
    assert len(set(order.tolist())) == 100


def test_features_are_standardised_by_the_training_cases() -> None:
    standardised = StandardisedFeatures(3)
    features = torch.tensor([[1.0, 5.0, torch.nan], [3.0, 5.0, 70000.0], [torch.nan, 5.0, 90000.0]])
    standardised.learn(features)
    found = standardised(torch.tensor([[2.0, 6.0, torch.nan], [1e9, 5.0, 90000.0]]))
    assert found[0].tolist() == [0.0, 1.0, 0.0]
    assert found[1].tolist() == pytest.approx([5.0, 0.0, 1.0])


def test_features_that_are_not_given_count_as_average() -> None:
    network = ImageAndFeatures(2, 2, attributes=1).eval()
    image = torch.zeros(3, 1, 4, 4, 4)
    assert torch.equal(network(image), network(image, torch.zeros(3, 2)))
    with pytest.raises(ValueError, match="neither"):
        ImageAndFeatures(0, 2)
