"""Choosing a model from a list: what a search finds, and what cannot be used for an image, and why."""

from __future__ import annotations

from collections.abc import Sequence

from AutoLabelLib.core.model import ModelSpec

_ANY_MODALITY = "any modality"


def matches(spec: ModelSpec, text: str = "", modality: str = "", anatomy: str = "") -> bool:
    """Return whether a model has every word of a text somewhere, and is for a modality and a body part.

    Args:
        spec: The model.
        text: Words or parts of words, in any order; upper and lower case are the same.
        modality: Such as "MR"; "" for all. A model for any modality is for each.
        anatomy: As the model says it; "" for all. A model for any body part is for each.
    """
    said = " ".join((spec.name, modality_text(spec), spec.anatomy, spec.description, *_segment_names(spec))).casefold()
    return (
        all(word in said for word in text.casefold().split())
        and (not modality or spec.modality in ("", modality))
        and (not anatomy or spec.anatomy in ("", anatomy))
    )


def modality_text(spec: ModelSpec) -> str:
    """Return the modality that a model is for, in words."""
    return spec.modality or _ANY_MODALITY


def modalities(specs: Sequence[ModelSpec]) -> list[str]:
    """Return the modalities that models are for, sorted."""
    return sorted({spec.modality for spec in specs if spec.modality})


def anatomies(specs: Sequence[ModelSpec]) -> list[str]:
    """Return the body parts that models are for, sorted."""
    return sorted({spec.anatomy for spec in specs if spec.anatomy}, key=str.casefold)


def why_not(spec: ModelSpec, modality: str = "", channels: int = 1) -> str:
    """Return in a few words why a model cannot segment an image by itself; "" if it can.

    Args:
        spec: The model.
        modality: Of the image; "" where nobody knows.
        channels: Of the image.
    """
    if spec.task != "segmentation":
        return f"made for {spec.task}, not for segmentation"
    if spec.needs_prompt:
        return "needs a click: use Interactive"
    if len(spec.channels) == 1 and channels != 1:
        return f"takes one channel, but the volume has {channels}"
    if len(spec.channels) != channels:
        names = ", ".join(channel.name for channel in spec.channels)
        return f"takes {len(spec.channels)} images ({names}): use the Python console"
    if modality and spec.modality not in ("", modality):
        return f"made for {spec.modality}, but the volume is {modality}"
    return ""


def _segment_names(spec: ModelSpec) -> list[str]:
    return [segment.name for segment in spec.segments]
