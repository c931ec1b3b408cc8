from __future__ import annotations

import numpy as np
import pytest

from AutoLabelLib.core.affine import orientation, ras_from_index
from AutoLabelLib.phantom.canvas import blank_canvas, inside_fraction
from AutoLabelLib.phantom.solids import capsule, ellipsoid, smooth_union, turned

SHAPE, SPACING = (40, 30, 20), (0.8, 1.0, 1.5)


def test_a_canvas_knows_where_its_voxels_are() -> None:
    canvas, affine = blank_canvas(SHAPE, SPACING, -1000.0)
    assert orientation(affine) == "LPS"
    assert canvas.voxel_volume_ml == pytest.approx(0.8 * 1.0 * 1.5 / 1000)
    index = (3, 7, 11)
    x, y, z = (line.ravel()[n] for line, n in zip(canvas.coordinates, index, strict=True))
    assert (x, y, z) == pytest.approx(ras_from_index(affine, index), abs=1e-4)
    assert ras_from_index(affine, (np.array(SHAPE) - 1) / 2) == pytest.approx((0, 0, 0))


def test_a_part_shares_its_voxels_and_may_be_empty() -> None:
    canvas, affine = blank_canvas(SHAPE, SPACING, 0.0)
    part = canvas.part((0.0, -5.0, 2.0), (6.0, 5.0, 9.0))
    part.values[...] = 7
    painted = np.argwhere(canvas.values == 7)
    places = ras_from_index(affine, painted)
    assert (places.min(axis=0) >= (0, -5, 2)).all()
    assert (places.max(axis=0) <= (6, 5, 9)).all()
    assert len(painted) == part.values.size > 100
    assert canvas.part((500.0, 0.0, 0.0), (600.0, 1.0, 1.0)).values.size == 0


@pytest.mark.parametrize(
    ("solid", "volume_ml"),
    [
        (ellipsoid((1, -2, 0.5), (9, 6, 7), turned(0.4)), 4 / 3 * np.pi * 9 * 6 * 7 / 1000),
        (capsule((-6, 0, -4), (6, 3, 4), 3, 3), np.pi * 9 * (np.sqrt(12**2 + 3**2 + 8**2) + 4) / 1000),
    ],
)
def test_a_solid_is_painted_with_its_volume(solid, volume_ml: float) -> None:  # type: ignore[no-untyped-def]
    canvas, _ = blank_canvas((60, 50, 40), (0.8, 0.8, 0.8), 0.0)
    canvas.paint(solid(*canvas.coordinates), 1.0)
    assert float(canvas.values.sum()) * canvas.voxel_volume_ml == pytest.approx(volume_ml, rel=0.02)


def test_an_ellipsoid_is_inside_at_its_very_centre() -> None:
    zero = np.zeros(1, np.float32)
    assert inside_fraction(ellipsoid((0, 0, 0), (3, 2, 1))(zero, zero, zero))[0] == 1


def test_a_smooth_union_holds_both_and_a_fillet_between() -> None:
    first, second = np.array([-5.0, 3.0, 1.0, 20.0]), np.array([4.0, -6.0, 1.0, 20.0])
    union = smooth_union(first, second, 4.0)
    assert (union <= np.minimum(first, second)).all()
    assert union[2] == pytest.approx(0.0)
