"""The patch of a classifier's example: moved, turned and mirrored, cut out of what is kept, its values varied."""

from __future__ import annotations

import numpy as np
import torch

from AutoLabelLib.worker.training import augment
from AutoLabelLib.worker.training.augment import IMAGE, LABEL, plain
from AutoLabelLib.worker.training.classifier_recipe import from_recipe
from AutoLabelLib.worker.training.prepare import Normalisation
from AutoLabelLib.worker.training.recipe import Recipe

_MASK_LEVELS = (0.25, 0.75)  # of a smoothed mask: larger, and smaller by up to a voxel


class Turner:
    """Makes patches; the same seed gives the same one.

    Args:
        recipe: States patch, normalisation and augmentation.
        margin_voxels: How much wider the kept patches are, on each side.
    """

    def __init__(self, recipe: Recipe, margin_voxels: tuple[int, int, int]) -> None:
        from monai.transforms import Compose

        wish = augment.from_recipe(recipe.augmentation)
        self._wish, self._margin, self._patch = wish, margin_voxels, recipe.patch_voxels
        self._channels = len(recipe.channels)
        self._normalise = Normalisation(recipe.normalisation)
        self._mask_change = from_recipe(recipe).mask_change
        moved = [step for step in augment.movements(wish, "border") if type(step).__name__ != "RandFlipd"]
        self._moves = Compose(moved)
        self._values = Compose(augment.value_changes(wish))

    def plain(self, patch: torch.Tensor) -> torch.Tensor:
        """Return the middle of a kept patch (C, …) as inference sees it: (C, I, J, K) float32."""
        return self._normalised(self._cut(patch.float(), (0, 0, 0)))

    def varied(self, patch: torch.Tensor, seed: int) -> torch.Tensor:
        """Return a random patch (C, I, J, K) float32 of a kept one."""
        rng = np.random.default_rng(seed)
        values = self._turned(self._moved(patch.float(), rng, seed), rng)
        values = self._normalised(values)
        image, mask = values[: self._channels], values[self._channels :]
        if self._values.transforms:
            self._values.set_random_state(seed)
            image = plain(self._values({IMAGE: image})[IMAGE]).float()
        if len(mask) and rng.random() < self._mask_change:
            mask = _changed(mask, float(rng.uniform(*_MASK_LEVELS)))
        return torch.cat([image, mask])

    def _moved(self, patch: torch.Tensor, rng: np.random.Generator, seed: int) -> torch.Tensor:
        if self._moves.transforms:
            self._moves.set_random_state(seed)
            image, mask = patch[: self._channels], patch[self._channels :]
            moved = self._moves({IMAGE: image, LABEL: mask if len(mask) else image})  # both keys have to be there
            patch = plain(moved[IMAGE])
            if len(mask):
                patch = torch.cat([patch, plain(moved[LABEL]).clamp(0, 1)])
            return self._cut(patch, (0, 0, 0))
        most = [min(int(self._wish.shift_voxels), margin) for margin in self._margin]
        return self._cut(patch, tuple(int(rng.integers(-n, n + 1)) for n in most))

    def _cut(self, patch: torch.Tensor, shift: tuple[int, ...]) -> torch.Tensor:
        starts = [margin + by for margin, by in zip(self._margin, shift, strict=True)]
        i, j, k = (slice(start, start + n) for start, n in zip(starts, self._patch, strict=True))
        return patch[:, i, j, k]

    def _turned(self, patch: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        for axis in self._wish.mirror_axes:
            if rng.random() < 0.5:
                patch = patch.flip(axis + 1)
        for axis in self._wish.quarter_turn_axes:
            first, second = (other for other in range(3) if other != axis)
            # A patch that is not square can only be turned upside down.
            step = 1 if self._patch[first] == self._patch[second] else 2
            patch = torch.rot90(patch, step * int(rng.integers(4)), (first + 1, second + 1))
        return patch

    def _normalised(self, patch: torch.Tensor) -> torch.Tensor:
        image = self._normalise(patch[: self._channels].clone())
        return torch.cat([image, patch[self._channels :]])


def _changed(mask: torch.Tensor, level: float) -> torch.Tensor:
    """Return a mask (1, I, J, K) made larger (level below a half) or smaller."""
    smooth = torch.nn.functional.avg_pool3d(mask[None], 3, 1, 1, count_include_pad=False)[0]
    return (smooth >= level).to(mask.dtype)
