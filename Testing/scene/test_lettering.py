from __future__ import annotations

from typing import Any

import numpy as np


def test_text_is_written_where_and_as_asked(slicer: Any) -> None:
    from AutoLabelLib.scene.lettering import text_width_px, write_text

    paper = np.zeros((60, 300, 3), np.uint8)
    width = write_text(paper, "Nodule −3 %", (20, 10), 20, (0.0, 1.0, 0.0))
    assert width == text_width_px("Nodule −3 %", 20)
    assert 60 < width < 200
    assert paper[..., 1].max() > 200
    assert paper[..., 0].max() == 0
    rows, columns = np.nonzero(paper[..., 1])
    assert 20 <= columns.min() <= columns.max() < 20 + width
    assert 10 <= rows.min() <= rows.max() < 10 + 30


def test_text_that_leaves_the_picture_is_cut_off(slicer: Any) -> None:
    from AutoLabelLib.scene.lettering import write_text

    paper = np.zeros((20, 30, 3), np.uint8)
    write_text(paper, "a long line of text", (10, 5), 18)
    assert paper[:, 12:].any()


def test_lines_share_a_base_line_whatever_their_letters(slicer: Any) -> None:
    from AutoLabelLib.scene.lettering import write_text

    bottoms = []
    for text in ("xo", "xoT", "xog"):
        paper = np.zeros((40, 80, 3), np.uint8)
        write_text(paper, text, (0, 0), 24)
        bottoms.append(np.nonzero(paper[:, :12].any(axis=(1, 2)))[0].max())
    assert max(bottoms) - min(bottoms) <= 1
