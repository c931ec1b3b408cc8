"""What the effect says of an answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest


@pytest.mark.parametrize(
    ("volume_ml", "words"), [(0.0486, "0.049 ml."), (5.4, "5.40 ml."), (58.13, "58.1 ml."), (1984.2, "1984 ml.")]
)
def test_volumes_are_said_as_a_person_writes_them(host: Any, volume_ml: float, words: str) -> None:
    from AutoLabelLib.gui.autolabel_effect.answer_words import answer_text

    update = SimpleNamespace(mask=np.ones((1, 1, 1), bool), volume_ml=volume_ml)
    assert answer_text(update, True, ()).startswith(f"Found {words}")
