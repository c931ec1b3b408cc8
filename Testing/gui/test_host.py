"""The test host behaves as Slicer does where the panels rely on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

UI = """<ui version="4.0"><class>P</class><widget class="qMRMLWidget" name="P">
<layout class="QVBoxLayout"><item><widget class="ctkCollapsibleButton" name="section">
<property name="text"><string>Section</string></property>
<layout class="QFormLayout">
<item row="0" column="1"><widget class="qMRMLNodeComboBox" name="volumeBox">
<property name="nodeTypes"><stringlist notr="true"><string>vtkMRMLScalarVolumeNode</string></stringlist></property>
<property name="noneEnabled"><bool>true</bool></property>
<property name="SlicerParameterName" stdset="0"><string>volume</string></property></widget></item>
<item row="1" column="1"><widget class="QLineEdit" name="nameEdit">
<property name="SlicerParameterName" stdset="0"><string>name</string></property></widget></item>
</layout></widget></item></layout></widget>
<customwidgets><customwidget><class>qMRMLWidget</class><extends>QWidget</extends></customwidget>
<customwidget><class>qMRMLNodeComboBox</class><extends>QWidget</extends></customwidget>
<customwidget><class>ctkCollapsibleButton</class><extends>QWidget</extends><container>1</container></customwidget></customwidgets>
<connections><connection><sender>P</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
<receiver>volumeBox</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot></connection></connections></ui>"""


@pytest.fixture
def ui(host: Any, tmp_path: Path) -> Any:
    path = tmp_path / "P.ui"
    path.write_text(UI)
    widget = host.slicer.util.loadUI(str(path))
    widget.setMRMLScene(host.slicer.mrmlScene)
    found = host.slicer.util.childWidgetVariables(widget)
    found.widget = widget
    return found


def test_load(host: Any, ui: Any) -> None:
    slicer = host.slicer
    assert ui.section.text == "Section"
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    assert ui.volumeBox.currentNode() is None
    assert ui.volumeBox.nodeCount() == 1
    heard = []
    ui.volumeBox.connect("currentNodeChanged(vtkMRMLNode*)", heard.append)
    ui.volumeBox.setCurrentNode(node)
    assert heard == [node]
    slicer.mrmlScene.RemoveNode(node)
    assert heard == [node, None]


def test_parameters(host: Any, ui: Any) -> None:
    slicer = host.slicer
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    annotations = {"volume": slicer.vtkMRMLScalarVolumeNode, "name": str}
    kind = parameterNodeWrapper(type("Parameters", (), {"__annotations__": annotations, "name": "x"}))
    parameters = kind(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))
    tag = parameters.connectGui(ui.widget)
    assert ui.nameEdit.text == "x"
    ui.nameEdit.text = "y"
    assert parameters.name == "y"
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    parameters.volume = node
    assert ui.volumeBox.currentNode() is node
    parameters.disconnectGui(tag)


MODULE = """
import qt, slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import *
class Sample(ScriptedLoadableModule):
    def __init__(self, parent):
        super().__init__(parent)
        parent.title = _("Sample")
class SampleWidget(ScriptedLoadableModuleWidget):
    def setup(self):
        super().setup()
        self.layout.addWidget(qt.QLabel("hello"))
        self.entered = 0
    def enter(self):
        self.entered += 1
    def cleanup(self):
        slicer.cleaned = True
class SampleTest(ScriptedLoadableModuleTest):
    def test_something(self):
        slicer.tested = True
"""


def test_a_scripted_module_runs(host: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tested", "cleaned"):
        monkeypatch.setattr(host.slicer, name, False, raising=False)
    path = tmp_path / "Sample.py"
    path.write_text(MODULE)
    module = host.load_module(path)
    assert module.title == "Sample"
    widget = host.open_module(module)
    assert widget.entered == 1
    assert host.slicer.util.getModuleWidget("Sample") is widget
    host.slicer.selfTests["Sample"]()
    assert host.slicer.tested
    host.slicer.util.reloadScriptedModule("Sample")
    assert host.slicer.util.getModuleWidget("Sample") is not widget
    host.slicer.cleaned = False
    host.unload_modules()
    assert host.slicer.cleaned
