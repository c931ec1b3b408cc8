"""Whether an image fits into memory."""

from __future__ import annotations

import builtins
from typing import Any

import pytest

from AutoLabelLib.client import memory
from AutoLabelLib.core.errors import UnsupportedVolumeError


def test_there_is_some_memory() -> None:
    available = memory.available_bytes()
    assert available is not None
    assert available > 0
    memory.check_fits(1000)


def test_an_image_must_fit_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 3 * 2**30)
    memory.check_fits(2**30)
    with pytest.raises(UnsupportedVolumeError, match=r"at least 4\.0 GB of memory .* and 3\.0 GB are free"):
        memory.check_fits(2 * 2**30)


def test_where_nobody_knows_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without_psutil(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name == "psutil":
            raise ImportError(name)
        return imported(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without_psutil)
    assert memory.available_bytes() is None
    memory.check_fits(2**60)
