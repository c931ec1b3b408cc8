"""Averaged weights become a bundle: metadata, inference config, safetensors, licence and model card."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from AutoLabelLib.core.bundle import file_sha256
from AutoLabelLib.core.errors import FileError
from AutoLabelLib.worker.training import card, classifier_export, network
from AutoLabelLib.worker.training.cases import Case
from AutoLabelLib.worker.training.labelled_cases import LabelledCase
from AutoLabelLib.worker.training.recipe import Recipe
from AutoLabelLib.worker.training.split import Split

WEIGHTS = "models/model.safetensors"
INFERENCE = "configs/inference.json"
METADATA = "configs/metadata.json"
_OF_THE_WINDOW = ("overlap", "mode")  # these stand in inference.json


def export_bundle(
    recipe: Recipe,
    weights: Sequence[dict[str, torch.Tensor]],
    folder: Path,
    splits: Sequence[Split[Case]] | Sequence[Split[LabelledCase]],
) -> Path:
    """Write a complete bundle and return its folder; an older one there is replaced only when the new one is whole.

    Args:
        recipe: What was trained.
        weights: state_dict of each of the recipe's networks.
        folder: Target.
        splits: What it was trained on, for the model card: one, or one per fold of a cross-validation.

    Raises:
        FileError: If it cannot be written.
    """
    beside = folder.with_name(folder.name + ".part")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        for name in ("configs", "models", "docs"):
            (beside / name).mkdir(parents=True)
        save_weights(recipe, weights, beside / WEIGHTS)
        _write_json(beside / INFERENCE, inference_config(recipe))
        hashes = {name: file_sha256(beside / name) for name in (INFERENCE, WEIGHTS)}
        _write_json(beside / METADATA, metadata(recipe, hashes))
        (beside / "LICENSE").write_text(card.licence_text(recipe), encoding="utf-8")
        _write_json(beside / "docs" / "training.json", card.training_facts(recipe, splits))
        card.write(beside)
        shutil.rmtree(folder, ignore_errors=True)
        beside.replace(folder)
    except OSError as problem:
        shutil.rmtree(beside, ignore_errors=True)
        raise FileError(
            f'The bundle "{folder}" cannot be written: {problem.strerror or problem}.',
            "Check the free space and the permissions.",
        ) from problem
    return folder


def save_weights(recipe: Recipe, weights: Sequence[dict[str, torch.Tensor]], path: Path) -> None:
    """Write weights as float16 safetensors, each tensor once; equal weights give equal files.

    Of a layer that a network knows under several names (DynUNet does), the first is kept, which
    `safetensors.torch.load_model` understands. Its `save_model` would note the other names in an order that changes
    from run to run.
    """
    from safetensors.torch import save_file

    model = network.with_weights([member.network_def for member in recipe.networks], weights, recipe.task)
    for parameter in model.parameters():  # not the buffers: a feature's mean may be larger than float16 can hold
        parameter.data = parameter.data.half()
    named = {id(tensor): name for name, tensor in reversed(model.state_dict(keep_vars=True).items())}
    state = model.state_dict()
    save_file({name: state[name].contiguous() for name in sorted(named.values())}, str(path))
    path.chmod(0o644)  # safetensors makes it readable for its owner only


def inference_config(recipe: Recipe) -> dict[str, Any]:
    """Return inference.json, which MONAI's own bundle runner can run as well as AutoLabel.

    `$` expressions stand only in the parts that AutoLabel does not read. A classifier's patch is cut out by AutoLabel
    alone, since MONAI has no way to say where the object is.
    """
    if recipe.task == "classification":
        return classifier_export.inference_config(recipe)
    space: list[dict[str, Any]] = [
        {"_target_": "LoadImaged", "keys": "image"},
        {"_target_": "EnsureChannelFirstd", "keys": "image"},
        {"_target_": "Orientationd", "keys": "image", "axcodes": recipe.axcodes, "labels": None},
        {"_target_": "Spacingd", "keys": "image", "pixdim": list(recipe.spacing_mm), "mode": "bilinear"},
    ]
    after: list[dict[str, Any]] = [
        {"_target_": "Activationsd", "keys": "pred", "softmax": True},
        {
            "_target_": "Invertd",
            "keys": "pred",
            "transform": "@preprocessing",
            "orig_keys": "image",
            "nearest_interp": False,
        },
        {"_target_": "AsDiscreted", "keys": "pred", "argmax": True},
        {"_target_": "SaveImaged", "keys": "pred", "output_dir": "@output_dir", "output_postfix": recipe.name},
    ]
    return {
        "imports": ["$import glob", "$import torch", "$from safetensors.torch import load_model"],
        "bundle_root": ".",
        "dataset_dir": "/path/to/images",
        "output_dir": "$@bundle_root + '/eval'",
        "device": "$torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
        "files": "$sorted(glob.glob(@dataset_dir + '/*.nii.gz'))",
        "network_def": network.definition([member.network_def for member in recipe.networks]),
        "network": "$@network_def.to(@device).eval()",
        "preprocessing": {"_target_": "Compose", "transforms": [*space, *recipe.normalisation]},
        "inferer": {
            "_target_": "SlidingWindowInferer",
            "roi_size": list(recipe.patch_voxels),
            "sw_batch_size": 1,
            "overlap": float(recipe.inference.get("overlap", 0.25)),
            "mode": str(recipe.inference.get("mode", "gaussian")),
        },
        "postprocessing": {"_target_": "Compose", "transforms": after},
        "predict": "$lambda data: {**data, 'pred': @inferer(data['image'][None].to(@device), @network)[0].cpu()}",
        "initialize": [
            "$torch.set_grad_enabled(False)",
            f"$load_model(@network, @bundle_root + '/{WEIGHTS}', device=str(@device))",
        ],
        "run": ["$[@postprocessing(@predict(@preprocessing({'image': file}))) for file in @files]"],
    }


def metadata(recipe: Recipe, hashes: dict[str, str]) -> dict[str, Any]:
    """Return metadata.json in MONAI's schema, with AutoLabel's contract in the section "autolabel".

    Args:
        recipe: What was trained.
        hashes: SHA-256 per file of the bundle.
    """
    import monai
    import numpy as np

    return {
        "schema": "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/"
        "meta_schema_20240725.json",
        "version": recipe.version,
        "changelog": {recipe.version: str(recipe.card.get("changelog", "trained with autolabel train"))},
        "monai_version": monai.__version__.partition("+")[0],
        "pytorch_version": torch.__version__.partition("+")[0],
        "numpy_version": np.__version__,
        "required_packages_version": {"safetensors": "0.4"},
        "name": recipe.name,
        "task": f"{recipe.anatomy} {recipe.task}".strip(),
        "description": str(recipe.card.get("description", "")),
        "authors": str(recipe.card.get("authors", "AutoLabel contributors")),
        "copyright": str(recipe.card.get("copyright", "AutoLabel contributors")),
        "license": str(recipe.card.get("licence", "")),
        "data_source": str(recipe.card.get("data_source", "")),
        "data_type": "nifti",
        "intended_use": str(recipe.card.get("intended_use", "")),
        "references": list(recipe.card.get("references", [])),
        "network_data_format": _formats(recipe),
        "autolabel": _contract(recipe, hashes),
    }


def _formats(recipe: Recipe) -> dict[str, Any]:
    """Return what goes in and what comes out, in MONAI's schema."""
    is_classifier = recipe.task == "classification"
    if is_classifier:
        inputs, outputs = classifier_export.channel_names(recipe)
    else:
        inputs = [str(channel["name"]) for channel in recipe.channels] + ["guidance"] * recipe.guidance_channels
        outputs = ["background", *(str(segment["name"]) for segment in recipe.segments)]
    image = {
        "type": "image",
        "format": "hounsfield" if recipe.channels[0].get("unit") == "HU" else "magnitude",
        "modality": str(recipe.channels[0].get("modality", "")),
        "num_channels": len(inputs),
        "value_range": list(recipe.card.get("value_range", [])),
        "is_patch_data": True,
        "channel_def": {str(index): name for index, name in enumerate(inputs)},
        "spatial_shape": list(recipe.patch_voxels),
        "dtype": "float32",
    }
    prediction = {
        "type": "probabilities" if is_classifier else "image",
        "format": recipe.task,
        "num_channels": len(outputs),
        "value_range": [0, 1],
        "is_patch_data": not is_classifier,
        "channel_def": {str(index): name for index, name in enumerate(outputs)},
        **({} if is_classifier else {"spatial_shape": list(recipe.patch_voxels)}),
        "dtype": "float32",
    }
    return {"inputs": {"image": image}, "outputs": {"pred": prediction}}


def _contract(recipe: Recipe, hashes: dict[str, str]) -> dict[str, Any]:
    return {
        "name": recipe.name,
        "task": recipe.task,
        "anatomy": recipe.anatomy,
        "description": str(recipe.card.get("description", "")),
        "licence": str(recipe.card.get("licence", "")),
        "modality": str(recipe.channels[0].get("modality", "")),
        "unit": recipe.channels[0].get("unit"),
        "channels": list(recipe.channels),
        **({"segments": list(recipe.segments)} if recipe.segments else {}),
        "spacing_mm": list(recipe.spacing_mm) or None,
        "patch_voxels": list(recipe.patch_voxels),
        "prompts": list(recipe.prompts),
        "needs_prompt": bool(recipe.prompts),
        **({"prompting": recipe.prompting} if recipe.prompting else {}),
        **(classifier_export.contract(recipe) if recipe.task == "classification" else {"mirror_axes": []}),
        **{key: value for key, value in recipe.inference.items() if key not in _OF_THE_WINDOW},
        "sha256": hashes,
    }


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
