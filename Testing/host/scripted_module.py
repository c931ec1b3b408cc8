"""The base classes of a scripted module: module, widget, logic and test."""

from __future__ import annotations

import importlib
import logging
import unittest
from pathlib import Path
from typing import Any

import slicer


def _resource(module_path: str, name: str) -> str:
    return str(Path(module_path).parent / "Resources" / name)


class ScriptedLoadableModule:
    """What a module is."""

    def __init__(self, parent: Any) -> None:
        super().__init__()
        self.parent = parent
        self.moduleName = type(self).__name__
        parent.title, parent.categories, parent.dependencies, parent.contributors = "", [], [], ["Nobody"]
        parent.helpText = parent.acknowledgementText = "This module has no text yet."
        for kind in ("svg", "png"):
            icon = _resource(parent.path, f"Icons/{self.moduleName}.{kind}")
            if Path(icon).is_file():
                parent.icon = importlib.import_module("qt").QIcon(icon)
                break
        if not hasattr(slicer, "selfTests"):
            slicer.selfTests = {}
        slicer.selfTests[self.moduleName] = self.runTest

    def resourcePath(self, name: str) -> str:
        """Return the path of a resource of the module."""
        return _resource(self.parent.path, name)

    def getDefaultModuleDocumentationLink(self, docPage: str | None = None) -> str:
        """Return a paragraph with a link to the module's page."""
        return (
            f'<p>See <a href="{docPage or slicer.app.moduleDocumentationUrl(self.moduleName)}">documentation</a>.</p>'
        )

    def runTest(self, msec: int = 100, **options: Any) -> None:
        """Run the module's test."""
        test = getattr(importlib.import_module(self.__module__), f"{self.moduleName}Test")()
        test.messageDelay = msec
        test.runTest(**options)


class ScriptedLoadableModuleWidget:
    """A module's panel."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Widget")
        self.developerMode = slicer.util.settingsValue("Developer/DeveloperMode", False, converter=slicer.util.toBool)
        self.parent = parent or self._own_parent()
        self.layout = self.parent.layout()
        if not parent:
            self.setup()
            self.parent.show()
        slicer.app.moduleManager().connect("moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded)

    def _own_parent(self) -> Any:
        import qt

        made = slicer.qMRMLWidget()
        made.setLayout(qt.QVBoxLayout())
        made.setMRMLScene(slicer.mrmlScene)
        return made

    def resourcePath(self, name: str) -> str:
        """Return the path of a resource of the module."""
        return _resource(slicer.util.modulePath(self.moduleName), name)

    def setup(self) -> None:
        """Make what Slicer shows to developers; the stand-in has nothing of it."""

    def cleanup(self) -> None:
        """Let go of everything, before the module is unloaded."""

    def onReload(self) -> None:
        """Load the module's file and make its panel anew."""
        slicer.util.reloadScriptedModule(self.moduleName)

    def _onModuleAboutToBeUnloaded(self, name: str) -> None:
        if name == self.moduleName:
            self.cleanup()
            manager = slicer.app.moduleManager()
            manager.disconnect("moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded)


class ScriptedLoadableModuleLogic:
    """What a module can do, without its panel."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Logic")
        self.isSingletonParameterNode = True

    def getParameterNode(self) -> Any:
        """Return the module's first parameter node, added to the scene where there is none."""
        if self.isSingletonParameterNode:
            node = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
            if node is not None:
                # Closing the scene may have taken the attribute away.
                if node.GetAttribute("ModuleName") != self.moduleName:
                    node.SetAttribute("ModuleName", self.moduleName)
                return node
        else:
            for node in self.getAllParameterNodes():
                return node
        return slicer.mrmlScene.AddNode(self.createParameterNode())

    def getAllParameterNodes(self) -> list[Any]:
        """Return all of the module's parameter nodes."""
        nodes = slicer.util.getNodesByClass("vtkMRMLScriptedModuleNode")
        return [node for node in nodes if node.GetAttribute("ModuleName") == self.moduleName]

    def createParameterNode(self) -> Any:
        """Return a new parameter node, which is not in the scene yet."""
        node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
        node.UnRegister(None)
        if self.isSingletonParameterNode:
            node.SetSingletonTag(self.moduleName)
        node.SetAttribute("ModuleName", self.moduleName)
        node.SetName(slicer.mrmlScene.GenerateUniqueName(self.moduleName))
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    """A module's self-test."""

    messageDelay = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.moduleTestNames = [name for name in dir(self) if "test" in name and callable(getattr(self, name))]

    def delayDisplay(self, message: str, requestedDelay: int | None = None, msec: int | None = None) -> None:
        """Tell what is being tested."""
        slicer.util.delayDisplay(message, 0)

    def runTest(self) -> None:
        """Run every method that is a test."""
        self.setUpClass()
        for name in self.moduleTestNames:
            self.setUp()
            logging.info("Running %s", name)
            getattr(self, name)()
            self.tearDown()
        self.tearDownClass()
