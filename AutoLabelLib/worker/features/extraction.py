"""Handcrafted features of a mask: which there are, what they mean, and their values."""

from __future__ import annotations

import importlib
import math
import re
from functools import lru_cache
from types import ModuleType

from numpy.typing import ArrayLike

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.features.region import Margin, region_of
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
    region = region_of(voxels, mask, spacing_mm, settings, margin(settings))
    found: dict[str, float] = {}
    for family in settings.families:
        found.update(_module(family).compute(region, settings))
    return {name: float(found.get(name, math.nan)) for name in names(settings)}


@lru_cache(maxsize=32)
def names(settings: FeatureSettings = _DEFAULT) -> tuple[str, ...]:
    """Return the names of the features that `extract` computes with some settings, in order."""
    return tuple(name for family in settings.families for name in _module(family).descriptions(settings))


def margin(settings: FeatureSettings = _DEFAULT) -> Margin:
    """Return how far beyond the mask the features look: image that is further away changes nothing."""
    modules = (_module(family) for family in settings.families)
    margins = [module.margin(settings) for module in modules if hasattr(module, "margin")]
    return Margin(max((one.mm for one in margins), default=0.0), max((one.voxels for one in margins), default=0))


def describe(name: str) -> str:
    """Return what a feature means, in plain words, such as "how round and smooth it is, from 0 to 1 for a ball".

    Raises:
        InputError: If there is no such feature.
    """
    words = _module_of(name).descriptions(_settings_with(name)).get(name)
    if words is None:
        raise _unknown(name)
    return str(words)


def why_undefined(name: str) -> str:
    """Return why a feature may be NaN, in plain words, such as "no two voxels of the segment are neighbours".

    Raises:
        InputError: If there is no such feature.
    """
    return str(_module_of(name).UNDEFINED)


def _settings_with(name: str) -> FeatureSettings:
    """Return settings with which a feature is computed: the width of a Laplacian is part of its name."""
    width = re.match(r"log_([\d.]+)mm_", name)
    return FeatureSettings(log_sigmas_mm=(float(width.group(1)),)) if width else _DEFAULT


def _module_of(name: str) -> ModuleType:
    family = name.partition("_")[0]
    if family not in FAMILIES:
        raise _unknown(name)
    return _module(family)


def _unknown(name: str) -> InputError:
    return InputError(f'There is no feature "{name}".', f"Their names begin with: {', '.join(FAMILIES)}.")


def _module(family: str) -> ModuleType:
    return importlib.import_module(f"AutoLabelLib.worker.features.{FAMILIES[family]}")
