"""The tools, and what a model takes, in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from slicer.i18n import tr as _

from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.prompt import Prompt


@dataclass(frozen=True)
class Tool:
    """One way to point at something.

    Attributes:
        kind: Kind of prompt that it makes: "point", "box", "scribble" or "lasso".
        key: Key that chooses it.
    """

    kind: str
    key: str

    @property
    def title(self) -> str:
        """Its name."""
        return {"point": _("Point"), "box": _("Box"), "scribble": _("Scribble"), "lasso": _("Lasso")}[self.kind]

    @property
    def how(self) -> str:
        """How it is used, in one sentence."""
        return {
            "point": _("Click inside the object in a slice view; with Shift, click what does not belong to it."),
            "box": _("Drag a box around the object in a slice view; adjust its depth in another view."),
            "scribble": _("Drag through the object in a slice view; with Shift, through what does not belong to it."),
            "lasso": _("Drag around the object in a slice view; with Shift, around what does not belong to it."),
        }[self.kind]


# No key of Slicer's own: the Segment Editor has digits, Q W Z Y I, Esc, Space; slice views B F G R T V and arrows.
TOOLS = (Tool("point", "P"), Tool("box", "X"), Tool("scribble", "S"), Tool("lasso", "L"))
SIGN_KEY, UNDO_KEY, REDO_KEY, REMOVE_KEY = "N", "Backspace", "Shift+Backspace", "Del"
ACCEPT_KEYS, RESET_KEY = ("Return", "Enter"), "Ctrl+Backspace"


def tool_of(kind: str) -> Tool:
    """Return the tool that makes a kind of prompts."""
    return next(tool for tool in TOOLS if tool.kind == kind)


def kind_of(prompt: Prompt) -> str:
    """Return the kind of a prompt: "point", "box", "scribble" or "lasso"."""
    return type(prompt).__name__.lower()


def why_not(spec: ModelSpec | None, kind: str) -> str:
    """Return why a model does not take a kind of prompts, in one sentence; "" if it does."""
    if spec is None:
        return _("Choose a model first.")
    if kind in spec.prompts:
        return ""
    taken = ", ".join(tool.title.lower() for tool in TOOLS if tool.kind in spec.prompts)
    return _("“{model}” does not understand this; it takes: {kinds}.").format(model=spec.name, kinds=taken)


def usable_models(specs: list[ModelSpec]) -> list[ModelSpec]:
    """Return the models that can be pointed at something, those that take most kinds first."""
    usable = [spec for spec in specs if spec.task == "segmentation" and any(t.kind in spec.prompts for t in TOOLS)]
    return sorted(usable, key=lambda spec: (-len(spec.prompts), spec.name))


def shortcuts_text() -> str:
    """Return the keys and what they do, as HTML."""
    rows = [(tool.key, tool.title) for tool in TOOLS]
    rows += [
        (SIGN_KEY, _("Inside or outside; Shift does it for one prompt")),
        (UNDO_KEY, _("Take the latest prompt back")),
        (REDO_KEY, _("Give it again")),
        (REMOVE_KEY, _("Remove the prompt under the mouse, or the one selected in the list")),
        (RESET_KEY, _("Reset: remove all prompts and what they made")),
        (ACCEPT_KEYS[0], _("Accept: keep the segment and begin the next object")),
    ]
    return (
        "<table>" + "".join(f"<tr><td><b>{key}</b>&nbsp;</td><td>{what}</td></tr>" for key, what in rows) + "</table>"
    )
