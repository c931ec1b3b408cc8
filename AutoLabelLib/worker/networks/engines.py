"""Ways to run a network: plain float32, half precision, OpenVINO.

How many threads they use is the worker's decision (`torch.set_num_threads`); for a fixed number of them, the same
window gives the same bits each time.
"""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import os
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import torch

from AutoLabelLib.core.errors import InputError, MissingDependency, ModelError

FP32, BF16, FP16, OPENVINO, OPENVINO_BF16 = "fp32", "bf16", "fp16", "openvino", "openvino_bf16"
ENGINES = (FP32, BF16, FP16, OPENVINO, OPENVINO_BF16)
DEVICES = ("cpu", "cuda", "mps")

REDUCED = (BF16, FP16, OPENVINO_BF16)
"""Engines that round more than float32 does."""

_DTYPES = {BF16: torch.bfloat16, FP16: torch.float16}


class Engine(Protocol):
    """A network, ready to run on a device.

    Attributes:
        name: One of `ENGINES`.
        device: Where its output lies.
        copies_weights: Whether it holds weights of its own.
    """

    name: str
    device: str
    copies_weights: bool

    def __call__(self, windows: torch.Tensor) -> torch.Tensor:
        """Return float32 logits (B, C', I, J, K) on `device` for float32 windows (B, C, I, J, K) on the CPU."""


class TorchEngine:
    """The network in torch, in float32 or under autocast."""

    def __init__(self, network: torch.nn.Module, device: str, name: str) -> None:
        self.name = name
        self.device = device
        self.copies_weights = device != "cpu" or name != FP32
        self._dtype = _DTYPES.get(name)
        self._network = copy.deepcopy(network).to(device) if self.copies_weights else network
        # Instance normalisation wants each channel in one piece: 2.7 times float32 on the CPU, and 2.2 in channels-last
        # order. The others gain by it: 4.2 against 3.0 with group normalisation.
        self._channels_last = self._dtype is not None and not _has_instance_norm(network)
        if self._channels_last:
            self._network = self._network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]

    def __call__(self, windows: torch.Tensor) -> torch.Tensor:
        """Return float32 logits (B, C', I, J, K) on the device."""
        layout = torch.channels_last_3d if self._channels_last else torch.contiguous_format
        windows = windows.to(self.device, non_blocking=True).contiguous(memory_format=layout)
        kind = self.device.partition(":")[0]
        with torch.inference_mode(), torch.autocast(kind, self._dtype, enabled=self._dtype is not None):
            return main_output(self._network(windows)).float()


class OpenVinoEngine:
    """The network compiled by OpenVINO for one window shape: seconds to make, then the fastest on a CPU."""

    device = "cpu"
    copies_weights = True

    def __init__(
        self, network: torch.nn.Module, name: str, window_shape: Sequence[int], kept_in: Path | None = None
    ) -> None:
        import openvino

        self.name = name
        model = _openvino_model(network, [1, *window_shape], kept_in)
        config = {
            "INFERENCE_PRECISION_HINT": "bf16" if name == OPENVINO_BF16 else "f32",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "NUM_STREAMS": 1,
        }
        self._request = openvino.Core().compile_model(model, "CPU", config).create_infer_request()

    def __call__(self, windows: torch.Tensor) -> torch.Tensor:
        """Return float32 logits (B, C', I, J, K); windows are run one by one."""
        results = []
        for window in windows:
            output = self._request.infer([window[None].contiguous().numpy()], share_inputs=True)[0]
            results.append(torch.from_numpy(output.copy()))
        return torch.cat(results).float()


def _openvino_model(network: torch.nn.Module, shape: list[int], kept_in: Path | None) -> Any:
    """Return a network as OpenVINO's model, converted now or read from where an earlier worker left it."""
    import openvino

    size = "x".join(map(str, shape))
    folder = kept_in / f"openvino-{openvino.__version__.partition('-')[0]}-{size}" if kept_in else None
    if folder and folder.is_dir():
        try:
            return openvino.Core().read_model(folder / "model.xml")
        except RuntimeError:  # cut off or altered: it is converted again, and left as it is
            folder = None
    example = torch.zeros(shape)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the tracer's: sizes become constants, as they shall
        # Tracing here, without a second run to check it, takes a third of the time that OpenVINO's own takes.
        traced = torch.jit.trace(_Single(network), example, check_trace=False)  # type: ignore[no-untyped-call]
        model = openvino.convert_model(traced, example_input=example, input=[shape])
    if folder:
        with contextlib.suppress(OSError, RuntimeError):  # a full disk costs the next worker some seconds
            beside = folder.with_name(f"{folder.name}.{os.getpid()}")
            beside.mkdir(parents=True)
            openvino.save_model(model, beside / "model.xml", compress_to_fp16=False)
            beside.rename(folder)
    return model


class _Single(torch.nn.Module):
    """A network that may return several outputs, with the first one only."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        return main_output(self.network(windows))


def make(
    network: torch.nn.Module, device: str, name: str, window_shape: Sequence[int], kept_in: Path | None = None
) -> Engine:
    """Return an engine.

    Args:
        network: In evaluation mode, on the CPU; not changed.
        device: Such as "cpu" or "cuda".
        name: One of `ENGINES`.
        window_shape: (C, I, J, K).
        kept_in: Folder for what OpenVINO made of this network, so that the next worker need not; None: nowhere.

    Raises:
        MissingDependency: If OpenVINO is wanted and not installed.
        InputError: If the engine does not exist on that device.
        ModelError: If OpenVINO cannot compile the network.
    """
    if name not in (OPENVINO, OPENVINO_BF16):
        if name == FP16 and device == "cpu":
            raise InputError("The engine fp16 needs a GPU.", "On the CPU choose bf16 or fp32.")
        return TorchEngine(network, device, name)
    if device != "cpu":
        raise InputError(f'The engine {name} runs on the CPU, not on "{device}".')
    if not has_openvino():
        raise MissingDependency(
            "OpenVINO is not installed.", 'pip install "autolabel[fast]", or choose another engine.'
        )
    try:
        return OpenVinoEngine(network, name, window_shape, kept_in)
    except Exception as problem:  # its converters raise whatever they like
        raise ModelError(f"OpenVINO cannot compile this network: {problem}", "Choose another engine.") from problem


def default_device() -> str:
    """Return "cuda", "mps" or "cpu": the fastest that is there."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@cache
def has_openvino() -> bool:
    """Return whether OpenVINO is installed."""
    return importlib.util.find_spec("openvino") is not None


@cache
def has_fast_bf16() -> bool:
    """Return whether this CPU computes in bfloat16 by itself; where it is emulated it is slower than float32."""
    if hasattr(torch.cpu, "get_capabilities"):
        flags = torch.cpu.get_capabilities()
        return any(flags.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    return bool(getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)())  # torch before 2.10


def _has_instance_norm(network: torch.nn.Module) -> bool:
    return any(isinstance(module, torch.nn.modules.instancenorm._InstanceNorm) for module in network.modules())


def main_output(output: Any) -> torch.Tensor:
    """Return the network's main output: deep supervision and auxiliary heads follow it."""
    while isinstance(output, (tuple, list)):
        output = output[0]
    if isinstance(output, dict):
        output = output.get("out", next(iter(output.values())))
    if not isinstance(output, torch.Tensor):
        raise ModelError(f"The network returned {type(output).__name__}, not a tensor.")
    return output
