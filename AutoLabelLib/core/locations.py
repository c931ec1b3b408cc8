"""Where things lie: the resources that come with AutoLabel, and the user's own models and settings."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def resources() -> Path:
    """Return the folder of the bundled resources (models, recipes, terminologies, icons).

    In a source tree and in an installed Slicer extension it lies beside the package, in a wheel inside of it.
    """
    beside = _PACKAGE.parent / "Resources"
    return beside if (beside / "Recipes").is_dir() else _PACKAGE / "resources"


def user_data() -> Path:
    """Return the user's own folder for models, approvals and logs; AUTOLABEL_HOME overrides it. Not created here."""
    override = os.environ.get("AUTOLABEL_HOME")
    if override:
        return Path(override)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "AutoLabel"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "AutoLabel"
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "AutoLabel"
