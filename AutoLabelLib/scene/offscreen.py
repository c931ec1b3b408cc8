"""Render windows that nobody sees: on a server, in a test, or beside Slicer's own views."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.errors import MissingDependency
from AutoLabelLib.scene.headless import has_application

Pixels = NDArray[np.uint8]
"""(height, width, 3) red, green, blue; the first row is the top one."""

_CHOICE = "VTK_DEFAULT_OPENGL_WINDOW"  # the environment variable by which VTK takes a kind of window
_WITHOUT_DISPLAY = ("vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow")
_TRIAL_SECONDS = 60.0
# VTK ends the whole process where there is no OpenGL at all, so another process tries it first.
_TRIAL = """
import vtk
window = vtk.vtkRenderWindow()
window.SetOffScreenRendering(True)
window.SetSize(8, 8)
renderer = vtk.vtkRenderer()
renderer.SetBackground(1, 1, 1)
window.AddRenderer(renderer)
window.Render()
pixels = vtk.vtkUnsignedCharArray()
window.GetPixelData(0, 0, 7, 7, 0, pixels, 0)
assert pixels.GetNumberOfTuples() == 64 and pixels.GetValue(0) == 255
"""


@cache
def working_window() -> str | None:
    """Return the kind of window that can render here, "" for VTK's own choice; None if none can.

    On a Linux machine without a display, EGL is tried first, then OSMesa. The trial takes about a second, once.
    """
    if has_application():
        return ""
    headless_linux = sys.platform.startswith("linux") and not os.environ.get("DISPLAY")
    chosen = os.environ.get(_CHOICE)
    candidates = (chosen,) if chosen else _WITHOUT_DISPLAY if headless_linux else ("",)
    return next((candidate for candidate in candidates if _renders(candidate)), None)


def _renders(window_class: str) -> bool:
    environment = {**os.environ, **({_CHOICE: window_class} if window_class else {})}
    try:
        trial = subprocess.run(
            [sys.executable, "-c", _TRIAL], env=environment, capture_output=True, timeout=_TRIAL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return trial.returncode == 0


def new_window(size_px: tuple[int, int], background_rgb: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Any:
    """Return an offscreen vtkRenderWindow with one renderer, and an interactor, which displayable managers expect.

    Args:
        size_px: Width and height.
        background_rgb: Each from 0 to 1.

    Raises:
        MissingDependency: If nothing can render here.
    """
    kind = working_window()
    if kind is None:
        raise MissingDependency(
            "Pictures of Slicer's views need OpenGL, and neither a display, EGL nor OSMesa works here.",
            "Install Mesa, for example: apt install libegl1 libgl1-mesa-dri",
        )
    if kind:
        os.environ[_CHOICE] = kind
    import vtk

    window = vtk.vtkRenderWindow()
    window.SetOffScreenRendering(True)
    window.SetMultiSamples(0)  # Mesa's software renderer blends translucent surfaces wrongly with them
    window.SetAlphaBitPlanes(True)  # for depth peeling
    window.SetSize(*size_px)
    interactor = vtk.vtkGenericRenderWindowInteractor()
    interactor.SetRenderWindow(window)
    interactor.EnableRenderOff()  # or each change of a node would be rendered
    renderer = vtk.vtkRenderer()
    renderer.SetBackground(*background_rgb)
    window.AddRenderer(renderer)
    return window


def captured(window: Any) -> Pixels:
    """Return what a window shows after rendering it."""
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    window.Render()
    shot = vtk.vtkWindowToImageFilter()
    shot.SetInput(window)
    shot.SetInputBufferTypeToRGB()
    shot.ReadFrontBufferOff()
    shot.ShouldRerenderOff()
    shot.Update()
    width, height, _ = shot.GetOutput().GetDimensions()
    pixels = vtk_to_numpy(shot.GetOutput().GetPointData().GetScalars()).reshape(height, width, 3)
    return np.array(pixels[::-1])


def png(pixels: Pixels) -> bytes:
    """Return a picture as the content of a PNG file."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

    height, width, channels = pixels.shape
    image = vtk.vtkImageData()
    image.SetDimensions(width, height, 1)
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(pixels[::-1]).reshape(-1, channels), deep=True))
    writer = vtk.vtkPNGWriter()
    writer.SetInputData(image)
    writer.WriteToMemoryOn()
    writer.Write()
    return vtk_to_numpy(writer.GetResult()).tobytes()
