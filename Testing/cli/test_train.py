from __future__ import annotations

import json
from pathlib import Path

import pytest

from AutoLabelLib.cli.main import main

from .conftest import Twin


def test_options_reach_the_worker(twin: Twin, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "--recipe", "hippocampus_mr", "--cases", "cases.csv", "--output", str(tmp_path)]
    assert main([*words, "--epochs", "3", "--resume", "--device", "cpu", "--start-from", "m"]) == 0
    options = twin.jobs[0].options
    assert options["recipe"] == "hippocampus_mr"
    assert options["cases"] == str(Path("cases.csv").resolve())
    assert options["overrides"] == {"epochs": 3}
    assert options["resume"] is True
    assert options["start_from"] == str(Path("m").resolve())
    assert options["device"] == "cpu"
    text = capsys.readouterr().out
    assert f"{tmp_path}/bundle" in text
    assert "autolabel evaluate --cases cases.csv" in text


def test_json_for_machines(twin: Twin, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "mine.json"
    recipe.write_text("{}")
    assert main(["train", "--recipe", str(recipe), "--cases", "c.csv", "--output", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"bundle": f"{tmp_path}/bundle"}
    assert twin.jobs[0].options["recipe"] == str(recipe.resolve())
    assert twin.jobs[0].options["overrides"] == {}
