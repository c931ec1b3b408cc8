"""Every test of this layer can ask for `host`: a stand-in for Slicer with an empty scene."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Any]:
    """The stand-in for the application; skips where the libraries that it is made of are not installed."""
    pytest.importorskip("slicer", reason="needs the Slicer libraries: pip install 'autolabel[slicer]'")
    pytest.importorskip("PySide6", reason="needs PySide6-Essentials: pip install 'autolabel[test]'")
    from Testing.host.session import running_host

    with running_host(tmp_path) as running:
        yield running


@pytest.fixture
def slicer(host: Any) -> Any:
    """The Slicer libraries, with what the application adds to them."""
    return host.slicer


@pytest.fixture
def scene(host: Any) -> Any:
    """The empty scene."""
    return host.slicer.mrmlScene


@pytest.fixture
def qt(host: Any) -> Any:
    """Qt with PythonQt's habits."""
    import qt

    return qt
