"""A bundle's weights, read without running anything, and put into its network without a tensor missing or left over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from AutoLabelLib.core.errors import ChecksumError, MissingDependency, ModelError

# In the order of preference: safetensors cannot hold code; a .pt is read with weights_only, so that it cannot run any.
STATE_FILES = ("model.safetensors", "model.pt", "model.pth")
SCRIPT_FILE = "model.ts"
_WRAPPERS = ("state_dict", "model", "network", "net")  # what training scripts call the entry with the weights
_IN_A_MEAN = re.compile(r"networks\.([0-9]+)\.(.+)")  # how `ensemble.MeanOfNetworks` names them
_LISTED = 3  # names in an error message


def find(folder: Path) -> Path:
    """Return the file in a bundle that holds its weights.

    Raises:
        ChecksumError: If there is none.
    """
    for name in (*STATE_FILES, SCRIPT_FILE):
        path = folder / "models" / name
        if path.is_file():
            return path
    raise ChecksumError(
        f'The model "{folder.name}" has no weights: none of {", ".join((*STATE_FILES, SCRIPT_FILE))} is in models/.',
        "Install the model again.",
    )


def read(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a weights file, floating-point ones as float32.

    Raises:
        ModelError: If the file is broken or holds more than weights.
    """
    try:
        state = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)
    except (OSError, RuntimeError, ValueError, EOFError, UnpicklingError) as problem:
        raise ModelError(
            f"The weights {path.name} cannot be read, or hold more than weights ({type(problem).__name__}).",
            "Install the model again, or save its weights as safetensors.",
        ) from problem
    return {name: value.float() if value.is_floating_point() else value for name, value in state.items()}


def read_script(path: Path) -> torch.nn.Module:
    """Return a TorchScript network.

    Raises:
        ModelError: If the file is broken.
    """
    try:
        network: torch.nn.Module = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
    except (OSError, RuntimeError, ValueError) as problem:
        raise ModelError(f"The TorchScript network {path.name} cannot be read.", "Install it again.") from problem
    return network


def fill(network: torch.nn.Module, state: Mapping[str, torch.Tensor], model_name: str) -> None:
    """Put weights into a network, strictly: each of its tensors once, in the right shape, nothing left over.

    A tensor that the network knows under several names (DynUNet's `skip_layers` repeat its blocks) may be stored
    under one of them only.

    Raises:
        ModelError: If weights and network do not fit.
    """
    own = network.state_dict(keep_vars=True)
    filled = {id(own[name]) for name in state if name in own}
    lacking = [name for name, tensor in own.items() if name not in state and id(tensor) not in filled]
    surplus = [name for name in state if name not in own]
    misshapen = [name for name in state if name in own and own[name].shape != state[name].shape]
    for names, problem in ((lacking, "lack"), (surplus, "have unknown"), (misshapen, "have another shape for")):
        if names:
            listed = ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
            raise ModelError(
                f'The weights of "{model_name}" do not fit its network: they {problem} {listed}.',
                "Weights and configs/inference.json must come from the same version of the model.",
            )
    network.load_state_dict(dict(state), strict=False)


def widened(state: Mapping[str, torch.Tensor], network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return weights in which kernels that lack input channels at their end got them, with zeros: they change nothing.

    So a network that reads more channels starts as the one that did not.
    """
    own = network.state_dict()

    def fitting(name: str, tensor: torch.Tensor) -> torch.Tensor:
        wanted = own[name].shape if name in own else tensor.shape
        lacks = wanted[1] - tensor.shape[1] if len(wanted) > 2 and len(wanted) == tensor.ndim else 0
        if lacks <= 0 or (wanted[0], *wanted[2:]) != (tensor.shape[0], *tensor.shape[2:]):
            return tensor
        return torch.cat([tensor, tensor.new_zeros((tensor.shape[0], lacks, *tensor.shape[2:]))], dim=1)

    return {name: fitting(name, tensor) for name, tensor in state.items()}


def of_each(state: Mapping[str, torch.Tensor]) -> list[dict[str, torch.Tensor]]:
    """Return the weights of each network of a mean of networks; those of a single network as they are."""
    parts: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in state.items():
        found = _IN_A_MEAN.fullmatch(name)
        if found is None:
            return [dict(state)]
        parts.setdefault(int(found[1]), {})[found[2]] = tensor
    return [parts[number] for number in sorted(parts)]


def _read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as problem:
        raise MissingDependency("Reading this model needs safetensors.", "pip install safetensors") from problem
    try:
        return dict(load_file(str(path)))
    except SafetensorError as problem:
        raise ValueError(str(problem)) from problem


def _read_torch(path: Path) -> dict[str, torch.Tensor]:
    content: Any = torch.load(str(path), map_location="cpu", weights_only=True)
    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise ValueError("no state_dict")
    return {str(name): value for name, value in content.items()}
