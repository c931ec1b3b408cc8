"""Icons are of the size that is asked for, and drawn from the sources beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from Testing.packaging.conftest import ROOT

ICONS = ROOT / "Resources" / "Icons"


@pytest.mark.parametrize("source", sorted(ICONS.glob("*.svg")), ids=lambda path: path.stem)
def test_an_icon_is_what_its_source_draws(source: Path) -> None:
    pytest.importorskip("PySide6", reason="needs PySide6-Essentials: pip install 'autolabel[test]'")
    from PySide6.QtGui import QImage

    from Testing.render_icons import PIXELS, rendered

    icon = QImage(str(source.with_suffix(".png")))
    drawn = rendered(source)
    assert (icon.width(), icon.height()) == (PIXELS, PIXELS)
    assert icon.pixelColor(0, 0).alpha() == 0
    for x in range(4, PIXELS, 8):
        for y in range(4, PIXELS, 8):
            seen, wanted = icon.pixelColor(x, y).getRgb(), drawn.pixelColor(x, y).getRgb()
            assert seen == pytest.approx(wanted, abs=12), (x, y)  # smoothing differs a little between versions of Qt
