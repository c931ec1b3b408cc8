"""What a model promises and what it wants: the contract that is checked before anything is sent to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from AutoLabelLib.core.bundle_prompting import ANY_STRUCTURE
from AutoLabelLib.core.errors import ContractError, UnsupportedVolumeError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Segment
from AutoLabelLib.core.prompt import Prompts

_SMALLEST_EXTENT_VOXELS = 2
# Air is about -1000 HU and fat -100: a whole CT without anything below this has been shifted or rescaled.
_HU_IMPLAUSIBLE_MINIMUM = -50.0
# No MR has values like air on CT, unless somebody shifted it.
_LIKE_AIR_HU = -500.0


@dataclass(frozen=True)
class Channel:
    """One input channel of a model.

    Attributes:
        name: Such as "image", "T1" or "FLAIR".
        modality: DICOM modality that it was trained on, such as "CT" or "MR"; "" for any.
        unit: "HU" where absolute values matter, else None.
    """

    name: str
    modality: str = ""
    unit: str | None = None


@dataclass(frozen=True)
class Attribute:
    """Something that a classifier says beside the class, as a rating on a scale.

    Attributes:
        name: Such as "spiculation".
        low: Smallest rating.
        high: Largest rating.
        low_meaning: What the smallest means, such as "none".
        high_meaning: What the largest means, such as "marked".
    """

    name: str
    low: float = 1.0
    high: float = 5.0
    low_meaning: str = ""
    high_meaning: str = ""


@dataclass(frozen=True)
class ModelSpec:
    """The contract of one model; read from its bundle by `AutoLabelLib.core.bundle.read_spec`.

    Attributes:
        name: Identifier, such as "hippocampus_mr".
        version: Version of the bundle.
        task: "segmentation", "classification" or "detection".
        channels: Images that it takes, in order (guidance from prompts is not listed).
        segments: What it can segment, with label values, codes and colours.
        classes: Names of the classes of a classifier.
        multi_label: Whether several classes may be true at once; otherwise one is.
        attributes: What a classifier rates beside the class.
        looks_at: What a classifier judges: "volume" for all of the image, "segment" for a mask in it.
        segmenter: Name of the model that makes that mask where there is only a click; "" for none.
        spacing_mm: Voxel spacing at which the network works, in the bundle's own axis order; None: as it comes.
        patch_voxels: Window of the network, in the bundle's own axis order.
        prompts: Kinds of prompts that it understands: "point", "box", "scribble", "lasso".
        prompting: How a bundle from elsewhere is told what was pointed at: one of the names in
            `AutoLabelLib.core.bundle_prompting`; "" for the way of this project, or none.
        needs_prompt: Whether it does nothing without one.
        anatomy: Body part in plain words.
        description: One plain sentence for a person who chooses a model.
        licence: Licence of the weights.
        source: Where training data and weights come from.
        intended_use: What it is for, and what not.
        method: Name of the method that works without a network; "" for a network.
        sha256: Hash per file of the bundle, relative path to hexadecimal digest.
        folder: The bundle's folder; None for a contract without files.
    """

    name: str
    version: str
    task: str
    channels: tuple[Channel, ...]
    segments: tuple[Segment, ...] = ()
    classes: tuple[str, ...] = ()
    multi_label: bool = False
    attributes: tuple[Attribute, ...] = ()
    looks_at: str = "volume"
    segmenter: str = ""
    spacing_mm: tuple[float, float, float] | None = None
    patch_voxels: tuple[int, int, int] | None = None
    prompts: tuple[str, ...] = ()
    prompting: str = ""
    needs_prompt: bool = False
    anatomy: str = ""
    description: str = ""
    licence: str = ""
    source: str = ""
    intended_use: str = ""
    method: str = ""
    sha256: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def modality(self) -> str:
        """Modality of the first channel; "" for any."""
        return self.channels[0].modality if self.channels else ""

    @property
    def anything(self) -> Segment | None:
        """The segment that stands for whatever is pointed at; None where the model knows only what it has names for."""
        return self.segments[0] if self.segments and self.segments[0].name == ANY_STRUCTURE else None

    def check(self, image: Image, prompts: Prompts | None = None) -> tuple[str, ...]:
        """Return warnings about an input that can be used; raise for one that cannot.

        Args:
            image: What shall be sent to the model.
            prompts: What the user pointed at.

        Raises:
            UnsupportedVolumeError: If the image has one slice, NaN or only one value.
            ContractError: If modality, channels or prompts are not what the model takes.
            GeometryError: If a prompt is outside the image.
        """
        warnings = self.check_form(image)
        image.check_values()
        self._check_not_a_ct(image)
        self._check_prompts(image, prompts or Prompts())
        return warnings + self._check_unit(image)

    def check_form(self, image: Image) -> tuple[str, ...]:
        """Do what `check` does, as far as it goes without reading voxels or looking at prompts: at once.

        Args:
            image: What shall be sent to the model.

        Raises:
            UnsupportedVolumeError: If the image has one slice.
            ContractError: If modality or channels are not what the model takes.
        """
        self._check_shape(image)
        return self._check_modality(image)

    def _check_shape(self, image: Image) -> None:
        if min(image.spatial_shape) < _SMALLEST_EXTENT_VOXELS:
            raise UnsupportedVolumeError(
                f"The volume has only one slice: its shape is {image.spatial_shape}.",
                f'"{self.name}" needs a three-dimensional volume.',
            )
        expected = len(self.channels)
        if image.array.shape[0] != expected:
            names = ", ".join(channel.name for channel in self.channels)
            raise ContractError(
                f'"{self.name}" takes {expected} channel(s) ({names}), but the image has {image.array.shape[0]}.',
                "Give it one image per channel, in this order.",
            )

    def _check_modality(self, image: Image) -> tuple[str, ...]:
        if not self.modality or image.modality == self.modality:
            return ()
        if image.modality:
            raise ContractError(
                f'"{self.name}" was made for {self.modality}, but the volume is {image.modality}.',
                f"Choose a model for {image.modality}, or correct the volume's modality if it is wrong.",
            )
        return (f'The volume does not say its modality; "{self.name}" takes it as {self.modality}.',)

    def _check_not_a_ct(self, image: Image) -> None:
        lowest = min(low for low, _ in image.value_ranges)
        if self.modality == "MR" and not image.modality and lowest <= _LIKE_AIR_HU:
            raise ContractError(
                f'The volume looks like a CT (its lowest value is {lowest:g}), but "{self.name}" was made for MR.',
                "Choose a model for CT; if it is an MR, say so by its modality.",
            )

    def _check_unit(self, image: Image) -> tuple[str, ...]:
        if not any(channel.unit == "HU" for channel in self.channels) or image.unit == "HU":
            return ()
        lowest = min(low for low, _ in image.value_ranges)
        if lowest > _HU_IMPLAUSIBLE_MINIMUM:
            return (
                f'"{self.name}" expects Hounsfield units; the lowest value here is {lowest:g}, but air would be -1000.',
            )
        return ()

    def _check_prompts(self, image: Image, prompts: Prompts) -> None:
        foreign = [kind for kind in prompts.kinds if kind not in self.prompts]
        if foreign:
            understood = ", ".join(self.prompts) or "no prompts at all"
            raise ContractError(f'"{self.name}" does not understand a {foreign[0]}; it takes: {understood}.')
        if self.needs_prompt and not prompts:
            raise ContractError(
                f'"{self.name}" needs to be told where to look.',
                f"Give it one of: {', '.join(self.prompts)}.",
            )
        prompts.check_inside(image)
