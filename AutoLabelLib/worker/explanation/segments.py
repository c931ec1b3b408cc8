"""The subject of a segmentation network: why does it put these voxels into this segment?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.core.affine import cropped_affine, ras_from_index
from AutoLabelLib.core.crop import found_box
from AutoLabelLib.core.errors import ContractError, ModelError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Segment
from AutoLabelLib.core.prompt import Prompts
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.explanation.placing import inside_of, mask_on
from AutoLabelLib.worker.explanation.scored_network import Question, ScoredNetwork, on_device
from AutoLabelLib.worker.explanation.subject import Look, Subject
from AutoLabelLib.worker.networks.grid import Region, model_grid, region
from AutoLabelLib.worker.networks.model_cache import IMAGES, LoadedModel
from AutoLabelLib.worker.segmentation import correction_rounds
from AutoLabelLib.worker.segmentation.components import positive_positions_ras_mm
from AutoLabelLib.worker.segmentation.guidance import guidance_channels
from AutoLabelLib.worker.segmentation.region_input import region_input
from AutoLabelLib.worker.segmentation.sliding_window import padded_to, window_starts
from AutoLabelLib.worker.training.clicks import central_voxel

MOST_LOOKS = 8
_OVERLAP = 0.25

Corner = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class AskedSegment:
    """A segment that is to be explained.

    Attributes:
        segment: One of those that the model can segment.
        mask: (I, J, K) bool, its voxels on the image's grid; not empty.
    """

    segment: Segment
    mask: NDArray[np.bool_]


def subject(
    image: Image, model: LoadedModel, prompts: Prompts, asked: AskedSegment, device: str, context: TaskContext
) -> Subject:
    """Return what is to be explained.

    Args:
        image: Fits the model's contract.
        model: The loaded model; it is not changed.
        prompts: What the model was told; held fixed.
        asked: The segment.
        device: Where the network shall run.
        context: Receives warnings.

    Raises:
        ModelError: If the bundle does not say how large a region it looks at.
        ContractError: If the network is told prompts in a way of its own.
    """
    bundle = model.bundle
    if bundle.prompting is not None:
        raise ContractError(
            f'"{bundle.spec.name}" is told prompts in a way of its own, in which it cannot be explained yet.',
            "Explain a model whose prompts are channels beside the image, such as lung_nodule_ct.",
        )
    way = _around_prompt if bundle.spec.needs_prompt else _in_volume
    return way(image, model, prompts, asked, device, context)


def _in_volume(
    image: Image, model: LoadedModel, prompts: Prompts, asked: AskedSegment, device: str, context: TaskContext
) -> Subject:
    """Return the windows of a sliding network that hold the segment."""
    bundle, wishes = model.bundle, model.bundle.preprocessing
    grid = model_grid(image.affine, image.spatial_shape, wishes.axcodes, wishes.spacing_mm)
    volume = IMAGES.get((image.fingerprint, bundle.sha256), lambda: wishes.normalise(grid.from_source(image.array)))
    image_channels = len(volume)
    if bundle.spec.prompts:
        guidance = guidance_channels(prompts, grid.affine, grid.shape, bundle.guidance_sigma_mm)
        volume = torch.cat([volume, torch.from_numpy(guidance)])
    patch = bundle.window.patch_for(grid.shape)
    padded, kept = padded_to(volume, patch, bundle.window.fill)
    mask, inside = torch.zeros(padded.shape[1:], dtype=torch.bool), torch.zeros(padded.shape[1:], dtype=torch.bool)
    mask[tuple(kept)] = torch.from_numpy(mask_on(asked.mask, image.affine, grid.affine, grid.shape))
    inside[tuple(kept)] = True
    corners = _corners(mask.numpy(), patch, context)
    low = np.min(corners, axis=0)
    high = np.max(corners, axis=0) + patch
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    network = on_device(bundle.network, device)
    looks = []
    for corner in corners:
        window = tuple(slice(c, c + n) for c, n in zip(corner, patch, strict=True))
        i, j, k = (int(c - a) for c, a in zip(corner, low, strict=True))
        beside = padded[(slice(image_channels, None), *window)][None] if bundle.spec.prompts else None
        scored = _scored(network, model, asked.segment, mask[window], beside)
        looks.append(Look((i, j, k), patch, scored, float(mask[window].sum())))
    start = low - [part.start for part in kept]
    affine = cropped_affine(grid.affine, start)
    return Subject(
        padded[(slice(None, image_channels), *box)],
        affine,
        inside[box],
        (inside & ~mask)[box],
        tuple(looks),
        asked.segment.name,
        device,
    )


def _around_prompt(
    image: Image, model: LoadedModel, prompts: Prompts, asked: AskedSegment, device: str, context: TaskContext
) -> Subject:
    """Return the region in which a network that is told prompts finds the segment."""
    bundle = model.bundle
    patch = bundle.window.patch_voxels or bundle.spec.patch_voxels
    if patch is None or min(patch) < 1:
        raise ModelError(f'The bundle of "{bundle.spec.name}" does not say how large a region it looks at.')
    grid = model_grid(image.affine, image.spatial_shape, bundle.preprocessing.axcodes)
    positions = positive_positions_ras_mm(prompts)
    centre = positions[0] if len(positions) else np.asarray(prompts.positions_ras_mm()[0])
    part = region(grid, centre, patch, bundle.spec.spacing_mm)
    mask = mask_on(asked.mask, image.affine, part.affine, part.shape)
    if _is_cut(mask):  # as when it is segmented: the second look is centred at what was found
        middle = ras_from_index(image.affine, central_voxel(asked.mask, image.spacing_mm))
        part = region(grid, middle, patch, bundle.spec.spacing_mm)
        mask = mask_on(asked.mask, image.affine, part.affine, part.shape)
    if not mask.any():
        raise ContractError(
            "The segment is not where the prompts are.", "Give the prompts that it was made with, or others in it."
        )
    network = on_device(bundle.network, device)
    before = _answer_before(image, model, network, part, prompts, device)
    channels = region_input(image, bundle, part, prompts, before)
    count = image.array.shape[0]
    scored = _scored(network, model, asked.segment, torch.from_numpy(mask), channels[None, count:])
    inside = torch.from_numpy(inside_of(part.affine, part.shape, image.affine, image.spatial_shape))
    look = Look((0, 0, 0), part.shape, scored, float(mask.sum()))
    around = inside & ~torch.from_numpy(mask)
    return Subject(channels[:count], part.affine, inside, around, (look,), asked.segment.name, device)


def _answer_before(
    image: Image, model: LoadedModel, network: torch.nn.Module, part: Region, prompts: Prompts, device: str
) -> torch.Tensor | None:
    """Return what stood before the last click, for a network that reads its own previous answer; None for any other."""
    if not model.bundle.reads_previous:
        return None
    before = None
    with torch.no_grad():
        for told in correction_rounds.told_so_far(prompts, part)[:-1]:
            channels = region_input(image, model.bundle, part, told, before)[None].to(device)
            said = model.bundle.outputs.probabilities(network(channels)[0].cpu())
            before = correction_rounds.on_own_grid(said, told, part, model.bundle, before)
    return before


def _scored(
    network: torch.nn.Module, model: LoadedModel, segment: Segment, mask: torch.Tensor, beside: torch.Tensor | None
) -> ScoredNetwork:
    outputs = model.bundle.outputs
    channel = outputs.channels[outputs.segments.index(segment)]
    return ScoredNetwork(network, Question(channel, outputs.activation, mask), beside)


def _corners(mask: NDArray[np.bool_], patch: Corner, context: TaskContext) -> list[Corner]:
    """Return where the windows begin that together hold a mask: one around its middle if it fits into that."""
    box = found_box(mask[np.newaxis])
    starts = []
    for axis, (length, edge) in enumerate(zip(mask.shape, patch, strict=True)):
        first, extent = box.start_ijk[axis], box.shape_ijk[axis]
        if extent <= edge:
            starts.append([min(max(0, first + extent // 2 - edge // 2), length - edge)])
        else:
            starts.append([min(first + start, length - edge) for start in window_starts(extent, edge, _OVERLAP)])
    held: list[tuple[int, Corner]] = []
    for i in starts[0]:
        for j in starts[1]:
            for k in starts[2]:
                window = mask[i : i + patch[0], j : j + patch[1], k : k + patch[2]]
                held.append((int(np.count_nonzero(window)), (i, j, k)))
    held = sorted((entry for entry in held if entry[0]), reverse=True)
    if len(held) > MOST_LOOKS:
        context.warn(f"The segment is so large that only the {MOST_LOOKS} windows that hold most of it were looked at.")
    return [corner for _, corner in held[:MOST_LOOKS]]


def _is_cut(mask: NDArray[np.bool_]) -> bool:
    faces = any(mask.take(end, axis).any() for axis in range(3) for end in (0, -1))
    return faces or not mask.any()
