"""What a VISTA3D bundle says of its windows, and of classes that are made of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from AutoLabelLib.core.errors import ModelError
from AutoLabelLib.worker.networks import preprocessing
from AutoLabelLib.worker.networks.window import Window

if TYPE_CHECKING:
    from monai.bundle.config_parser import ConfigParser

    from AutoLabelLib.core.model import ModelSpec

_PATCH = (128, 128, 128)  # what the published weights were trained with
_OVERLAP = 0.3


@dataclass(frozen=True)
class Vista3dWishes:
    """How a VISTA3D bundle wants to be run.

    Attributes:
        window: Of the network.
        unasked: Classes that it segments where none is asked for.
        parts: For a class that the network was not taught itself, the classes that it is made of.
    """

    window: Window
    unasked: tuple[int, ...]
    parts: Mapping[int, tuple[int, ...]]


def read(parser: ConfigParser, spec: ModelSpec) -> Vista3dWishes:
    """Return what a trusted bundle says.

    Only the numbers are read: its own inferer and its evaluator, and what those need, are not.

    Raises:
        ModelError: If one of them cannot be understood.
    """
    try:
        patch = _content(parser, "inferer::roi_size") or _content(parser, "patch_size") or spec.patch_voxels or _PATCH
        overlap = _content(parser, "inferer::overlap")
        unasked = _content(parser, "everything_labels") or ()
        parts = _content(parser, "subclass") or {}
        window = Window((int(patch[0]), int(patch[1]), int(patch[2])), _OVERLAP if overlap is None else float(overlap))
        return Vista3dWishes(
            window,
            tuple(sorted(int(number) for number in unasked)),
            {int(whole): tuple(int(part) for part in classes) for whole, classes in parts.items()},
        )
    except Exception as problem:  # a config can raise anything
        cause = preprocessing.root_cause(problem)
        raise ModelError(
            f'What the bundle "{spec.name}" says of its windows and classes cannot be understood: {cause}.'
        ) from problem


def _content(parser: ConfigParser, name: str) -> Any:
    """Return what an entry of the config means; None where there is none."""
    if name not in parser:
        return None
    value = parser.get_parsed_content(name)
    if isinstance(value, dict):
        return {key: parser.get_parsed_content(f"{name}::{key}") for key in value}
    return value
