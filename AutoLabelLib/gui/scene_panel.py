"""A panel whose choices are kept in the scene."""

from __future__ import annotations

from typing import Any

import vtk
from slicer.util import VTKObservationMixin

from AutoLabelLib.gui.errors import reported
from AutoLabelLib.gui.shared import Shared
from AutoLabelLib.gui.ui_files import load_ui


class ScenePanel(VTKObservationMixin):
    """Binds widgets to the choices of a scene and follows them; what it shows is the matter of `update`.

    Args:
        shared: What the panels share.
        ui_name: File of its widgets, in Resources/UI.
    """

    def __init__(self, shared: Shared, ui_name: str) -> None:
        super().__init__()
        self._shared = shared
        self._parameters: Any = None
        self._gui_tag: Any = None
        self.widget, self.ui = load_ui(ui_name)

    def update(self) -> None:
        """Show everything as it is now."""
        raise NotImplementedError

    def _followed(self) -> None:
        """A scene is there: observe what else matters in it."""

    def _let_go(self) -> None:
        """The scene is about to go: forget what is of it. Observers are removed anyway."""

    def _scene_changed(self, caller: Any = None, event: str = "") -> None:
        """A choice has changed; the border to VTK, where nothing may pass."""
        with reported(self._shared.report):
            self.update()

    def set_parameters(self, parameters: Any) -> None:
        """Show and change the choices of a scene; None while there is no scene."""
        if self._parameters is not None:
            self._parameters.disconnectGui(self._gui_tag)
            self._let_go()
            self.removeObservers()
        self._parameters = parameters
        if parameters is not None:
            self._gui_tag = parameters.connectGui(self.ui)
            self.addObserver(parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self._scene_changed)
            self._followed()
        self.update()

    def enter(self) -> None:
        """Show the scene as it is now."""
        self.update()

    def exit(self) -> None:
        """Nothing to stop: what is watched is cheap."""

    def cleanup(self) -> None:
        """Let go of the scene."""
        self.set_parameters(None)
