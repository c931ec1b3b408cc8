"""Bundles from elsewhere that have their own way to be told what was pointed at.

| file                | what it does                                                                      |
|---------------------|-----------------------------------------------------------------------------------|
| `deepedit.py`       | clicks as one channel per label, as DeepEdit's own transform draws them           |
| `vista3d_wishes.py` | what a VISTA3D bundle says of windows, and of classes made of others              |
| `vista3d.py`        | VISTA3D: named classes in the whole volume, or what clicks point at               |
| `vista3d_points.py` | VISTA3D's answer to clicks, one window for each                                   |
| `logits_box.py`     | a network's answer in a box of its grid, and the way back onto the image's        |

Which way a bundle wants is read off its files by `AutoLabelLib.core.bundle_prompting`, before any of it is run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from AutoLabelLib.core.bundle_prompting import DEEPEDIT, VISTA3D
from AutoLabelLib.worker.prompted import deepedit, vista3d_wishes

if TYPE_CHECKING:
    from monai.bundle.config_parser import ConfigParser

    from AutoLabelLib.core.model import ModelSpec


def read(parser: ConfigParser, spec: ModelSpec) -> deepedit.DeepEdit | vista3d_wishes.Vista3dWishes | None:
    """Return how a trusted bundle wants its prompts; None for the way of this project.

    Raises:
        ModelError: If its configs cannot be understood.
    """
    if spec.prompting == DEEPEDIT:
        return deepedit.read(parser, spec)
    return vista3d_wishes.read(parser, spec) if spec.prompting == VISTA3D else None
