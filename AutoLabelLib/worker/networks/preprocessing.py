"""What a bundle wants done to an image before its network sees it.

A bundle says so as a list of MONAI transforms. Those about files and data types are not needed here; those about space
(Orientationd, Spacingd, Resized) are *read*, and `worker/grid.py` does what they say, so that the way back is exact;
those about prompts are `worker/prompted`'s matter; the rest works on intensities and is run as it is.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.core.errors import ModelError
from AutoLabelLib.core.grid import HasGrid
from AutoLabelLib.worker.networks.grid import ModelGrid, Shape, model_grid, reordered

if TYPE_CHECKING:
    from monai.bundle.config_parser import ConfigParser

SECTION = "preprocessing"

_NOT_NEEDED = ("LoadImaged", "EnsureChannelFirstd", "EnsureTyped", "ToTensord", "ToDeviced", "CastToTyped")
# The sliding window pads by itself, and a crop would only save time.
_LEFT_OUT = ("CropForegroundd", "SpatialPadd", "DivisiblePadd", "BorderPadd")
# Steps of bundles that read prompts: they turn a viewer's clicks into channels or numbers.
_ON_PROMPTS = re.compile("Guidance|VistaPreTransform")
_REFERENCES = re.compile(r"\$?\s*@\w+(\s*\+\s*@\w+)*\s*")
_LOCAL = ("ScaleIntensityRanged", "ThresholdIntensityd", "ShiftIntensityd")


@dataclass(frozen=True)
class Preprocessing:
    """A bundle's wishes.

    Attributes:
        axcodes: Orientation of the model's grid; None: as the image comes.
        spacing_mm: (3,), of the model's grid; None: as the image comes. Not positive: that axis as it comes.
        resized_voxels: (3,), shape of the model's grid, whatever the image's is; not positive: that axis as it comes.
        resizing: How values are put on a grid of that shape, as torch.nn.functional.interpolate calls it.
        transforms: MONAI dictionary transforms on intensities.
        key: Name of the image in their dictionary.
        left_out: Transforms that were left out although the bundle asks for them.
    """

    axcodes: str | None = None
    spacing_mm: tuple[float, float, float] | None = None
    resized_voxels: Shape | None = None
    resizing: str = "area"
    transforms: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = ()
    key: str = "image"
    left_out: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether a voxel's new value depends on its old value alone, so that any part can be done by itself."""
        return all(type(transform).__name__ in _LOCAL for transform in self.transforms)

    def grid_over(self, image: HasGrid) -> ModelGrid:
        """Return the grid that the network wants, over an image."""
        grid = model_grid(image.affine, image.spatial_shape, self.axcodes, self.spacing_mm)
        return grid if self.resized_voxels is None else grid.resized(self.resized_voxels)

    def volume(self, array: NDArray[Any], grid: ModelGrid) -> torch.Tensor:
        """Return an image (C, I, J, K) on the network's grid, with the intensities that it wants."""
        if self.resized_voxels is None:
            return self.normalise(grid.from_source(array))
        values = self.normalise(reordered(array, grid.order))  # first, as it is written in such bundles
        return torch.nn.functional.interpolate(values[None], grid.shape, mode=self.resizing)[0]

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
    if parser.get(section) is None:
        return []
    places = _places(parser, f"{section}::transforms") if isinstance(parser.get(section), dict) else None

    def is_wanted(name: str) -> bool:
        if only is not None:
            return name in only
        return name not in without and not _ON_PROMPTS.search(name)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MONAI's deprecations are the bundle author's business
            if places is not None:
                made = [_one(parser, place, is_wanted) for place in places]
            else:  # an expression, which only the whole can resolve
                made = _flattened(parser.get_parsed_content(section), is_wanted)
    except Exception as problem:  # a config can raise anything
        cause = root_cause(problem)
        raise ModelError(
            f'The bundle\'s "{section}" cannot be understood: {type(cause).__name__}: {cause}.'
        ) from problem
    return [transform for transform in made if transform is not None]


def _places(parser: ConfigParser, where: str) -> list[str] | None:
    """Return the ids of a list's entries, also of "$@one_list + @another"; None if they are not all transforms."""
    entries = parser.get(where)
    if isinstance(entries, str) and _REFERENCES.fullmatch(entries.strip()):
        lists = [_places(parser, name) for name in re.findall(r"@(\w+)", entries)]
        return None if any(part is None for part in lists) else [place for part in lists for place in part or ()]
    if isinstance(entries, list) and all(isinstance(entry, dict) and "_target_" in entry for entry in entries):
        return [f"{where}::{index}" for index in range(len(entries))]
    return None


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
    resized_voxels: Shape | None = None
    resizing = "area"
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
        elif name == "Resized":
            resized_voxels, resizing = _size(transform), str(getattr(transform.mode[0], "value", transform.mode[0]))
        elif name not in _NOT_NEEDED:
            transforms.append(transform)
    keys = [str(key) for transform in transforms for key in getattr(transform, "keys", ())]
    key = keys[0] if keys else "image"
    return Preprocessing(axcodes, spacing_mm, resized_voxels, resizing, tuple(transforms), key, tuple(left_out))


def _size(transform: Any) -> Shape:
    wanted = np.broadcast_to(np.asarray(transform.resizer.spatial_size, dtype=int), 3)
    if transform.resizer.size_mode != "all":
        raise ModelError("The bundle's step Resized keeps proportions (size_mode), which is not supported.")
    return (int(wanted[0]), int(wanted[1]), int(wanted[2]))


def _pixdim(pixdim: Any) -> tuple[float, float, float]:
    values = [float(value) for value in pixdim]
    values += values[-1:] * (3 - len(values))  # MONAI repeats a single number
    return (values[0], values[1], values[2])
