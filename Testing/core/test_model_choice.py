"""Choosing a model: what a search finds, and why a model cannot be used."""

from __future__ import annotations

import pytest

from AutoLabelLib.core.labelmap import Segment
from AutoLabelLib.core.model import Channel, ModelSpec
from AutoLabelLib.core.model_choice import anatomies, matches, modalities, modality_text, why_not


def spec(name: str = "liver_ct", modality: str = "CT", anatomy: str = "Abdomen", **more: object) -> ModelSpec:
    channels = more.pop("channels", (Channel("image", modality),))
    task = str(more.pop("task", "segmentation"))
    return ModelSpec(name, "1", task, channels, anatomy=anatomy, **more)  # type: ignore[arg-type]


LIVER = spec(description="The liver and its tumours.", segments=(Segment("Portal vein", 1),))
ANY = spec("any_structure", "", "Any")


@pytest.mark.parametrize("text", ["", "liver", "LIVER ct", "tumour abdo", "portal", "  vein  "])
def test_a_search_finds_parts_of_words_anywhere(text: str) -> None:
    assert matches(LIVER, text)


@pytest.mark.parametrize("text", ["kidney", "liver kidney", "mr"])
def test_a_search_wants_every_word(text: str) -> None:
    assert not matches(LIVER, text)


def test_filters() -> None:
    assert matches(LIVER, modality="CT", anatomy="Abdomen")
    assert not matches(LIVER, modality="MR")
    assert not matches(LIVER, anatomy="Head")
    assert matches(ANY, modality="MR")


def test_what_there_is_to_filter_by() -> None:
    models = [LIVER, ANY, spec("brain_mr", "MR", "brain")]
    assert modalities(models) == ["CT", "MR"]
    assert anatomies(models) == ["Abdomen", "Any", "brain"]
    assert [modality_text(model) for model in models] == ["CT", "any modality", "MR"]


@pytest.mark.parametrize(
    ("model", "modality", "channels", "said"),
    [
        (LIVER, "CT", 1, ""),
        (LIVER, "", 1, ""),
        (ANY, "US", 1, ""),
        (LIVER, "MR", 1, "made for CT, but the volume is MR"),
        (LIVER, "CT", 3, "takes one channel, but the volume has 3"),
        (spec(needs_prompt=True), "CT", 1, "needs a click: use Interactive"),
        (spec(task="classification"), "CT", 1, "made for classification, not for segmentation"),
        (spec(channels=(Channel("T1", "MR"), Channel("T2", "MR"))), "MR", 1, "takes 2 images (T1, T2)"),
    ],
)
def test_why_a_model_cannot_be_used(model: ModelSpec, modality: str, channels: int, said: str) -> None:
    reason = why_not(model, modality, channels)
    assert reason.startswith(said)
    assert bool(reason) == bool(said)
