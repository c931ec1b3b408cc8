"""Automatic annotation of medical images for 3D Slicer, headless and inside it.

The layers, each importing only what its row allows (held by Testing/test_architecture.py):

| layer      | what lives there                                                      | may import                     |
|------------|-----------------------------------------------------------------------|--------------------------------|
| `core`     | images, labelmaps, prompts, models, jobs, errors, geometry            | –                              |
| `protocol` | messages and frames between client and worker                         | core                           |
| `files`    | images, labelmaps and tables in and out of files                      | core                           |
| `dicom`    | DICOM series in                                                       | core                           |
| `phantom`  | synthetic images of known truth                                       | core                           |
| `client`   | start, watch, cancel and restart the worker; submit jobs              | core, protocol                 |
| `worker`   | the other process: torch and MONAI, one file per task                 | core, protocol, files, phantom |
| `scene`    | MRML nodes to and from core types, pictures of them; main thread only | core, files                    |
| `api`      | the verbs: segment, interact, classify, explain, measure and others   | all above but worker           |
| `install`  | what Slicer's Python lacks, and getting it when the user asks for it  | all above but worker           |
| `gui`      | the panels inside Slicer, one file each; widgets only                 | all above but worker           |
| `cli`      | the `autolabel` command, one file per verb                            | all above but worker, gui      |

`worker` and `scene` never meet: only messages cross between the two processes.

The verbs of `api` are available here (`import AutoLabelLib as al; al.segment(...)`) and load what they need when
they are called: importing this package loads nothing but the standard library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from AutoLabelLib.api import (
        classify,
        compare,
        evaluate,
        explain,
        features,
        interact,
        measure,
        models,
        segment,
        train,
    )

__version__ = "0.1.0"
__all__ = [
    "__version__",
    "classify",
    "compare",
    "evaluate",
    "explain",
    "features",
    "interact",
    "measure",
    "models",
    "segment",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("AutoLabelLib.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
