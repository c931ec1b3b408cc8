"""Nodes by id, and what is said where there is no scene, no library or not the right thread."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import pytest

from AutoLabelLib.core.errors import AutoLabelError, InputError, MissingDependency
from AutoLabelLib.scene import nodes


def test_an_id_leads_to_its_node(scene: Any) -> None:
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")

    assert nodes.resolve(node.GetID()) is node
    assert nodes.resolve(node.GetID(), "vtkMRMLVolumeNode", scene) is node


def test_a_node_that_is_gone_is_an_error(scene: Any) -> None:
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    node_id = node.GetID()
    scene.Clear(False)

    with pytest.raises(InputError, match="no longer in the scene"):
        nodes.resolve(node_id)


def test_a_node_of_another_class_is_an_error(scene: Any) -> None:
    node = scene.AddNewNodeByClass("vtkMRMLModelNode")

    with pytest.raises(InputError, match="Expected a vtkMRMLVolumeNode, got a vtkMRMLModelNode"):
        nodes.resolve(node.GetID(), "vtkMRMLVolumeNode")


def test_a_node_in_no_scene_is_an_error(slicer: Any, scene: Any) -> None:
    with pytest.raises(InputError, match="not in a scene"):
        nodes.scene_of(slicer.vtkMRMLScalarVolumeNode())


def test_other_threads_are_refused(scene: Any) -> None:
    caught: list[Exception] = []

    def touch() -> None:
        try:
            nodes.current_scene()
        except AutoLabelError as error:
            caught.append(error)

    thread = threading.Thread(target=touch)
    thread.start()
    thread.join()
    assert "main thread" in str(caught[0])


def test_no_scene_is_an_error(slicer: Any, scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slicer, "mrmlScene", None)

    with pytest.raises(InputError, match="no MRML scene"):
        nodes.current_scene()


def test_missing_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "slicer", None)

    with pytest.raises(MissingDependency, match=r"autolabel\[slicer\]"):
        nodes.load_slicer()


def test_importing_the_layer_loads_neither_slicer_nor_torch() -> None:
    program = (
        "import sys, pkgutil, importlib, AutoLabelLib.scene as layer\n"
        "for module in pkgutil.iter_modules(layer.__path__):\n"
        "    importlib.import_module(f'AutoLabelLib.scene.{module.name}')\n"
        "print({'slicer', 'vtk', 'torch', 'monai', 'SimpleITK', 'scipy'} & set(sys.modules))\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "set()"
