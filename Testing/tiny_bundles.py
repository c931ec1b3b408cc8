"""Bundles so small that their network's answer is known: a voxel's value is its class."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from AutoLabelLib.core import catalogue
from AutoLabelLib.core.bundle import file_sha256


@dataclass(frozen=True)
class TinyBundle:
    """What a bundle shall say; the defaults are a network that returns the voxels' own values, rounded, as classes."""

    classes: int = 3
    label_values: tuple[int, ...] = ()
    channels: int = 1
    modality: str = "MR"
    axcodes: str | None = "RAS"
    spacing_mm: tuple[float, float, float] | None = None
    patch_voxels: tuple[int, int, int] = (8, 8, 8)
    overlap: float = 0.25
    normalisation: tuple[dict[str, Any], ...] = ()
    postprocessing: tuple[dict[str, Any], ...] = ({"_target_": "AsDiscreted", "keys": "pred", "argmax": True},)
    network_def: Mapping[str, Any] | None = None
    state: Mapping[str, torch.Tensor] | None = None
    prompts: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def segment_values(self) -> tuple[int, ...]:
        """Label value of each segment."""
        return self.label_values or tuple(range(1, self.classes))


def rounding_weights(classes: int, inputs: int = 1) -> dict[str, torch.Tensor]:
    """Return weights of a 1x1x1 convolution whose largest output is the class nearest to the first input's value.

    -(x - c)^2 is largest for the nearest c; without x^2, which all classes share, it is linear: 2 c x - c^2.
    """
    steps = torch.arange(classes, dtype=torch.float32)
    weight = torch.zeros(classes, inputs, 1, 1, 1)
    weight[:, 0, 0, 0, 0] = 2 * steps
    return {"weight": weight, "bias": -(steps**2)}


def write_bundle(folder: Path, tiny: TinyBundle | None = None, *, is_trusted: bool = True) -> Path:
    """Write a bundle, have it approved, and return its folder."""
    tiny = tiny or TinyBundle()
    inputs = tiny.channels + (2 if tiny.prompts else 0) + bool(tiny.more.get("prompting", {}).get("previous_answer"))
    (folder / "configs").mkdir(parents=True)
    (folder / "models").mkdir()
    save_file(dict(tiny.state or rounding_weights(tiny.classes, inputs)), folder / "models" / "model.safetensors")
    _write(folder / "configs" / "inference.json", _inference(tiny, inputs))
    hashes = {name: file_sha256(folder / name) for name in ("configs/inference.json", "models/model.safetensors")}
    _write(folder / "configs" / "metadata.json", _metadata(tiny, inputs, hashes))
    if is_trusted:
        catalogue.trust(folder)
    return folder


def _inference(tiny: TinyBundle, inputs: int) -> dict[str, Any]:
    steps: list[Mapping[str, Any]] = [{"_target_": "LoadImaged", "keys": "image"}]
    if tiny.axcodes:
        steps.append({"_target_": "Orientationd", "keys": "image", "axcodes": tiny.axcodes})
    if tiny.spacing_mm:
        steps.append({"_target_": "Spacingd", "keys": "image", "pixdim": list(tiny.spacing_mm)})
    convolution = {
        "_target_": "torch.nn.Conv3d",
        "in_channels": inputs,
        "out_channels": tiny.classes,
        "kernel_size": 1,
    }
    return {
        "network_def": dict(tiny.network_def or convolution),
        "preprocessing": {"_target_": "Compose", "transforms": [*steps, *tiny.normalisation]},
        "inferer": {
            "_target_": "SlidingWindowInferer",
            "roi_size": list(tiny.patch_voxels),
            "overlap": tiny.overlap,
            "mode": "gaussian",
        },
        "postprocessing": {"_target_": "Compose", "transforms": list(tiny.postprocessing)},
    }


def _metadata(tiny: TinyBundle, inputs: int, hashes: Mapping[str, str]) -> dict[str, Any]:
    names = [f"class {value}" for value in tiny.segment_values]
    is_exclusive = any(step.get("argmax") for step in tiny.postprocessing)
    outputs = (["background"] if is_exclusive else []) + names
    segments = [
        {"name": name, "label_value": value, "layer": 0 if is_exclusive else index}
        for index, (name, value) in enumerate(zip(names, tiny.segment_values, strict=True))
    ]
    return {
        "version": "1.2.3",
        "network_data_format": {
            "inputs": {"image": {"num_channels": inputs, "modality": tiny.modality}},
            "outputs": {"pred": {"num_channels": tiny.classes, "channel_def": _numbered(outputs)}},
        },
        "autolabel": {
            "name": "tiny",
            "channels": [{"name": f"image {n}", "modality": tiny.modality} for n in range(tiny.channels)],
            "segments": segments,
            "spacing_mm": list(tiny.spacing_mm) if tiny.spacing_mm else None,
            "patch_voxels": list(tiny.patch_voxels),
            "prompts": list(tiny.prompts),
            "needs_prompt": bool(tiny.prompts),
            "sha256": dict(hashes),
            **tiny.more,
        },
    }


def _numbered(names: Sequence[str]) -> dict[str, str]:
    return {str(index): name for index, name in enumerate(names)}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
