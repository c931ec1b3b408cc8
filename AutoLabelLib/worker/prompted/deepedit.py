"""DeepEdit: a network that reads the image and one channel of clicks per label, the background being one of them.

A click at a structure is drawn into that structure's channel, one outside of it into the background's. Without any
click it segments by itself. The whole image is made one size for it, and clicks are a few voxels wide there.

Source: Diaz-Pinto et al., DeepEdit: Deep Editable Learning for Interactive Segmentation of 3D Medical Images, 2022.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from AutoLabelLib.core.affine import index_from_ras
from AutoLabelLib.core.errors import ContractError, ModelError
from AutoLabelLib.core.prompt import Prompts
from AutoLabelLib.worker.networks import preprocessing

if TYPE_CHECKING:
    from monai.bundle.config_parser import ConfigParser

    from AutoLabelLib.core.model import ModelSpec

_SIGNAL = "AddGuidanceSignalDeepEditd"
_CLICKS = "AddGuidanceFromPointsDeepEditd"
_IMAGE = "image"  # the only key that MONAI's transform draws into
_BACKGROUND = "background"


@dataclass(frozen=True, eq=False)
class DeepEdit:
    """How a DeepEdit bundle wants its prompts.

    Attributes:
        model_name: For error messages.
        draw: MONAI's transform with the bundle's settings, so that clicks look as they did in training.
        guidance_key: Name of the clicks in its dictionary.
        labels: Names of the labels in the order of their channels.
        label_of: For the name of each segment, its label.
        background: The label of clicks outside; "" if there is none.
    """

    model_name: str
    draw: Callable[[dict[str, Any]], dict[str, Any]]
    guidance_key: str
    labels: tuple[str, ...]
    label_of: Mapping[str, str]
    background: str

    def guided(
        self, volume: torch.Tensor, prompts: Prompts, affine: ArrayLike, structures: tuple[str, ...] | None
    ) -> torch.Tensor:
        """Return a volume (C, I, J, K) with a channel of clicks for each label after it.

        Args:
            volume: The image on the network's grid.
            prompts: Points in RAS mm.
            affine: (4, 4), index of that grid to RAS mm.
            structures: The one that positive clicks belong to; None where there is only one.

        Raises:
            ContractError: If it is not clear to which label a click belongs.
        """
        clicks: dict[str, list[list[int]]] = {label: [] for label in self.labels}
        highest = np.asarray(volume.shape[1:]) - 1
        for point in prompts.points:
            label = self._structure(structures) if point.positive else self.background
            if not label:
                raise ContractError(
                    f'"{self.model_name}" cannot be told what does not belong to it: it has no label for that.',
                    "Remove the prompts outside.",
                )
            index = np.clip(np.rint(index_from_ras(affine, point.position_ras_mm)), 0, highest)
            clicks[label].append(index.astype(int).tolist())
        drawn = self.draw({_IMAGE: volume, self.guidance_key: clicks})[_IMAGE]
        return torch.as_tensor(np.asarray(drawn), dtype=torch.float32)

    def _structure(self, structures: tuple[str, ...] | None) -> str:
        """Return the label of positive clicks."""
        names = tuple(self.label_of) if structures is None else structures
        if len(names) != 1:
            raise ContractError(
                f'It is not clear which structure of "{self.model_name}" the clicks belong to.',
                f"Choose one of: {', '.join(self.label_of)}.",
            )
        return self.label_of[names[0]]


def read(parser: ConfigParser, spec: ModelSpec) -> DeepEdit:
    """Return how a trusted bundle wants its prompts.

    Raises:
        ModelError: If its transforms do not name its labels as its metadata does.
    """
    steps = preprocessing.instantiate(parser, preprocessing.SECTION, only=(_SIGNAL, _CLICKS))
    by_name = {type(step).__name__: step for step in steps}
    names: dict[str, Any] = dict(getattr(by_name.get(_CLICKS), "label_names", None) or parser.get("label_names") or {})
    if _SIGNAL not in by_name or not names:
        raise ModelError(f'The bundle "{spec.name}" does not say which labels its clicks are for.')
    folded = {label.casefold(): label for label in names}
    label_of = {}
    for segment in spec.segments:
        by_value = next((label for label, value in names.items() if value == segment.label_value), "")
        label_of[segment.name] = folded.get(segment.name.casefold(), by_value)
    unnamed = [name for name, label in label_of.items() if not label]
    if unnamed:
        raise ModelError(f'The bundle "{spec.name}" has no clicks for its segment "{unnamed[0]}".')
    draw = by_name[_SIGNAL]
    return DeepEdit(spec.name, draw, str(draw.guidance), tuple(names), label_of, folded.get(_BACKGROUND, ""))
