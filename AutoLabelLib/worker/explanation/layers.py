"""Which of a network's feature maps Grad-CAM looks at."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from AutoLabelLib.core.errors import InputError, ModelError

_FEWEST_VOXELS = 4  # along each axis: fewer cannot say where something is
_CONDENSED = (4, 2)
_NAMED_IN_HINT = 12


@dataclass(frozen=True)
class FeatureMap:
    """What a part of a network hands on.

    Attributes:
        layer: The part's name in the network.
        channels: Number of maps.
        shape: Their size in voxels.
    """

    layer: str
    channels: int
    shape: tuple[int, int, int]


def open_copy(network: torch.nn.Module) -> torch.nn.Module:
    """Return a copy of a network whose layers can be looked into: none of them overwrites what another has handed on.

    Raises:
        ModelError: If it is compiled and has no such layers.
    """
    if isinstance(network, torch.jit.ScriptModule):
        raise ModelError(
            "This model is compiled (TorchScript), so nobody can look into its layers.",
            "Choose another method: integrated_gradients, smoothgrad or occlusion.",
        )
    network = copy.deepcopy(network)
    for module in network.modules():
        if getattr(module, "inplace", False):
            module.inplace = False  # type: ignore[assignment]
    return network


def feature_maps(network: torch.nn.Module, score: Callable[[], torch.Tensor]) -> list[FeatureMap]:
    """Return the feature maps (1, C, I, J, K) that a score depends on, in the order in which they are made.

    A layer that runs several times is left out: it has no feature map of its own.

    Args:
        network: An `open_copy`.
        score: Sends one image, which requires gradients, through it and returns one number.
    """
    made: list[tuple[str, torch.Tensor]] = []

    def note(name: str) -> Callable[..., None]:
        def hook(_module: torch.nn.Module, _inputs: Any, output: Any) -> None:
            if isinstance(output, torch.Tensor) and output.ndim == 5 and output.requires_grad:
                made.append((name, output))

        return hook

    hooks = [module.register_forward_hook(note(name)) for name, module in network.named_modules() if name]
    try:
        value = score()
    finally:
        for hook in hooks:
            hook.remove()
    if not made:
        return []
    gradients = torch.autograd.grad(value.sum(), [output for _, output in made], allow_unused=True)
    runs = Counter(name for name, _ in made)
    return [
        FeatureMap(name, output.shape[1], (output.shape[2], output.shape[3], output.shape[4]))
        for (name, output), gradient in zip(made, gradients, strict=True)
        if gradient is not None and runs[name] == 1
    ]


def default_layer(maps: list[FeatureMap], image_shape: tuple[int, ...]) -> str:
    """Return the layer of the last feature map that is condensed and still says where: the usual choice.

    Condensed: a quarter of the image's resolution or less, else half. Later, a segmentation network has only its answer
    left; at a quarter, deletion confirms the maps of both hippocampus and lung nodule networks. Saying where: at least
    four voxels along each axis. A network that never reduces its image gives its last feature map but one.

    Args:
        maps: All, in the order in which they are made.
        image_shape: (3,), in voxels.

    Raises:
        ModelError: If there is none.
    """
    fine = [entry for entry in maps if min(entry.shape) >= min(_FEWEST_VOXELS, *image_shape)]
    condensed = next((found for part in _CONDENSED if (found := _reduced(fine, image_shape, part))), [])
    chosen = condensed or fine[:-1] or fine
    if not chosen:
        raise ModelError(
            "The network has no feature map in space that Grad-CAM could show.",
            "Choose another method: integrated_gradients, smoothgrad or occlusion.",
        )
    return chosen[-1].layer


def _reduced(maps: list[FeatureMap], image_shape: tuple[int, ...], part: int) -> list[FeatureMap]:
    return [e for e in maps if all(part * n <= whole for n, whole in zip(e.shape, image_shape, strict=True))]


def check_layer(maps: list[FeatureMap], layer: str) -> str:
    """Return a layer that has a feature map.

    Raises:
        InputError: If it has none, or there is no such layer.
    """
    names = [entry.layer for entry in maps]
    if layer not in names:
        some = ", ".join(names[:: -(-len(names) // _NAMED_IN_HINT)]) if names else "none"
        raise InputError(f'The network has no layer "{layer}" with a feature map.', f"It has, among others: {some}.")
    return layer
