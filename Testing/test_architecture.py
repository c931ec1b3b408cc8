"""The house rules: who imports whom, what importing a layer loads, what is never used, how long a file may be."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import AutoLabelLib

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "AutoLabelLib"
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE_LINES = 300

# What a layer may import besides the standard library and our own layers; heavy ones are imported inside functions.
THIRD_PARTY = {
    "core": {"numpy"},
    "protocol": {"numpy"},
    "files": {"numpy", "SimpleITK", "nibabel"},
    "dicom": {"numpy", "pydicom", "SimpleITK"},
    "phantom": {"numpy", "scipy"},
    "client": {"numpy", "psutil"},
    "worker": {
        *("numpy", "scipy", "torch", "monai", "safetensors", "openvino", "psutil", "matplotlib"),
        *("sklearn", "skimage", "pywt", "skops", "jinja2"),
    },
    "scene": {"numpy", "slicer", "vtk", "matplotlib"},
    "api": {"numpy"},
    "install": {"slicer", "PyTorchUtils"},
    "gui": {
        *("numpy", "slicer", "vtk", "qt", "ctk"),
        *("SampleData", "SegmentEditorEffects", "qSlicerSegmentationsEditorEffectsPythonQt"),  # Slicer's own modules
    },
    "cli": {"numpy", "tqdm"},
}
# What must not be loaded by importing every module of a layer.
NEVER_LOADED = {
    "core": {"torch", "monai", "scipy", "SimpleITK", "nibabel", "pydicom", "slicer", "vtk"},
    "protocol": {"torch", "monai", "scipy", "SimpleITK", "nibabel", "pydicom", "slicer", "vtk"},
    "client": {"torch", "monai", "scipy", "SimpleITK", "nibabel", "pydicom", "slicer", "vtk"},
    "files": {"torch", "monai", "slicer", "vtk"},
    "dicom": {"torch", "monai", "slicer", "vtk"},
    "phantom": {"torch", "monai", "slicer", "vtk"},
    "worker": {"slicer", "vtk", "qt", "ctk"},
    "scene": {"torch", "monai"},
    "api": {"torch", "monai", "scipy", "SimpleITK", "nibabel", "pydicom", "slicer", "vtk"},
    "install": {"torch", "monai", "scipy", "SimpleITK", "nibabel", "pydicom", "slicer", "vtk"},
    "gui": {"torch", "monai", "scipy", "SimpleITK", "nibabel", "pydicom"},
    "cli": {"torch", "monai", "scipy", "SimpleITK", "nibabel", "pydicom", "slicer", "vtk"},
}


def rows_of_the_table(text: str) -> list[list[str]]:
    """Return the cells of the table of layers in a text, without head and rule."""
    lines = [line for line in text.splitlines() if re.match(r"\| *`\w+` *\|.*\|", line)]
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    return [row for row in rows if len(row) == 3 and row[0].strip("`") in THIRD_PARTY]


def allowed_layers(text: str) -> dict[str, set[str]]:
    """Return for each layer the layers that its row lets it import, itself included."""
    allowed: dict[str, set[str]] = {}
    for name, _, imports in rows_of_the_table(text):
        if imports.startswith("all above but "):
            names = set(allowed) - set(imports.removeprefix("all above but ").split(", "))
        else:
            names = set() if imports == "–" else {word.strip() for word in imports.split(",")}
        allowed[name.strip("`")] = names | {name.strip("`")}
    return allowed


ALLOWED = allowed_layers(AutoLabelLib.__doc__ or "")


def layer_of(file: Path) -> str:
    """Return the layer that a file of the package belongs to; "" for the package's own __init__."""
    parts = file.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def tree_of(file: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def imports_of(tree: ast.AST) -> Iterator[str]:
    """Yield what a tree imports, as dotted names, imports inside functions and for type checking included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: import by the full name, not relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_table_names_every_layer_and_no_other() -> None:
    folders = {folder.name for folder in PACKAGE.iterdir() if folder.is_dir() and any(folder.glob("*.py"))}
    assert set(ALLOWED) == folders == set(THIRD_PARTY) == set(NEVER_LOADED)


def test_the_readme_shows_the_same_table() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert rows_of_the_table(readme) == rows_of_the_table(AutoLabelLib.__doc__ or "")


def test_nothing_that_is_installed_needs_the_tests() -> None:
    installed = [*FILES, *(ROOT / "AutoLabel").glob("*.py")]
    assert not [file for file in installed if any(name.startswith("Testing") for name in imports_of(tree_of(file)))]


def test_worker_and_scene_never_meet() -> None:
    for layer, allowed in ALLOWED.items():
        assert layer == "worker" or "worker" not in allowed
    assert "scene" not in ALLOWED["worker"]


@pytest.mark.parametrize("layer", ALLOWED)
def test_a_layer_imports_only_what_its_row_allows(layer: str) -> None:
    wrong = []
    for file in (PACKAGE / layer).rglob("*.py"):
        for name in imports_of(tree_of(file)):
            first, _, rest = name.partition(".")
            if first == "AutoLabelLib":
                other = rest.partition(".")[0]
                is_allowed = other in ALLOWED[layer] or other not in ALLOWED  # the package's own names are free
            else:
                is_allowed = first in sys.stdlib_module_names or first in THIRD_PARTY[layer]
            if not is_allowed:
                wrong.append(f"{file.relative_to(ROOT)} imports {name}")
    assert not wrong


def loaded_by(*modules: str, in_slicer: bool = False) -> set[str]:
    """Return the top-level packages that importing modules loads, in a fresh interpreter.

    Args:
        modules: Their names.
        in_slicer: Import them inside the stand-in for Slicer's application, which brings qt and ctk.
    """
    start_slicer = (
        "import tempfile\n"
        "from pathlib import Path\n"
        "from Testing.host.session import running_host\n"
        "running = running_host(Path(tempfile.mkdtemp()))\n"
        "running.__enter__()\n"
    )
    code = (
        "import importlib, json, sys\n" + start_slicer * in_slicer + "before = set(sys.modules)\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in set(sys.modules) - before})))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout.splitlines()[-1]))


def modules_of(layer: str) -> list[str]:
    """Return the names of a layer's modules; running a `__main__` is not importing it."""
    files = [file for file in (PACKAGE / layer).rglob("*.py") if file.name != "__main__.py"]
    dotted = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in sorted(files)]
    return [name.removesuffix(".__init__") for name in dotted]


def test_importing_the_package_loads_the_standard_library_only() -> None:
    foreign = loaded_by("AutoLabelLib") - set(sys.stdlib_module_names) - {"AutoLabelLib"}
    assert not foreign


@pytest.mark.parametrize("layer", NEVER_LOADED)
def test_importing_a_layer_loads_nothing_heavy(layer: str) -> None:
    if layer == "worker":
        pytest.importorskip("torch")
        pytest.importorskip("monai")
    is_inside_slicer = "qt" in THIRD_PARTY[layer]
    if is_inside_slicer:
        pytest.importorskip("slicer", reason="needs the Slicer libraries")
        pytest.importorskip("PySide6", reason="needs PySide6-Essentials")
    assert not loaded_by(*modules_of(layer), in_slicer=is_inside_slicer) & NEVER_LOADED[layer]


@pytest.mark.parametrize("file", [file for file in FILES if "__all__" in file.read_text(encoding="utf-8")], ids=str)
def test_all_is_sorted_and_true(file: Path) -> None:
    name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    if name == "AutoLabelLib":
        declared = {alias.name for node in ast.walk(tree_of(file)) if _is_ours(node) for alias in node.names}
        assert set(AutoLabelLib.__all__) == {*declared, "__version__"}
    module = importlib.import_module(name)
    assert list(module.__all__) == sorted(set(module.__all__))
    assert all(hasattr(module, public) for public in module.__all__)


def _is_ours(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and str(node.module).startswith("AutoLabelLib")


def forbidden(tree: ast.AST) -> Iterator[str]:
    """Yield what runs code that came from outside, or hands a command line to a shell."""
    for name in imports_of(tree):
        is_an_error_class = re.fullmatch(r"pickle\.\w*Error", name)
        if name.partition(".")[0] in {"pickle", "marshal", "shelve", "dill", "joblib"} and not is_an_error_class:
            yield f"import {name}"
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        keywords = {word.arg: ast.unparse(word.value) for word in node.keywords}
        if called in {"eval", "exec", "compile", "__import__", "os.system", "os.popen"}:
            yield f"{called}(), line {node.lineno}"
        if keywords.get("shell", "False") != "False" or keywords.get("allow_pickle", "False") != "False":
            yield f"{called}() with shell or allow_pickle, line {node.lineno}"
        if called == "torch.load" and keywords.get("weights_only") != "True":
            yield f"torch.load() without weights_only=True, line {node.lineno}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_nothing_runs_what_came_from_outside(file: Path) -> None:
    assert not list(forbidden(tree_of(file)))


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("import pickle", 1),
        ("from pickle import loads", 1),
        ("from pickle import UnpicklingError", 0),
        ("eval('1')", 1),
        ("network.eval()", 0),
        ("subprocess.run('ls', shell=True)", 1),
        ("torch.load(path)", 1),
        ("torch.load(path, weights_only=True)", 0),
        ("numpy.load(path, allow_pickle=True)", 1),
    ],
)
def test_the_check_itself_finds_them(code: str, count: int) -> None:
    assert len(list(forbidden(ast.parse(code)))) == count


def test_files_are_short() -> None:
    lengths = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE_LINES}


def test_no_path_of_one_persons_machine() -> None:
    texts = (".py", ".md", ".toml", ".json", ".sh", ".txt", ".yml", ".cmake")
    folders = [ROOT / name for name in (".ci", "AutoLabel", "AutoLabelLib", "Resources", "Testing")]
    files = [
        file for folder in folders for file in folder.rglob("*") if file.suffix in texts or file.parent.name == ".ci"
    ]
    files += [file for file in ROOT.iterdir() if file.suffix in texts]
    machine = re.compile(r"(?<![\w.])(/(work|root|home|Users)/\w|[A-Z]:\\\\?Users)")
    found = {
        str(file.relative_to(ROOT)): match.group()
        for file in files
        if file.is_file() and (match := machine.search(file.read_text(encoding="utf-8", errors="replace")))
    }
    assert not found
