"""Whatever a person reads in a panel goes through `_()`, so that Slicer can show it in the person's language.

Texts in .ui files are translated by Qt. Qt's lupdate finds in Python what is written as `_("...")`: a literal.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted([*(ROOT / "AutoLabel").glob("*.py"), *(ROOT / "AutoLabelLib" / "gui").rglob("*.py")])

PROPERTIES = {
    *("text", "toolTip", "statusTip", "whatsThis", "title", "windowTitle", "placeholderText", "suffix", "prefix"),
    *("helpText", "acknowledgementText", "plainText", "html", "specialValueText", "informativeText", "detailedText"),
}
METHODS = {
    *(f"set{name[0].upper()}{name[1:]}" for name in PROPERTIES),
    *("addAction", "addItem", "addTab", "report", "setHeaderLabels", "setItemText", "showMessage", "showStatusMessage"),
    *("errorDisplay", "infoDisplay", "warningDisplay", "confirmOkCancelDisplay", "confirmYesNoDisplay"),
}
WIDGETS = {"QAction", "QCheckBox", "QGroupBox", "QLabel", "QPushButton", "QRadioButton"}


def is_readable(node: ast.expr | None) -> bool:
    """Return whether an expression is a text with words in it that was written here and is not translated."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and any(letter.isalpha() for letter in node.value)
    if isinstance(node, ast.JoinedStr):
        return any(is_readable(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return is_readable(node.left) or is_readable(node.right)
    if isinstance(node, ast.IfExp):
        return is_readable(node.body) or is_readable(node.orelse)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join"):
        return is_readable(node.func.value)
    return False


def untranslated(tree: ast.AST) -> Iterator[str]:
    """Yield each place at which such a text reaches a person, and each `_()` of something that is no literal."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets = [target.attr for target in node.targets if isinstance(target, ast.Attribute)]
            if PROPERTIES & set(targets) and is_readable(node.value):
                yield f"line {node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in METHODS | WIDGETS and any(is_readable(argument) for argument in node.args):
                yield f"line {node.lineno}: {ast.unparse(node)}"
            if name == "_" and not (isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)):
                yield f"line {node.lineno}: {ast.unparse(node)} cannot be found by lupdate"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_a_person_reads_is_translated(file: Path) -> None:
    assert not list(untranslated(ast.parse(file.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ('button.text = "Run"', 1),
        ('button.text = _("Run")', 0),
        ('button.text = ""', 0),
        ('label.setText(f"{count} segments")', 1),
        ('label.setText(f"{count}")', 0),
        ('label.setText(_("{count} segments").format(count=count))', 0),
        ('label.setText("{count} segments".format(count=count))', 1),
        ('qt.QLabel("Volume:")', 1),
        ('box.toolTip = "a" if busy else _("b")', 1),
        ("box.toolTip = name", 0),
        ('_(f"{count} segments")', 1),
        ("_(name)", 1),
    ],
)
def test_the_check_itself_finds_them(code: str, count: int) -> None:
    assert len(list(untranslated(ast.parse(code)))) == count
