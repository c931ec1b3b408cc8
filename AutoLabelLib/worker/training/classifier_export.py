"""What the configs of an exported classifier say."""

from __future__ import annotations

from typing import Any

from AutoLabelLib.core.errors import ModelError
from AutoLabelLib.worker.training import network
from AutoLabelLib.worker.training.classifier_recipe import from_recipe
from AutoLabelLib.worker.training.recipe import Recipe


def inference_config(recipe: Recipe) -> dict[str, Any]:
    """Return inference.json: the network, and what is done to the intensities of a patch."""
    return {
        "imports": ["$import torch", "$from safetensors.torch import load_model"],
        "bundle_root": ".",
        "device": "$torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
        "network_def": network.definition([member.network_def for member in recipe.networks], recipe.task),
        "network": "$@network_def.to(@device).eval()",
        "preprocessing": {"_target_": "Compose", "transforms": list(recipe.normalisation)},
        "inferer": {"_target_": "SimpleInferer"},
        "initialize": [
            "$torch.set_grad_enabled(False)",
            "$load_model(@network, @bundle_root + '/models/model.safetensors', device=str(@device))",
        ],
    }


def channel_names(recipe: Recipe) -> tuple[list[str], list[str]]:
    """Return the names of what goes in, and of what comes out."""
    inputs = [str(channel["name"]) for channel in recipe.channels]
    inputs += ["mask"] * from_recipe(recipe).contract.mask_channel
    outputs = [*recipe.classes, *(f"rating of {attribute['name']}" for attribute in recipe.attributes)]
    return inputs, outputs


def contract(recipe: Recipe) -> dict[str, Any]:
    """Return the entries of the contract that only classifiers have."""
    wish = from_recipe(recipe)
    return {
        "classes": list(recipe.classes),
        "multi_label": wish.multi_label,
        "attributes": list(recipe.attributes),
        "looks_at": wish.looks_at,
        "segmenter": wish.segmenter,
        "prompts": _prompts(wish.segmenter),
        "needs_prompt": False,
        "classification": wish.contract.to_json(),
    }


def _prompts(segmenter: str) -> list[str]:
    """Return the kinds of prompts that the model that makes the mask understands; [] where it is not installed."""
    from AutoLabelLib.core import catalogue

    if not segmenter:
        return []
    try:
        return list(catalogue.find(segmenter).prompts)
    except ModelError:
        return ["point"]
