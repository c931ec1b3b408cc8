"""Boxes in which the user chooses a volume: heatmaps, which are volumes, too, are not offered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qt
import slicer
from slicer.util import VTKObservationMixin

from AutoLabelLib.scene.heatmaps import all_heatmaps


class VolumeBoxes(VTKObservationMixin):
    """Keeps heatmaps out of boxes; everywhere else in Slicer they are volumes like others, which are saved and listed.

    Args:
        boxes: qMRMLNodeComboBox each.
    """

    def __init__(self, boxes: Sequence[Any]) -> None:
        super().__init__()
        self._boxes = boxes
        # Later, when what was added is known to be a heatmap, and once for a scene that is loaded.
        self._later = qt.QTimer()
        self._later.setSingleShot(True)
        self._later.connect("timeout()", self._hide_heatmaps)

    def follow(self, is_scene_there: bool) -> None:
        """Follow the scene, or let go of it."""
        self.removeObservers()
        self._later.stop()
        if is_scene_there:
            scene = slicer.mrmlScene
            for event in (scene.NodeAddedEvent, scene.NodeRemovedEvent):
                self.addObserver(scene, event, self._changed)
            self._later.start()

    def _changed(self, caller: Any, event: str) -> None:
        self._later.start()

    def _hide_heatmaps(self) -> None:
        hidden = [node.GetID() for node in all_heatmaps(slicer.mrmlScene)]
        for box in self._boxes:
            nodes = box.sortFilterProxyModel()
            if list(nodes.hiddenNodeIDs) != hidden:
                nodes.hiddenNodeIDs = hidden
