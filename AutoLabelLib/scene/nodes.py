"""Nodes by id, and the Slicer libraries they come from."""

from __future__ import annotations

import threading
from typing import Any

from AutoLabelLib.core.errors import AutoLabelError, InputError, MissingDependency

Node = Any
"""A MRML node; Slicer's classes have no Python types."""


def load_slicer() -> Any:
    """Return the `slicer` package: Slicer's own, or that of the headless libraries.

    Raises:
        MissingDependency: If neither is there.
        AutoLabelError: If this is not the main thread, on which alone MRML nodes may be touched.
    """
    if threading.current_thread() is not threading.main_thread():
        raise AutoLabelError(
            "The scene can be used on the main thread only.",
            "Let the thread put its results into a queue, and a timer on the main thread take them out.",
        )
    try:
        import slicer
    except ModuleNotFoundError as error:
        raise MissingDependency(
            "This needs the libraries of 3D Slicer, but they are not installed.",
            'Run it inside Slicer, or install them: pip install "autolabel[slicer]"',
        ) from error
    return slicer


def current_scene() -> Any:
    """Return the scene that is open in Slicer, or that `headless_scene` made.

    Raises:
        InputError: If there is none.
    """
    scene = getattr(load_slicer(), "mrmlScene", None)
    if scene is None:
        raise InputError("There is no MRML scene.", "Call AutoLabelLib.scene.headless.headless_scene() first.")
    return scene


def resolve(node_id: str, class_name: str = "vtkMRMLNode", scene: Any = None, name: str = "") -> Node:
    """Return the node of an id, which is what to keep while something else runs.

    Args:
        node_id: Such as "vtkMRMLScalarVolumeNode1".
        class_name: Class that it must have.
        scene: Scene to look in; None for the current one.
        name: What the user knows it by, for the error; "" for its id.

    Raises:
        InputError: If it is gone, or is of another class.
    """
    node = (scene or current_scene()).GetNodeByID(node_id)
    if node is None:
        raise InputError(
            f'The node "{name or node_id}" is no longer in the scene.',
            "It was deleted or the scene was closed; choose another one and try again.",
        )
    return check_class(node, class_name)


def check_class(node: Node, class_name: str) -> Node:
    """Return a node that has a class.

    Raises:
        InputError: If it is no node, or is of another class.
    """
    if not (hasattr(node, "IsA") and node.IsA(class_name)):
        kind = node.GetClassName() if hasattr(node, "GetClassName") else type(node).__name__
        raise InputError(f"Expected a {class_name}, got a {kind}.")
    return node


def scene_of(node: Node) -> Any:
    """Return the scene that a node is in.

    Raises:
        InputError: If it is in none.
    """
    scene = node.GetScene()
    if scene is None:
        raise InputError(
            f'The node "{node.GetName()}" is not in a scene.', "Add it to the scene first, or choose another one."
        )
    return scene
