"""A user at work with the effect, with mouse, keys and buttons, and a model that answers when it is told to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.errors import AutoLabelError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Progress, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.model import Channel, ModelSpec
from AutoLabelLib.core.prompt import Box, Point, Position, Prompts

ROOT = Path(__file__).parents[3]
SHAPE = (40, 36, 24)
RADIUS_MM = 6.0

ANYTHING = ModelSpec(
    "any_structure",
    "1.0",
    "segmentation",
    (Channel("image"),),
    (Segment("Structure", 1),),
    prompts=("point", "box", "scribble", "lasso"),
    needs_prompt=True,
    description="Segments anything that you point at.",
)
CLICKS_ON_CT = ModelSpec(
    "lung_nodule_ct",
    "1.0",
    "segmentation",
    (Channel("image", "CT", "HU"),),
    (Segment("Nodule", 1),),
    prompts=("point",),
    needs_prompt=True,
    description="Segments a lung nodule from a click.",
)
AUTOMATIC = ModelSpec("hippocampus_mr", "1.0", "segmentation", (Channel("T1", "MR"),), (Segment("Hippocampus", 1),))


def answer_to(
    prompts: Prompts, affine: NDArray[np.float64], shape: tuple[int, int, int], start: Labelmap | None = None
) -> NDArray[np.bool_]:
    """Return a model's answer (I, J, K): what it starts from, balls around points and strokes, and boxes.

    Negative ones are taken away.
    """
    centres = ras_from_index(affine, np.stack(np.indices(shape), axis=-1))
    mask = np.zeros(shape, bool) if start is None else start.array[0] != 0
    for positive in (True, False):
        for prompt in prompts:
            if prompt.positive != positive:
                continue
            if isinstance(prompt, Box):
                part = ((centres >= prompt.low_ras_mm) & (centres <= prompt.high_ras_mm)).all(axis=-1)
            else:
                corners = [prompt.position_ras_mm] if isinstance(prompt, Point) else prompt.path_ras_mm
                part = np.zeros(shape, bool)
                for corner in corners:
                    part |= np.linalg.norm(centres - corner, axis=-1) <= RADIUS_MM
            mask = mask | part if positive else mask & ~part
    return mask


class FakeModel:
    """Stands for `AutoLabelLib.api.interaction`: takes questions, and answers them when it is told to.

    Attributes:
        questions: The jobs, oldest first.
        answers_at_once: Whether each question is answered at once.
    """

    def __init__(self) -> None:
        self.questions: list[Any] = []
        self.asked: list[Prompts] = []
        self.sessions: list[tuple[str, str]] = []
        self.answers_at_once = True
        self.refuses: AutoLabelError | None = None

    def interact(self, source: Any, model: Any, *, start: Labelmap | None = None, **options: Any) -> Any:
        """Return a session on a volume."""
        self.sessions.append((source.GetID(), str(model)))
        return _Session(self, source.GetID(), start)

    def answer(self, index: int = -1, mask: NDArray[np.bool_] | None = None) -> None:
        """Let a question be answered, with a mask of its own if one is given."""
        handle = self.questions[index].handle
        handle.mask = mask
        handle.finish(Result(handle.id))

    def fail(self, error: AutoLabelError, index: int = -1) -> None:
        """Let a question fail."""
        self.questions[index].handle.finish(error)


class _Session:
    def __init__(self, model: FakeModel, volume_id: str, start: Labelmap | None = None) -> None:
        self._model, self._volume_id, self._start = model, volume_id, start

    def submit(self, prompts: Prompts) -> Any:
        """Take a question."""
        import slicer

        from AutoLabelLib.api.mask_update import MaskUpdate
        from AutoLabelLib.api.pending import Pending
        from AutoLabelLib.client.job_handle import JobHandle
        from AutoLabelLib.core.errors import JobCancelled
        from AutoLabelLib.scene.transforms import prompts_for_image
        from AutoLabelLib.scene.volumes import grid_of, image_from_volume
        from AutoLabelLib.scene.voxels import bounding_box

        model = self._model
        volume_node = slicer.mrmlScene.GetNodeByID(self._volume_id)
        given, grid = prompts_for_image(prompts, volume_node), grid_of(volume_node)
        image: Image = image_from_volume(volume_node)
        ANYTHING.check(image, given)
        if model.refuses is not None:
            raise model.refuses

        def finish(result: Result) -> MaskUpdate:
            mask = (
                handle.mask
                if handle.mask is not None
                else answer_to(given, grid.affine, grid.spatial_shape, self._start)
            )
            box = bounding_box(mask)
            start = (0, 0, 0) if box is None else (box[0].start, box[1].start, box[2].start)
            return MaskUpdate(mask[box] if box is not None else mask[:1, :1, :1], start, grid, result, ANYTHING)

        handle: Any = JobHandle(Job("segmentation"), lambda own: own.finish(JobCancelled()))
        handle.mask = None
        pending: Any = Pending(handle, finish)
        model.questions.append(pending)
        model.asked.append(prompts)
        if model.answers_at_once:
            handle.finish(Result(handle.id))
        return pending

    def progress(self, index: int = -1) -> None:
        """Report progress."""
        self._model.questions[index].handle.report_progress(Progress(0.4, "network", 3.0))


class User:
    """Works in the Segment Editor with a CT volume, two segments, and the effect active.

    Args:
        host: The stand-in for Slicer.
        model: Answers.
        affine: (4, 4) of the volume.
        transform: Parent transform of the volume and the segmentation.
        registers: Whether Slicer has just been started.
    """

    def __init__(
        self,
        host: Any,
        model: FakeModel,
        affine: NDArray[np.float64],
        transform: Any = None,
        registers: bool = True,
    ) -> None:
        import slicer

        from AutoLabelLib.scene.volumes import volume_from_image

        self.host, self.model, self.slicer = host, model, slicer
        voxels = np.random.default_rng(0).integers(-1000, 1000, SHAPE).astype(np.int16)
        self.volume = volume_from_image(Image(voxels[np.newaxis], affine, "CT", unit="HU"), "CT")
        self.affine = affine
        self.segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Segmentation")
        self.segmentation.CreateDefaultDisplayNodes()
        self.segmentation.SetReferenceImageGeometryParameterFromVolumeNode(self.volume)
        if transform is not None:
            for node in (self.volume, self.segmentation):
                node.SetAndObserveTransformNodeID(transform.GetID())
        for name in ("ours", "other"):
            self.segmentation.GetSegmentation().AddEmptySegment(name, name)
        if registers:
            host.load_module(ROOT / "AutoLabel" / "SegmentEditorAutoLabel.py")
            host.start_up()
        self.editor = host.segment_editor()
        self.editor.setSegmentationNode(self.segmentation)
        self.editor.setSourceVolumeNode(self.volume)
        self.choose("ours")
        self.activate()

    def activate(self) -> None:
        """Choose the effect."""
        self.editor.setActiveEffectByName("AutoLabel")
        self.host.process_events()

    def choose(self, segment_id: str) -> None:
        """Choose a segment."""
        self.editor.setCurrentSegmentID(segment_id)
        self.host.process_events()

    @property
    def effect(self) -> Any:
        """The effect's Python object."""
        return self.editor.effectByName("AutoLabel").self()

    @property
    def conversation(self) -> Any:
        """What the effect knows."""
        return self.effect.session.conversation

    @property
    def ui(self) -> Any:
        """The widgets in the options frame."""
        return self.effect.session.panel.ui

    @property
    def text(self) -> str:
        """The status line."""
        return str(self.ui.statusLabel.text)

    @property
    def parameters(self) -> Any:
        """The editor's node."""
        return self.editor.mrmlSegmentEditorNode()

    def listed(self) -> list[str]:
        """Return the texts of the list of prompts."""
        return [self.ui.promptList.item(row).text() for row in range(self.ui.promptList.count)]

    def marks(self) -> list[Any]:
        """Return the marks in the scene."""
        scene = self.slicer.mrmlScene
        count = scene.GetNumberOfNodesByClass("vtkMRMLMarkupsNode")
        return [scene.GetNthNodeByClass(n, "vtkMRMLMarkupsNode") for n in range(count)]

    def world(self, *index: float) -> Position:
        """Return where a voxel is seen, in world RAS mm."""
        from AutoLabelLib.scene.transforms import world_from_local

        r, a, s = world_from_local(self.volume, ras_from_index(self.affine, index)).tolist()
        return (r, a, s)

    def view(self, name: str = "Red") -> Any:
        """Return a slice view."""
        return self.slicer.app.layoutManager().sliceWidget(name)

    def event(self, name: str, position: Position, view: str = "Red", keys: str = "") -> bool:
        """Let a view get an event at a position of the world; return whether it got past the effect."""
        widget = self.view(view)
        node, interactor = widget.mrmlSliceNode(), widget.sliceView().interactor()
        import vtk

        to_view = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Invert(node.GetXYToRAS(), to_view)
        x, y = (round(value) for value in to_view.MultiplyPoint((*position, 1.0))[:2])
        interactor.SetEventInformation(x, y, int("Ctrl" in keys), int("Shift" in keys), "\0", 0, None)
        interactor.SetAltKey(int("Alt" in keys))
        passed: list[bool] = []
        tag = interactor.AddObserver(name, lambda caller, event: passed.append(True), 0.0)
        interactor.InvokeEvent(name)
        interactor.RemoveObserver(tag)
        return bool(passed)

    def show(self, position: Position, view: str = "Red") -> None:
        """Bring a position into a slice view."""
        node = self.view(view).mrmlSliceNode()
        node.JumpSliceByCentering(*position)
        self.host.process_events()

    def click(self, *index: float, view: str = "Red", keys: str = "") -> None:
        """Click on a voxel."""
        position = self.world(*index)
        self.show(position, view)
        self.event("LeftButtonPressEvent", position, view, keys)
        self.event("LeftButtonReleaseEvent", position, view, keys)
        self.settle()

    def drag(self, *path: Position, view: str = "Red", keys: str = "") -> None:
        """Drag along positions of the world that lie in the slice of the first one."""
        self.show(path[0], view)
        self.event("LeftButtonPressEvent", path[0], view, keys)
        for position in path[1:]:
            self.event("MouseMoveEvent", position, view, keys)
        self.event("LeftButtonReleaseEvent", path[-1], view, keys)
        self.settle()

    def settle(self) -> None:
        """Let everything that is under way come to its end."""
        if self.model.answers_at_once:
            self.host.wait_until(lambda: self.effect.session is None or not self.conversation.asking.busy)
        self.host.process_events(0.01)

    def press_key(self, key: str) -> None:
        """Press a shortcut."""
        shortcut = next(one for one in self.effect.session.shortcuts._installed if one.key.toString() == key)
        shortcut.activated.emit() if hasattr(shortcut, "activated") else None
        self.settle()

    def press(self, button: str) -> None:
        """Click a button of the options frame."""
        getattr(self.ui, button).click()
        self.settle()

    def mask(self, segment_id: str = "ours") -> NDArray[np.bool_]:
        """Return a segment's voxels on the volume's grid."""
        from AutoLabelLib.scene.layers import LABELMAP, affine_in
        from AutoLabelLib.scene.transforms import matrix_between, transform_between
        from AutoLabelLib.scene.volumes import grid_of
        from AutoLabelLib.scene.voxels import read_box

        segment = self.segmentation.GetSegmentation().GetSegment(segment_id)
        image, grid = segment.GetRepresentation(LABELMAP), grid_of(self.volume)
        if matrix_between(self.segmentation, self.volume) is None:
            between = transform_between(self.segmentation, self.volume)
            labels = read_box(image, grid.local_affine, (0, 0, 0), SHAPE, between)
        else:
            affine = affine_in(self.segmentation, self.volume, grid.local_affine)
            labels = read_box(image, affine, (0, 0, 0), SHAPE)
        return np.asarray(labels == segment.GetLabelValue())

    def fill(self, segment_id: str, mask: NDArray[np.bool_]) -> None:
        """Give a segment voxels, before the effect has anything to do with it."""
        from AutoLabelLib.scene.segment_update import update_segment

        update_segment(self.segmentation, segment_id, mask, self.volume)
        self.host.process_events(0.01)

    def expected(self, *prompts: Any) -> NDArray[np.bool_]:
        """Return the model's answer to prompts."""
        from AutoLabelLib.scene.transforms import prompts_for_image
        from AutoLabelLib.scene.volumes import grid_of

        held = Prompts()
        for prompt in prompts:
            held = held.adding(prompt)
        grid = grid_of(self.volume)
        return answer_to(prompts_for_image(held, self.volume), grid.affine, SHAPE)
