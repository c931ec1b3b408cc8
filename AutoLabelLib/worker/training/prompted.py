"""Examples for models that need a click: the patch is centred at the click, and the click is drawn beside the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.core.affine import axis_order, spacing_mm
from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.segmentation.guidance import SIGMA_MM, draw_clicks
from AutoLabelLib.worker.segmentation.local_cut import Cut
from AutoLabelLib.worker.training.box import Box
from AutoLabelLib.worker.training.clicks import ClickHabits, more_clicks, simulate_click
from AutoLabelLib.worker.training.dataset import read_case
from AutoLabelLib.worker.training.examples import Example
from AutoLabelLib.worker.training.patches import patch_grid, sample
from AutoLabelLib.worker.training.prepare import Normalisation
from AutoLabelLib.worker.training.surroundings import Surroundings, continued_patch, cropped, without_object
from AutoLabelLib.worker.training.variation import Variation, random_turn, thicker, varied

if TYPE_CHECKING:
    from AutoLabelLib.worker.context import TaskContext
    from AutoLabelLib.worker.training.cases import Case
    from AutoLabelLib.worker.training.recipe import Recipe


@dataclass(frozen=True)
class Prompting:
    """All options of prompted examples; a recipe's "prompting" entry has the same names.

    Attributes:
        sigma_mm: Width of a click in the guidance channels.
        previous_answer: Whether a last channel shows the answer that a click corrects.
        cut: How answers are cut and obey corrections; see `local_cut`.
        correction_rounds: How often the first, second, third … example returns with one more click; see `corrections`.
        clicks: Where users click.
        surroundings: What lies beyond a case's faces.
        variation: How far examples move away from their case.
    """

    sigma_mm: float = SIGMA_MM
    previous_answer: bool = False
    cut: Cut = field(default_factory=Cut)
    correction_rounds: tuple[int, ...] = ()
    clicks: ClickHabits = field(default_factory=ClickHabits)
    surroundings: Surroundings = field(default_factory=Surroundings)
    variation: Variation = field(default_factory=Variation)


def from_recipe(entries: dict[str, Any]) -> Prompting:
    """Return the options that a recipe's "prompting" entry states.

    Raises:
        InputError: If an entry is unknown.
    """
    groups: dict[str, type] = {"clicks": ClickHabits, "surroundings": Surroundings, "variation": Variation, "cut": Cut}
    _refuse_unknown(entries, Prompting)
    chosen = dict(entries)
    for name in groups.keys() & entries.keys():
        _refuse_unknown(entries[name], groups[name])
        chosen[name] = groups[name](**entries[name])
    chosen["correction_rounds"] = tuple(entries.get("correction_rounds", ()))
    return Prompting(**chosen)


def from_cases(cases: Sequence[Case], recipe: Recipe, context: TaskContext) -> PromptedExamples:
    """Return the examples of a recipe with prompts.

    Args:
        cases: Training cases, each with one object.
        recipe: States the grid, the one segment and the normalisation.
        context: Lets the user stop.

    Raises:
        FileError: If a file cannot be read.
        InputError: If the recipe has several channels or segments, or a case's object is missing.
    """
    if len(recipe.segments) != 1 or len(recipe.channels) != 1:
        raise InputError(f'"{recipe.name}": a model that needs a click can have one channel and one segment.')
    normalisation = Normalisation(recipe.normalisation)
    boxes = []
    for case in cases:
        context.check_cancelled()
        boxes.append(load_box(case, recipe, normalisation))
    return PromptedExamples(boxes, recipe.patch_voxels, recipe.spacing_mm, from_recipe(recipe.prompting))


def load_box(case: Case, recipe: Recipe, normalisation: Normalisation) -> Box:
    """Return one case on its own grid, its axes ordered and its intensities normalised as the model wants them."""
    image, label = read_case(case, recipe)
    order = axis_order(image.affine, recipe.axcodes)
    affine = order.apply_to_affine(image.affine, image.spatial_shape)
    mask = np.ascontiguousarray(order.apply((label.array == recipe.label_values[0]).any(axis=0)))
    if not mask.any():
        raise InputError(f'The label of the case "{case.name}" is empty.', "Remove the case from the list.")
    ordered = torch.from_numpy(np.ascontiguousarray(order.apply(image.array), dtype=np.float32))
    values = normalisation(ordered)[0].numpy()
    spacing = spacing_mm(affine)
    return Box(values, without_object(values, mask, spacing), mask, spacing, case.exact)


class PromptedExamples:
    """Random, augmented patches around simulated clicks.

    Args:
        boxes: The cases.
        patch_voxels: (3,) of a patch.
        patch_spacing_mm: (3,) of a patch.
        prompting: Options.
    """

    def __init__(
        self,
        boxes: Sequence[Box],
        patch_voxels: tuple[int, int, int],
        patch_spacing_mm: tuple[float, float, float],
        prompting: Prompting | None = None,
    ) -> None:
        self._boxes = boxes
        self._patch_voxels = patch_voxels
        self._spacing_mm = patch_spacing_mm
        self._options = prompting or Prompting()
        patch_mm = np.asarray(patch_voxels) * patch_spacing_mm
        self._whole = [
            n for n, box in enumerate(boxes) if (np.multiply(box.mask.shape, box.spacing_mm) >= patch_mm).all()
        ]

    def __len__(self) -> int:
        return len(self._boxes)

    def example(self, index: int, seed: int) -> Example:
        """Return a random patch of one case; equal arguments give equal patches."""
        rng = np.random.default_rng(seed)
        options = self._options
        box = thicker(self._boxes[index], rng, options.variation)
        click = self._first_click(box, rng)
        if index not in self._whole:  # who has real surroundings keeps them
            box, start = cropped(box, rng, options.surroundings)
            click = click - start
        centre = click
        if rng.random() < options.variation.recentre_fraction:
            centre = click + rng.random() * (np.argwhere(box.mask).mean(axis=0) - click)
        turn = random_turn(rng, options.variation)
        grid = self._grid(box, centre, turn)
        image, label = continued_patch(box, grid, lambda: self._foreign_patch(rng), rng, options.surroundings)
        image = varied(image, rng, options.variation)
        moved_mm = np.linalg.solve(turn, (click - centre) * np.asarray(box.spacing_mm))
        click_in_patch = (np.asarray(self._patch_voxels) - 1) / 2 + moved_mm / np.asarray(self._spacing_mm)
        guidance = self._guidance(label.numpy(), click_in_patch, rng)
        channels = [image[None], torch.from_numpy(guidance)]
        if options.previous_answer:
            channels.append(torch.zeros_like(image[None]))
        return Example(torch.cat(channels), label[None].long())

    def _first_click(self, box: Box, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return a click (3,) as continuous index of a box; one that misses the object may lie beyond the box's faces.

        Boxes end where the object ends along the third axis, images do not.
        """
        habits = self._options.clicks
        around = np.ceil(habits.off_edge_mm / np.asarray(box.spacing_mm)).astype(int) if habits.beyond_faces else 0
        padded = np.pad(box.mask, np.stack([np.broadcast_to(around, 3)] * 2, axis=1))
        return simulate_click(padded, box.spacing_mm, rng, habits) - around

    def _grid(self, box: Box, centre: NDArray[np.float64], turn: NDArray[np.float64]) -> torch.Tensor:
        return patch_grid(self._patch_voxels, self._spacing_mm, box.mask.shape, box.spacing_mm, centre, turn)

    def _foreign_patch(self, rng: np.random.Generator) -> torch.Tensor:
        """Return a patch (I, J, K) of another case's tissue, mirrored at its faces."""
        options, is_whole = self._options.surroundings, False
        if self._whole and options.whole_fraction:
            is_whole = rng.random() < options.whole_fraction
        other = self._boxes[int(rng.choice(self._whole) if is_whole else rng.integers(len(self._boxes)))]
        keeps_object = rng.random() < options.decoy_fraction
        middle = rng.uniform(0, 1, 3)
        if is_whole:  # not too near to a face, beyond which everything is mirrored
            middle = 0.5 + 0.4 * (middle - 0.5)
        centre = middle * np.asarray(other.mask.shape)
        grid = self._grid(other, centre, random_turn(rng, self._options.variation))
        return sample((other.image if keeps_object else other.empty)[None], grid, "reflection")[0]

    def _guidance(
        self, label: NDArray[np.bool_], click: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """Return the two guidance channels (2, I, J, K) of a patch."""
        extra, negative = more_clicks(label, self._spacing_mm, rng, self._options.clicks)
        guidance = np.zeros((2, *self._patch_voxels), np.float32)
        affine = np.diag([*self._spacing_mm, 1.0])
        for channel, clicks in enumerate((np.concatenate([click[None], extra]), negative)):
            draw_clicks(guidance[channel], clicks * np.asarray(self._spacing_mm), affine, self._options.sigma_mm)
        return guidance


def _refuse_unknown(entries: dict[str, Any], owner: type) -> None:
    unknown = sorted(set(entries) - {item.name for item in fields(owner)})
    if unknown:
        raise InputError(f"Unknown entry in the recipe's prompting: {', '.join(unknown)}.")
