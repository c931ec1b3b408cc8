from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from AutoLabelLib.cli.main import main
from AutoLabelLib.core import catalogue


def test_installed_models_are_listed(install: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> None:
    install()
    assert main(["models", "--modality", "MR"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("bright "))
    assert "Bright" in line
    assert "point, box (optional)" in line


def test_many_labels_are_counted(bundle: Path, install: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> None:
    path = bundle / "configs" / "metadata.json"
    content = json.loads(path.read_text())
    content["autolabel"]["segments"] = [{"name": f"Rib {n}", "label_value": n} for n in range(1, 25)]
    path.write_text(json.dumps(content))
    install()
    assert main(["models"]) == 0
    assert "Rib 1, Rib 2, Rib 3, Rib 4 and 20 more  " in capsys.readouterr().out


def test_the_list_can_be_filtered(install: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> None:
    install()
    assert main(["models", "--modality", "CT", "--json"]) == 0
    assert "bright" not in [model["name"] for model in json.loads(capsys.readouterr().out)]
    assert main(["models", "--task", "juggling"]) == 0
    assert capsys.readouterr().out == "No model fits.\n"


def test_one_model_shows_its_facts_and_its_card(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", str(bundle)]) == 0
    text = capsys.readouterr().out
    for fact in ("1.2.0", "CC0-1.0", "Tests.", "MR", "Dice 0.900 on 52 cases."):
        assert fact in text
    assert main(["models", str(bundle), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["licence"] == "CC0-1.0"
    assert facts["approved"] is False
    assert facts["card"].startswith("Dice")


def test_trust_is_given_to_exactly_these_files(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not catalogue.is_trusted(bundle)
    assert main(["models", "--trust", str(bundle)]) == 0
    assert '"bright" is approved' in capsys.readouterr().out
    assert catalogue.is_trusted(bundle)
    (bundle / "configs" / "inference.json").write_text("{}")
    assert not catalogue.is_trusted(bundle)


def test_what_is_no_bundle_cannot_be_trusted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--trust", str(tmp_path / "missing")]) == 1
    assert main(["models", "--trust", str(tmp_path)]) == 1
    assert "not a MONAI bundle" in capsys.readouterr().err


def test_a_bundle_is_added_approved_and_removed(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bundle / "configs" / "inference.json").write_text("{}")
    (bundle / "models").mkdir()
    (bundle / "models" / "model.pt").write_text("weights")
    assert main(["models", "--add", str(bundle)]) == 0
    assert "autolabel models --trust" in capsys.readouterr().out
    assert catalogue.find("bright").folder != bundle
    assert main(["models", "--trust", str(catalogue.find("bright").folder)]) == 0
    assert main(["models", "--add", str(bundle)]) == 1
    assert main(["models", "--remove", "bright"]) == 0
    assert "bright" not in [spec.name for spec in catalogue.models()]
    assert main(["models", "--remove", "hippocampus_mr"]) == 1
    assert "came with AutoLabel" in capsys.readouterr().err
