"""What the status line says of an answer."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from AutoLabelLib.core.prompt import Prompts
from AutoLabelLib.gui.results_words import volume_text
from AutoLabelLib.gui.words import counted


def answer_text(update: Any, was_written: bool, warnings: tuple[str, ...]) -> str:
    """Return what was found, and what to do next.

    Args:
        update: `AutoLabelLib.api.interaction.MaskUpdate`.
        was_written: Whether the user's masking left anything of it.
        warnings: Of the job, one sentence each.
    """
    if not update.mask.any():
        text = _("Nothing was found here: add a point inside, or remove a prompt.")
    elif not was_written:
        text = _("The masking settings allow no editing where this was found.")
    else:
        text = _("Found {volume} ml. Correct it, or accept it.").format(volume=volume_text(update.volume_ml))
    return " ".join((text, *warnings))


def prompts_text(prompts: Prompts) -> str:
    """Return how many prompts there are: "1 prompt", "3 prompts"."""
    return counted(sum(1 for _prompt in prompts), _("prompt"), _("prompts"))
