"""Slicer's module, on the real MRML libraries, with stand-ins for the base classes that are not in them."""

from __future__ import annotations

import importlib.util
import sys
import types
import unittest
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


class Parent:
    """What Slicer hands to a module's constructor: an object that takes any attribute."""


class StandInModule:
    def __init__(self, parent: Any) -> None:
        self.parent = parent


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    slicer = pytest.importorskip("slicer", reason="needs the Slicer libraries")
    from AutoLabelLib.scene.headless import headless_scene

    headless_scene(fresh=True)
    bases = types.ModuleType("slicer.ScriptedLoadableModule")
    bases.ScriptedLoadableModule = StandInModule  # type: ignore[attr-defined]
    bases.ScriptedLoadableModuleWidget = type("ScriptedLoadableModuleWidget", (), {})  # type: ignore[attr-defined]
    bases.ScriptedLoadableModuleLogic = type("ScriptedLoadableModuleLogic", (), {})  # type: ignore[attr-defined]
    bases.ScriptedLoadableModuleTest = type("ScriptedLoadableModuleTest", (unittest.TestCase,), {})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "slicer.ScriptedLoadableModule", bases)
    monkeypatch.setattr(slicer, "ScriptedLoadableModule", bases, raising=False)
    spec = importlib.util.spec_from_file_location("AutoLabel", ROOT / "AutoLabel" / "AutoLabel.py")
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_the_module_says_what_slicer_asks(module: types.ModuleType) -> None:
    parent = Parent()
    module.AutoLabel(parent)
    assert parent.title == "AutoLabel"  # type: ignore[attr-defined]
    assert parent.categories == ["Segmentation"]  # type: ignore[attr-defined]


def test_the_logic_names_every_model_and_the_call(module: types.ModuleType) -> None:
    import AutoLabelLib

    overview = module.AutoLabelLogic().overview()
    assert all(spec.name in overview for spec in AutoLabelLib.models())
    assert "AutoLabelLib.segment(volumeNode" in overview


def test_the_self_test_passes(module: types.ModuleType) -> None:
    module.AutoLabelTest().runTest()
