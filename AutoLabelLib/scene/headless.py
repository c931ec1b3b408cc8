"""A MRML scene where there is no Slicer application: for the command line and for tests.

In Slicer, the application makes the scene, connects each module's logic to it and offers them as `slicer.modules`. The
headless libraries bring the scene and the logics, but nobody who connects them; this does.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from AutoLabelLib.scene.nodes import load_slicer

# Attribute of slicer.modules -> class of its logic and its name in the application, in the order in which they start.
# Without the segmentation logic, a segmentation node cannot hold a segment; without the terminology logic, it
# cannot be coded; the others register the classes of nodes that a scene file may contain.
_LOGICS = {
    "terminologies": ("vtkSlicerTerminologiesModuleLogic", "Terminologies"),
    "volumes": ("vtkSlicerVolumesLogic", "Volumes"),
    "segmentations": ("vtkSlicerSegmentationsModuleLogic", "Segmentations"),
    "subjecthierarchy": ("vtkSlicerSubjectHierarchyModuleLogic", "SubjectHierarchy"),
    "transforms": ("vtkSlicerTransformLogic", "Transforms"),
    "models": ("vtkSlicerModelsLogic", "Models"),
    "markups": ("vtkSlicerMarkupsLogic", "Markups"),
    "tables": ("vtkSlicerTablesLogic", "Tables"),
    "sequences": ("vtkSlicerSequencesLogic", "Sequences"),
}


_application_logic: Any = None  # the logics and the scene know it only weakly


def has_application() -> bool:
    """Return whether this runs inside the Slicer application."""
    return hasattr(load_slicer(), "app")


def application_logic() -> Any:
    """Return the vtkMRMLApplicationLogic: the application's, or the one behind `headless_scene`."""
    return load_slicer().app.applicationLogic() if has_application() else _application_logic


def headless_scene(fresh: bool = False) -> Any:
    """Return `slicer.mrmlScene`, which is made first where there is none.

    Args:
        fresh: Start with a new, empty scene. Inside the Slicer application this has no effect: the scene is the
            user's.

    Raises:
        MissingDependency: If the Slicer libraries are not installed.
    """
    slicer = load_slicer()
    if has_application() or (getattr(slicer, "mrmlScene", None) is not None and not fresh):
        return slicer.mrmlScene
    importlib.import_module("slicer.util")  # in the application it is there without being asked for

    slicer.mrmlScene = slicer.vtkMRMLScene()
    _connect_logics(slicer)
    return slicer.mrmlScene


@contextmanager
def _quiet(slicer: Any) -> Iterator[None]:
    """Keep VTK from printing: the terminology logic misses files that only the application has, and says so."""
    wanted = slicer.vtkMRMLScene.GetGlobalWarningDisplay()
    slicer.vtkMRMLScene.GlobalWarningDisplayOff()
    try:
        yield
    finally:
        slicer.vtkMRMLScene.SetGlobalWarningDisplay(wanted)


def _connect_logics(slicer: Any) -> None:
    global _application_logic
    _application_logic = slicer.vtkSlicerApplicationLogic()
    _application_logic.SetMRMLScene(slicer.mrmlScene)
    logics = {"colors": _application_logic.GetColorLogic()}
    logics["colors"].SetMRMLScene(slicer.mrmlScene)
    logics["colors"].AddDefaultColorNodes()
    _application_logic.SetModuleLogic("Colors", logics["colors"])
    for module_name, (class_name, logic_name) in _LOGICS.items():
        logics[module_name] = getattr(slicer, class_name)()
        logics[module_name].SetMRMLApplicationLogic(_application_logic)
        with _quiet(slicer):
            logics[module_name].SetMRMLScene(slicer.mrmlScene)
        _application_logic.SetModuleLogic(logic_name, logics[module_name])
    modules = {name: SimpleNamespace(logic=lambda logic=logic: logic) for name, logic in logics.items()}
    slicer.modules = SimpleNamespace(**modules)
