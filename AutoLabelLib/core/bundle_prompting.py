"""How a bundle from elsewhere wants to be told what was pointed at, read from its files without running any of them.

Source: the bundles vista3d and spleen_deepedit_annotation of the MONAI model zoo, and others written like them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from AutoLabelLib.core.labelmap import Segment

DEEPEDIT = "deepedit"
"""Image and one guidance channel per label, the background included, all made one size.

Source: Diaz-Pinto et al., DeepEdit, DALI at MICCAI 2022; monai.apps.deepedit.
"""

VISTA3D = "vista3d"
"""Positions of clicks, or numbers of classes, go into the network beside the image.

Source: He et al., VISTA3D, CVPR 2025; monai.networks.nets.vista3d.
"""

ANY_STRUCTURE = "any structure"
"""Name of the segment that stands for whatever is pointed at, for a network that knows more than it has names for."""

_NETWORK_SECTIONS = ("network_def", "network")
_VISTA3D_NETWORK = re.compile(r"\bvista3d132\b|\bVISTA3D\b")
_DEEPEDIT_STEP = "AddGuidanceSignalDeepEditd"
_INTENSITY_CHANNELS = "number_intensity_ch"
_VISTA3D_FROM = 133  # a class beyond the last one that it was taught means: what is pointed at, whatever it is


def prompting_of(config: Path | None) -> str:
    """Return how a bundle is told what was pointed at: `DEEPEDIT`, `VISTA3D`, or "" for neither.

    What counts is its network and its transforms, not its name.

    Args:
        config: Its inference config; None if it has none.
    """
    try:
        text = config.read_text(encoding="utf-8") if config is not None else ""
    except (OSError, ValueError):
        return ""  # whoever loads it says what is wrong
    sections = _sections(text)
    network = json.dumps([sections.get(name) for name in _NETWORK_SECTIONS]) if sections else text
    if _VISTA3D_NETWORK.search(network):
        return VISTA3D
    return DEEPEDIT if _DEEPEDIT_STEP in text else ""


def intensity_channels(config: Path, input_channels: int, labels: int) -> int:
    """Return how many of a DeepEdit network's input channels are images.

    Args:
        config: Its inference config.
        input_channels: As its metadata says, which counts the guidance channels or does not.
        labels: Number of its labels, the background included.
    """
    stated = _sections(config.read_text(encoding="utf-8")).get(_INTENSITY_CHANNELS)
    if isinstance(stated, int):
        return stated
    return input_channels - labels if input_channels > labels else input_channels


def any_structure(taken: tuple[Segment, ...]) -> Segment:
    """Return the segment for whatever is pointed at, with a label value that no other segment has."""
    highest = max((segment.label_value for segment in taken), default=0)
    return Segment(ANY_STRUCTURE, max(_VISTA3D_FROM, highest + 1), color=(0.84, 0.37, 0.00))


def _sections(text: str) -> dict[str, Any]:
    """Return a JSON config; empty for YAML, whose text then has to do."""
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
