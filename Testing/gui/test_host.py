"""The test host behaves as Slicer does where the panels rely on it; what is asserted was seen in Slicer 5.13 first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

UI = """<ui version="4.0"><class>P</class><widget class="qMRMLWidget" name="P">
<layout class="QVBoxLayout"><item><widget class="ctkCollapsibleButton" name="section">
<property name="text"><string>Section</string></property><property name="checked"><bool>{open}</bool></property>
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
<receiver>{receiver}</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot></connection></connections></ui>"""


def load(host: Any, folder: Path, is_open: str = "true", receiver: str = "volumeBox") -> Any:
    path = folder / "P.ui"
    path.write_text(UI.format(open=is_open, receiver=receiver))
    widget = host.slicer.util.loadUI(str(path))
    widget.setMRMLScene(host.slicer.mrmlScene)
    found = host.slicer.util.childWidgetVariables(widget)
    found.widget = widget
    return found


@pytest.fixture
def ui(host: Any, tmp_path: Path) -> Any:
    return load(host, tmp_path)


def add(scene: Any, *names: str) -> Any:
    nodes = [scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name) for name in names]
    return nodes if len(nodes) > 1 else nodes[0]


def name_of(node: Any) -> str | None:
    return None if node is None else node.GetName()


def test_properties_are_attributes(qt: Any) -> None:
    button = qt.QPushButton("Run")
    button.enabled = False
    button.setToolTip("Runs it.")
    assert (button.text, button.isEnabled(), button.toolTip, button.className()) == (
        "Run",
        False,
        "Runs it.",
        "QPushButton",
    )
    button.name = "runButton"
    assert button.objectName == "runButton"
    assert qt.QTimer().interval == 0


def test_what_pythonqt_refuses_is_refused(qt: Any) -> None:
    button = qt.QPushButton("Run")
    with pytest.raises(TypeError, match="not callable"):
        button.text()
    with pytest.raises(AttributeError, match="does not exist on QPushButton"):
        button.nonsense = 1
    with pytest.raises(AttributeError, match="no attribute named"):
        button.nonsense  # noqa: B018 - the reading is what is tested
    with pytest.raises(ValueError, match="does not support kwargs"):
        qt.QLabel(text="Run")
    with pytest.raises(AttributeError, match="can not be overwritten"):
        qt.QTimer().singleShot = True
    with pytest.raises(ValueError, match="does not exist"):
        button.connect("clickd()", print)
    with pytest.raises(AttributeError, match="no attribute"):
        qt.Signal  # noqa: B018 - as above
    assert not isinstance(button, qt.QWidget)  # wrappers of Qt's classes do not derive from each other


def test_enumerators_are_numbers_and_lists_are_tuples(qt: Any) -> None:
    label = qt.QLabel("text")
    label.alignment = qt.Qt.AlignRight | qt.Qt.AlignVCenter
    assert label.alignment == 0x82
    assert qt.QMessageBox.Ok | qt.QMessageBox.Cancel == 4195328
    widget = qt.QWidget()
    qt.QVBoxLayout(widget).addWidget(label)
    assert widget.findChildren("QLabel") == (label,)
    assert label.parent() is widget


def test_slots_get_as_many_arguments_as_they_take(qt: Any) -> None:
    box, heard = qt.QCheckBox(), []
    box.connect("toggled(bool)", heard.append)
    box.connect("toggled(bool)", lambda: heard.append("without"))
    box.toggled.connect(lambda on: heard.append(on))
    box.checked = True
    assert heard == [True, "without", True]
    box.disconnect("toggled(bool)", heard.append)
    box.checked = False
    assert heard[3:] == ["without", False]


def test_an_error_in_a_slot_stays_in_it_and_is_remembered(host: Any, qt: Any) -> None:
    button = qt.QPushButton()
    button.connect("clicked()", lambda: 1 / 0)
    button.click()
    assert "ZeroDivisionError" in host.slot_errors[0]
    host.slot_errors.clear()


def test_timers_run_while_events_are_processed(host: Any, qt: Any) -> None:
    timer, ticks = qt.QTimer(), []
    timer.setInterval(5)
    timer.connect("timeout()", lambda: ticks.append(1))
    timer.start()
    host.wait_until(lambda: len(ticks) > 2, timeout_seconds=5)
    timer.stop()
    assert not timer.isActive()


def test_a_class_of_python_replaces_virtual_methods(host: Any, qt: Any) -> None:
    class Filter(qt.QObject):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.shown = 0

        def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802 - as Qt spells it
            self.shown += event.type() == qt.QEvent.Show
            return False

    label, watcher = qt.QLabel("text"), Filter()
    label.installEventFilter(watcher)
    label.show()
    assert watcher.shown == 1


def test_settings_are_the_tests_own(host: Any, qt: Any, tmp_path: Path) -> None:
    qt.QSettings().setValue("AutoLabel/Device", "cpu")
    assert host.slicer.util.settingsValue("AutoLabel/Device", "auto") == "cpu"
    assert qt.QSettings().fileName().startswith(str(tmp_path))
    assert not qt.QSettings().contains("AutoLabel/Other")


def test_a_ui_file_becomes_widgets_that_get_the_scene(host: Any, ui: Any) -> None:
    assert ui.section.text == "Section"
    assert ui.volumeBox.mrmlScene() is host.slicer.mrmlScene
    assert ui.nameEdit.property("SlicerParameterName") == "name"


def test_a_ui_file_that_connects_what_is_not_there_is_refused(host: Any, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="noBox, which is not there"):
        load(host, tmp_path, receiver="noBox")
    with pytest.raises(RuntimeError, match="has no slot"):
        load(host, tmp_path, receiver="nameEdit")


def test_a_section_hides_what_is_in_it_until_it_opens(host: Any, tmp_path: Path) -> None:
    ui = load(host, tmp_path, is_open="false")
    ui.widget.show()
    host.process_events()
    closed_height = ui.section.height
    assert ui.section.collapsed
    assert not ui.nameEdit.visible
    ui.volumeBox.hide()
    ui.section.collapsed = False
    host.process_events()
    assert ui.nameEdit.visible
    assert not ui.volumeBox.visible
    assert ui.section.sizeHint.height() > closed_height
    ui.section.collapsed = True
    ui.volumeBox.show()
    assert not ui.volumeBox.visible
    ui.section.click()
    assert ui.volumeBox.visible


def test_the_node_box_follows_the_scene(ui: Any, scene: Any) -> None:
    box, heard = ui.volumeBox, []
    box.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: heard.append(name_of(node)))
    one, two, three = add(scene, "one", "two", "three")
    assert (box.nodeCount(), box.currentNode()) == (3, None)
    box.setCurrentNode(two)
    scene.RemoveNode(two)  # its successor is chosen
    scene.RemoveNode(three)  # the last one
    scene.RemoveNode(one)
    assert heard == ["two", "three", "one", None]
    four = add(scene, "four")
    box.setCurrentNodeID(four.GetID())
    four.SetName("fourth")
    assert box.findChild("ctkComboBox").currentText == "fourth"
    scene.Clear()
    assert (box.currentNode(), box.currentNodeID, box.nodeCount()) == (None, "", 0)


def test_the_node_box_lists_what_it_should(ui: Any, scene: Any) -> None:
    box = ui.volumeBox
    add(scene, "CT")
    scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "segments")
    hidden = scene.CreateNodeByClass("vtkMRMLScalarVolumeNode")
    hidden.UnRegister(None)
    hidden.SetHideFromEditors(True)
    scene.AddNode(hidden)

    def listed() -> list[str | None]:
        return [name_of(box.nodeFromIndex(index)) for index in range(box.nodeCount())]

    assert listed() == ["CT", "labels"]
    box.hideChildNodeTypes = ["vtkMRMLLabelMapVolumeNode"]
    assert listed() == ["CT"]
    box.nodeTypes = ["vtkMRMLSegmentationNode"]
    assert listed() == ["segments"]
    assert box.currentNode() is None


def test_a_box_without_none_chooses_by_itself_only_at_first(host: Any, scene: Any) -> None:
    def box(**choices: bool) -> Any:
        made = host.slicer.qMRMLNodeComboBox()
        made.nodeTypes = ["vtkMRMLScalarVolumeNode"]
        for name, value in choices.items():
            setattr(made, name, value)
        made.setMRMLScene(scene)
        return made

    before, without_actions = box(), box(addEnabled=False, removeEnabled=False)
    node = add(scene, "CT")
    assert before.currentNode() is None
    assert without_actions.currentNode() is node
    assert box().currentNode() is node
    assert before.addNode().GetName() == before.currentNode().GetName()


def parameters_of(slicer: Any, node: Any) -> Any:
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    annotations = {
        "volume": slicer.vtkMRMLScalarVolumeNode,
        "other": slicer.vtkMRMLSegmentationNode | None,
        "name": str,
        "count": int,
        "part": float,
        "isOn": bool,
    }
    body = {"__annotations__": annotations, "name": "x", "count": 3}
    return parameterNodeWrapper(type("Parameters", (), body))(node)


def test_parameters_are_kept_as_slicer_keeps_them(slicer: Any, scene: Any) -> None:
    node = scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    parameters = parameters_of(slicer, node)
    assert (parameters.volume, parameters.name, parameters.part, parameters.isOn) == (None, "x", 0.0, False)
    written = {name: node.GetParameter(name) for name in node.GetParameterNames()}
    assert written == {"volume": "", "other.1": "True", "name": "x", "count": "3", "part": "0", "isOn": "False"}
    volume = parameters.volume = add(scene, "CT")
    assert node.GetNodeReferenceID("volume") == volume.GetID()
    scene.RemoveNode(volume)
    assert parameters.volume is None
    with pytest.raises(TypeError, match="Value must be of type"):
        parameters.count = "three"
    with pytest.raises(ValueError, match="must not be None"):
        parameters.name = None


def test_parameters_come_back_with_a_saved_scene(slicer: Any, scene: Any, tmp_path: Path) -> None:
    logic = slicer.ScriptedLoadableModule.ScriptedLoadableModuleLogic()
    logic.moduleName = "Sample"
    parameters = parameters_of(slicer, logic.getParameterNode())
    parameters.volume, parameters.name, parameters.count = add(scene, "CT"), "y", 7
    scene.SetURL(str(tmp_path / "scene.mrml"))
    assert scene.Commit()
    scene.Clear()
    parameters_of(slicer, logic.getParameterNode())
    scene.SetURL(str(tmp_path / "scene.mrml"))
    assert scene.Connect()
    again = parameters_of(slicer, logic.getParameterNode())
    assert (again.volume.GetName(), again.name, again.count, again.part) == ("CT", "y", 7, 0.0)


def test_parameters_and_widgets_follow_each_other(slicer: Any, scene: Any, ui: Any) -> None:
    parameters = parameters_of(slicer, scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))
    tag = parameters.connectGui(ui.widget)
    assert ui.nameEdit.text == "x"
    ui.nameEdit.text = "y"
    assert parameters.name == "y"
    parameters.volume = add(scene, "CT")
    assert ui.volumeBox.currentNode() is parameters.volume
    parameters.disconnectGui(tag)
    ui.nameEdit.text = "z"
    assert parameters.name == "y"
    with pytest.raises(RuntimeError, match="Unable to create GUI connector"):
        parameters.connectParametersToGui({"count": ui.nameEdit})


def test_message_boxes_are_answered_as_the_test_says(host: Any, slicer: Any) -> None:
    host.answer("ok", "cancel")
    assert slicer.util.confirmOkCancelDisplay("Install?")
    assert not slicer.util.confirmOkCancelDisplay("Really?")
    slicer.util.errorDisplay("It failed.")
    assert [message.text for message in host.messages] == ["Install?", "Really?", "It failed."]
    assert not host.slot_errors
    assert not slicer.util.confirmOkCancelDisplay("Unforeseen?")
    assert "gives no answer" in host.slot_errors.pop()


def test_packages_are_missing_as_the_test_says(host: Any, slicer: Any) -> None:
    host.packages.missing = {"monai"}
    with pytest.raises(RuntimeError, match="declined"):
        host.answer("cancel")
        slicer.packaging.pip_ensure(["monai>=1.5", "numpy"], requester="AutoLabel")
    host.answer("ok")
    slicer.packaging.pip_ensure(["monai>=1.5", "numpy"], requester="AutoLabel")
    assert host.packages.installed == ["monai>=1.5"]
    assert slicer.packaging.pip_check("monai")


def test_a_picture_has_the_width_that_was_asked_for(host: Any, qt: Any, ui: Any, tmp_path: Path) -> None:
    from Testing.host.pictures import cut_texts

    light = qt.QImage(str(host.save_picture(ui.widget, tmp_path / "light.png", 320)))
    dark = qt.QImage(str(host.save_picture(ui.widget, tmp_path / "dark.png", 320, dark=True)))
    assert (light.width(), dark.width()) == (320, 320)
    assert qt.QColor(light.pixel(1, 1)).lightness() > 200
    assert qt.QColor(dark.pixel(1, 1)).lightness() < 80
    label = qt.QLabel("a text that is too long for this", ui.widget)
    label.setFixedWidth(20)
    label.show()
    assert len(cut_texts(ui.widget)) == 1


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


def test_the_application_is_gone_after_a_test(host: Any) -> None:
    import slicer

    assert hasattr(slicer, "app")


def test_and_really_is() -> None:
    slicer = pytest.importorskip("slicer")
    assert not hasattr(slicer, "app")
