"""Segmentation without a trained network: what was pointed at, its intensities and the edges around it decide.

A model of the catalogue may name one of these methods instead of a network. One file per method, with

    segment(image, prompts, start, context) -> (ObjectMask, facts)

| file                | what it does                                                                   |
|---------------------|--------------------------------------------------------------------------------|
| `geodesic.py`       | the method "geodesic": one correction after the other                          |
| `correction.py`     | one correction: how far a prompt reaches                                       |
| `distances.py`      | geodesic distances: short where intensities stay, long across edges            |
| `levels.py`         | the distance at which the boundary has the best contrast                       |
| `walker.py`         | a random walker near a boundary, which moves it to the edges of the image      |
| `likelihood.py`     | intensities of the object against those around it                              |
| `outline.py`        | boxes and lassos: where the object can be, and a first shape in it             |
| `marks.py`          | points and strokes as voxels                                                   |
| `view.py`           | a part of the image, coarser where it is large                                 |
| `object_mask.py`    | a mask on the image's grid, held as the box around it                          |
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from AutoLabelLib.core.errors import ModelError

if TYPE_CHECKING:
    from AutoLabelLib.core.image import Image
    from AutoLabelLib.core.labelmap import Labelmap
    from AutoLabelLib.core.prompt import Prompts
    from AutoLabelLib.worker.classical.object_mask import ObjectMask
    from AutoLabelLib.worker.context import TaskContext

    Method = Callable[[Image, Prompts, Labelmap | None, TaskContext], tuple[ObjectMask, dict[str, Any]]]

# Listed, not discovered: a name in a bundle's file must never choose what is imported.
METHODS = ("geodesic",)


def load_method(name: str) -> Method:
    """Return the function of a method.

    Raises:
        ModelError: If there is no such method.
    """
    if name not in METHODS:
        raise ModelError(f'There is no method "{name}".', "Install a newer AutoLabel, which may have it.")
    return cast("Method", importlib.import_module(f"AutoLabelLib.worker.classical.{name}").segment)
