"""Where a click contradicts an answer, the answer is moved around it, and only there."""

from __future__ import annotations

import numpy as np
import torch

from AutoLabelLib.worker.local_cut import obeying, shrinking

AXES_MM = np.diag([0.75, 0.75, 1.25])


def _edge() -> torch.Tensor:
    """An answer whose logits fall evenly by 1 per voxel along i, from the outline at i = 10."""
    return torch.sigmoid((10.0 - torch.arange(24.0)).reshape(-1, 1, 1).expand(24, 16, 12)).contiguous()


def test_a_missed_click_moves_the_outline_twice_as_far() -> None:
    moved = obeying(_edge(), [(np.array([12.0, 8.0, 6.0]), True)], AXES_MM, [3.0])
    profile = moved[:, 8, 6] > 0.5
    assert bool(profile[12]) and int(profile.sum()) in (13, 14)  # 10 before, with the click's middle at 12
    assert float(moved[12, 8, 11]) < float(moved[12, 8, 6])


def test_a_negative_click_takes_away_around_it() -> None:
    moved = obeying(_edge(), [(np.array([8.0, 8.0, 6.0]), False)], AXES_MM, [1.5])
    assert float(moved[8, 8, 6]) < 0.5
    far = obeying(_edge(), [(np.array([8.0, 1.0, 1.0]), False)], AXES_MM, [1.0])
    np.testing.assert_allclose(far[:, 12, 10], _edge()[:, 12, 10], atol=1e-6)


def test_a_click_that_is_obeyed_already_changes_nothing() -> None:
    answer = _edge()
    clicks = [(np.array([5.0, 8.0, 6.0]), True), (np.array([15.0, 8.0, 6.0]), False)]
    torch.testing.assert_close(obeying(answer, clicks, AXES_MM, [3.0, 3.0]), answer, atol=1e-5, rtol=0)
    torch.testing.assert_close(obeying(answer, [], AXES_MM, []), answer)
    torch.testing.assert_close(obeying(answer, clicks[::-1], AXES_MM, [0.0, 0.0]), answer, atol=1e-5, rtol=0)


def test_a_click_outside_the_grid_is_left_out() -> None:
    answer = _edge()
    assert torch.allclose(obeying(answer, [(np.array([40.0, 8.0, 6.0]), True)], AXES_MM, [3.0]), answer, atol=1e-5)


def test_a_sure_network_is_moved_only_so_far() -> None:
    sure = torch.full((9, 9, 9), 1e-9)
    moved = obeying(sure, [(np.array([4.0, 4.0, 4.0]), True)], np.eye(3), [2.0])
    assert 0 < float(moved.max()) < 0.5


def test_each_correction_reaches_less_far_than_the_one_before() -> None:
    first, second, third = shrinking(2.5, 3)
    assert first == 2.5 > second > third > 0
    clicks = [(np.array([12.0, 8.0, 6.0]), True), (np.array([8.0, 2.0, 2.0]), False)]
    alone = obeying(_edge(), clicks[:1], AXES_MM, [2.5])
    near, wide = (obeying(_edge(), clicks, AXES_MM, [2.5, reach_mm]) for reach_mm in (second, 2.5))
    assert 0 < float((near - alone).abs().sum()) < float((wide - alone).abs().sum())
