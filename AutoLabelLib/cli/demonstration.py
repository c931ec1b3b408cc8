"""What `autolabel demo` does before anything is shown: a chest whose nodules are known, clicked and segmented."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.prompt import Position

if TYPE_CHECKING:
    from AutoLabelLib.api import Pending
    from AutoLabelLib.core.job import Result
    from AutoLabelLib.core.model import ModelSpec
    from AutoLabelLib.phantom.chest import ChestPhantom
    from AutoLabelLib.phantom.nodules import Nodule

# Apart in hue and in lightness, so that neighbours differ for a colour-blind reader, too.
COLORS = (
    (0.96, 0.42, 0.36),
    (0.40, 0.80, 0.42),
    (0.40, 0.64, 0.98),
    (0.98, 0.80, 0.26),
    (0.88, 0.52, 0.92),
    (0.28, 0.84, 0.84),
    (0.98, 0.60, 0.24),
    (0.74, 0.90, 0.36),
)
_CLICK_SPREAD = 0.3  # how far from a nodule's middle it is clicked, as a share of its diameter, at most


@dataclass(frozen=True)
class Measurement:
    """A nodule as it is and as it was segmented.

    Attributes:
        name: Name of its segment.
        kind: "solid", "lobulated", "sub-solid", "pleural" or "vessel-attached".
        diameter_mm: True, of the ball of the same volume.
        click_ras_mm: Where it was clicked.
        true_ml: Its volume.
        measured_ml: Volume of its segment.
        dice: Overlap of the segment with the voxels of which it fills at least half.
    """

    name: str
    kind: str
    diameter_mm: float
    click_ras_mm: Position
    true_ml: float
    measured_ml: float
    dice: float

    @property
    def error_percent(self) -> float:
        """How much larger (or smaller) it was measured than it is."""
        return 100 * (self.measured_ml / self.true_ml - 1)

    def to_json(self) -> dict[str, Any]:
        """Return the measurement as a JSON object."""
        return {**asdict(self), "error_percent": self.error_percent}


@dataclass(frozen=True, eq=False)
class Demonstration:
    """All that a run produced.

    Attributes:
        phantom: The chest.
        labelmap: One segment per nodule, as it was segmented.
        tags: What made each segment, by its name.
        measurements: True against measured.
        warnings: What the worker said, each once.
        findings: What a classifier calls each nodule, by its name; {} if none was asked.
        heat: What speaks for that, on the chest's grid; None if none was asked.
    """

    phantom: ChestPhantom
    labelmap: Labelmap
    tags: dict[str, dict[str, str]]
    measurements: tuple[Measurement, ...]
    warnings: tuple[str, ...]
    findings: Mapping[str, Finding] = field(default_factory=dict)
    heat: Image | None = None


def demonstrate(
    phantom: ChestPhantom,
    spec: ModelSpec,
    seed: int,
    follow: Callable[[Pending[Labelmap], str], tuple[Labelmap, Result]],
    **options: Any,
) -> Demonstration:
    """Click each nodule of a chest once, segment it through the worker, and measure it.

    Args:
        phantom: The chest.
        spec: A model that makes one segment from a click.
        seed: Where each nodule is clicked.
        follow: Waits for a running job, given a word about it, and returns its output and result.
        **options: Of the worker's segmentation task.
    """
    from AutoLabelLib import api
    from AutoLabelLib.core.provenance import segment_tags

    rng = np.random.default_rng(seed)
    masks: list[np.ndarray] = []
    tags: dict[str, dict[str, str]] = {}
    rows: list[Measurement] = []
    warnings: list[str] = []
    for nodule, truth in zip(phantom.nodules, phantom.truth.segments, strict=True):
        click = click_in(nodule, rng)
        pending = api.segment(phantom.image, spec.folder or spec.name, [click], wait=False, **options)
        labelmap, result = follow(pending, f"segmenting {nodule.name}")
        mask = labelmap.mask(labelmap.segments[0])
        masks.append(mask)
        tags[nodule.name] = segment_tags(result, spec)
        warnings += result.warnings
        measured_ml = labelmap.volume_ml(labelmap.segments[0])
        overlap = dice(mask, phantom.truth.mask(truth))
        rows.append(
            Measurement(nodule.name, nodule.kind, nodule.diameter_mm, click, nodule.volume_ml, measured_ml, overlap)
        )
    names = [nodule.name for nodule in phantom.nodules]
    together = layered(masks, names, spec, np.asarray(phantom.image.affine))
    return Demonstration(phantom, together, tags, tuple(rows), tuple(dict.fromkeys(warnings)))


def click_in(nodule: Nodule, rng: np.random.Generator) -> Position:
    """Return where a person might click a nodule: near its middle, but not on it."""
    direction = rng.normal(size=3)
    away = rng.uniform(0, _CLICK_SPREAD) * nodule.diameter_mm * direction / np.linalg.norm(direction)
    x, y, z = np.round(np.asarray(nodule.center_ras_mm) + away, 1)
    return (float(x), float(y), float(z))


def dice(first: np.ndarray, second: np.ndarray) -> float:
    """Return the overlap of two masks, from 0 to 1; 1 for two empty ones."""
    total = np.count_nonzero(first) + np.count_nonzero(second)
    return 2 * np.count_nonzero(first & second) / total if total else 1.0


def layered(masks: list[np.ndarray], names: list[str], spec: ModelSpec, affine: np.ndarray) -> Labelmap:
    """Return masks (I, J, K) as one labelmap with a segment each; another layer is opened where two overlap."""
    layers: list[np.ndarray] = []
    segments = []
    for number, (mask, name) in enumerate(zip(masks, names, strict=True)):
        free = (index for index, layer in enumerate(layers) if not layer[mask].any())
        layer = next(free, len(layers))
        if layer == len(layers):
            layers.append(np.zeros(mask.shape, np.uint8))
        layers[layer][mask] = number + 1
        code = spec.segments[0].code if spec.segments else None
        segments.append(Segment(name, number + 1, layer, code, COLORS[number % len(COLORS)]))
    return Labelmap(np.stack(layers), affine, tuple(segments))
