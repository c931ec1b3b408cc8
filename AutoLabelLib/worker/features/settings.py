"""How features are computed: which families, which bins, which voxel size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from AutoLabelLib.core.errors import InputError

# Name of a family, which its features' names begin with -> the module that computes it.
FAMILIES = {
    "morph": "shape",
    "stat": "intensity",
    "glcm": "cooccurrence",
    "glrlm": "runs",
    "glszm": "zones",
    "loc": "peaks",
    "ih": "histogram",
    "ivh": "volume_histogram",
    "gldzm": "distances",
    "ngtdm": "tones",
    "ngldm": "dependences",
    "log": "laplacian",
    "wavelet": "wavelets",
    "lbp": "binary_patterns",
    "hog": "gradients",
    "density": "density",
    "lesion": "lesion",
}
IBSI = ("morph", "loc", "stat", "ih", "ivh", "glcm", "glrlm", "glszm", "gldzm", "ngtdm", "ngldm")
CORE = ("morph", "stat", "glcm", "glrlm", "glszm")
_ALL = "all"


@dataclass(frozen=True)
class FeatureSettings:
    """How features are computed.

    Attributes:
        families: Which families, by the prefix of their features' names; see `FAMILIES`.
        bin_width: Width of a grey level in the image's unit; None with `bin_count`.
        bin_count: Number of grey levels between the lowest and the highest intensity, for images without a calibrated
            unit, such as MR; None with `bin_width`.
        intensity_range: (low, high): voxels of the segment outside it count for the shape, not for intensities and
            texture; grey levels of a given width begin at its lower end. None takes all.
        resample_mm: Edge of the cubic voxels that image and mask are resampled to first; None keeps the voxels.
        log_sigmas_mm: Widths of the Gaussians whose Laplacians the family "log" looks through.
    """

    families: tuple[str, ...] = CORE
    bin_width: float | None = 25.0
    bin_count: int | None = None
    intensity_range: tuple[float, float] | None = None
    resample_mm: float | None = None
    log_sigmas_mm: tuple[float, ...] = (1.0, 2.0, 4.0)

    def __post_init__(self) -> None:
        unknown = [name for name in self.families if name not in FAMILIES]
        if unknown or not self.families:
            what = f'"{unknown[0]}"' if unknown else "with no name"
            raise InputError(f"There is no family of features {what}.", f"There are: {', '.join(FAMILIES)}.")
        if (self.bin_width is None) == (self.bin_count is None):
            raise InputError("Grey levels need either a bin width or a bin count, not both.")
        _check_positive("The bin width", self.bin_width)
        _check_positive("The spacing to resample to", self.resample_mm)
        for sigma_mm in self.log_sigmas_mm:
            _check_positive("A width of the Laplacian of Gaussian", sigma_mm)
        if self.bin_count is not None and not 2 <= self.bin_count <= 1024:
            raise InputError(f"The bin count must lie between 2 and 1024, got {self.bin_count}.")
        if self.intensity_range is not None and not self.intensity_range[0] < self.intensity_range[1]:
            raise InputError(f"The intensity range {self.intensity_range} is empty.", "Give the lower end first.")


def from_mapping(options: Mapping[str, Any], default: FeatureSettings | None = None) -> FeatureSettings:
    """Return the settings that a mapping of JSON values describes; what it lacks is as in the default.

    Families are a list, or text: their names between commas, or "all".

    Raises:
        InputError: If one is unknown or not usable.
    """
    known = [item.name for item in fields(FeatureSettings)]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise InputError(f'Features have no setting "{unknown[0]}".', f"They have: {', '.join(known)}.")
    given = {name: value for name, value in options.items() if value is not None}
    for name in ("bin_width", "bin_count"):
        if name in given:
            given = {"bin_width": None, "bin_count": None, **given}
    try:
        return replace(default or FeatureSettings(), **{name: _typed(name, value) for name, value in given.items()})
    except (TypeError, ValueError) as problem:
        raise InputError(f"A setting of the features cannot be read: {problem}.") from problem


def _typed(name: str, value: Any) -> Any:
    if name == "families":
        if value == _ALL:
            return tuple(FAMILIES)
        return tuple(value.split(",") if isinstance(value, str) else value)
    if name == "intensity_range":
        low, high = value
        return (float(low), float(high))
    if name == "log_sigmas_mm":
        return tuple(float(sigma_mm) for sigma_mm in value)
    if value is None:
        return None
    return int(value) if name == "bin_count" else float(value)


def _check_positive(what: str, value: float | None) -> None:
    if value is not None and not (math.isfinite(value) and value > 0):
        raise InputError(f"{what} must be a positive number, got {value}.")
