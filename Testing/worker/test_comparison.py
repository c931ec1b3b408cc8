from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from AutoLabelLib.core.affine import axis_order
from AutoLabelLib.core.errors import GeometryError, InputError
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.worker.evaluation.comparison import compare, on_grid_of, pair_segments
from AutoLabelLib.worker.evaluation.metrics import agreement
from Testing.grids import ORIENTATIONS, make_affine

LIVER, SPLEEN, KIDNEY = Segment("Liver", 1), Segment("Spleen", 2), Segment("Kidney", 3)
ONE, TWO, THREE = Segment("1", 1), Segment("2", 2), Segment("3", 3)
OBLIQUE = make_affine("LPS", (0.8, 1.1, 2.5), (10, -20, 5), (0.1, 0, -0.2), (30, -60, 12))


def labelmap(*segments: Segment, affine: np.ndarray = OBLIQUE, shape: tuple[int, int, int] = (8, 9, 10)) -> Labelmap:
    array = np.zeros((1, *shape), np.uint8)
    array[0, 1:4, 2:5, 3:8], array[0, 4:6, 1:3, 1:3], array[0, 7] = 1, 2, 3
    return Labelmap(array, affine, segments)


def names(predicted: tuple[Segment, ...], reference: tuple[Segment, ...]) -> tuple[list[str], list[str]]:
    pairing = pair_segments(predicted, reference)
    texts = [f"{p.name}{'' if p.predicted else ' -p'}{'' if p.reference else ' -r'}" for p in pairing.pairs]
    return texts, list(pairing.left_out)


def test_segments_belong_together_by_name_whatever_their_values() -> None:
    pairing = pair_segments((Segment("Spleen", 7), Segment("liver", 9)), (LIVER, SPLEEN))
    assert [(pair.name, pair.predicted.label_value) for pair in pairing.pairs] == [("Liver", 9), ("Spleen", 7)]
    assert not pairing.by_value


def test_without_names_the_values_decide() -> None:
    assert names((LIVER, SPLEEN), (TWO, ONE)) == (["Spleen", "Liver"], [])
    assert names((ONE, TWO), (LIVER, SPLEEN)) == (["Liver", "Spleen"], [])
    assert names((ONE, TWO), (ONE, TWO)) == (["1", "2"], [])


def test_what_a_plain_file_does_not_hold_is_empty() -> None:
    assert names((ONE,), (ONE, TWO)) == (["1", "2 -p"], [])
    assert names((LIVER, SPLEEN), (ONE,)) == (["Liver", "Spleen -r"], [])
    assert names((), (LIVER,)) == (["Liver -p"], [])
    assert names((LIVER,), ()) == (["Liver -r"], [])


def test_what_was_not_asked_for_is_left_out() -> None:
    assert names((LIVER, SPLEEN), (LIVER, KIDNEY)) == (["Liver"], ["Kidney", "Spleen"])
    assert names((LIVER,), (ONE, TWO)) == (["Liver"], ["2"])


def test_where_no_name_is_the_same_the_values_decide() -> None:
    pairing = pair_segments((Segment("class 1", 1), Segment("class 2", 2)), (LIVER, SPLEEN))
    assert [pair.name for pair in pairing.pairs] == ["Liver", "Spleen"]
    assert pairing.by_value


def test_where_one_name_is_the_same_values_do_not_count() -> None:
    predicted = (Segment("Spleen", 1), Segment("Liver", 2))
    assert names(predicted, (Segment("Kidney", 1), Segment("Spleen", 2))) == (["Spleen"], ["Kidney", "Liver"])


def test_nothing_in_common() -> None:
    with pytest.raises(InputError, match=r"\(Liver\) and reference \(Kidney\) have neither names nor label values"):
        pair_segments((LIVER,), (KIDNEY,))


def test_the_same_labelmap_agrees_with_itself() -> None:
    compared, pairing = compare(labelmap(LIVER, SPLEEN), labelmap(ONE, TWO, THREE))
    assert [(row.segment, row.agreement.dice, row.agreement.hd95_mm) for row in compared] == [
        ("Liver", 1, 0),
        ("Spleen", 1, 0),
    ]
    assert pairing.left_out == ("3",)


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_figures_are_those_of_the_whole_masks(order: str) -> None:
    segments = (
        LIVER,
        Segment("Vessel", 1, layer=1),
        Segment("Cyst", 2, layer=1),
        Segment("Far", 9),
        Segment("None", 8),
    )
    rng = np.random.default_rng(0)
    arrays = [np.array(rng.integers(0, 3, (2, 9, 7, 8)), np.uint8, order=order) for _ in range(2)]
    arrays[0][0, 8, 6, 7] = 9
    prediction, reference = (Labelmap(array, OBLIQUE, segments) for array in arrays)
    compared, _ = compare(prediction, reference)
    expected = [agreement(prediction.mask(s), reference.mask(s), OBLIQUE) for s in segments]
    assert [row.agreement for row in compared] == expected


def test_an_absent_segment_counts_as_empty() -> None:
    reference = labelmap(ONE, TWO)
    prediction = replace(reference, segments=(ONE,))
    (_, missed), _ = compare(prediction, reference)
    assert (missed.segment, missed.agreement.dice, missed.agreement.hd95_mm) == ("2", 0, None)


@pytest.mark.parametrize("code", ORIENTATIONS)
def test_another_order_of_the_axes_is_the_same_grid(code: str) -> None:
    reference = labelmap(LIVER)
    order = axis_order(reference.affine, code)
    moved = Labelmap(
        order.apply(reference.array), order.apply_to_affine(reference.affine, reference.spatial_shape), (LIVER,)
    )
    np.testing.assert_array_equal(on_grid_of(moved, reference).array, reference.array)


def test_a_rounded_affine_is_the_same_grid() -> None:
    reference = labelmap(LIVER)
    rounded = replace(reference, affine=reference.affine.astype(np.float32).astype(float) + 1e-3 * np.eye(4, k=3))
    assert on_grid_of(rounded, reference).affine is not rounded.affine


def test_another_grid_is_refused_in_words() -> None:
    with pytest.raises(GeometryError, match=r"different grids: 8 x 9 x 10 voxels of 0\.8 x 1\.1"):
        compare(labelmap(LIVER), labelmap(LIVER, affine=np.eye(4)))
    with pytest.raises(GeometryError, match="different grids"):
        compare(labelmap(LIVER), labelmap(LIVER, shape=(8, 9, 11)))


def test_resampling_finds_the_same_place_on_a_finer_grid() -> None:
    coarse = labelmap(LIVER)
    fine_affine = OBLIQUE.copy()
    fine_affine[:3, :3] /= 2
    fine_affine[:3, 3] -= fine_affine[:3, :3] @ (0.5, 0.5, 0.5)
    fine_array = coarse.array.repeat(2, 1).repeat(2, 2).repeat(2, 3)
    fine = Labelmap(fine_array, fine_affine, (LIVER,))
    np.testing.assert_array_equal(on_grid_of(coarse, fine, resample=True).array, fine_array)


def test_resampling_onto_a_turned_grid_moves_nothing_in_the_patient() -> None:
    shape = (24, 26, 28)
    prediction = labelmap(KIDNEY, affine=make_affine("RAS", (1, 1, 1)), shape=shape)
    array = np.zeros((1, *shape), np.uint8)
    array[0, 6:16, 8:18, 9:20] = 3
    prediction = replace(prediction, array=array)
    there = on_grid_of(
        prediction,
        labelmap(KIDNEY, affine=make_affine("LIA", (1, 1, 1), (25, 0, 0), origin_mm=(24, -8, 30)), shape=(30, 40, 50)),
        True,
    )
    back = on_grid_of(there, prediction, True)
    (row,), _ = compare(back, prediction)
    assert row.agreement.dice > 0.9
