"""A model that needs a prompt looks at the region around it, and further where what it finds goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.core.affine import index_from_ras, ras_from_index
from AutoLabelLib.core.errors import ModelError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.prompt import Point, Prompts
from AutoLabelLib.worker.classical.object_mask import ObjectMask
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks import engine_choice, memory_ladder
from AutoLabelLib.worker.networks.engines import FP16, FP32
from AutoLabelLib.worker.networks.grid import ModelGrid, Region, model_grid, region
from AutoLabelLib.worker.networks.memory_ladder import Plan
from AutoLabelLib.worker.networks.model_cache import LoadedModel
from AutoLabelLib.worker.networks.passes import Passes
from AutoLabelLib.worker.options import SegmentationOptions
from AutoLabelLib.worker.segmentation import correction_rounds
from AutoLabelLib.worker.segmentation.components import nearest_components, positive_positions_ras_mm
from AutoLabelLib.worker.segmentation.look import Look
from AutoLabelLib.worker.segmentation.region_input import region_input
from AutoLabelLib.worker.segmentation.start_mask import GivenAnswer

Shape = tuple[int, int, int]

MOST_REGIONS = 27
_MARGIN_VOXELS = 4  # a click nearer to a region's faces gets a region of its own


def segment(
    image: Image,
    model: LoadedModel,
    prompts: Prompts,
    mirror_axes: tuple[int, ...],
    options: SegmentationOptions,
    context: TaskContext,
    start: ObjectMask | None = None,
) -> tuple[NDArray[Any], dict[str, Any]]:
    """Return labels (layers, I, J, K) on the image's own grid, and how they were made.

    Args:
        image: What to segment; fits the model's contract.
        model: The loaded model.
        prompts: At least one; inside the image.
        mirror_axes: Spatial axes along which mirror images are averaged.
        options: Device and engine.
        context: Receives progress per region.
        start: Mask in which the first point lies: for a model that reads its answer before, its answer to that point.

    Raises:
        OutOfMemory: If a region does not fit into memory.
        ModelError: If the network fails, or the bundle does not say how large its region is.
    """
    patch = model.bundle.window.patch_voxels or model.bundle.spec.patch_voxels
    if patch is None or min(patch) < 1:
        raise ModelError(f'The bundle of "{model.bundle.spec.name}" does not say how large a region it looks at.')
    grid = model_grid(image.affine, image.spatial_shape, model.bundle.preprocessing.axcodes)
    plan = Plan(options.device, options.engine, patch)

    def attempt(plan: Plan) -> tuple[NDArray[Any], dict[str, Any]]:
        looker = _Looker(image, model, grid, plan, mirror_axes, context)
        looker.given = None if start is None else GivenAnswer(start, prompts)
        labels = looker.segment(prompts)
        return labels, {"engine": looker.engine_name, "windows": looker.count}

    (labels, facts), plan = memory_ladder.climb(plan, attempt, context, may_shrink_patch=False)
    return labels, {**facts, "device": plan.device, "patch_voxels": list(plan.patch_voxels)}


class _Looker:
    """Looks at regions of one image with one model, and puts together what it sees."""

    def __init__(
        self,
        image: Image,
        model: LoadedModel,
        grid: ModelGrid,
        plan: Plan,
        mirror_axes: tuple[int, ...],
        context: TaskContext,
    ) -> None:
        self._image = image
        self._model = model
        self._bundle = model.bundle
        self._grid = grid
        self._plan = plan
        self._mirror_axes = mirror_axes
        self._context = context
        self.given: GivenAnswer | None = None
        self.count = 0
        self._passes: dict[Shape, Passes] = {}
        self.engine_name = ""
        self._passes_of(plan.patch_voxels)

    def _passes_of(self, voxels: Shape) -> Passes:
        """Return the network for regions of a shape; made when it is first needed."""
        if voxels in self._passes:
            return self._passes[voxels]
        plan, context, bundle = self._plan, self._context, self._bundle
        name = FP16 if plan.half and not plan.on_cpu and plan.engine in ("auto", FP32) else plan.engine
        channels = self._image.array.shape[0] + 2 + bundle.reads_previous
        with context.phase("load"):
            engine = engine_choice.engine_for(
                self._model,
                plan.device,
                name,
                engine_choice.COMPILE_FROM_WINDOWS,  # a click is rarely the last one
                lambda: torch.zeros((1, channels, *voxels)),
                self._image.fingerprint,
                context,
            )
        self.engine_name = self.engine_name or engine.name
        passes = Passes(engine, bundle.outputs, self._mirror_axes, bundle.spec.name, context)
        return self._passes.setdefault(voxels, passes)

    def segment(self, prompts: Prompts) -> NDArray[Any]:
        """Return labels (layers, I, J, K) on the image's own grid of everything that was pointed at."""
        outputs = self._bundle.outputs
        prompts = self._aimed(prompts)
        labels = np.zeros((outputs.layers, *self._grid.source_shape), outputs.dtype)
        for centre, voxels in self._starts(prompts):
            for look in self._follow(centre, voxels, prompts):
                with self._context.phase("postprocess"):
                    self._paste(look, labels)
        self._context.progress(1.0, "Done")
        return self._grid.to_source(labels)

    def _aimed(self, prompts: Prompts) -> Prompts:
        """Return prompts whose first click lies in the middle of the object that it means, if it was set beside it.

        From there the network knows the object best, and later clicks correct what it says from there. Only for one
        object, and for networks that read what they answered before, since those answers are remembered.
        """
        number = next((n for n, point in enumerate(prompts.points) if point.positive), None)
        aims = self._bundle.keep_component_at_prompt and self._bundle.reads_previous
        if number is None or prompts.strokes or prompts.boxes or not aims:
            return prompts
        before, click, after = prompts.points[:number], prompts.points[number], prompts.points[number + 1 :]
        position = np.asarray(click.position_ras_mm)
        look = self._look(position, self._plan.patch_voxels, replace(prompts, points=(*before, click)))
        if look.is_empty or look.holds(position):
            return prompts
        return replace(prompts, points=(*before, _click(look.middle_ras_mm()), *after))

    def _starts(self, prompts: Prompts) -> list[tuple[NDArray[np.float64], Shape]]:
        """Return the middles (3,), RAS mm, and shapes of the regions to look at: one, if all positive prompts fit in.

        The first click's region is preferred, so that a correction is answered where the user looked at first.
        """
        positions = positive_positions_ras_mm(prompts)
        if not len(positions):
            positions = np.array(prompts.positions_ras_mm())
        narrow = self._plan.patch_voxels
        for voxels in (narrow, self._wider):
            for centre in (positions[0], positions.mean(axis=0)):
                if all(self._is_well_inside(position, centre, voxels) for position in positions):
                    return [(centre, voxels)]
        centres: list[NDArray[np.float64]] = []
        for position in positions:
            if not any(self._is_well_inside(position, centre, narrow) for centre in centres):
                centres.append(position)
        return [(centre, narrow) for centre in centres]

    @property
    def _wider(self) -> Shape:
        """The shape of regions where an object does not fit into the usual one."""
        return self._bundle.wider_voxels or self._plan.patch_voxels

    def _is_well_inside(
        self, position_ras_mm: NDArray[np.float64], centre_ras_mm: NDArray[np.float64], voxels: Shape
    ) -> bool:
        part = self._region(centre_ras_mm, voxels)
        index = index_from_ras(part.affine, position_ras_mm)
        upper = np.asarray(part.shape) - 1 - _MARGIN_VOXELS
        return bool((index >= _MARGIN_VOXELS).all() and (index <= upper).all())

    def _region(self, centre_ras_mm: NDArray[np.float64], voxels: Shape) -> Region:
        return region(self._grid, centre_ras_mm, voxels, self._bundle.spec.spacing_mm)

    def _follow(self, centre_ras_mm: NDArray[np.float64], voxels: Shape, prompts: Prompts) -> Iterator[Look]:
        """Yield what is seen around a position, and beyond the faces of regions through which the object goes on."""
        first = self._look(centre_ras_mm, voxels, prompts)
        if not first.open_faces():
            yield first
            return
        # As in training, the second look is centred at what was found; often the whole object fits into it, or into a
        # region that is wider than the patches of the training.
        second = self._look(first.centre_ras_mm(), self._wider, prompts)
        start = first if second.is_empty else second
        yield start
        queue, seen = deque([((0, 0, 0), start)]), {(0, 0, 0)}
        while queue:
            place, look = queue.popleft()
            for face in look.open_faces():
                beyond = (place[0] + face[0], place[1] + face[1], place[2] + face[2])
                if beyond in seen:
                    continue
                if len(seen) >= MOST_REGIONS:
                    self._context.warn("The object is so large that its far parts were not looked at.")
                    return
                seen.add(beyond)
                position = _middle_ras_mm(start.region, beyond)
                further = self._look(position, start.region.shape, _continued(look, position, prompts))
                yield further
                queue.append((beyond, further))

    def _look(self, centre_ras_mm: NDArray[np.float64], voxels: Shape, prompts: Prompts) -> Look:
        """Return what the network sees in the region around a position."""
        self._context.progress(self.count / (self.count + 1), f"Region {self.count + 1}")
        memory_ladder.fault(self._plan)
        bundle, part = self._bundle, self._region(centre_ras_mm, voxels)
        if bundle.reads_previous:
            place = (part.affine.tobytes(), part.shape)
            given = self.given.key if self.given is not None else ""
            made_by = (self._image.fingerprint, bundle.sha256, self._plan.device, self.engine_name, self._mirror_axes)
            values = correction_rounds.answer(prompts, part, (*made_by, given, *place), partial(self._ask, part))
        else:
            values = self._ask(part, prompts)
        with self._context.phase("postprocess"):
            labels = bundle.outputs.labels(values, True)
            found = np.asarray(labels.any(axis=0))
            if bundle.keep_component_at_prompt:
                found = nearest_components(found, part.covered_affine, positive_positions_ras_mm(prompts))
                labels *= found
        return Look(part, labels, found)

    def _ask(self, part: Region, prompts: Prompts, before: torch.Tensor | None = None) -> torch.Tensor:
        """Return probabilities (C', ...) in the voxels that a region covers, after one pass of the network.

        Args:
            part: The region.
            prompts: What the network is told.
            before: (C', ...), what stood before; None at first.
        """
        bundle = self._bundle
        if self.given is not None and bundle.reads_previous and prompts == self.given.told:
            likely = self.given.probability(part)
            return torch.stack([1 - likely, likely]) if bundle.outputs.is_exclusive else likely[None]
        with self._context.phase("preprocess"):
            channels = region_input(self._image, bundle, part, prompts, before)
        passes = self._passes_of(part.shape)
        values = passes(channels[None])[0].cpu()
        self.count += 1
        with self._context.phase("postprocess"):
            if not passes.are_probabilities:
                values = bundle.outputs.probabilities(values)
            return correction_rounds.on_own_grid(values, prompts, part, bundle, before)

    def _paste(self, look: Look, labels: NDArray[Any]) -> None:
        """Write what was seen into labels (layers, I, J, K) in the model's axis order; what is there already stays."""
        target = labels[(slice(None), *look.region.coverage)]
        np.copyto(target, look.labels, where=target == 0)


def _continued(look: Look, position_ras_mm: NDArray[np.float64], prompts: Prompts) -> Prompts:
    """Return the prompts for the next region: the user's, and a click on what was already found, nearest to it."""
    return replace(prompts, points=(*prompts.points, _click(look.nearest_ras_mm(position_ras_mm))))


def _click(position_ras_mm: NDArray[np.float64]) -> Point:
    r, a, s = (float(value) for value in position_ras_mm)
    return Point((r, a, s))


def _middle_ras_mm(start: Region, place: tuple[int, int, int]) -> NDArray[np.float64]:
    """Return the middle (3,), RAS mm, of a region some places away from a first one; neighbours share a quarter."""
    shape = np.asarray(start.shape)
    return ras_from_index(start.affine, (shape - 1) / 2 + np.asarray(place) * np.rint(0.75 * shape))
