"""Start and end the stand-in for the application: what a test gets as `host`."""

from __future__ import annotations

import gc
import sys
import time
import types
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from PySide6 import QtCore, QtWidgets

from Testing.host import (
    dialogs,
    effect_modules,
    i18n,
    module_manager,
    mouse,
    observing,
    packaging_module,
    parameter_node,
    pictures,
    sample_data,
    scripted_module,
    slots,
)
from Testing.host.application import application
from Testing.host.ctk_widgets import make_ctk
from Testing.host.main_window import qSlicerMainWindow
from Testing.host.pythonqt import unwrap
from Testing.host.qt_module import make_qt
from Testing.host.segment_effects import qSlicerSegmentEditorEffectFactory
from Testing.host.signals import disconnect_all

_modules: dict[str, types.ModuleType] = {}


def _slicer_modules() -> dict[str, types.ModuleType]:
    """Return the modules that only the application has; always the same ones, as importers hold on to them."""
    if not _modules:
        bases: Any = types.ModuleType("slicer.ScriptedLoadableModule", scripted_module.__doc__)
        bases.__all__ = []
        for kind in ("", "Widget", "Logic", "Test"):
            name = f"ScriptedLoadableModule{kind}"
            setattr(bases, name, getattr(scripted_module, name))
            bases.__all__.append(name)
        _modules.update(
            {
                "qt": make_qt(),
                "ctk": make_ctk(),
                **effect_modules.make_modules(),
                "slicer.ScriptedLoadableModule": bases,
                "slicer.i18n": i18n.make_module(),
                "slicer.packaging": packaging_module.make_module(),
                "slicer.parameterNodeWrapper": parameter_node.make_module(),
                "SampleData": sample_data.make_module(),
            }
        )
    return _modules


class Host:
    """The running stand-in: its event loop, its modules, and what went wrong in slots."""

    def __init__(self, settings_file: Path) -> None:
        import slicer

        self.slicer = slicer
        self.settings_file = settings_file
        self._module_objects: list[Any] = []
        self.main_window = qSlicerMainWindow()

    @property
    def slot_errors(self) -> list[str]:
        """Tracebacks of what slots raised; `clear()` those that a test expects."""
        return slots.errors

    @property
    def packages(self) -> packaging_module.Packages:
        """What `slicer.packaging` pretends."""
        return packaging_module.packages

    @property
    def messages(self) -> list[dialogs.Message]:
        """What message boxes said."""
        return dialogs.shown

    def answer(self, *answers: str) -> None:
        """Say how the next message boxes are answered: "ok", "cancel", "yes", "no" or "close"."""
        dialogs.answers.extend(answers)

    def answer_files(self, *paths: str) -> None:
        """Say which paths the next file dialogs return; "" cancels one."""
        dialogs.file_answers.extend(paths)

    def save_picture(self, widget: Any, path: Path | str, width: int = 420, dark: bool = False, **more: Any) -> Path:
        """Save a picture of a panel as Slicer would show it; see pictures.save_picture."""
        return pictures.save_picture(widget, path, width, dark, **more)

    def process_events(self, seconds: float = 0.0) -> None:
        """Let the event loop run: timers fire, widgets are laid out and drawn."""
        end = time.monotonic() + seconds
        while True:
            QtCore.QCoreApplication.processEvents()
            QtCore.QCoreApplication.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete.value)
            if time.monotonic() >= end:
                return
            time.sleep(0.002)

    def wait_until(self, condition: Callable[[], Any], timeout_seconds: float = 30.0) -> None:
        """Let the event loop run until something is true.

        Raises:
            AssertionError: If it is not true in time, or a slot raised meanwhile.
        """
        end = time.monotonic() + timeout_seconds
        before = len(slots.errors)
        while not condition():
            assert len(slots.errors) == before, slots.errors[-1]
            assert time.monotonic() < end, f"still not so after {timeout_seconds} s"
            self.process_events(0.005)

    def click(self, view: str, position_ras_mm: Any, shift: bool = False, control: bool = False) -> None:
        """Click at a point in a slice view ("Red", "Yellow", "Green"); more of the mouse is in `mouse`."""
        mouse.click(view, position_ras_mm, shift, control)

    def load_module(self, path: Path | str) -> Any:
        """Return a scripted module, loaded as Slicer does at its start."""
        module = module_manager.load_module(Path(path))
        self._module_objects.append(module)
        return module

    def open_module(self, module: Any) -> Any:
        """Return the module's Python widget, set up and entered as when the user opens the module."""
        frame = module.widgetRepresentation()
        frame.show()
        frame.enter()
        self.process_events()
        return frame.self()

    def segment_editor(self) -> Any:
        """Return the editor of the module Segment Editor, opened as when the user goes to it."""
        from Testing.host.segment_editor_module import SegmentEditorModule

        manager = self.slicer.app.moduleManager().__dict__["_native"]
        if "SegmentEditor" not in manager.known:
            module = SegmentEditorModule(Path("SegmentEditor.py"))
            self._module_objects.append(module_manager.add_module(module))
        self.slicer.util.selectModule("SegmentEditor")
        return self.slicer.util.getModuleWidget("SegmentEditor").editor

    def unload_modules(self) -> None:
        """Unload all modules, as Slicer does when it quits."""
        for module in self._module_objects:
            module_manager.unload_module(module)
        self._module_objects.clear()

    def start_up(self) -> None:
        """Tell that the application has started."""
        self.slicer.app.startupCompleted.emit()
        self.process_events()


def _close_windows() -> None:
    for widget in QtWidgets.QApplication.topLevelWidgets():
        widget.close()
        widget.deleteLater()
    QtCore.QCoreApplication.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete.value)
    gc.collect()


def _add_application(slicer: Any, stack: ExitStack, settings_file: Path) -> None:
    """Put into `slicer` what only the application has, until the stack is closed."""
    from AutoLabelLib.scene.headless import application_logic, headless_scene
    from Testing.host.slicer_classes import slicer_classes

    headless_scene(fresh=True)  # before there is an application: its scene is the user's
    app = application()
    QtCore.QSettings.setPath(
        QtCore.QSettings.Format.IniFormat, QtCore.QSettings.Scope.UserScope, str(settings_file.parent)
    )
    QtCore.QSettings.setDefaultFormat(QtCore.QSettings.Format.IniFormat)
    from Testing.host.views import qSlicerLayoutManager

    layout = qSlicerLayoutManager(application_logic(), slicer.mrmlScene)
    app.__dict__["_native"].begin(application_logic(), layout, QtCore.QSettings())
    for name, value in {"app": app, **slicer_classes()}.items():
        stack.enter_context(mock.patch.object(slicer, name, value, create=True))
    for name, module in _slicer_modules().items():
        sys.modules[name] = module  # by hand: mock.patch.dict would forget what is imported meanwhile
        stack.callback(sys.modules.pop, name, None)
        if name.startswith("slicer."):
            stack.enter_context(mock.patch.object(slicer, name.removeprefix("slicer."), module, create=True))


@contextmanager
def running_host(folder: Path) -> Iterator[Host]:
    """Run the stand-in with an empty scene and settings of its own; end it with everything closed.

    Args:
        folder: Where the settings are kept.

    Raises:
        AssertionError: At the end, if a slot raised and the test did not look at it.
    """
    import slicer
    import slicer.util

    slots.errors.clear()
    dialogs.reset()
    packaging_module.reset()
    with ExitStack() as stack:
        _add_application(slicer, stack, folder / "Slicer.ini")
        host = Host(folder)
        try:
            yield host
        finally:
            host.unload_modules()
            slicer.mrmlScene.Clear(True)  # while the widgets are there: what observes it may touch them
            observing.end_all()
            disconnect_all(unwrap(slicer.app))
            qSlicerSegmentEditorEffectFactory.forget()
            _close_windows()
    assert not slots.errors, "a slot raised:\n" + "\n".join(slots.errors)
