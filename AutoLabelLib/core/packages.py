"""Packages that may be missing, such as inside Slicer before AutoLabel has installed them."""

from __future__ import annotations

import importlib
from typing import Any

from AutoLabelLib.core.errors import MissingDependency

_NAME_ON_PYPI = {"slicer": "slicer-core"}  # where it is not the name that is imported


def require(module_name: str) -> Any:
    """Return an imported module.

    Args:
        module_name: Name to import, such as "nibabel" or "SimpleITK".

    Raises:
        MissingDependency: If it is not installed; the hint holds the command that installs it.
    """
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        top = module_name.partition(".")[0]
        package = _NAME_ON_PYPI.get(top, top)
        raise MissingDependency(
            f'The Python package "{package}" is needed for this, but it is not installed.',
            f"Install it: pip install {package}",
        ) from error
