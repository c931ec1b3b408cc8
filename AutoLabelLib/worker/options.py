"""The choices that a segmentation job offers, and boxes as options give them, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.prompt import Box
from AutoLabelLib.worker.networks import engines


@dataclass(frozen=True)
class SegmentationOptions:
    """How a segmentation shall be run.

    Attributes:
        device: "auto", or "cpu", "cuda", "cuda:1", "mps".
        engine: "auto", or one of `engines.ENGINES`.
        overlap: Part of a window that its neighbour shares, from 0 to 0.9; None: as the bundle says.
        mirror: Whether mirror images are averaged; None: as the bundle says.
        batch: Windows per pass of the network; None: 1 on the CPU, 4 on a GPU.
        crop: Whether only the box around what was found is returned, as one crop of the image's grid.
        structures: Names of the model's segments that are asked for; None: what it segments unasked.
        network: Number, from 0 on, of the only network that is asked in a model that is the mean of several; None: all.
    """

    device: str = "auto"
    engine: str = "auto"
    overlap: float | None = None
    mirror: bool | None = None
    batch: int | None = None
    crop: bool = False
    structures: tuple[str, ...] | None = None
    network: int | None = None


def box_of(corners: Any) -> Box | None:
    """Return the box that an option gives by two opposite corners in RAS mm; None for None.

    Raises:
        InputError: If these are not two corners.
    """
    if corners is None:
        return None
    try:
        low, high = corners
        return Box(tuple(low), tuple(high))
    except (TypeError, ValueError) as problem:
        raise InputError(f"box must be two corners of three numbers, got {corners!r}.") from problem


def from_mapping(options: Mapping[str, Any]) -> SegmentationOptions:
    """Return checked options, with "auto" replaced by the device that is there.

    Raises:
        InputError: If one is unknown, of the wrong kind, or names a device that is not there.
    """
    known = [item.name for item in fields(SegmentationOptions)]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise InputError(f'A segmentation has no option "{unknown[0]}".', f"It has: {', '.join(known)}.")
    overlap, mirror, batch = (options.get(name) for name in ("overlap", "mirror", "batch"))
    if overlap is not None and not (_is_number(overlap) and 0 <= overlap <= 0.9):
        raise InputError(f"The overlap must be a number from 0 to 0.9, got {overlap!r}.")
    if mirror is not None and not isinstance(mirror, bool):
        raise InputError(f"mirror must be true or false, got {mirror!r}.")
    if batch is not None and not (isinstance(batch, int) and not isinstance(batch, bool) and batch >= 1):
        raise InputError(f"batch must be a whole number of 1 or more, got {batch!r}.")
    crop = options.get("crop", False)
    if not isinstance(crop, bool):
        raise InputError(f"crop must be true or false, got {crop!r}.")
    return SegmentationOptions(
        _device(options.get("device") or "auto"),
        _engine(options.get("engine") or "auto"),
        None if overlap is None else float(overlap),
        mirror,
        batch,
        crop,
        _structures(options.get("structures")),
        _network(options.get("network")),
    )


def _network(number: Any) -> int | None:
    if number is not None and not (isinstance(number, int) and not isinstance(number, bool) and number >= 0):
        raise InputError(f"network must be a whole number of 0 or more, got {number!r}.")
    return number


def _structures(names: Any) -> tuple[str, ...] | None:
    if names is None:
        return None
    if not isinstance(names, (list, tuple)) or not names or not all(isinstance(name, str) for name in names):
        raise InputError(f"structures must be a list of names, got {names!r}.", "Leave it out for all of them.")
    return tuple(names)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _engine(name: Any) -> str:
    if name != "auto" and name not in engines.ENGINES:
        raise InputError(f'There is no engine "{name}".', f"There are: auto, {', '.join(engines.ENGINES)}.")
    return str(name)


def _device(name: Any) -> str:
    if name == "auto":
        return engines.default_device()
    kind, _, number = str(name).partition(":")
    if kind not in engines.DEVICES or (number and not (kind == "cuda" and number.isdigit())):
        raise InputError(f'There is no device "{name}".', f"There are: auto, {', '.join(engines.DEVICES)}.")
    if kind == "cuda" and not (torch.cuda.is_available() and int(number or 0) < torch.cuda.device_count()):
        raise InputError(f'The device "{name}" is not there, or torch was installed without CUDA.', "Use cpu or auto.")
    if kind == "mps" and not torch.backends.mps.is_available():
        raise InputError('The device "mps" is not there.', "Use cpu or auto.")
    return str(name)
