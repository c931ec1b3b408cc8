"""How images, labelmaps, jobs and errors become the JSON fields and arrays of a message, and back.

A reader of fields trusts nothing: it raises ProtocolError, or one of `BROKEN_FIELDS`, which `messages.from_frame`
turns into one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from AutoLabelLib.core.errors import AutoLabelError, ProtocolError, from_wire
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.protocol.frames import Array

Fields = dict[str, Any]

# What reading a field of the wrong type or value can raise, in our types and in Python.
BROKEN_FIELDS = (
    AutoLabelError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)


def text(fields: Fields, key: str) -> str:
    """Return a field that must be a string."""
    value = fields[key]
    if not isinstance(value, str):
        raise ProtocolError(f'The field "{key}" of a message must be a text.')
    return value


def whole(fields: Fields, key: str) -> int:
    """Return a field that must be a whole number, zero or more."""
    value = fields[key]
    if type(value) is not int or value < 0:
        raise ProtocolError(f'The field "{key}" of a message must be a whole number.')
    return value


def number(fields: Fields, key: str) -> float:
    """Return a field that must be a finite number."""
    value = fields[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ProtocolError(f'The field "{key}" of a message must be a finite number.')
    return float(value)


def objects(fields: Fields, key: str) -> list[Fields]:
    """Return a field that must be a list of JSON objects."""
    values = fields[key]
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise ProtocolError(f'The field "{key}" of a message must be a list of objects.')
    return values


def texts(fields: Fields, key: str) -> tuple[str, ...]:
    """Return a field that must be a list of strings."""
    values = fields[key]
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ProtocolError(f'The field "{key}" of a message must be a list of texts.')
    return tuple(values)


def mapping(fields: Fields, key: str) -> Fields:
    """Return a field that must be a JSON object."""
    value = fields[key]
    if not isinstance(value, dict):
        raise ProtocolError(f'The field "{key}" of a message must be an object.')
    return value


def numbers(fields: Fields, key: str) -> dict[str, float]:
    """Return a field that must be an object of finite numbers."""
    values = mapping(fields, key)
    return {name: number(values, name) for name in values}


def image_fields(image: Image, arrays: list[Array]) -> Fields:
    """Return the fields of an image; its voxels are appended to the arrays."""
    arrays.append(image.array)
    return {
        "affine": image.affine.tolist(),
        "modality": image.modality,
        "channel_names": list(image.channel_names),
        "unit": image.unit,
        "array": len(arrays) - 1,
    }


def read_image(fields: Fields, arrays: Sequence[Array]) -> Image:
    """Return the image that `image_fields` described."""
    unit = None if fields["unit"] is None else text(fields, "unit")
    array = arrays[whole(fields, "array")]
    return Image(array, _affine(fields), text(fields, "modality"), texts(fields, "channel_names"), unit)


def labelmap_fields(labelmap: Labelmap, arrays: list[Array]) -> Fields:
    """Return the fields of a labelmap; its voxels are appended to the arrays."""
    arrays.append(labelmap.array)
    return {
        "affine": labelmap.affine.tolist(),
        "segments": [segment.to_json() for segment in labelmap.segments],
        "array": len(arrays) - 1,
    }


def read_labelmap(fields: Fields, arrays: Sequence[Array]) -> Labelmap:
    """Return the labelmap that `labelmap_fields` described."""
    segments = tuple(Segment.from_json(segment) for segment in objects(fields, "segments"))
    return Labelmap(arrays[whole(fields, "array")], _affine(fields), segments)


def read_error(fields: Fields) -> AutoLabelError:
    """Return the error that `AutoLabelError.to_wire` described."""
    return from_wire({key: text(fields, key) for key in ("code", "message", "hint")})


def _affine(fields: Fields) -> Array:
    return np.array(fields["affine"], dtype=np.float64)
