"""Render Resources/Icons/*.svg to the PNG files beside them, 128 x 128 as the Extensions Manager wants them.

python -m Testing.render_icons
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

ICONS = Path(__file__).resolve().parents[1] / "Resources" / "Icons"
PIXELS = 128


def rendered(source: Path) -> Any:
    """Return an SVG file as a QImage with a transparent ground."""
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    image = QImage(PIXELS, PIXELS, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(source)).render(painter)
    painter.end()
    return image


def chest_picture() -> Any:
    """Return, as a QImage, the slice of the chest phantom that shows most of its nodules, which are coloured."""
    from PySide6.QtGui import QImage

    from AutoLabelLib.cli.demonstration import COLORS
    from AutoLabelLib.phantom.chest import chest_phantom

    chest = chest_phantom(spacing_mm=(1.0, 1.0, 1.5), shape_ijk=(336, 240, 126))
    labels = chest.truth.array[0]
    k = int((labels > 0).sum(axis=(0, 1)).argmax())
    shades = np.clip((chest.image.array[0, :, :, k].T + 1350.0) / 1500.0, 0.0, 1.0)
    pixels = np.repeat(shades[..., None], 3, axis=2)
    for number, color in enumerate(COLORS, start=1):
        pixels[np.equal(labels[:, :, k].T, number)] = color
    content = np.ascontiguousarray(np.rint(255 * pixels), np.uint8)
    height, width = content.shape[:2]
    return QImage(content.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def main() -> None:
    """Render everything."""
    for source in sorted(ICONS.glob("*.svg")):
        target = source.with_suffix(".png")
        if not rendered(source).save(str(target)):
            raise SystemExit(f"{target} could not be written.")
        print(target)
    target = ICONS / "AutoLabelChestPhantom.png"
    if not chest_picture().save(str(target)):
        raise SystemExit(f"{target} could not be written.")
    print(target)


if __name__ == "__main__":
    main()
