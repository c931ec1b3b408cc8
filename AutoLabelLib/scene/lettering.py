"""Text in pictures, by VTK's FreeType, which needs no OpenGL."""

from __future__ import annotations

import numpy as np

from AutoLabelLib.scene.offscreen import Pixels

_DPI = 72

Color = tuple[float, float, float]


def write_text(
    pixels: Pixels,
    text: str,
    left_top_px: tuple[int, int],
    size_px: int,
    color: Color = (1.0, 1.0, 1.0),
    bold: bool = False,
) -> int:
    """Write a line of text into a picture, in place, and return its width in pixels.

    Args:
        pixels: The picture; what would lie outside of it is cut off.
        text: One line.
        left_top_px: Upper left corner of the line.
        size_px: Height of the font.
        color: Each from 0 to 1.
        bold: Whether the strokes are thick.
    """
    coverage = _coverage(text, size_px, bold)
    left, top = left_top_px
    target = pixels[max(top, 0) : top + coverage.shape[0], max(left, 0) : left + coverage.shape[1]]
    share = coverage[: target.shape[0], : target.shape[1], None]
    target[:] = np.rint(target + share * (255 * np.asarray(color) - target)).astype(np.uint8)
    return int(coverage.shape[1])


def text_width_px(text: str, size_px: int, bold: bool = False) -> int:
    """Return how wide a line of text is."""
    return int(_coverage(text, size_px, bold).shape[1])


def _coverage(text: str, size_px: int, bold: bool) -> np.ndarray:
    """Return how much of each pixel the letters cover, (height, width) from 0 to 1.

    Every line of a font size has the same height and base line, whatever its letters are.
    """
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    style = vtk.vtkTextProperty()
    style.SetFontFamilyToArial()
    style.SetFontSize(size_px)
    style.SetBold(bold)
    style.SetColor(1, 1, 1)
    image = vtk.vtkImageData()
    dimensions = [0, 0]
    vtk.vtkTextRenderer.GetInstance().RenderString(style, f"{text}\n ", image, dimensions, _DPI)
    width, height, _ = image.GetDimensions()
    scalars = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1)
    rendered = scalars[: dimensions[1], : dimensions[0], 3][::-1]
    return rendered.astype(np.float32) / 255
