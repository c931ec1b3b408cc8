"""What the panel Models says about a model, in plain words."""

from __future__ import annotations

import html
import re

from slicer.i18n import tr as _

from AutoLabelLib.core import user_models
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.gui.model_check import ModelCheck


def use_text(spec: ModelSpec) -> str:
    """Return for which images a model is, shortly: "CT", or "any" where it takes all."""
    return spec.modality or _("any")


def facts_html(spec: ModelSpec, check: ModelCheck, has_card: bool) -> str:
    """Return the facts of a model as a small table.

    Args:
        spec: The model.
        check: What is known about its files.
        has_card: Whether its model card is shown below, which tells the rest.
    """
    rows = {
        _("Task"): _task_text(spec),
        _("Body part"): spec.anatomy or _("any"),
        _("Version"): spec.version,
        _("Licence"): spec.licence,
        _("Comes from"): _("you: it was added from a folder") if user_models.is_users_own(spec) else _("AutoLabel"),
        _("Files"): _files_text(spec, check),
    }
    if not has_card:
        rows |= {_("Trained on"): spec.source, _("Meant for"): spec.intended_use}
    cells = "".join(
        f'<tr><td style="padding-right:8px">{html.escape(name)}:</td><td>{html.escape(text or "–")}</td></tr>'
        for name, text in rows.items()
    )
    return f"<p><b>{html.escape(spec.name)}</b>: {html.escape(spec.description)}</p><table>{cells}</table>"


def card_markdown(card: str) -> str:
    """Return a model card for a small place: without its title, which stands above, and with smaller headings."""
    without_title = re.sub(r"\A\s*# .*\n", "", card)
    return re.sub(r"^#{1,3} ", "#### ", without_title, flags=re.MULTILINE)


def _task_text(spec: ModelSpec) -> str:
    names = {
        "segmentation": _("segmentation"),
        "classification": _("classification"),
        "detection": _("detection"),
    }
    task = names.get(spec.task, spec.task)
    return _("{task} from a prompt").format(task=task) if spec.needs_prompt else task


def _files_text(spec: ModelSpec, check: ModelCheck) -> str:
    if check.is_running:
        return _("being checked…")
    if check.problem is not None:
        return str(check.problem)
    parts = [
        _("verified: they are the published ones (SHA-256)") if spec.sha256 else _("without published checksums"),
        "" if check.is_trusted else _("not approved, so it does not run"),
    ]
    return "; ".join(filter(None, parts))


def trust_question(spec: ModelSpec, size: str) -> str:
    """Return what the user must know before a model from elsewhere may run, as a question."""
    licence = spec.licence or _("not stated")
    return "\n\n".join(
        [
            _("{name} {version}: {size}, licence: {licence}.").format(
                name=spec.name, version=spec.version, size=size, licence=licence
            ),
            _(
                "A model is a program: its configuration can run any code on this computer, with your rights. "
                "Only go on if you trust where it comes from."
            ),
            _("Let it run as it is now? If one of its files changes, you are asked again."),
        ]
    )
