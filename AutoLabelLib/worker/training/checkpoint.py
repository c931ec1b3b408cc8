"""Checkpoints from which a run continues bit for bit as if it had never been interrupted."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch

from AutoLabelLib.core.errors import FileError, InputError

NAME = "checkpoint.pt"


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint whole or not at all.

    Args:
        path: Target; replaced only when the new file is complete.
        state: Tensors, numbers, strings, lists and mappings of them.

    Raises:
        FileError: If it cannot be written.
    """
    beside = path.with_name(path.name + ".part")
    try:
        with beside.open("wb") as stream:
            torch.save({**state, "random": random_state()}, stream)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except (OSError, RuntimeError) as problem:
        beside.unlink(missing_ok=True)
        raise FileError(
            f'The checkpoint "{path.name}" cannot be written: {problem}.', "Check the free space and the permissions."
        ) from problem


def load(path: Path) -> dict[str, Any]:
    """Return a checkpoint's content and restore the state of all random generators.

    Only plain data is accepted (no pickled code), so a checkpoint from elsewhere cannot run anything.

    Raises:
        FileError: If it is missing or damaged.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as problem:
        raise FileError(f'There is no checkpoint "{path}" to resume from.', "Start without --resume.") from problem
    except Exception as problem:  # torch raises many kinds for a damaged file
        raise FileError(f'The checkpoint "{path.name}" is damaged.', "Delete it and start again.") from problem
    restore_random_state(state["random"])
    return state


def check_same_run(state: dict[str, Any], fingerprint: str) -> None:
    """Refuse to continue a run with another recipe or other cases.

    Raises:
        InputError: If the checkpoint belongs to another run.
    """
    if state.get("fingerprint") != fingerprint:
        raise InputError(
            "The checkpoint was made with another recipe or other cases.",
            "Use the same ones to resume, or another output folder to start anew.",
        )


def random_state() -> dict[str, Any]:
    """Return the state of Python's, NumPy's and torch's generators as plain data."""
    version, internal, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state(legacy=True)  # noqa: NPY002 - MONAI still draws from it
    return {
        "python": [version, list(internal), gauss],
        "numpy": [name, torch.from_numpy(np.asarray(keys).astype(np.int64)), position, has_gauss, cached],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Put the generators back to where `random_state` found them."""
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    name, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), position, has_gauss, cached))  # noqa: NPY002
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
