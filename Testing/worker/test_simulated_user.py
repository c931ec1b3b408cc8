"""A simulated user clicks in the middle of the largest error."""

from __future__ import annotations

import numpy as np

from AutoLabelLib.worker.evaluation.simulated_user import next_correction

SPACING = (0.7, 0.7, 2.0)


def _mask(*box: slice) -> np.ndarray:
    mask = np.zeros((20, 20, 10), bool)
    mask[box] = True
    return mask


def test_what_is_right_needs_no_click() -> None:
    truth = _mask(slice(3, 9), slice(3, 9), slice(2, 5))
    assert next_correction(truth, truth, SPACING) is None


def test_the_middle_of_the_largest_missed_part_is_clicked() -> None:
    large, small = _mask(slice(3, 10), slice(3, 10), slice(2, 7)), _mask(slice(15, 18), slice(15, 18), slice(2, 5))
    click = next_correction(np.zeros_like(large), large | small, SPACING)
    assert click is not None and click.positive
    np.testing.assert_array_equal(click.index_ijk, (6, 6, 4))


def test_too_much_is_clicked_away_even_where_it_touches_what_was_missed() -> None:
    truth, found = _mask(slice(3, 8), slice(3, 8), slice(2, 5)), _mask(slice(8, 16), slice(3, 8), slice(2, 5))
    click = next_correction(found, truth, SPACING)
    assert click is not None and not click.positive
    assert found[tuple(click.index_ijk.astype(int))]


def test_an_error_at_the_face_of_the_volume_is_clicked_in_its_middle() -> None:
    click = next_correction(np.zeros((20, 20, 10), bool), _mask(slice(0, 5), slice(0, 5), slice(0, 3)), (1, 1, 1))
    assert click is not None
    np.testing.assert_array_equal(click.index_ijk, (2, 2, 1))


def test_who_aims_imperfectly_still_hits_the_error() -> None:
    truth, rng = _mask(slice(3, 12), slice(3, 12), slice(1, 8)), np.random.default_rng(0)
    clicks = [next_correction(np.zeros_like(truth), truth, SPACING, rng) for _ in range(20)]
    indices = {tuple(click.index_ijk.astype(int)) for click in clicks if click}
    assert len(indices) > 5 and all(truth[index] for index in indices)
