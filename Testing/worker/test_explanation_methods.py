"""Explanations of a network whose evidence is known: the map points there, and nowhere when the weights are random."""

from __future__ import annotations

import copy
import warnings
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from AutoLabelLib.core.errors import InputError, ModelError
from AutoLabelLib.worker.explanation import layers, methods
from AutoLabelLib.worker.explanation.baseline import BASELINES, baseline
from AutoLabelLib.worker.explanation.deletion import deletion
from AutoLabelLib.worker.explanation.scored_network import Question, ScoredNetwork
from AutoLabelLib.worker.explanation.settings import METHODS, Settings, from_mapping
from AutoLabelLib.worker.explanation.subject import Look, Subject
from Testing.evidence import EDGE, SIZE, randomised, scored, trained, volume

CORNER = (9, 2, 5)
INSIDE = torch.ones((SIZE, SIZE, SIZE), dtype=torch.bool)


@pytest.fixture(scope="module")
def image() -> torch.Tensor:
    return torch.from_numpy(volume(np.random.default_rng(7), CORNER))[None]


def settings(method: str, **more: Any) -> Settings:
    return Settings(method=method, **{"steps": 8, "samples": 6, "box_voxels": 4, **more})


def subject_of(network: torch.nn.Module, image: torch.Tensor) -> Subject:
    look = Look((0, 0, 0), (SIZE, SIZE, SIZE), scored(network))
    return Subject(image, np.eye(4), INSIDE, INSIDE, (look,), "cube")


def heat_of(network: torch.nn.Module, image: torch.Tensor, chosen: Settings) -> NDArray[np.float32]:
    return subject_of(network, image).heat(partial(methods.relevance, settings=chosen), baseline(image, INSIDE))


@pytest.mark.parametrize("method", METHODS)
def test_the_heat_is_where_the_evidence_is(method: str, image: torch.Tensor) -> None:
    heat = heat_of(trained(), image, settings(method))
    assert heat.dtype == np.float32
    assert heat.min() >= 0
    assert heat.max() == 1
    middle = np.average(np.indices(heat.shape).reshape(3, -1), axis=1, weights=np.where(heat >= 0.5, heat, 0).ravel())
    assert np.linalg.norm(middle - (np.array(CORNER) + (EDGE - 1) / 2)) < 2.0
    cube = tuple(slice(c, c + EDGE) for c in CORNER)
    assert heat[cube].mean() > 4 * heat.mean()


@pytest.mark.parametrize("method", METHODS)
def test_random_weights_change_the_map(method: str, image: torch.Tensor) -> None:
    """Source: Adebayo J, et al. Sanity checks for saliency maps. NeurIPS 2018."""
    learnt = heat_of(trained(), image, settings(method))
    agreements = []
    for seed in (1, 2, 3):
        other = heat_of(randomised(seed), image, settings(method))
        agreements.append(spearmanr(learnt.ravel(), other.ravel()).statistic if other.any() else 0.0)
    assert abs(float(np.mean(agreements))) < 0.5


@pytest.mark.parametrize("method", METHODS)
def test_deleting_what_is_marked_lowers_the_score_most(method: str, image: torch.Tensor) -> None:
    subject = subject_of(trained(), image)
    heat = subject.heat(partial(methods.relevance, settings=settings(method)), subject.baseline("median"))
    found = deletion(subject, heat, baseline(image, INSIDE), draws=5, seed=0)
    assert found.drop > found.random_drop + 0.2
    assert found.area < min(found.random_areas)
    assert found.probability[0] == found.random_probability[0] > 0.9
    assert found.probability[-1] == found.random_probability[-1] < 0.5
    assert 0 < found.marked_fraction < 0.3
    assert found == deletion(subject, heat, baseline(image, INSIDE), draws=5, seed=0)


def test_only_the_seed_decides_about_noise(image: torch.Tensor) -> None:
    chosen = settings("smoothgrad")
    first = heat_of(trained(), image, chosen)
    torch.rand(3)
    state = torch.get_rng_state()
    np.testing.assert_array_equal(first, heat_of(trained(), image, chosen))
    assert torch.equal(state, torch.get_rng_state())
    assert (first != heat_of(trained(), image, replace(chosen, seed=1))).any()


def test_integrated_gradients_add_up_to_the_difference_of_the_scores(image: torch.Tensor) -> None:
    network, start = scored(trained()), baseline(image, INSIDE)
    parts = methods.integrated_gradients(network, image, start, steps=64)
    difference = float(network(image[None]) - network(start[None]))
    assert float(parts.sum()) == pytest.approx(difference, rel=0.02)


def test_the_network_is_left_as_it_was(image: torch.Tensor) -> None:
    network = trained()
    before = copy.deepcopy(network.state_dict())
    for method in METHODS:
        heat_of(network, image, settings(method))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert network.features[1].inplace
    assert not any(module._forward_hooks or module._backward_hooks for module in network.modules())
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_what_is_read_beside_the_image_gets_no_heat(image: torch.Tensor) -> None:
    """A clue in a second channel, such as a click, is held fixed."""
    network = torch.nn.Conv3d(2, 2, 1).requires_grad_(False)
    clue = torch.zeros((1, 1, SIZE, SIZE, SIZE))
    clue[0, 0, 3, 3, 3] = 100.0
    mask = torch.zeros((SIZE, SIZE, SIZE), dtype=torch.bool)
    mask[8:11, 8:11, 8:11] = True
    asked = ScoredNetwork(network, Question(1, "softmax", mask), clue)
    heat = methods.relevance(asked, image, baseline(image, INSIDE), settings("smoothgrad"))
    assert heat.shape == INSIDE.shape
    assert heat[3, 3, 3] == 0
    assert heat[mask].sum() > 0


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "none"])
def test_a_score_is_the_log_odds_of_the_probability(activation: str) -> None:
    answer = torch.randn((2, 3, 4, 4, 4))
    if activation == "none":
        answer = answer.sigmoid()
    mask = torch.rand((4, 4, 4)) > 0.5
    probabilities = {"softmax": answer.softmax(1), "sigmoid": answer.sigmoid(), "none": answer}[activation]
    expected = torch.logit(probabilities[:, 2][:, mask])
    torch.testing.assert_close(Question(2, activation, mask).log_odds(answer), expected, atol=1e-4, rtol=1e-4)


def test_the_layer_is_the_last_that_is_condensed_and_can_be_chosen(image: torch.Tensor) -> None:
    network = scored(trained())
    assert methods.layer_of(network, image, "") == "features"  # half the resolution
    assert methods.layer_of(network, image, "features.0") == "features.0"
    with pytest.raises(InputError, match="features"):
        methods.layer_of(network, image, "last")
    flat = [layers.FeatureMap("a", 4, (16, 16, 16)), layers.FeatureMap("b", 2, (16, 16, 16))]
    assert layers.default_layer(flat, (16, 16, 16)) == "a"
    with pytest.raises(ModelError, match="another method"):
        layers.default_layer([], (16, 16, 16))


def test_a_compiled_network_has_no_layers_to_look_into(image: torch.Tensor) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's wish for another compiler
        compiled = torch.jit.trace(trained(), image[None])
    with pytest.raises(ModelError, match="integrated_gradients"):
        heat_of(compiled, image, settings("gradcam"))
    assert heat_of(compiled, image, settings("integrated_gradients")).max() == 1


def test_a_map_without_anything_is_empty(image: torch.Tensor) -> None:
    network = torch.nn.Sequential(torch.nn.Conv3d(1, 2, 1)).requires_grad_(False)
    network[0].weight.zero_()
    asked = ScoredNetwork(network, Question(1, "softmax", INSIDE))
    look = Look((0, 0, 0), (SIZE, SIZE, SIZE), asked)
    subject = Subject(image, np.eye(4), INSIDE, INSIDE, (look,), "nothing")
    chosen = settings("integrated_gradients")
    heat = subject.heat(partial(methods.relevance, settings=chosen), subject.baseline(chosen.baseline))
    assert not heat.any()


def test_a_baseline_has_nothing_special_in_it(image: torch.Tensor) -> None:
    cube = (0, *(slice(c, c + EDGE) for c in CORNER))
    for kind in BASELINES:
        values = baseline(image, INSIDE, kind)
        assert values.shape == image.shape
        assert values[cube].mean() < image[cube].mean() - 0.5
    inside = INSIDE.clone()
    inside[0] = False
    padded = image.clone()
    padded[:, 0] = -1000
    assert float(baseline(padded, inside, "lowest").min()) > -10  # padding is no part of the patient


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "magic"},
        {"steps": 0},
        {"samples": 1.5},
        {"draws": True},
        {"baseline": "x"},
        {"noise": 0},
        {"seed": -1},
    ],
)
def test_unusable_choices_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong)) if "method" not in wrong else "gradcam"):
        from_mapping(wrong)
