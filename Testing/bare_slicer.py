"""The least of Slicer that a scripted module needs to be loaded, so that what loading costs is the module's own doing.

    python -m Testing.bare_slicer MODULE.py ...

It loads the modules as Slicer does at its start, lets the application say that it has started, and prints as JSON the
seconds that both took, and which packages each loaded.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock


def make_stand_ins() -> tuple[dict[str, types.ModuleType], list[Callable[[], None]]]:
    """Return Slicer's Python modules, empty as far as that goes, and what will be called when it has started."""
    on_started: list[Callable[[], None]] = []
    slicer: Any = types.ModuleType("slicer")
    slicer.app = mock.NonCallableMock()
    slicer.app.connect = lambda signal, slot: on_started.append(slot) if signal == "startupCompleted()" else None
    slicer.modules = mock.MagicMock()
    slicer.modules.sampleDataSources = {}
    slicer.modules.terminologies.logic().LoadTerminologyFromFile.return_value = (
        "Segmentation category and type - AutoLabel"
    )
    i18n: Any = types.ModuleType("slicer.i18n")
    i18n.tr = lambda text: text
    i18n.translate = lambda context, text: text
    util: Any = types.ModuleType("slicer.util")
    util.VTKObservationMixin = type("VTKObservationMixin", (), {})
    bases: Any = types.ModuleType("slicer.ScriptedLoadableModule")
    for kind in ("", "Widget", "Logic", "Test"):
        setattr(bases, f"ScriptedLoadableModule{kind}", type(f"ScriptedLoadableModule{kind}", (_Base,), {}))
    slicer.i18n, slicer.util = i18n, util
    vtk: Any = mock.MagicMock()
    vtk.vtkStringArray().LookupValue.return_value = -1
    effects: Any = types.ModuleType("SegmentEditorEffects")
    effects.AbstractScriptedSegmentEditorEffect = _BaseEffect
    effect_classes: Any = types.ModuleType("qSlicerSegmentationsEditorEffectsPythonQt")
    effect_classes.qSlicerSegmentEditorScriptedEffect = _ScriptedEffect
    named = [slicer, i18n, util, bases, effects, effect_classes]
    mocks = {"qt": mock.MagicMock(), "ctk": mock.MagicMock(), "vtk": vtk, "SampleData": mock.MagicMock()}
    return {**{module.__name__: module for module in named}, **mocks}, on_started


class _Base:
    def __init__(self, parent: Any = None) -> None:
        self.parent = parent


class _BaseEffect:
    def __init__(self, scripted_effect: Any) -> None:
        self.scriptedEffect = scripted_effect

    def register(self) -> None:
        pass


class _ScriptedEffect:
    def __init__(self, parent: Any) -> None:
        self._python: Any = None

    def setPythonSource(self, path: str) -> None:  # noqa: N802 - as Slicer spells it
        self._python = getattr(run_file(Path(path)), Path(path).stem)(self)

    def self(self) -> Any:
        return self._python


def run_file(path: Path) -> types.ModuleType:
    """Run a Python file as a module of its own name, and return it."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def load(path: Path) -> None:
    """Load a scripted module as Slicer does: run its file, then make its module object."""
    getattr(run_file(path), path.stem)(types.SimpleNamespace(path=str(path)))


def packages_since(before: set[str]) -> list[str]:
    """Return the packages that were loaded since, without the standard library's."""
    names = {name.partition(".")[0] for name in set(sys.modules) - before}
    return sorted(names - set(sys.stdlib_module_names))


def main() -> None:
    """Load what the command line names."""
    stand_ins, on_started = make_stand_ins()
    sys.modules.update(stand_ins)
    before = set(sys.modules)
    started = time.perf_counter()
    for name in sys.argv[1:]:
        load(Path(name))
    loaded = time.perf_counter()
    loaded_packages = packages_since(before)
    for announce in on_started:
        announce()
    announced = time.perf_counter()
    print(
        json.dumps(
            {
                "load_seconds": loaded - started,
                "announce_seconds": announced - loaded,
                "load_packages": loaded_packages,
                "announce_packages": packages_since(before),
            }
        )
    )


if __name__ == "__main__":
    main()
