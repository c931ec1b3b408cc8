"""Where a click contradicts an answer, the answer is moved around it, and only there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from AutoLabelLib.core.labelmap import Segment
from AutoLabelLib.core.prompt import Point, Prompts
from AutoLabelLib.worker.networks.grid import model_grid, region
from AutoLabelLib.worker.networks.outputs import SIGMOID, Outputs
from AutoLabelLib.worker.segmentation.correction_rounds import on_own_grid
from AutoLabelLib.worker.segmentation.local_cut import Cut, standing

AXES_MM = np.diag([0.75, 0.75, 1.25])
CUT = Cut(reach=0.55)
MIDDLE = np.array([12.0, 8.0, 6.0])


def _edge(at: float = 10.0) -> torch.Tensor:
    """An answer whose logits fall evenly by 1 per voxel along i, from the outline on."""
    return torch.sigmoid((at - torch.arange(24.0)).reshape(-1, 1, 1).expand(24, 16, 12)).contiguous()


def test_a_missed_click_moves_the_outline_twice_as_far() -> None:
    moved = standing(_edge(), [(MIDDLE, True)], AXES_MM, CUT)
    profile = moved[:, 8, 6] > 0.5
    assert bool(profile[12]) and int(profile.sum()) in (13, 14)  # 10 before, with the click's middle at 12
    assert float(moved[12, 8, 11]) < float(moved[12, 8, 6])


def test_a_negative_click_takes_away_around_it() -> None:
    moved = standing(_edge(), [(np.array([8.0, 8.0, 6.0]), False)], AXES_MM, CUT)
    assert float(moved[8, 8, 6]) < 0.5
    far = standing(_edge(), [(np.array([8.0, 1.0, 1.0]), False)], AXES_MM, Cut(0.1))
    np.testing.assert_allclose(far[:, 12, 10], _edge()[:, 12, 10], atol=1e-6)


def test_a_click_that_is_obeyed_already_changes_nothing() -> None:
    answer = _edge()
    clicks = [(np.array([5.0, 8.0, 6.0]), True), (np.array([15.0, 8.0, 6.0]), False)]
    for corrections, cut in ((clicks, CUT), ([], CUT), (clicks[::-1], Cut())):
        torch.testing.assert_close(standing(answer, corrections, AXES_MM, cut), answer, atol=1e-5, rtol=0)


def test_a_click_outside_the_grid_is_left_out() -> None:
    answer = _edge()
    moved = standing(answer, [(np.array([40.0, 8.0, 6.0]), True)], AXES_MM, CUT, before=answer)
    assert torch.allclose(moved, answer, atol=1e-5)


def test_a_sure_network_is_moved_only_so_far() -> None:
    sure = torch.full((9, 9, 9), 1e-9)
    moved = standing(sure, [(np.array([4.0, 4.0, 4.0]), True)], np.eye(3), Cut(2.0))
    assert 0 < float(moved.max()) < 0.5


def test_each_correction_reaches_less_far_than_the_one_before() -> None:
    other = (np.array([5.0, 2.0, 2.0]), True)  # obeyed already: it only counts
    first = standing(_edge(), [(MIDDLE, True)], AXES_MM, CUT)
    second = standing(_edge(), [other, (MIDDLE, True)], AXES_MM, CUT)
    assert 0 < float((second - _edge()).abs().sum()) < float((first - _edge()).abs().sum())


def test_a_large_object_is_corrected_further_around_than_a_small_one() -> None:
    index = torch.stack(torch.meshgrid(*[torch.arange(48.0)] * 3, indexing="ij"))
    away = (index - 24).pow(2).sum(0).sqrt()
    changed = []
    for radius in (5.0, 15.0):
        ball = torch.sigmoid(radius - away)
        click = np.array([24 + radius + 1, 24.0, 24.0])
        changed.append(float((standing(ball, [(click, True)], np.eye(3), CUT) - ball).abs().sum()))
    assert changed[1] > 4 * changed[0]


def test_far_from_a_correction_what_stood_stays() -> None:
    """A new answer with another outline counts by half at the click, and not at all far away."""
    click = (np.array([12.0, 2.0, 2.0]), True)
    stands = standing(_edge(16.0), [click], AXES_MM, Cut(0.2), before=_edge())
    assert float(stands[12, 2, 2]) > 0.5
    np.testing.assert_allclose(stands[:, 15, 11], _edge()[:, 15, 11], atol=1e-4)


def test_a_later_correction_does_not_undo_an_earlier_one() -> None:
    first, second = (MIDDLE, True), (np.array([12.0, 9.0, 6.0]), False)
    stood = standing(_edge(), [first], AXES_MM, CUT)
    stands = standing(_edge(), [first, second], AXES_MM, CUT, before=stood)
    assert float(stands[12, 9, 6]) < 0.5
    assert float(stands[12, 8, 6]) > float(standing(_edge(), [second], AXES_MM, CUT, before=stood)[12, 8, 6])


def test_the_cut_may_be_below_one_half() -> None:
    answer = torch.tensor([0.2, 0.37, 0.39, 0.9]).reshape(4, 1, 1)
    found = standing(answer, [], np.eye(3), Cut(belongs_from=0.38)) > 0.5
    assert found.flatten().tolist() == [False, False, True, True]


@pytest.mark.parametrize("wrong", [{"reach": -1.0}, {"belongs_from": 0.0}, {"belongs_from": 1.0}])
def test_an_impossible_cut_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="not possible"):
        Cut(**wrong)


def test_only_an_answer_of_one_object_is_cut() -> None:
    """Two channels that decide by themselves are two segments, not background and object."""
    grid = model_grid(np.eye(4), (8, 8, 8))
    part = region(grid, (4, 4, 4), (8, 8, 8))
    outputs = Outputs((Segment("left", 1), Segment("right", 1, layer=1)), (0, 1), SIGMOID)
    bundle: Any = SimpleNamespace(cut=CUT, outputs=outputs)
    values = torch.rand(2, 8, 8, 8, generator=torch.Generator().manual_seed(0))
    prompts = Prompts((Point((4, 4, 4)), Point((2, 2, 2), positive=False)))
    torch.testing.assert_close(on_own_grid(values, prompts, part, bundle), part.to_source(values), rtol=0, atol=0)
