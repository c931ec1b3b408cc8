"""What makes a classifier's probabilities come true: a temperature (Guo et al. 2017), a shift and a slope per class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.errors import InputError

WAYS = ("temperature", "temperature_and_bias", "slopes_and_bias", "none")
_STEPS = 200
_STRENGTH = 1e-2  # of the pull towards no change: keeps separable cases from making probabilities of 0 and 1
_RANGE = (0.05, 20.0)


@dataclass(frozen=True)
class Calibration:
    """What is done to logits before they become probabilities: divided by the temperature, stretched, then shifted.

    A slope per class says how much the logarithm of its probability counts. Of two classes this is the calibration of
    Kull et al. 2017 ("beta"), which mends networks that are too sure of one class and too timid about the other.

    Attributes:
        temperature: Positive; above 1 it makes probabilities more cautious.
        bias: One number per class; () for none.
        slopes: One positive number per class; () for none.
    """

    temperature: float = 1.0
    bias: tuple[float, ...] = ()
    slopes: tuple[float, ...] = ()


def probabilities(
    logits: ArrayLike,
    temperature: float = 1.0,
    bias: tuple[float, ...] = (),
    slopes: tuple[float, ...] = (),
    *,
    multi_label: bool = False,
) -> NDArray[np.float64]:
    """Return probabilities (..., classes) of logits (..., classes)."""
    divided = torch.as_tensor(np.asarray(logits, dtype=np.float64) / temperature)
    scaled = stretched(divided, slopes).numpy() + (np.asarray(bias) if bias else 0.0)
    if multi_label:
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scaled, -500, 500))))
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def stretched(logits: torch.Tensor, slopes: tuple[float, ...] | torch.Tensor) -> torch.Tensor:
    """Return the logarithms of the classes' probabilities (..., classes) times their slopes; () leaves logits alone."""
    if not len(slopes):
        return logits
    return logits.log_softmax(-1) * torch.as_tensor(slopes, dtype=logits.dtype, device=logits.device)


def fit(logits: ArrayLike, truth: ArrayLike, *, way: str = "temperature", multi_label: bool = False) -> Calibration:
    """Return the calibration under which cases that no network was trained on are most probable.

    Args:
        logits: (N, classes), of cases that the networks have not seen.
        truth: (N,) index of the true class; for several labels (N, classes), whether each is true.
        way: One of `WAYS`.
        multi_label: Whether several classes may be true at once.

    Raises:
        InputError: If there are no cases, the way is unknown, or not for several labels.
    """
    if way not in WAYS:
        raise InputError(f'There is no calibration "{way}".', f"There are: {', '.join(WAYS)}.")
    if way == "slopes_and_bias" and multi_label:
        raise InputError("Several labels at once have no slopes.", "Calibrate them by temperature_and_bias.")
    if way == "none":
        return Calibration()
    values = torch.as_tensor(np.asarray(logits, dtype=np.float64))
    if not len(values):
        raise InputError("There are no cases to calibrate on.")
    target = torch.as_tensor(np.asarray(truth))
    log_temperature = torch.zeros((), dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(values.shape[1], dtype=torch.float64, requires_grad=way != "temperature")
    log_slopes = torch.zeros(values.shape[1], dtype=torch.float64, requires_grad=way == "slopes_and_bias")
    log_temperature.requires_grad_(not log_slopes.requires_grad)
    learned = [parameter for parameter in (log_temperature, bias, log_slopes) if parameter.requires_grad]
    optimizer = torch.optim.LBFGS(learned, max_iter=_STEPS, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        divided = values * torch.exp(-log_temperature)
        scaled = (stretched(divided, log_slopes.exp()) if log_slopes.requires_grad else divided) + bias
        if multi_label:
            loss = torch.nn.functional.binary_cross_entropy_with_logits(scaled, target.double())
        else:
            loss = torch.nn.functional.cross_entropy(scaled, target.long())
        pull = log_temperature**2 + (bias**2).sum() + (log_slopes**2).sum()
        loss = loss + _STRENGTH * pull / max(1.0, len(values) ** 0.5)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    temperature = float(np.clip(np.exp(float(log_temperature.detach())), *_RANGE))
    shift = bias.detach() - (0.0 if multi_label else bias.detach().mean())  # a shift of all classes says nothing
    return Calibration(
        temperature,
        tuple(float(value) for value in shift) if bias.requires_grad else (),
        tuple(float(value) for value in log_slopes.detach().exp().clamp(*_RANGE)) if log_slopes.requires_grad else (),
    )
