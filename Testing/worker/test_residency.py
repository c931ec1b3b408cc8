"""Which images the worker keeps."""

from __future__ import annotations

import numpy as np

from AutoLabelLib.core.image import Image
from AutoLabelLib.worker.residency import ResidentImages


def image(voxels: int) -> Image:
    return Image(np.zeros((1, 1, 1, voxels), np.uint8), np.eye(4))


def test_the_image_that_was_not_used_longest_leaves() -> None:
    images = ResidentImages(budget_bytes=100)
    for name in "abc":
        images.add(name, image(30))
    assert images.find("a") is not None  # used last now
    images.add("d", image(40))
    assert [name for name in "abcd" if images.find(name)] == ["a", "c", "d"]
    assert images.held_bytes == 100


def test_the_latest_image_stays_even_if_it_is_larger_than_the_budget() -> None:
    images = ResidentImages(budget_bytes=100)
    images.add("a", image(30))
    images.add("b", image(300))
    assert images.find("a") is None
    assert images.find("b") is not None


def test_an_image_that_comes_again_is_held_once() -> None:
    images = ResidentImages(budget_bytes=100)
    images.add("a", image(30))
    images.add("a", image(30))
    assert images.held_bytes == 30
