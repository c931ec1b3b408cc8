"""An image: voxels together with where they are in the patient."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core import affine as geometry
from AutoLabelLib.core.errors import UnsupportedVolumeError
from AutoLabelLib.core.grid import OnGrid

_KINDS = "iuf"  # signed and unsigned integers, floats
_SLICES_PER_HASH_UPDATE = 32


@dataclass(frozen=True, eq=False)
class Image(OnGrid):
    """Voxels of one or more channels on one grid; read-only.

    Attributes:
        array: (C, I, J, K), integers or floats. Not copied: the caller must not change it afterwards.
        affine: (4, 4) float64, index of a voxel's centre to RAS mm; linear parent transforms already applied.
        modality: DICOM modality ("CT", "MR", "PT", …), or "" where it is not known.
        channel_names: One name per channel, such as ("T1", "FLAIR"); () where they have none.
        unit: "HU" for calibrated CT, else None.

    Raises:
        UnsupportedVolumeError: If there are no voxels, the shape is not (C, I, J, K), or the values are no numbers.
        GeometryError: If the affine is singular or not finite.
    """

    array: NDArray[Any]
    affine: geometry.Affine
    modality: str = ""
    channel_names: tuple[str, ...] = ()
    unit: str | None = None

    def __post_init__(self) -> None:
        array = np.asarray(self.array).view()
        if array.ndim != 4:
            raise UnsupportedVolumeError(
                f"Expected an image of the shape (channels, I, J, K), got {array.ndim} dimensions {array.shape}.",
                "Choose one time point of a 4D series; add a channel axis to a plain 3D array.",
            )
        if 0 in array.shape:
            raise UnsupportedVolumeError(
                f"The volume is empty: its shape is {array.shape[1:]}.", "Load or crop the volume again."
            )
        if array.dtype.kind not in _KINDS:
            raise UnsupportedVolumeError(f"Expected numbers as voxels, got {array.dtype}.")
        if self.channel_names and len(self.channel_names) != array.shape[0]:
            raise UnsupportedVolumeError(
                f"Expected {array.shape[0]} channel names, one per channel, got {len(self.channel_names)}."
            )
        array.setflags(write=False)
        object.__setattr__(self, "array", array)
        object.__setattr__(self, "affine", geometry.as_affine(self.affine))
        object.__setattr__(self, "channel_names", tuple(self.channel_names))

    @cached_property
    def fingerprint(self) -> str:
        """Hash of voxels, grid and meaning; equal images share it, so that one is sent to the worker only once."""
        digest = hashlib.sha256()
        description = (self.array.shape, self.array.dtype.str, self.modality, self.channel_names, self.unit)
        digest.update(repr(description).encode())
        digest.update((self.affine + 0.0).tobytes())  # + 0.0: a flip leaves -0.0, which is equal but of other bytes
        # One order for every memory layout: i fastest, which is how Slicer's and ITK's arrays lie, so that theirs
        # need no copy, and others only one of a few slices at a time.
        for channel in self.array:
            for start in range(0, channel.shape[2], _SLICES_PER_HASH_UPDATE):
                digest.update(np.ascontiguousarray(channel[:, :, start : start + _SLICES_PER_HASH_UPDATE].T).data)
        return digest.hexdigest()

    @cached_property
    def value_ranges(self) -> tuple[tuple[float, float], ...]:
        """Lowest and highest value of each channel; NaN if a voxel is NaN. Found once, since it reads all voxels."""
        return tuple((float(channel.min()), float(channel.max())) for channel in self.array)

    def check_values(self) -> None:
        """Raise UnsupportedVolumeError if a voxel is NaN or infinite, or if all are the same."""
        for low, high in self.value_ranges:  # NaN spreads through both, infinity ends up in one
            if not (np.isfinite(low) and np.isfinite(high)):
                raise UnsupportedVolumeError(
                    "The volume holds voxels that are NaN or infinite.",
                    "Replace them first, for example with slicer.util.arrayFromVolume and numpy.nan_to_num.",
                )
            if low == high:
                raise UnsupportedVolumeError(
                    f"Every voxel of the volume has the same value ({low:g}).",
                    "Check that the right volume is chosen.",
                )


def stack_channels(images: Sequence[Image]) -> Image:
    """Return one multi-channel image from images on the same grid.

    Raises:
        UnsupportedVolumeError: If there is none, or the grids differ.
    """
    if not images:
        raise UnsupportedVolumeError("There is no image to stack.", "Give one image per channel.")
    first = images[0]
    for other in images[1:]:
        if not first.same_grid(other):
            raise UnsupportedVolumeError(
                "The channels are not on the same grid.",
                "Resample them to the first volume before stacking them.",
            )
    names = tuple(name for image in images for name in _names(image))
    array = np.concatenate([image.array for image in images], axis=0)
    return Image(array, first.affine, first.modality, names, first.unit)


def _names(image: Image) -> tuple[str, ...]:
    return image.channel_names or (image.modality or "image",) * image.array.shape[0]
