from __future__ import annotations

import importlib
import json

import pytest

from AutoLabelLib.core.errors import MissingDependency
from AutoLabelLib.core.packages import require


def test_what_is_installed_is_returned() -> None:
    assert require("json") is json


@pytest.mark.parametrize(("module", "package"), [("slicer.util", "slicer-core"), ("torch", "torch")])
def test_what_is_missing_is_named_as_pip_knows_it(module: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(MissingDependency, match=f"pip install {package}$"):
        require(module)
