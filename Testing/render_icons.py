"""Render Resources/Icons/*.svg to the PNG files beside them, 128 x 128 as the Extensions Manager wants them.

python -m Testing.render_icons
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


def main() -> None:
    """Render every icon."""
    for source in sorted(ICONS.glob("*.svg")):
        target = source.with_suffix(".png")
        if not rendered(source).save(str(target)):
            raise SystemExit(f"{target} could not be written.")
        print(target)


if __name__ == "__main__":
    main()
