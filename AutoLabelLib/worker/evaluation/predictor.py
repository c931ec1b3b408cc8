"""A model's own segmentation of the cases of an evaluation, with a simulated user where it needs a click."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.bundle import read_spec
from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.image import Image, stack_channels
from AutoLabelLib.core.job import Job
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.core.prompt import Point, Prompts
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.evaluation.judged_cases import JudgedCase

CLICKS = ("middle", "inside", "off_edge")


@dataclass
class Predictor:
    """Runs the task "segmentation" in this process, so that the model stays warm from case to case.

    Attributes:
        model_folder: The bundle.
        click: Where the simulated user clicks: in the "middle", anywhere "inside", or "off_edge", up to 5 mm beside.
        seed: Of random clicks.
        options: Of the task "segmentation".
        provenance: What that task says about model, device and versions; empty before the first case.
    """

    model_folder: str
    click: str = "middle"
    seed: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._spec = read_spec(self.model_folder)

    @property
    def needs_click(self) -> bool:
        """Whether the model does nothing without a click."""
        return self._spec.needs_prompt

    def predict(self, case: JudgedCase, reference: Labelmap, context: TaskContext) -> Labelmap:
        """Return what the model finds in a case.

        Args:
            case: With images.
            reference: Where the simulated user sees what to click at.
            context: Of this case.

        Raises:
            InputError: If the images cannot be used, or there is nothing to click at.
            ModelError: If the model cannot be used, or does not take these images.
        """
        from AutoLabelLib.worker.tasks.segmentation import run

        with context.phase("read"):
            image = self._image(case)
        prompts = simulated_click(case.name, reference, self.click, self.seed) if self.needs_click else Prompts()
        only = {} if case.network is None else {"network": case.network}
        job = Job("segmentation", self.model_folder, (image,), prompts=prompts, options={**self.options, **only})
        made = run(job, context)
        context.warnings += [warning for warning in made.warnings if warning not in context.warnings]
        self.provenance.update({name: value for name, value in made.provenance.items() if name != "prompts"})
        return made.labelmaps[0]

    def _image(self, case: JudgedCase) -> Image:
        """Return a case's image; its files do not say their modality, but the list is meant for this model."""
        from AutoLabelLib.files.images import read_image

        images = [read_image(Path(path), modality=self._spec.modality) for path in case.images]
        return images[0] if len(images) == 1 else stack_channels(images)


def simulated_click(case_name: str, reference: Labelmap, where: str, seed: int) -> Prompts:
    """Return one click at whatever the reference shows; it depends on the arguments only, not on other cases.

    Raises:
        InputError: If the reference is empty.
    """
    from AutoLabelLib.worker.training.clicks import ClickHabits, central_voxel, simulate_click

    mask = np.zeros(reference.spatial_shape, bool)
    for segment in reference.segments:
        mask |= reference.mask(segment)
    if not mask.any():
        raise InputError(f'No click can be simulated in "{case_name}": its reference is empty.')
    if where == "middle":
        index = central_voxel(mask, reference.spacing_mm)
    else:
        rng = np.random.default_rng([seed, zlib.crc32(case_name.encode())])
        index = simulate_click(mask, reference.spacing_mm, rng, ClickHabits(inside_fraction=float(where == "inside")))
    r, a, s = (float(value) for value in ras_from_index(reference.affine, index))
    return Prompts(points=(Point((r, a, s)),))
