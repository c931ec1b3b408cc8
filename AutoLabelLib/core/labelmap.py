"""A labelmap: named segments on a grid, in layers because they may overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core import affine as geometry
from AutoLabelLib.core.errors import InputError, UnsupportedVolumeError
from AutoLabelLib.core.grid import OnGrid
from AutoLabelLib.core.terminology import SegmentCode

Color = tuple[float, float, float]


@dataclass(frozen=True)
class Segment:
    """One named structure of a labelmap.

    Attributes:
        name: What a person reads.
        label_value: Value of its voxels in its layer, 1 or more.
        layer: Index of its layer in the labelmap.
        code: What it is, in codes; None where nobody said.
        color: Red, green, blue, each from 0 to 1.
    """

    name: str
    label_value: int
    layer: int = 0
    code: SegmentCode | None = None
    color: Color = (0.5, 0.68, 0.5)

    def to_json(self) -> dict[str, Any]:
        """Return the segment as a JSON object."""
        return {
            "name": self.name,
            "label_value": self.label_value,
            "layer": self.layer,
            "code": self.code.to_json() if self.code else None,
            "color": list(self.color),
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Segment:
        """Return the segment that `to_json` described."""
        red, green, blue = fields.get("color") or cls.color
        code = fields.get("code")
        return cls(
            str(fields["name"]),
            int(fields["label_value"]),
            int(fields.get("layer", 0)),
            SegmentCode.from_json(code) if code else None,
            (float(red), float(green), float(blue)),
        )


@dataclass(frozen=True, eq=False)
class Labelmap(OnGrid):
    """Segments on one grid; read-only. A segment may be empty, never missing.

    Attributes:
        array: (L, I, J, K) unsigned integers, one layer per set of segments that do not overlap; 0 is background.
        affine: (4, 4) float64, index of a voxel's centre to RAS mm.
        segments: What the values mean.

    Raises:
        UnsupportedVolumeError: If the array has another shape or type.
        InputError: If two segments share layer and value, or a segment names a layer that is not there.
    """

    array: NDArray[Any]
    affine: geometry.Affine
    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        array = np.asarray(self.array).view()
        if array.ndim != 4 or 0 in array.shape or array.dtype.kind != "u":
            raise UnsupportedVolumeError(
                f"Expected a labelmap (layers, I, J, K) of unsigned integers, got {array.dtype} {array.shape}."
            )
        places = [(segment.layer, segment.label_value) for segment in self.segments]
        if len(set(places)) != len(places):
            raise InputError("Two segments of a labelmap have the same layer and label value.")
        highest = int(np.iinfo(array.dtype).max)
        for layer, value in places:
            if not (0 <= layer < array.shape[0] and 1 <= value <= highest):
                raise InputError(f"A segment has the layer {layer} and value {value}, which the labelmap cannot hold.")
        array.setflags(write=False)
        object.__setattr__(self, "array", array)
        object.__setattr__(self, "affine", geometry.as_affine(self.affine))
        object.__setattr__(self, "segments", tuple(self.segments))

    def segment(self, name: str) -> Segment:
        """Return the segment of a name.

        Raises:
            InputError: If there is none.
        """
        for segment in self.segments:
            if segment.name == name:
                return segment
        names = ", ".join(segment.name for segment in self.segments) or "none"
        raise InputError(f'There is no segment "{name}"; the segments are: {names}.')

    def mask(self, segment: Segment) -> NDArray[np.bool_]:
        """Return the voxels (I, J, K) of a segment."""
        return np.asarray(self.array[segment.layer] == segment.label_value)

    def volume_ml(self, segment: Segment) -> float:
        """Return the volume of a segment in millilitres."""
        return float(np.count_nonzero(self.mask(segment))) * geometry.voxel_volume_ml(self.affine)
