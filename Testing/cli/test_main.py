from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import AutoLabelLib
from AutoLabelLib.cli.arguments import joined_negative_numbers
from AutoLabelLib.cli.main import VERBS, main

ROOT = Path(__file__).parents[2]


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(verb in text for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    assert f"autolabel {verb}" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"autolabel {AutoLabelLib.__version__}"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["unknown"],
        ["segment"],
        ["segment", "a.nii", "--model", "m", "--output", "o.nii", "--point", "1,2"],
        ["segment", "a.nii", "--model", "m", "--output", "o.nii", "--box", "1,2,3"],
        ["train", "--recipe", "r", "--cases", "c", "--output", "o", "--epochs", "0"],
        ["evaluate", "--prediction", "a"],
        ["evaluate", "--prediction", "a", "--reference", "b", "--cases", "c"],
        ["evaluate", "--prediction", "a", "--reference", "b", "--output", "x.pdf"],
    ],
)
def test_wrong_usage_is_2_and_says_what_is_wrong(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "error" in capsys.readouterr().err


def test_an_error_is_one_line_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "absent"]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith('autolabel: There is no model "absent".')
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_an_error_is_an_object_where_a_machine_reads(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "absent", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "ModelError"


def test_negative_coordinates_need_no_equals_sign() -> None:
    words = ["segment", "--point", "-1.5,2,-3", "--box", "-1,-2,-3,4,5,6", "-x,1", "--epochs", "-1"]
    assert joined_negative_numbers(words) == [
        "segment",
        "--point=-1.5,2,-3",
        "--box=-1,-2,-3,4,5,6",
        "-x,1",
        "--epochs",
        "-1",
    ]


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from AutoLabelLib.cli.main import main; main(['--help']); "
        "heavy = {'numpy', 'torch', 'monai', 'scipy', 'SimpleITK', 'nibabel', 'pydicom', 'slicer', 'tqdm'}; "
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_command_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "AutoLabelLib", "models", "absent"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("autolabel: There is no model")


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = f"{sys.executable} -m AutoLabelLib models --json | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == ""
