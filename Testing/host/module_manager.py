"""The application's modules: which there are, and the widget and logic of each."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from PySide6 import QtCore, QtWidgets

from Testing.host.pythonqt import wrap


class ModuleManager(QtCore.QObject):
    """qSlicerModuleManager."""

    moduleAboutToBeUnloaded = QtCore.Signal(str)
    moduleLoaded = QtCore.Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, Any] = {}

    def module(self, name: str) -> Any:
        """Return a module; None where there is none."""
        return self.known.get(name)

    def modulesNames(self) -> list[str]:
        """Return the names of all modules."""
        return list(self.known)

    def isLoaded(self, name: str) -> bool:
        """Return whether a module is there."""
        return name in self.known

    def factoryManager(self) -> Any:
        """Return what loads modules; here it has the same names."""
        return self


class qSlicerScriptedLoadableModuleWidget(QtWidgets.QWidget):
    """The frame in which Slicer shows a scripted module; `self()` is the Python object in it."""

    mrmlSceneChanged = QtCore.Signal(object)
    SIGNATURES = {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged"}

    def __init__(self, module: Any) -> None:
        super().__init__()
        QtWidgets.QVBoxLayout(self)
        self._module = module
        self._python: Any = None
        self._entered = False

    isEntered = QtCore.Property(bool, lambda self: self._entered)

    def load(self) -> None:
        """Make the Python object and let it set itself up."""
        import slicer

        name = self._module.name
        self._python = getattr(sys.modules[name], f"{name}Widget")(wrap(self))
        setattr(slicer.modules, f"{name}Widget", self._python)
        self._python.setup()

    def reload(self) -> None:
        """Do as slicer.util.reloadScriptedModule asks: make the object anew."""
        self.load()

    def self(self) -> Any:
        """Return the Python object."""
        return self._python

    def mrmlScene(self) -> Any:
        """Return the scene."""
        import slicer

        return slicer.mrmlScene

    def setMRMLScene(self, scene: Any) -> None:
        """Hand a scene on."""
        self.mrmlSceneChanged.emit(scene)

    def enter(self) -> None:
        """Show the module."""
        self._entered = True
        if hasattr(self._python, "enter"):
            self._python.enter()

    def exit(self) -> None:
        """Leave the module for another."""
        self._entered = False
        if hasattr(self._python, "exit"):
            self._python.exit()


class qSlicerScriptedLoadableModule:
    """What Slicer hands to a module's constructor, and what `slicer.modules.<name>` is."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.name = path.stem
        self.title = self.name
        self.categories: list[str] = []
        self.dependencies: list[str] = []
        self.contributors: list[str] = []
        self.helpText = self.acknowledgementText = ""
        self.hidden = False
        self.widgetRepresentationCreationEnabled = True
        self.associatedNodeTypes: list[str] = []
        self.icon: Any = None
        self.index = -1
        self._python: Any = None
        self._widget: Any = None

    def load(self) -> None:
        """Run the module's file and make its module object."""
        spec = importlib.util.spec_from_file_location(self.name, self.path)
        assert spec is not None
        assert spec.loader is not None
        loaded = importlib.util.module_from_spec(spec)
        sys.modules[self.name] = loaded
        spec.loader.exec_module(loaded)
        self._python = getattr(loaded, self.name)(self)

    def widgetRepresentation(self) -> Any:
        """Return the module's frame, made when it is first asked for."""
        if self._widget is None and self.widgetRepresentationCreationEnabled:
            self._widget = qSlicerScriptedLoadableModuleWidget(self)
            self._widget.load()
        return wrap(self._widget) if self._widget is not None else None

    def logic(self) -> None:
        """Return no VTK logic: that of a scripted module is its widget's."""

    def self(self) -> Any:
        """Return the Python object."""
        return self._python


def load_module(path: Path) -> qSlicerScriptedLoadableModule:
    """Return a scripted module, loaded as Slicer does at its start."""
    return add_module(qSlicerScriptedLoadableModule(path))


def add_module(module: qSlicerScriptedLoadableModule) -> qSlicerScriptedLoadableModule:
    """Return a module after loading it and adding it to those of the application."""
    import slicer

    module.load()
    manager = slicer.app.moduleManager()
    manager.__dict__["_native"].known[module.name] = module
    setattr(slicer.modules, module.name.lower(), module)
    return module


def unload_module(module: qSlicerScriptedLoadableModule) -> None:
    """Unload a module as Slicer does when it quits."""
    import slicer

    slicer.app.moduleManager().moduleAboutToBeUnloaded.emit(module.name)
    manager = slicer.app.moduleManager()
    manager.__dict__["_native"].known.pop(module.name, None)
    sys.modules.pop(module.name, None)
