"""Bundles written as MONAI's model zoo writes its promptable ones: `$` expressions, lists of transforms, model.pt."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from AutoLabelLib.core import catalogue

DEEPEDIT_SIZE = (16, 16, 16)
VISTA3D_WINDOW = (16, 16, 16)
TRUE_VISTA3D_WINDOW = (32, 32, 32)  # the true network halves it four times, and more than one voxel must be left
VISTA3D_NAMES = {1: "liver", 2: "kidney", 3: "spleen", 5: "right kidney", 14: "left kidney", 23: "lung tumor"}

# A VISTA3D whose heads are replaced: a voxel's value is its class, and a click means all voxels of the value at it.
_HEADS = """
import torch


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(1))

    def forward(self, images, with_point=True, with_label=True):
        return images * self.scale, images * self.scale


class ClassHead(torch.nn.Module):
    def forward(self, features, classes):
        values = classes.reshape(-1, 1, 1, 1, 1).to(features.dtype)
        return 0.5 - (features[:, 0][None] - values).abs(), classes


class PointHead(torch.nn.Module):
    last_supported = 132

    def forward(self, features, coordinates, kinds, class_vector=None):
        result = torch.full_like(features, -1.0)
        for (i, j, k), kind in zip(coordinates[0].round().long().tolist(), kinds[0].tolist()):
            like = (features - features[0, 0, i, j, k]).abs() < 0.5
            result = torch.where(like, torch.full_like(result, 1.0 if kind in (1, 3) else -1.0), result)
        return result
"""


def write_deepedit(
    folder: Path,
    labels: Sequence[str] = ("spleen", "background"),
    network_def: Mapping[str, Any] | None = None,
    state: Mapping[str, torch.Tensor] | None = None,
    *,
    images: int = 1,
    is_trusted: bool = True,
) -> Path:
    """Write a DeepEdit bundle; its network is a small DynUNet of the zoo's kind unless another one is given."""
    foreground = [label for label in labels if label != "background"]
    numbers = {label: foreground.index(label) + 1 if label in foreground else 0 for label in labels}
    network = dict(network_def or _dynunet())
    config = {
        "imports": ["$import os", "$import a_package_that_is_not_there"],
        "bundle_root": ".",
        "image_key": "image",
        "label_names": numbers,
        "spatial_size": list(DEEPEDIT_SIZE),
        "number_intensity_ch": images,
        "device": "$torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')",
        "network_def": network,
        "network": "$@network_def.to(@device)",
        "reading": [
            {"_target_": "LoadImaged", "keys": "@image_key", "reader": "ITKReader"},
            {"_target_": "EnsureChannelFirstd", "keys": "@image_key"},
            {"_target_": "Orientationd", "keys": "@image_key", "axcodes": "RAS"},
            {
                "_target_": "ScaleIntensityRanged",
                "keys": "@image_key",
                "a_min": -175,
                "a_max": 250,
                "b_min": 0.0,
                "b_max": 1.0,
                "clip": True,
            },
        ],
        "clicking": [
            {"_target_": "scripts.absent.OrientationGuidanceMultipleLabelDeepEditd", "ref_image": "@image_key"},
            {
                "_target_": "AddGuidanceFromPointsDeepEditd",
                "ref_image": "@image_key",
                "guidance": "guidance",
                "label_names": "@label_names",
            },
            {"_target_": "Resized", "keys": "@image_key", "spatial_size": "@spatial_size", "mode": "area"},
            {"_target_": "ResizeGuidanceMultipleLabelDeepEditd", "guidance": "guidance", "ref_image": "@image_key"},
            {
                "_target_": "AddGuidanceSignalDeepEditd",
                "keys": "@image_key",
                "guidance": "guidance",
                "number_intensity_ch": "@number_intensity_ch",
            },
        ],
        "typing": [{"_target_": "EnsureTyped", "keys": "@image_key"}],
        "preprocessing": {"_target_": "Compose", "transforms": "$@reading + @clicking + @typing"},
        "inferer": {"_target_": "SimpleInferer"},
        "postprocessing": {
            "_target_": "Compose",
            "transforms": [
                {"_target_": "Activationsd", "keys": "pred", "softmax": True},
                {"_target_": "Invertd", "keys": "pred", "transform": "@preprocessing", "orig_keys": "@image_key"},
                {"_target_": "AsDiscreted", "keys": "pred", "argmax": True},
                {"_target_": "SaveImaged", "keys": "pred"},
            ],
        },
    }
    channel_def = {str(number): label for label, number in numbers.items()}
    return _write(folder, config, _metadata(images + len(labels), channel_def, DEEPEDIT_SIZE), state, is_trusted)


def write_vista3d(
    folder: Path,
    state: Mapping[str, torch.Tensor] | None = None,
    *,
    is_true_network: bool = False,
    spacing_mm: Sequence[float] | None = None,
    is_trusted: bool = True,
) -> Path:
    """Write a VISTA3D bundle: the true network, narrow, or one whose answers are known (a value is a class)."""
    window = TRUE_VISTA3D_WINDOW if is_true_network else VISTA3D_WINDOW
    if is_true_network:
        network: Any = "$monai.networks.nets.vista3d132(encoder_embed_dim=8, in_channels=@input_channels)"
    else:
        heads = {"image_encoder": "Encoder", "class_head": "ClassHead", "point_head": "PointHead"}
        network = {"_target_": "monai.networks.nets.vista3d.VISTA3D"}
        network |= {name: {"_target_": f"scripts.heads.{head}"} for name, head in heads.items()}
        state = {"image_encoder.scale": torch.ones(1)}
    steps: list[dict[str, Any]] = [
        {"_target_": "LoadImaged", "keys": "@image_key", "reader": "NibabelGPUReader", "image_only": True},
        {"_target_": "EnsureChannelFirstd", "keys": "@image_key"},
        {"_target_": "EnsureTyped", "keys": "@image_key", "device": "@device", "track_meta": True},
        {"_target_": "CropForegroundd", "keys": "@image_key", "margin": 10, "source_key": "@image_key"},
        {
            "_target_": "monai.apps.vista3d.transforms.VistaPreTransformd",
            "keys": "@image_key",
            "subclass": "@subclass",
            "labels_dict": "@labels_dict",
        },
        {"_target_": "Orientationd", "keys": "@image_key", "axcodes": "RAS"},
        {"_target_": "CastToTyped", "keys": "@image_key", "dtype": "$torch.float32"},
    ]
    if spacing_mm:
        steps.insert(3, {"_target_": "Spacingd", "keys": "@image_key", "pixdim": list(spacing_mm), "mode": "bilinear"})
    config = {
        "imports": ["$import json", "$import pathlib", "$import scripts"],
        "bundle_root": "./",
        "image_key": "image",
        "everything_labels": "$list(set([1, 2, 3, 5, 14, 23]) - set([2, 23]))",
        "metadata_path": "$@bundle_root + '/configs/metadata.json'",
        "metadata": "$json.loads(pathlib.Path(@metadata_path).read_text())",
        "labels_dict": "$@metadata['network_data_format']['outputs']['pred']['channel_def']",
        "subclass": {"2": "$[14] + [5]"},
        "input_channels": 1,
        "patch_size": list(window),
        "device": "$torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')",
        "network_def": network,
        "network": "$@network_def.to(@device)",
        "preprocessing_transforms": steps,
        "preprocessing": {"_target_": "Compose", "transforms": "$@preprocessing_transforms "},
        "inferer": {"_target_": "scripts.absent.Vista3dInferer", "roi_size": "@patch_size", "overlap": 0.3},
        "postprocessing": {
            "_target_": "Compose",
            "transforms": [
                {"_target_": "monai.apps.vista3d.transforms.VistaPostTransformd", "keys": "pred"},
                {"_target_": "Lambdad", "func": "$lambda x: torch.nan_to_num(x, nan=255)", "keys": "pred"},
            ],
        },
    }
    (folder / "scripts").mkdir(parents=True)
    (folder / "scripts" / "__init__.py").write_text("", encoding="utf-8")
    (folder / "scripts" / "heads.py").write_text(_HEADS, encoding="utf-8")
    channel_def = {"0": "background", **{str(number): name for number, name in VISTA3D_NAMES.items()}}
    return _write(folder, config, _metadata(1, channel_def, window), state, is_trusted)


def _dynunet() -> dict[str, Any]:
    return {
        "_target_": "DynUNet",
        "spatial_dims": 3,
        "in_channels": "$len(@label_names) + @number_intensity_ch",
        "out_channels": "$len(@label_names)",
        "kernel_size": [3, 3, 3],
        "strides": [1, 2, [2, 2, 1]],
        "upsample_kernel_size": [2, [2, 2, 1]],
        "filters": [4, 6, 8],
        "norm_name": "instance",
        "deep_supervision": False,
        "res_block": True,
    }


def _metadata(channels: int, channel_def: Mapping[str, str], shape: Sequence[int]) -> dict[str, Any]:
    image = {
        "type": "image",
        "format": "hounsfield",
        "modality": "CT",
        "num_channels": channels,
        "spatial_shape": list(shape),
        "channel_def": {"0": "image"},
    }
    pred = {"type": "image", "num_channels": 1 if channels == 1 else len(channel_def), "channel_def": dict(channel_def)}
    return {
        "version": "0.5.0",
        "task": "Segmentation with prompts",
        "description": "A bundle as the zoo writes it.",
        "network_data_format": {"inputs": {"image": image}, "outputs": {"pred": pred}},
    }


def _write(
    folder: Path,
    config: Mapping[str, Any],
    metadata: Mapping[str, Any],
    state: Mapping[str, torch.Tensor] | None,
    is_trusted: bool,
) -> Path:
    (folder / "configs").mkdir(parents=True)
    (folder / "models").mkdir()
    for name, content in (("inference", config), ("metadata", metadata)):
        (folder / "configs" / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    torch.save({"model": dict(state or _random_state(folder))}, folder / "models" / "model.pt")
    if is_trusted:
        catalogue.trust(folder)
    return folder


def _random_state(folder: Path) -> dict[str, torch.Tensor]:
    """Return the weights with which the config's network is born."""
    from monai.bundle.config_parser import ConfigParser

    parser = ConfigParser()
    parser.read_config(str(folder / "configs" / "inference.json"))
    torch.manual_seed(0)
    return dict(parser.get_parsed_content("network_def").state_dict())
