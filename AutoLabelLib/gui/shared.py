"""What all panels of the module share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from AutoLabelLib.gui.runner import Runner
from AutoLabelLib.gui.settings import Settings


@dataclass(frozen=True, eq=False)
class Shared:
    """Handed to each panel; how panels reach each other and the user.

    Attributes:
        settings: The user's own choices.
        runner: Runs the jobs of all panels, one at a time.
        logic: AutoLabelLogic of the module.
        report: Shows a sentence in the status row; "" clears it.
        announce: Shows a sentence in the status row, with a button that opens the panel Results on a segmentation node.
        notice: Shows a sentence in the bar on top, with a button that opens the panel Setup; "" hides the bar.
        open_panel: Opens a panel by its name: "segment", "interactive", "results", "classify",
            "findings", "models" or "setup".
        show_results: Opens the panel Results on a segmentation node.
        show_finding: Opens the panel Findings on a finding, by its id.
        models_changed: Tells every panel that models were installed, removed or approved.
    """

    settings: Settings
    runner: Runner
    logic: Any
    report: Callable[[str], None]
    announce: Callable[[str, Any], None]
    notice: Callable[[str], None]
    open_panel: Callable[[str], None]
    show_results: Callable[[Any], None]
    show_finding: Callable[[str], None]
    models_changed: Callable[[], None]
