"""`slicer.app`: the application, without its windows."""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from Testing.host.module_manager import ModuleManager
from Testing.host.pythonqt import wrap
from Testing.host.slicer_style import FONT, SlicerStyle, slicer_palette

MAJOR, MINOR = 5, 13


class qSlicerApplication(QtWidgets.QApplication):
    """The one application of the process."""

    startupCompleted = QtCore.Signal()
    mrmlSceneChanged = QtCore.Signal(object)
    SIGNATURES = {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged"}

    def __init__(self) -> None:
        super().__init__(["Slicer"])
        self.setOrganizationName("NA-MIC")
        self.setApplicationName("Slicer")
        self.setApplicationVersion(f"{MAJOR}.{MINOR}.0-test")
        self.setStyle(SlicerStyle())
        self.setPalette(slicer_palette())
        self.setFont(QtGui.QFont(*FONT))
        self._module_manager = ModuleManager()
        self._layout_manager: Any = None
        self._testing = False
        self._settings: QtCore.QSettings | None = None
        self._logic: Any = None
        self.restarts = 0

    majorVersion = QtCore.Property(int, lambda self: MAJOR)
    minorVersion = QtCore.Property(int, lambda self: MINOR)
    mainApplicationName = QtCore.Property(str, lambda self: "Slicer")
    temporaryPath = QtCore.Property(str, lambda self: tempfile.gettempdir())
    slicerHome = QtCore.Property(str, lambda self: tempfile.gettempdir())
    revision = QtCore.Property(str, lambda self: "0")
    repositoryRevision = QtCore.Property(str, lambda self: "0")
    platform = QtCore.Property(str, lambda self: "linux-amd64")
    os = QtCore.Property(str, lambda self: "linux")
    arch = QtCore.Property(str, lambda self: "amd64")

    def begin(self, logic: Any, layout_manager: Any, settings: QtCore.QSettings) -> None:
        """Start over with another scene, as a newly started application."""
        self._logic, self._layout_manager, self._settings = logic, layout_manager, settings
        self._testing = False
        self.restarts = 0
        self._module_manager = ModuleManager()

    def mrmlScene(self) -> Any:
        """Return the scene."""
        import slicer

        return slicer.mrmlScene

    def applicationLogic(self) -> Any:
        """Return the real vtkSlicerApplicationLogic."""
        return self._logic

    def layoutManager(self) -> Any:
        """Return the layout of the views."""
        return self._layout_manager

    def moduleManager(self) -> Any:
        """Return the modules."""
        return self._module_manager

    def testingEnabled(self) -> bool:
        """Return whether this is a self-test: then nobody is asked anything."""
        return self._testing

    def setTestingEnabled(self, enabled: bool) -> None:
        """Say whether this is a self-test. Slicer's own application learns it from the command line."""
        self._testing = enabled

    def userSettings(self) -> Any:
        """Return the user's settings."""
        return self._settings

    settings = revisionUserSettings = userSettings

    def startupEnvironment(self) -> QtCore.QProcessEnvironment:
        """Return the environment as it was before Slicer changed it."""
        return QtCore.QProcessEnvironment.systemEnvironment()

    def environment(self) -> QtCore.QProcessEnvironment:
        """Return the environment of the process."""
        found = QtCore.QProcessEnvironment()
        for name, value in os.environ.items():
            found.insert(name, value)
        return found

    def translate(self, context: str, text: str) -> str:
        """Return the text in the user's language."""
        return QtCore.QCoreApplication.translate(context, text)

    def pauseRender(self) -> None:
        """Let the views wait; there is nothing to draw."""

    def resumeRender(self) -> None:
        """Let the views draw again."""

    def restart(self) -> None:
        """Start the application again; the stand-in counts how often it was asked to."""
        self.restarts += 1

    def moduleDocumentationUrl(self, name: str) -> str:
        """Return where a module is described."""
        return f"https://slicer.readthedocs.io/en/latest/user_guide/modules/{name.lower()}.html"


def _message(_kind: Any, _context: Any, text: str) -> None:
    """Print what Qt warns of, except what the offscreen platform says of every window."""
    if "propagateSizeHints" not in text:
        print(f"Qt: {text}", file=sys.stderr)


def _make_constants_immortal() -> None:
    """Keep Python 3.11 alive: PySide6 gives away one reference too many of each None and True that it returns.

    It relies on their being immortal, as they are from 3.12 on; after some ten thousand calls 3.11 aborts. Measured by
    sys.getrefcount around QCoreApplication.processEvents (None) and Signal.emit (True) with PySide6 6.12.
    """
    if sys.version_info < (3, 12):
        for constant in (None, True, False, NotImplemented):
            references = ctypes.c_ssize_t.from_address(id(constant))
            references.value = max(references.value, 1 << 40)


def application() -> Any:
    """Return the application, made first where there is none, as Python sees it."""
    _make_constants_immortal()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    QtCore.qInstallMessageHandler(_message)
    native = QtCore.QCoreApplication.instance()
    return wrap(native if native is not None else qSlicerApplication())
