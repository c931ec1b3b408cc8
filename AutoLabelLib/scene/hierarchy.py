"""The subject hierarchy: Slicer's tree of patients, studies and series.

The application makes an item for each node as it is added; without it, nobody does.
"""

from __future__ import annotations

from AutoLabelLib.scene.nodes import Node, load_slicer, scene_of


def item_of(node: Node) -> int:
    """Return the id of a node's item, which is made if it is not there yet."""
    tree = _tree(node)
    item = tree.GetItemByDataNode(node)
    if item == tree.GetInvalidItemID():
        item = tree.CreateItem(tree.GetSceneItemID(), node)
    return int(item)


def attribute(node: Node, name: str) -> str:
    """Return an attribute of a node's item; "" if there is no such item or attribute."""
    if node.GetScene() is None:
        return ""
    tree = _tree(node)
    item = tree.GetItemByDataNode(node)
    return "" if item == tree.GetInvalidItemID() else str(tree.GetItemAttribute(item, name))


def place_beside(node: Node, other: Node) -> None:
    """Put a node into the folder or study of another one."""
    tree = _tree(node)
    tree.SetItemParent(item_of(node), tree.GetItemParent(item_of(other)))


def _tree(node: Node) -> Node:
    return load_slicer().vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene_of(node))
