"""A part of an image at a resolution that can be computed at once: its own where the part is small, else coarser."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.image import Image
from AutoLabelLib.worker.classical.object_mask import ObjectMask

MOST_VOXELS = 96**3
_RIM_VOXELS = 2
_SMOOTHING_VOXELS = 0.6  # of the finest axis: enough to calm noise, too little to move an edge


@dataclass(frozen=True, eq=False)
class View:
    """A part of an image; made by `look`.

    Attributes:
        low_ijk: (3,) index on the image's grid of its first voxel.
        high_ijk: (3,) one beyond its last.
        step: (3,) voxels of the image per voxel of the view.
        values: (I, J, K) float32, lightly smoothed intensities.
        spacing_mm: (3,) of the view's voxels.
        is_cut: (3, 2) whether the image goes on beyond the lower and the upper face of each axis.
    """

    low_ijk: NDArray[np.int_]
    high_ijk: NDArray[np.int_]
    step: NDArray[np.int_]
    values: NDArray[np.float32]
    spacing_mm: tuple[float, float, float]
    is_cut: NDArray[np.bool_]

    @property
    def unit_mm(self) -> float:
        """Spacing of its finest axis."""
        return min(self.spacing_mm)

    @property
    def rim(self) -> NDArray[np.bool_]:
        """The voxels (I, J, K) next to faces beyond which the image goes on: what is there cannot be judged."""
        rim = np.zeros(self.values.shape, bool)
        for axis in range(3):
            for side, face in enumerate((slice(None, _RIM_VOXELS), slice(-_RIM_VOXELS, None))):
                if self.is_cut[axis, side]:
                    np.moveaxis(rim, axis, 0)[face] = True
        return rim

    def index_of(self, voxels: NDArray[np.int_]) -> NDArray[np.int_]:
        """Return where voxels (N, 3) of the image lie in the view, each place once; those outside are left out."""
        inside = ((voxels >= self.low_ijk) & (voxels < self.high_ijk)).all(axis=1)
        return np.unique((voxels[inside] - self.low_ijk) // self.step, axis=0)

    def shrunk(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return a mask of the image in this part, at the view's resolution: true where at least half of a voxel is."""
        return mask if self.is_native else _block_means(mask.astype(np.float32), self.step) >= 0.5

    def grown(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return values of the view at the image's resolution, linear in between."""
        for axis in range(3):
            count = int(self.high_ijk[axis] - self.low_ijk[axis])
            place = np.clip((np.arange(count) + 0.5) / self.step[axis] - 0.5, 0, values.shape[axis] - 1)
            low = np.floor(place).astype(int)
            weight = (place - low).astype(np.float32).reshape([-1 if a == axis else 1 for a in range(3)])
            upper = values.take(np.minimum(low + 1, values.shape[axis] - 1), axis)
            values = values.take(low, axis) * (1 - weight) + upper * weight
        return values

    @property
    def is_native(self) -> bool:
        """Whether its voxels are the image's."""
        return bool((self.step == 1).all())

    def changed(self, mask: ObjectMask, before: NDArray[np.bool_], after: NDArray[np.float32]) -> ObjectMask:
        """Return a mask of the image to which was done what was done to it in the view.

        Where the view is coarser, voxels stay as they were where the view saw no change.

        Args:
            mask: On the image's grid.
            before: (I, J, K) what the view showed of it.
            after: (I, J, K) what became of it, from 0 to 1; from above 0.5 on, voxels belong to it.
        """
        if self.is_native:
            return mask.written(self.low_ijk, after > 0.5)
        old, new = self.grown(before.astype(np.float32)) > 0.5, self.grown(after) > 0.5
        return mask.written(self.low_ijk, np.where(old == new, mask.read(self.low_ijk, self.high_ijk), new))


def look(image: Image, low_ijk: ArrayLike, high_ijk: ArrayLike, most_voxels: int = MOST_VOXELS) -> View:
    """Return the view of a box of an image's grid; what lies outside of the image is left out.

    Args:
        image: Its first channel is looked at.
        low_ijk: (3,) first voxel.
        high_ijk: (3,) one beyond the last.
        most_voxels: How many voxels the view has at most.
    """
    shape = np.asarray(image.spatial_shape)
    low = np.clip(np.asarray(low_ijk), 0, shape - 1)
    high = np.clip(np.asarray(high_ijk), low + 1, shape)
    own_mm, step = np.asarray(image.spacing_mm), np.ones(3, int)
    while np.prod(-(-(high - low) // step)) > most_voxels:
        step[np.argmin(own_mm * step)] += 1
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    values = _block_means(np.ascontiguousarray(image.array[0][box], dtype=np.float32), step)
    spacing = own_mm * step
    is_cut = np.stack([low > 0, high < shape], axis=1)
    return View(low, high, step, _smoothed(values, spacing), tuple(map(float, spacing)), is_cut)  # type: ignore[arg-type]


def _block_means(values: NDArray[np.float32], step: NDArray[np.int_]) -> NDArray[np.float32]:
    """Return means over blocks; a last block that is cut off by the face is averaged over what there is."""
    for axis, size in enumerate(step):
        if size > 1:
            starts = np.arange(0, values.shape[axis], size)
            counts = np.diff(np.append(starts, values.shape[axis])).astype(np.float32)
            sums = np.add.reduceat(values, starts, axis=axis)
            values = np.asarray(sums / counts.reshape([-1 if a == axis else 1 for a in range(3)]), dtype=np.float32)
    return values


def _smoothed(values: NDArray[np.float32], spacing_mm: NDArray[np.float64]) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(values, _SMOOTHING_VOXELS * spacing_mm.min() / spacing_mm))
