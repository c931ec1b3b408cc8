"""Networks from their bundle definition, and the precision in which they can be trained safely."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from AutoLabelLib.core.errors import InputError

if TYPE_CHECKING:
    import torch

_ALLOWED_PREFIXES = (
    "monai.networks.nets.",
    "AutoLabelLib.worker.classification.networks.",
    "AutoLabelLib.worker.classification.forest.",
)
_MEANS = {
    "segmentation": "AutoLabelLib.worker.networks.ensemble.MeanOfNetworks",
    "classification": "AutoLabelLib.worker.classification.networks.MeanOfClassifiers",
}


def build(network_def: dict[str, Any]) -> torch.nn.Module:
    """Return a freshly initialised network.

    Args:
        network_def: A bundle's "network_def": `_target_` within monai.networks.nets or this project's networks for
            classification, and its arguments, which may be such definitions again.

    Raises:
        InputError: If the target is not a MONAI network or refuses the arguments.
    """
    target = str(network_def.get("_target_", ""))
    module_name, _, class_name = target.rpartition(".")
    if not target.startswith(_ALLOWED_PREFIXES):
        raise InputError(f'"{target}" is not a MONAI network.', f'Write "{_ALLOWED_PREFIXES[0]}DynUNet" or another.')
    arguments = {key: _built(value) for key, value in network_def.items() if not key.startswith("_")}
    try:
        network_class = getattr(importlib.import_module(module_name), class_name)
        return network_class(**arguments)
    except (ImportError, AttributeError, TypeError, ValueError) as problem:
        raise InputError(f'The network "{class_name}" cannot be built: {problem}.') from problem


def _built(argument: Any) -> Any:
    """Return an argument of a network, built if it is a network itself."""
    return build(argument) if isinstance(argument, dict) and "_target_" in argument else argument


def definition(network_defs: Sequence[dict[str, Any]], task: str = "segmentation") -> dict[str, Any]:
    """Return the "network_def" of a bundle with one network, or with the mean of several."""
    if len(network_defs) == 1:
        return network_defs[0]
    return {"_target_": _MEANS[task], "networks": list(network_defs)}


def with_weights(
    network_defs: Sequence[dict[str, Any]], weights: Sequence[dict[str, torch.Tensor]], task: str = "segmentation"
) -> torch.nn.Module:
    """Return the network that `definition` describes, with the weights of each of its networks."""
    networks = [build(network_def) for network_def in network_defs]
    for network, state in zip(networks, weights, strict=True):
        network.load_state_dict(state)
    if len(networks) == 1:
        return networks[0]
    module_name, _, class_name = _MEANS[task].rpartition(".")
    mean: torch.nn.Module = getattr(importlib.import_module(module_name), class_name)(networks)
    return mean


def bf16_is_safe(network: torch.nn.Module, patch_voxels: tuple[int, ...], channels: int) -> bool:
    """Return whether bfloat16 on the CPU gives right gradients for patches of this size.

    torch 2.13's CPU kernel for the weight gradient of Conv3d returns garbage in bfloat16 when the first spatial size
    is at least 2 but smaller than the kernel, so each convolution's input is looked at once.

    Args:
        network: The network; left as it was.
        patch_voxels: (3,) of one example.
        channels: Number of input channels.
    """
    import torch

    unsafe: list[str] = []

    def look(module: torch.nn.Conv3d, inputs: tuple[torch.Tensor, ...]) -> None:
        depth, kernel = inputs[0].shape[2], module.kernel_size[0]
        if 2 <= depth < kernel:
            unsafe.append(f"{depth} < {kernel}")

    convolutions = [module for module in network.modules() if isinstance(module, torch.nn.Conv3d)]
    hooks = [module.register_forward_pre_hook(look) for module in convolutions]
    was_training = network.training
    try:
        network.eval()
        with torch.no_grad():
            network(torch.zeros(1, channels, *patch_voxels))
    finally:
        network.train(was_training)
        for hook in hooks:
            hook.remove()
    return not unsafe
