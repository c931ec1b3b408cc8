from __future__ import annotations

import numpy as np

from AutoLabelLib.phantom.single import single_nodule


def test_the_nodule_is_bright_and_where_it_says() -> None:
    phantom = single_nodule()
    voxels, inside = phantom.image.array[0], phantom.truth.array[0] > 0
    assert voxels[inside].mean() > -100
    assert voxels[~inside].mean() < -800
    index = np.argwhere(inside).mean(axis=0)
    position = phantom.image.affine @ [*index, 1.0]
    np.testing.assert_allclose(position[:3], phantom.center_ras_mm, atol=0.5)


def test_it_has_the_volume_of_its_ellipsoid() -> None:
    truth = single_nodule().truth
    volume_mm3 = (truth.array > 0).sum() * abs(np.linalg.det(truth.affine[:3, :3]))
    np.testing.assert_allclose(volume_mm3, 4 / 3 * np.pi * 7 * 6 * 6.5, rtol=0.03)
