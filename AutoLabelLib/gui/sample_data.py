"""AutoLabel's entry in Slicer's module Sample Data: a synthetic chest CT, made on this computer when it is chosen.

Nothing is downloaded. The worker makes it, so that the window stays free.
"""

from __future__ import annotations

import logging
from typing import Any

import slicer
from slicer.i18n import tr as _

from AutoLabelLib.core.locations import resources

CATEGORY = "AutoLabel"
CHEST_PHANTOM = "AutoLabel chest phantom"
NODE_NAME = "Chest phantom"

_SPACING_MM = (1.2, 1.2, 1.5)  # as good for the model as the demonstration's 0.8 mm, in a third of the time

_runner: Any = None  # made when the first sample is chosen: one at a time, and without it no timer


def register() -> None:
    """Offer the samples in the module Sample Data; doing it again changes nothing.

    `SampleData.downloadSample` knows only what has an address; in a script call `chest_phantom().wait()` instead.
    """
    import SampleData

    offered = getattr(slicer.modules, "sampleDataSources", {}).get(CATEGORY, [])
    offered[:] = [source for source in offered if source.sampleName != CHEST_PHANTOM]  # of before a reload
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category=CATEGORY,
        sampleName=CHEST_PHANTOM,
        uris="",
        fileNames="",
        nodeNames=NODE_NAME,
        customDownloader=load_chest_phantom,
        thumbnailFileName=str(resources() / "Icons" / "AutoLabelChestPhantom.png"),
    )


def load_chest_phantom(source: Any = None) -> None:
    """Begin to make the chest and return at once; it is shown when it is there. Sample Data calls this.

    Args:
        source: What Sample Data chose.
    """
    global _runner
    from AutoLabelLib.gui.runner import Runner

    if _runner is None:
        _runner = Runner()
    if _runner.busy:
        slicer.util.showStatusMessage(_("The chest phantom is being made."), 5000)
        return
    _runner.start(
        chest_phantom,
        what=_("Making the chest phantom"),
        on_done=lambda volume_node, pending: _show(volume_node),
        on_failed=lambda error: slicer.util.errorDisplay(str(error)),
        for_scene=False,
    )
    slicer.util.showStatusMessage(_("Making a synthetic chest CT; this takes some seconds."), 10000)


def chest_phantom() -> Any:
    """Return a `Pending` whose output is the volume node, with a markups node of its nodules beside it."""
    from AutoLabelLib.api.pending import Pending
    from AutoLabelLib.client import default_worker
    from AutoLabelLib.core.job import Job, Result
    from AutoLabelLib.gui.settings import Settings
    from AutoLabelLib.gui.slicer_worker import use_slicer_worker
    from AutoLabelLib.scene.known_nodules import chest_nodes

    def nodes(result: Result) -> Any:
        volume_node, _markups_node = chest_nodes(result.images[0], result.values["nodules"], NODE_NAME)
        return volume_node

    use_slicer_worker(Settings())
    return Pending(default_worker().submit(Job("phantom", options={"spacing_mm": _SPACING_MM})), nodes)


def _show(volume_node: Any) -> None:
    logging.info("AutoLabel: the chest phantom is loaded.")
    slicer.util.setSliceViewerLayers(background=volume_node, fit=True)
    slicer.util.showStatusMessage(_("The chest phantom is loaded. Its nodules are marked with their true size."), 5000)
