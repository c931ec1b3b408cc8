"""Handcrafted features of a mask: which there are, what they mean, and their values."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator
from functools import lru_cache
from types import ModuleType

from numpy.typing import ArrayLike

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.features.region import region_of
from AutoLabelLib.worker.features.settings import FAMILIES, FeatureSettings

_DEFAULT = FeatureSettings()


def extract(
    voxels: ArrayLike, mask: ArrayLike, spacing_mm: ArrayLike, settings: FeatureSettings = _DEFAULT
) -> dict[str, float]:
    """Return the features of a mask by name: always those of `names`, in that order; NaN where one is not defined.

    Args:
        voxels: (I, J, K), the image.
        mask: (I, J, K), the segment.
        spacing_mm: (3,), between voxel centres; the axes are orthogonal.
        settings: Which features, and how.

    Raises:
        InputError: If the mask is empty, or the shapes or the spacing do not fit.
        UnsupportedVolumeError: If a voxel of the mask is NaN or infinite.
    """
    modules = list(_modules(settings))
    margin_mm = max(getattr(module, "margin_mm", _no_margin)(settings) for module in modules)
    region = region_of(voxels, mask, spacing_mm, settings, margin_mm)
    found: dict[str, float] = {}
    for module in modules:
        found.update(module.compute(region, settings))
    return {name: float(found.get(name, math.nan)) for name in names(settings)}


@lru_cache(maxsize=32)
def names(settings: FeatureSettings = _DEFAULT) -> tuple[str, ...]:
    """Return the names of the features that `extract` computes with some settings, in order."""
    return tuple(name for module in _modules(settings) for name in module.descriptions(settings))


def describe(name: str) -> str:
    """Return what a feature means, in plain words, such as "how round and smooth it is, …".

    Raises:
        InputError: If there is no such feature.
    """
    settings = FeatureSettings(families=tuple(FAMILIES))
    for module in _modules(settings):
        words = module.descriptions(settings).get(name)
        if words:
            return str(words)
    raise InputError(f'There is no feature "{name}".')


def _modules(settings: FeatureSettings) -> Iterator[ModuleType]:
    for family in settings.families:
        yield importlib.import_module(f"AutoLabelLib.worker.features.{FAMILIES[family]}")


def _no_margin(settings: FeatureSettings) -> float:
    return 0.0
