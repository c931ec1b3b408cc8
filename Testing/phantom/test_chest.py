from __future__ import annotations

import numpy as np
import pytest

from AutoLabelLib.core.affine import index_from_ras
from AutoLabelLib.core.errors import InputError
from AutoLabelLib.phantom import thorax
from AutoLabelLib.phantom.chest import NODULES, ChestPhantom, chest_phantom
from AutoLabelLib.phantom.placement import Plan

COARSE = {"shape_ijk": (168, 120, 62), "spacing_mm": (2.0, 2.0, 3.0)}


@pytest.fixture(scope="module")
def phantom() -> ChestPhantom:
    return chest_phantom(seed=3, **COARSE)


def hu_near(phantom: ChestPhantom, position_ras_mm: tuple[float, float, float], half_voxels: int = 1) -> float:
    i, j, k = np.rint(index_from_ras(phantom.image.affine, position_ras_mm)).astype(int)
    n = half_voxels
    return float(np.median(phantom.image.array[0, i - n : i + n + 1, j - n : j + n + 1, k - n : k + n + 1]))


def test_is_a_ct_in_hounsfield_units_ordered_like_a_scanners(phantom: ChestPhantom) -> None:
    assert (phantom.image.modality, phantom.image.unit, phantom.image.orientation) == ("CT", "HU", "LPS")
    assert phantom.image.array.dtype == np.int16
    assert phantom.image.spatial_shape == COARSE["shape_ijk"]
    assert phantom.image.spacing_mm == pytest.approx(COARSE["spacing_mm"])


def test_tissues_have_the_densities_of_a_chest(phantom: ChestPhantom) -> None:
    assert hu_near(phantom, (0, 0, 80)) == pytest.approx(-1000, abs=40)  # trachea
    assert hu_near(phantom, thorax.HEART_CENTER) == pytest.approx(46, abs=25)
    assert hu_near(phantom, (70, 10, -80)) == pytest.approx(58, abs=25)  # liver
    assert hu_near(phantom, (0, -62, 0)) > 100  # vertebra
    x, y, z = np.meshgrid(np.arange(-110, 110, 4.0), np.arange(-80, 70, 4.0), np.arange(-40, 70, 4.0), indexing="ij")
    index = np.rint(index_from_ras(phantom.image.affine, np.stack([x, y, z], -1))).astype(int)
    values = phantom.image.array[0][tuple(np.moveaxis(index, -1, 0))]
    deep_in_lung = thorax.lungs(x, y, z) < -8
    assert -890 < np.median(values[deep_in_lung]) < -790
    back, front = deep_in_lung & (y < -30), deep_in_lung & (y > 20)
    assert np.median(values[back]) > np.median(values[front]) + 10  # blood gathers where the patient lies


def test_air_surrounds_the_body_and_bone_is_the_densest(phantom: ChestPhantom) -> None:
    array = phantom.image.array[0]
    assert np.median(array[:4]) == pytest.approx(-1000, abs=10)
    assert 500 < np.percentile(array, 99.9) < 1200


def test_same_seed_same_voxels_other_seed_other_nodules(phantom: ChestPhantom) -> None:
    again = chest_phantom(seed=3, **COARSE)
    assert np.array_equal(again.image.array, phantom.image.array)
    assert again.nodules == phantom.nodules
    assert chest_phantom(seed=4, **COARSE).nodules != phantom.nodules


def test_nodules_are_those_asked_for_and_lie_in_the_lungs(phantom: ChestPhantom) -> None:
    assert [nodule.kind for nodule in phantom.nodules] == [plan.kind for plan in NODULES]
    for nodule, plan in zip(phantom.nodules, NODULES, strict=True):
        assert nodule.diameter_mm == pytest.approx(plan.diameter_mm, rel=0.2)
        assert nodule.volume_ml == pytest.approx(np.pi / 6 * nodule.diameter_mm**3 / 1000)
        center = np.array(nodule.center_ras_mm)[:, None]
        assert thorax.lungs(*center)[0] < 0


def test_nodules_neither_touch_nor_hide_each_other(phantom: ChestPhantom) -> None:
    centers = np.array([nodule.center_ras_mm for nodule in phantom.nodules])
    radii = np.array([nodule.diameter_mm for nodule in phantom.nodules]) / 2
    apart = np.linalg.norm(centers[:, None] - centers, axis=-1) - radii[:, None] - radii
    assert apart[~np.eye(len(radii), dtype=bool)].min() > 10
    in_front = centers[:, [0, 2]]
    apart = np.linalg.norm(in_front[:, None] - in_front, axis=-1) - radii[:, None] - radii
    assert apart[~np.eye(len(radii), dtype=bool)].min() > 0


def test_truth_has_one_segment_per_nodule_where_the_nodule_is(phantom: ChestPhantom) -> None:
    assert phantom.truth.same_grid(phantom.image)
    assert [segment.name for segment in phantom.truth.segments] == [nodule.name for nodule in phantom.nodules]
    for nodule, segment in zip(phantom.nodules, phantom.truth.segments, strict=True):
        mask = phantom.truth.mask(segment)
        i, j, k = np.rint(index_from_ras(phantom.image.affine, nodule.center_ras_mm)).astype(int)
        assert mask[i, j, k]
        if nodule.diameter_mm > 9:  # 100 voxels: the half-filled ones even out
            assert phantom.truth.volume_ml(segment) == pytest.approx(nodule.volume_ml, rel=0.1)


def test_nodules_show_in_the_image(phantom: ChestPhantom) -> None:
    for nodule in phantom.nodules:
        if nodule.diameter_mm > 11:  # the coarse voxels of smaller ones hold lung, too
            expected = (-650, -100) if nodule.kind == "sub-solid" else (-60, 120)
            assert expected[0] < hu_near(phantom, nodule.center_ras_mm) < expected[1], nodule


def test_the_lungs_hold_every_nodule_on_their_own_side(phantom: ChestPhantom) -> None:
    right, left = (phantom.lungs.mask(segment) for segment in phantom.lungs.segments)
    assert 1000 < phantom.lungs.volume_ml(phantom.lungs.segments[0]) < 3500
    for nodule in phantom.nodules:
        i, j, k = np.rint(index_from_ras(phantom.lungs.affine, nodule.center_ras_mm)).astype(int)
        near = (slice(i - 1, i + 2), slice(j - 1, j + 2), slice(k - 1, k + 2))  # pleural ones lie at the border
        assert (right if nodule.center_ras_mm[0] > 0 else left)[near].any()


def test_no_room_is_a_readable_error() -> None:
    crowd = tuple(Plan("solid", 24.0) for _ in range(60))
    with pytest.raises(InputError, match="no room"):
        chest_phantom(plans=crowd, shape_ijk=(120, 80, 20), spacing_mm=(3.0, 3.0, 6.0))


def test_no_nodule_lies_in_the_spine() -> None:
    behind_vertebra = np.array([[0.0, -80.0, -25.0], [0.0, -86.0, 0.0], [8.0, -84.0, 30.0], [0.0, -60.0, 40.0]])
    assert (thorax.lungs(*behind_vertebra.T) > 3).all()
