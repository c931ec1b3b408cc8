from __future__ import annotations

import numpy as np
import pytest
import torch

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.training import augment
from AutoLabelLib.worker.training.augment import Augmentation, Augmenter

PATCH = (20, 24, 16)


def lopsided() -> tuple[torch.Tensor, torch.Tensor]:
    """Return an image whose values tell its two segments apart, each of another size and away from the middle."""
    segments = torch.zeros(2, 18, 26, 15)
    segments[0, 3:8, 5:17, 4:9] = 1
    segments[1, 8:12, 5:9, 4:11] = 1
    return (segments[0] * 2 + segments[1] * 4)[None].clone(), segments


@pytest.mark.parametrize("seed", range(8))
def test_image_and_label_move_together(seed: int) -> None:
    geometric = Augmentation(
        mirror_axes=(0, 1, 2),
        affine_probability=1,
        elastic_probability=1,
        shear=0.05,
        noise_probability=0,
        blur_probability=0,
        gamma_probability=0,
        contrast=0,
        brightness=0,
    )
    segments = lopsided()[1]
    shown = segments.clone()  # an image that shows each segment in a channel of its own
    image, label = Augmenter(geometric, PATCH)(shown, segments, seed)
    assert label.shape == (1, *PATCH)
    assert label.dtype == torch.int64
    assert torch.equal(label, augment.label_from_segments(image))
    assert 100 < int((label == 1).sum()) < 700
    assert 30 < int((label == 2).sum()) < 250


def test_intensities_change_but_the_label_does_not() -> None:
    values_only = Augmentation(
        affine_probability=0,
        noise_probability=1,
        blur_probability=1,
        gamma_probability=1,
        bias_probability=1,
        low_resolution_probability=1,
    )
    image, segments = lopsided()
    varied, label = Augmenter(values_only, (18, 26, 15))(image, segments, 1)
    assert torch.equal(label[0], segments[0].long() + 2 * segments[1].long())
    assert not torch.equal(varied, image)
    assert bool(torch.isfinite(varied).all())


def test_the_same_seed_gives_the_same_example_in_any_order() -> None:
    everything = Augmentation(
        mirror_axes=(0,), elastic_probability=0.5, bias_probability=0.5, low_resolution_probability=0.5
    )
    first, second = Augmenter(everything, PATCH), Augmenter(everything, PATCH)
    forwards = [first(*lopsided(), seed) for seed in (1, 2, 3)]
    backwards = [second(*lopsided(), seed) for seed in (3, 2, 1)][::-1]
    for (image, label), (other_image, other_label) in zip(forwards, backwards, strict=True):
        assert torch.equal(image, other_image)
        assert torch.equal(label, other_label)
    assert not torch.equal(forwards[0][0], forwards[1][0])


def test_the_given_tensors_stay_as_they_are() -> None:
    image, segments = lopsided()
    Augmenter(Augmentation(mirror_axes=(0, 1), noise_probability=1, gamma_probability=1), PATCH)(image, segments, 3)
    assert torch.equal(image, lopsided()[0])
    assert torch.equal(segments, lopsided()[1])


def test_a_mirrored_half_is_half_of_the_time() -> None:
    mirror_only = Augmentation(
        mirror_axes=(0,), affine_probability=0, contrast=0, brightness=0, noise_probability=0, blur_probability=0
    )
    augmenter = Augmenter(mirror_only, (18, 26, 15))
    image, segments = lopsided()
    kept = [torch.equal(augmenter(image, segments, seed)[1][0] == 1, segments[0] == 1) for seed in range(60)]
    assert 15 < int(np.sum(kept)) < 45


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(InputError, match="sparkle"):
        augment.from_recipe({"sparkle": 1})


def test_patches_of_a_large_volume_are_centred_at_segments() -> None:
    segments = torch.zeros(2, 60, 70, 50)
    segments[0, 0:2, 0:2, 0:2] = 1  # in the corner: the window has to stay inside
    segments[1, 40:42, 50:60, 20:22] = 1
    image = segments.sum(0, keepdim=True)
    still = Augmentation(1.0, affine_probability=0, contrast=0, brightness=0, noise_probability=0, gamma_probability=0)
    labels = [Augmenter(still, PATCH)(image, segments, seed)[1] for seed in range(20)]
    shown = [sorted(set(label.unique().tolist()) - {0}) for label in labels]
    assert all(len(segment) == 1 for segment in shown)
    assert {segment[0] for segment in shown} == {1, 2}
    empty = Augmenter(still, PATCH)(image, segments * 0, 1)[1]
    assert empty.shape == (1, *PATCH)
