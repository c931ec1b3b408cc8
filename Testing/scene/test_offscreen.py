from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.errors import MissingDependency


@pytest.fixture
def tried(slicer: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The kinds of windows that are tried, none of which works unless it is OSMesa's."""
    from AutoLabelLib.scene import offscreen

    names: list[str] = []

    def renders(window_class: str) -> bool:
        names.append(window_class)
        return window_class == "vtkOSOpenGLRenderWindow"

    monkeypatch.setattr(offscreen, "_renders", renders)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("VTK_DEFAULT_OPENGL_WINDOW", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    offscreen.working_window.cache_clear()
    yield names
    offscreen.working_window.cache_clear()


def test_without_a_display_egl_is_tried_first(tried: list[str]) -> None:
    from AutoLabelLib.scene.offscreen import working_window

    assert working_window() == "vtkOSOpenGLRenderWindow"
    assert working_window() == "vtkOSOpenGLRenderWindow"
    assert tried == ["vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow"]  # once, although it was asked twice


def test_with_a_display_vtk_chooses(tried: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from AutoLabelLib.scene.offscreen import working_window

    monkeypatch.setenv("DISPLAY", ":0")
    assert working_window() is None
    assert tried == [""]


def test_the_users_choice_counts(tried: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from AutoLabelLib.scene.offscreen import new_window

    monkeypatch.setenv("VTK_DEFAULT_OPENGL_WINDOW", "vtkXOpenGLRenderWindow")
    with pytest.raises(MissingDependency, match="OpenGL"):
        new_window((10, 10))
    assert tried == ["vtkXOpenGLRenderWindow"]


def test_a_trial_that_fails_or_crashes_is_a_no(slicer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from AutoLabelLib.scene import offscreen

    for code in ("raise SystemExit(3)", "import os; os.abort()"):
        monkeypatch.setattr(offscreen, "_TRIAL", code)
        assert not offscreen._renders("")
    monkeypatch.setattr(offscreen, "_TRIAL", "")
    assert offscreen._renders("")


def test_a_png_holds_the_pixels(slicer: Any, tmp_path: Path) -> None:
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    from AutoLabelLib.scene.offscreen import png

    pixels = np.random.default_rng(0).integers(0, 255, (7, 5, 3)).astype(np.uint8)
    path = tmp_path / "noise.png"
    path.write_bytes(png(pixels))
    reader = vtk.vtkPNGReader()
    reader.SetFileName(str(path))
    reader.Update()
    assert reader.GetOutput().GetDimensions() == (5, 7, 1)
    read = vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).reshape(7, 5, 3)
    assert np.array_equal(read[::-1], pixels)
