from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from AutoLabelLib.core.errors import GeometryError, InputError, UnsupportedVolumeError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.terminology import ANATOMICAL_STRUCTURE, TISSUE, Code, SegmentCode
from Testing.grids import affines, make_affine

SHAPE = (3, 4, 5)
LIVER, SPLEEN, TUMOUR = Segment("Liver", 3), Segment("Spleen", 7), Segment("Tumour", 7, layer=1)


def make_labelmap(affine: np.ndarray | None = None) -> Labelmap:
    array = np.zeros((2, *SHAPE), np.uint8)
    array[0, :2], array[0, 2], array[1, 1, 2, 3] = 3, 7, 7
    return Labelmap(array, np.eye(4) if affine is None else affine, (LIVER, SPLEEN, TUMOUR))


def test_masks_of_overlapping_segments() -> None:
    labelmap = make_labelmap()
    assert labelmap.mask(LIVER).sum() == 40
    assert labelmap.mask(SPLEEN).sum() == 20
    assert labelmap.mask(TUMOUR).sum() == 1
    assert (labelmap.mask(LIVER) & labelmap.mask(TUMOUR)).sum() == 1


@given(affines())
def test_volume_counts_voxels_on_every_grid(affine: np.ndarray) -> None:
    expected_ml = 40 * abs(np.linalg.det(affine[:3, :3])) / 1000
    assert make_labelmap(affine).volume_ml(LIVER) == pytest.approx(expected_ml)


def test_an_empty_segment_is_allowed() -> None:
    labelmap = Labelmap(np.zeros((1, *SHAPE), np.uint16), np.eye(4), (Segment("Liver", 300),))
    assert labelmap.volume_ml(labelmap.segment("Liver")) == 0


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(SHAPE, np.uint8),
        np.zeros((1, *SHAPE), np.int16),
        np.zeros((1, *SHAPE), bool),
        np.zeros((1, *SHAPE)),
        np.zeros((0, *SHAPE), np.uint8),
    ],
)
def test_what_is_no_labelmap_is_refused(array: np.ndarray) -> None:
    with pytest.raises(UnsupportedVolumeError, match="unsigned integers"):
        Labelmap(array, np.eye(4), ())


@pytest.mark.parametrize(
    ("segments", "message"),
    [
        ((LIVER, Segment("Other", 3)), "same layer and label value"),
        ((Segment("Background", 0),), "cannot hold"),
        ((Segment("Far", 256),), "cannot hold"),
        ((Segment("Above", 1, layer=1),), "cannot hold"),
        ((Segment("Below", 1, layer=-1),), "cannot hold"),
    ],
)
def test_segments_must_fit_the_array(segments: tuple[Segment, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Labelmap(np.zeros((1, *SHAPE), np.uint8), np.eye(4), segments)


def test_a_singular_affine_is_refused() -> None:
    with pytest.raises(GeometryError):
        make_labelmap(np.zeros((4, 4)))


def test_an_unknown_name_lists_the_known_ones() -> None:
    assert make_labelmap().segment("Spleen") == SPLEEN
    with pytest.raises(InputError, match="Liver, Spleen, Tumour"):
        make_labelmap().segment("Kidney")


def test_it_shares_a_grid_with_its_image() -> None:
    affine = make_affine("LPI", (0.5, 0.5, 3))
    image = Image(np.zeros((1, *SHAPE), np.int16), affine)
    assert make_labelmap(affine).same_grid(image)
    assert image.same_grid(make_labelmap(affine))
    assert not make_labelmap().same_grid(image)
    assert make_labelmap(affine).spacing_mm == image.spacing_mm


def test_the_voxels_are_locked() -> None:
    with pytest.raises(ValueError, match="read-only"):
        make_labelmap().array[0, 0, 0, 0] = 1


codes = st.builds(Code, st.text(max_size=8), st.text(max_size=4), st.text(max_size=8))
segment_codes = st.builds(SegmentCode, codes, codes, st.none() | codes)
colors = st.tuples(*[st.floats(0, 1)] * 3)


@given(
    st.builds(Segment, st.text(), st.integers(1, 2**16), st.integers(0, 9), st.none() | segment_codes, colors),
)
def test_a_segment_survives_json(segment: Segment) -> None:
    assert Segment.from_json(segment.to_json()) == segment


def test_a_segment_needs_little_json() -> None:
    assert Segment.from_json({"name": "Liver", "label_value": 3}) == LIVER
    code = SegmentCode(ANATOMICAL_STRUCTURE, TISSUE)
    assert Segment.from_json({"name": "Fat", "label_value": 1, "code": code.to_json(), "color": None}).code == code
