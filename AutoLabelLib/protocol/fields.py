"""How the fields of a message become JSON values and arrays, and back; one row of `_KINDS` per type of field.

A message is a dataclass, and so are some of the things in it: `write_record` and `read_record` go through its fields
and look each one's annotation up in the table. A reader trusts nothing, and `read_record` turns whatever goes wrong
into a ProtocolError.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from AutoLabelLib.core.errors import AutoLabelError, ProtocolError, from_wire
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Progress, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.prompt import Prompts
from AutoLabelLib.protocol.frames import Array

Record = TypeVar("Record")

# What reading a value of the wrong type or size can raise, in our types and in Python.
_BROKEN = (
    AutoLabelError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)


class _Kind(NamedTuple):
    """How one type of field crosses: `write` appends voxels to the arrays, `read` finds them there."""

    write: Callable[[Any, list[Array]], Any]
    read: Callable[[Any, Sequence[Array]], Any]


def write_record(record: Any, arrays: list[Array]) -> dict[str, Any]:
    """Return the fields of a dataclass as JSON values; voxels are appended to the arrays.

    Raises:
        ProtocolError: If a field does not hold what its annotation says.
    """
    try:
        return {
            field.name: _kind(field).write(getattr(record, field.name), arrays) for field in dataclasses.fields(record)
        }
    except _BROKEN as problem:
        raise ProtocolError(f"A {type(record).__name__} cannot be sent: {_reason(problem)}") from problem


def read_record(record_class: type[Record], values: Any, arrays: Sequence[Array]) -> Record:
    """Return the dataclass that `write_record` described.

    Raises:
        ProtocolError: If a field is missing, unknown or not right.
    """
    fields = dataclasses.fields(record_class)  # type: ignore[arg-type]
    if not isinstance(values, dict) or set(values) != {field.name for field in fields}:
        raise ProtocolError(f"A {record_class.__name__} does not have the fields that it should have.")
    try:
        with np.errstate(all="ignore"):  # affines of enormous numbers overflow, and are then refused
            return record_class(**{field.name: _kind(field).read(values[field.name], arrays) for field in fields})
    except _BROKEN as problem:
        raise ProtocolError(f"A {record_class.__name__} is not right: {_reason(problem)}") from problem


def _kind(field: dataclasses.Field[Any]) -> _Kind:
    return _KINDS[str(field.type)]


def _reason(problem: BaseException) -> str:
    """Return a problem's own sentence where it is one of ours; Python's may quote what the message held."""
    return problem.message if isinstance(problem, AutoLabelError) else type(problem).__name__


def _plain(check: Callable[[Any], bool], expected: str) -> _Kind:
    """Return the kind of values that JSON can hold as they are, if they pass a check."""

    def read(value: Any, arrays: Sequence[Array]) -> Any:
        if not check(value):
            raise ProtocolError(f"Expected {expected}, got a {type(value).__name__}.")
        return value

    return _Kind(lambda value, arrays: value, read)


def _mapping_of(is_value: Callable[[Any], bool], expected: str) -> _Kind:
    """Return the kind of mappings, of which the writer makes plain dicts."""
    check = _plain(lambda value: isinstance(value, dict) and all(map(is_value, value.values())), expected)
    return _Kind(lambda value, arrays: dict(value), check.read)


def _tuple_of(kind: _Kind) -> _Kind:
    def read(values: Any, arrays: Sequence[Array]) -> Any:
        if not isinstance(values, list):
            raise ProtocolError(f"Expected a list, got a {type(values).__name__}.")
        return tuple(kind.read(value, arrays) for value in values)

    return _Kind(lambda values, arrays: [kind.write(value, arrays) for value in values], read)


def _record(record_class: type) -> _Kind:
    return _Kind(write_record, lambda values, arrays: read_record(record_class, values, arrays))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _write_image(image: Image, arrays: list[Array]) -> dict[str, Any]:
    arrays.append(image.array)
    return {
        "array": len(arrays) - 1,
        "affine": image.affine.tolist(),
        "modality": image.modality,
        "channel_names": list(image.channel_names),
        "unit": image.unit,
    }


def _read_image(values: Any, arrays: Sequence[Array]) -> Image:
    names = _tuple_of(_TEXT).read(values["channel_names"], arrays)
    unit = None if values["unit"] is None else _TEXT.read(values["unit"], arrays)
    array = arrays[_WHOLE.read(values["array"], arrays)]
    return Image(array, _affine(values), _TEXT.read(values["modality"], arrays), names, unit)


def _write_labelmap(labelmap: Labelmap, arrays: list[Array]) -> dict[str, Any]:
    arrays.append(labelmap.array)
    return {
        "array": len(arrays) - 1,
        "affine": labelmap.affine.tolist(),
        "segments": [segment.to_json() for segment in labelmap.segments],
    }


def _read_labelmap(values: Any, arrays: Sequence[Array]) -> Labelmap:
    segments = tuple(Segment.from_json(segment) for segment in values["segments"])
    return Labelmap(arrays[_WHOLE.read(values["array"], arrays)], _affine(values), segments)


def _affine(values: Any) -> Array:
    return np.array(values["affine"], dtype=np.float64)


def _read_error(values: Any, arrays: Sequence[Array]) -> AutoLabelError:
    return from_wire({key: _TEXT.read(values[key], arrays) for key in ("code", "message", "hint")})


_TEXT = _plain(_is_text, "a text")
_WHOLE = _plain(lambda value: type(value) is int and value >= 0, "a whole number")
_NUMBER = _Kind(lambda value, arrays: float(value), _plain(_is_number, "a finite number").read)
_PERHAPS_NUMBER = _Kind(
    lambda value, arrays: None if value is None else float(value),
    lambda value, arrays: None if value is None else _NUMBER.read(value, arrays),
)
_IMAGE = _Kind(_write_image, _read_image)

_KINDS = {
    "str": _TEXT,
    "int": _WHOLE,
    "float": _NUMBER,
    "float | None": _PERHAPS_NUMBER,
    "tuple[str, ...]": _tuple_of(_TEXT),
    "Mapping[str, Any]": _mapping_of(lambda value: True, "an object"),
    "Mapping[str, str]": _mapping_of(_is_text, "an object of texts"),
    "Mapping[str, float]": _mapping_of(_is_number, "an object of finite numbers"),
    "Image": _IMAGE,
    "tuple[Image, ...]": _tuple_of(_IMAGE),
    "tuple[Labelmap, ...]": _tuple_of(_Kind(_write_labelmap, _read_labelmap)),
    "Prompts": _Kind(lambda prompts, arrays: prompts.to_json(), lambda values, arrays: Prompts.from_json(values)),
    "AutoLabelError": _Kind(lambda error, arrays: error.to_wire(), _read_error),
    "Progress": _record(Progress),
    "Result": _record(Result),
}
