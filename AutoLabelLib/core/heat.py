"""Why a model says what it says: heat on the image, and how well that explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Result


@dataclass(frozen=True, eq=False)
class Heat(Image):
    """An image of what speaks for a segment or a class: 0 (nothing) to 1 (most), on the grid of what was explained.

    Attributes:
        target: What was explained: the name of a segment or a class.
        probability: How likely the model says that it is; of a segment, the mean over its voxels.
        method: How it was explained.
        deletion: How the probability falls when the hottest voxels are taken out, against random places; {} if that
            was not asked for.
        contributions: What each handcrafted feature adds, the strongest first; () for a model without features.
    """

    target: str = ""
    probability: float = 0.0
    method: str = ""
    deletion: Mapping[str, Any] = field(default_factory=dict)
    contributions: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(cls, result: Result) -> Heat:
        """Return the heat that a result of the task "explanation" holds."""
        values, image = result.values, result.images[0]
        return cls(
            image.array,
            image.affine,
            channel_names=("heat",),
            target=str(values["target"]),
            probability=float(values["probability"]),
            method=str(values["method"]),
            deletion=values["deletion"] or {},
            contributions=tuple(values["contributions"]),
        )
