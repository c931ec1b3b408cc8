"""What a classifier's bundle says beside its ModelSpec, in the section "classification" of its metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from AutoLabelLib.core.errors import ModelError

Range = tuple[float, float]
SURE_FROM = 0.65


@dataclass(frozen=True)
class ClassifierContract:
    """How a classifier is fed, calibrated and doubted.

    Attributes:
        axcodes: Directions of the patch's axes, such as "RAS".
        mask_channel: Whether the mask is a channel after the image's.
        features: Names of the handcrafted features that the network reads, in order.
        feature_settings: How they are computed; see `AutoLabelLib.worker.features.settings`.
        beyond: Value of the image outside of the volume, in the image's unit; None repeats the outermost voxels.
        context_mm: How much around the mask's bounding box is shown, along the patch's axes; the rest is `beyond`.
            None shows all of the patch.
        mirror_axes: Axes of the patch along which it may be mirrored; the mean of all mirror images is the answer.
        temperature: Number that logits are divided by, so that probabilities come true.
        bias: Added to the divided logits, one number per class; () for none.
        slopes: What the logarithm of each class's probability is multiplied by before that; () for none.
        calibrated_on: How the temperature was found, in plain words; "" if it was not.
        sure_from: Probability from which a label is to be relied on; one for all classes, or one per class.
        agree_within: Largest difference of the members' probabilities of a label that is no reason for doubt.
        trained: Least and largest value per measurement of the training cases, such as {"volume_ml": [0.01, 30]}.
        edge_fraction: Share of the training cases in which the mask touched the volume's edge.
    """

    axcodes: str = "RAS"
    mask_channel: bool = False
    features: tuple[str, ...] = ()
    feature_settings: Mapping[str, Any] = field(default_factory=dict)
    beyond: float | None = None
    context_mm: tuple[float, float, float] | None = None
    mirror_axes: tuple[int, ...] = ()
    temperature: float = 1.0
    bias: tuple[float, ...] = ()
    slopes: tuple[float, ...] = ()
    calibrated_on: str = ""
    sure_from: float | Mapping[str, float] = SURE_FROM
    agree_within: float = 0.5
    trained: Mapping[str, Range] = field(default_factory=dict)
    edge_fraction: float = 0.0

    def sure_from_of(self, label: str) -> float:
        """Return the probability from which a label is to be relied on."""
        if isinstance(self.sure_from, Mapping):
            return float(self.sure_from.get(label, SURE_FROM))
        return float(self.sure_from)

    def to_json(self) -> dict[str, Any]:
        """Return the contract as a JSON object."""
        return asdict(self)


def from_mapping(section: Mapping[str, Any], model_name: str) -> ClassifierContract:
    """Return the contract that a section of the metadata, or of a recipe, describes; what it lacks is the default.

    Raises:
        ModelError: If an entry is unknown or of the wrong kind.
    """
    known = [item.name for item in fields(ClassifierContract)]
    unknown = sorted(set(section) - set(known))
    if unknown:
        raise ModelError(
            f'The section "classification" of "{model_name}" has an unknown entry "{unknown[0]}".',
            f"Known: {', '.join(known)}.",
        )
    try:
        contract = ClassifierContract(**{name: _frozen(value) for name, value in section.items()})
        _check(contract)
    except (TypeError, ValueError) as problem:
        raise ModelError(f'The section "classification" of "{model_name}" cannot be used: {problem}.') from problem
    return contract


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _check(contract: ClassifierContract) -> None:
    if not contract.temperature > 0:
        raise ValueError(f"the temperature must be positive, got {contract.temperature}")
    if contract.context_mm is not None and (len(contract.context_mm) != 3 or min(contract.context_mm) < 0):
        raise ValueError(f"context_mm must be three distances, got {contract.context_mm}")
    if contract.context_mm is not None and contract.beyond is None:
        raise ValueError("context_mm needs beyond, the value of what is not shown")
    if not set(contract.mirror_axes) <= {0, 1, 2}:
        raise ValueError(f"mirror_axes must be of 0, 1 and 2, got {contract.mirror_axes}")
