"""The 16 features that IBSI defines alike for runs, zones, distances and dependences of grey levels.

Each is a matrix that counts things (runs, say) by grey level and by extent (length, say). It is sparse, so it is kept
as a list of its entries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.worker.features.distribution import entropy_bits
from AutoLabelLib.worker.features.region import Values

_DENSE = 2**22  # up to this many entries, counting is faster than sorting


@dataclass(frozen=True)
class Terms:
    """What IBSI calls the things of one matrix, for names and for plain words.

    Attributes:
        prefix: Of the names.
        names: The names without prefix, in the order in which `features_of_counts` returns their values.
        thing: What is counted, in plain words, such as "streaks of equal brightness".
        small: What a small extent is, such as "short".
        large: What a large one is.
    """

    prefix: str
    names: tuple[str, ...]
    thing: str
    small: str
    large: str

    def descriptions(self) -> dict[str, str]:
        """Return the names and what they mean."""
        small, large = f"{self.small} {self.thing}", f"{self.large} {self.thing}"
        words = (
            f"how common {small} are",
            f"how common {large} are",
            f"how common dark {self.thing} are",
            f"how common bright {self.thing} are",
            f"how common {small} that are dark are",
            f"how common {small} that are bright are",
            f"how common {large} that are dark are",
            f"how common {large} that are bright are",
            f"how unevenly brightness is spread over {self.thing}",
            f"how unevenly brightness is spread over {self.thing}, whatever their number",
            f"how unevenly {self.thing} are spread from {self.small} to {self.large}",
            f"how unevenly {self.thing} are spread from {self.small} to {self.large}, whatever their number",
            f"how many {self.thing} there are for its size: how fine its texture is",
            f"how much the brightness of {self.thing} varies",
            f"how much {self.thing} vary from {self.small} to {self.large}",
            f"how irregular {self.thing} are",
        )
        return {self.prefix + name: word for name, word in zip(self.names, words, strict=True)}


def features_of_counts(
    levels: NDArray[np.integer], extents: NDArray[np.integer], voxel_count: int
) -> tuple[float, ...]:
    """Return the 16 features of things, in the order of `Terms.descriptions`.

    Args:
        levels: (N,), grey level of each thing, from 1 on.
        extents: (N,), its extent, from 1 on.
        voxel_count: How many voxels they could have been at most: per direction, IBSI's Nv.
    """
    level, extent, chance = _entries(levels, extents)
    total = len(levels)
    by_level = np.bincount(level.astype(np.int64), chance)
    by_extent = np.bincount(extent.astype(np.int64), chance)
    mean_level, mean_extent = float(chance @ level), float(chance @ extent)
    dark, bright, small, large = level**-2, level**2, extent**-2, extent**2
    emphases = (small, large, dark, bright, small * dark, small * bright, large * dark, large * bright)
    level_uniformity, extent_uniformity = float(by_level @ by_level), float(by_extent @ by_extent)
    return (
        *(float(chance @ emphasis) for emphasis in emphases),
        level_uniformity * total,
        level_uniformity,
        extent_uniformity * total,
        extent_uniformity,
        total / voxel_count,
        float(chance @ (level - mean_level) ** 2),
        float(chance @ (extent - mean_extent) ** 2),
        entropy_bits(chance),
    )


def shares(levels: NDArray[np.integer], extents: NDArray[np.integer]) -> Values:
    """Return the share of all things that each entry of the matrix has, in no order that means anything."""
    return _entries(levels, extents)[2]


def _entries(levels: NDArray[np.integer], extents: NDArray[np.integer]) -> tuple[Values, Values, Values]:
    """Return the matrix's entries that are not 0: level, extent and share of all things."""
    width = int(extents.max()) + 1
    keys = levels.astype(np.int64) * width + extents
    if int(keys.max()) <= _DENSE:
        dense = np.bincount(keys)
        keys = np.flatnonzero(dense)
        counts = dense[keys]
    else:
        keys, counts = np.unique(keys, return_counts=True)
    return (keys // width).astype(np.float64), (keys % width).astype(np.float64), counts / len(levels)
