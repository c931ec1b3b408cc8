"""Fixtures on real MRML: a scene made of Slicer's own libraries, and what tests put into it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def slicer() -> Any:
    """The Slicer libraries; skips where they are not installed."""
    return pytest.importorskip("slicer", reason="needs the Slicer libraries: pip install 'autolabel[slicer]'")


@pytest.fixture
def scene(slicer: Any) -> Iterator[Any]:
    """An empty scene, which is `slicer.mrmlScene` during the test."""
    from AutoLabelLib.scene.headless import headless_scene

    yield headless_scene(fresh=True)
