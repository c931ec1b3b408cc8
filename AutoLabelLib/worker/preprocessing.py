"""What a bundle wants done to an image before its network sees it.

A bundle says so as a list of MONAI transforms. Those about files and data types are not needed here; those about space
(Orientationd, Spacingd) are *read*, and `worker/grid.py` does what they say, so that the way back is exact; the rest
works on intensities and is run as it is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from AutoLabelLib.core.errors import ModelError

if TYPE_CHECKING:
    from monai.bundle.config_parser import ConfigParser

SECTION = "preprocessing"

_NOT_NEEDED = ("LoadImaged", "EnsureChannelFirstd", "EnsureTyped", "ToTensord", "ToDeviced", "CastToTyped")
# The sliding window pads by itself, and a crop would only save time.
_LEFT_OUT = ("CropForegroundd", "SpatialPadd", "DivisiblePadd", "BorderPadd")
_LOCAL = ("ScaleIntensityRanged", "ThresholdIntensityd", "ShiftIntensityd")


@dataclass(frozen=True)
class Preprocessing:
    """A bundle's wishes.

    Attributes:
        axcodes: Orientation of the model's grid; None: as the image comes.
        spacing_mm: (3,), of the model's grid; None: as the image comes. Not positive: that axis as it comes.
        transforms: MONAI dictionary transforms on intensities.
        key: Name of the image in their dictionary.
        left_out: Transforms that were left out although the bundle asks for them.
    """

    axcodes: str | None = None
    spacing_mm: tuple[float, float, float] | None = None
    transforms: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = ()
    key: str = "image"
    left_out: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether a voxel's new value depends on its old value alone, so that any part can be done by itself."""
        return all(type(transform).__name__ in _LOCAL for transform in self.transforms)

    def normalise(self, image: torch.Tensor) -> torch.Tensor:
        """Return the image (C, I, J, K) as float32 with the intensities that the network wants; may work in place.

        Raises:
            ModelError: If a transform fails, or changes the shape.
        """
        data: dict[str, Any] = {self.key: image}
        for transform in self.transforms:
            name = type(transform).__name__
            try:
                data = transform(data)
            except (RuntimeError, ValueError, TypeError, KeyError, AttributeError) as problem:
                raise ModelError(f"The bundle's preprocessing step {name} failed: {problem}") from problem
            if data[self.key].shape[1:] != image.shape[1:]:
                raise ModelError(
                    f"The bundle's preprocessing step {name} changes the volume's shape, which is not supported.",
                    "Of the steps about space, Orientationd and Spacingd are understood.",
                )
        return plain(data[self.key]).float().contiguous()


def plain(values: torch.Tensor) -> torch.Tensor:
    """Return a tensor without MONAI's metadata, which slows down every operation on it."""
    return values.as_tensor() if hasattr(values, "as_tensor") else values


def read(parser: ConfigParser) -> Preprocessing:
    """Return what the section "preprocessing" of a trusted bundle asks for; nothing if there is none.

    Raises:
        ModelError: If a transform is unknown or refuses its arguments.
    """
    return _from_transforms(instantiate(parser, SECTION, without=_NOT_NEEDED + _LEFT_OUT))


def from_configs(entries: Sequence[dict[str, Any]]) -> Preprocessing:
    """Return what a list of transforms, written as in a bundle, asks for.

    Args:
        entries: Each with `_target_` and arguments. They may run code: only from a trusted source.

    Raises:
        ModelError: If a transform is unknown or refuses its arguments.
    """
    from monai.bundle.config_parser import ConfigParser

    return read(ConfigParser({SECTION: {"_target_": "Compose", "transforms": [dict(entry) for entry in entries]}}))


@dataclass(frozen=True)
class LeftOut:
    """Stands for a transform that was named but not made."""

    name: str


def instantiate(
    parser: ConfigParser, section: str, without: Sequence[str] = (), only: Sequence[str] | None = None
) -> list[Any]:
    """Return the transforms of a section in order, with a `LeftOut` for each one that is not wanted.

    Args:
        parser: Config of a trusted bundle.
        section: Such as "preprocessing"; an empty list if the config has none.
        without: Names of transforms that shall not even be made, since they may want files or packages.
        only: Names of the only transforms that shall be made; None: all others.

    Raises:
        ModelError: If a transform is unknown or refuses its arguments.
    """
    config = parser.get(section)
    if config is None:
        return []
    entries = config.get("transforms") if isinstance(config, dict) else None

    def is_wanted(name: str) -> bool:
        return name not in without and (only is None or name in only)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MONAI's deprecations are the bundle author's business
            if isinstance(entries, list) and all(isinstance(entry, dict) and "_target_" in entry for entry in entries):
                made = [_one(parser, f"{section}::transforms::{index}", is_wanted) for index in range(len(entries))]
            else:  # a reference or an expression, which only the whole can resolve
                made = _flattened(parser.get_parsed_content(section), is_wanted)
    except Exception as problem:  # a config can raise anything
        cause = root_cause(problem)
        raise ModelError(
            f'The bundle\'s "{section}" cannot be understood: {type(cause).__name__}: {cause}.'
        ) from problem
    return [transform for transform in made if transform is not None]


def _one(parser: ConfigParser, where: str, is_wanted: Callable[[str], bool]) -> Any:
    name = _canonical(str(parser[f"{where}::_target_"]))
    return parser.get_parsed_content(where) if is_wanted(name) else LeftOut(name)


def _flattened(content: Any, is_wanted: Callable[[str], bool]) -> list[Any]:
    from monai.transforms.compose import Compose

    transforms = Compose(content).flatten().transforms  # type: ignore[no-untyped-call]
    return [t if is_wanted(type(t).__name__) else LeftOut(type(t).__name__) for t in transforms]


def _canonical(target: str) -> str:
    """Return the name of a dictionary transform with its usual ending: LoadImageD and LoadImageDict are LoadImaged."""
    name = target.rpartition(".")[2]
    if name.endswith("Dict"):
        return name[:-4] + "d"
    return name[:-1] + "d" if name.endswith("D") else name


def root_cause(problem: BaseException) -> BaseException:
    """Return the innermost of a chain of exceptions: MONAI wraps the telling one in general ones."""
    while problem.__cause__ is not None:
        problem = problem.__cause__
    return problem


def _from_transforms(made: list[Any]) -> Preprocessing:
    axcodes: str | None = None
    spacing_mm: tuple[float, float, float] | None = None
    left_out: list[str] = []
    transforms: list[Any] = []
    for transform in made:
        name = type(transform).__name__
        if isinstance(transform, LeftOut):
            left_out += [transform.name] * (transform.name in _LEFT_OUT)
        elif name == "Orientationd":
            axcodes = transform.ornt_transform.axcodes or "RAS"
        elif name == "Spacingd":
            spacing_mm = _pixdim(transform.spacing_transform.pixdim)
        elif name not in _NOT_NEEDED:
            transforms.append(transform)
    keys = [str(key) for transform in transforms for key in getattr(transform, "keys", ())]
    return Preprocessing(axcodes, spacing_mm, tuple(transforms), keys[0] if keys else "image", tuple(left_out))


def _pixdim(pixdim: Any) -> tuple[float, float, float]:
    values = [float(value) for value in pixdim]
    values += values[-1:] * (3 - len(values))  # MONAI repeats a single number
    return (values[0], values[1], values[2])
