"""The models that come with AutoLabel: whole, small, documented, and as good as their cards say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from AutoLabelLib.core import locations
from AutoLabelLib.core.bundle import read_spec, verify
from AutoLabelLib.core.job import Job
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tasks import evaluation
from AutoLabelLib.worker.training import recipe

MODELS = sorted(path for path in (locations.resources() / "Models").iterdir() if (path / "configs").is_dir())
TRAINED = [path for path in MODELS if not read_spec(path).method]


@pytest.mark.parametrize("folder", MODELS, ids=lambda folder: folder.name)
def test_a_bundled_model_is_whole_small_and_documented(folder: Path) -> None:
    spec = read_spec(folder)
    verify(spec)
    assert spec.name == folder.name
    assert spec.licence
    assert spec.intended_use
    assert all(segment.code is not None for segment in spec.segments)
    assert sum(file.stat().st_size for file in folder.rglob("models/*")) <= 8_000_000
    assert (folder / "LICENSE").is_file()
    text = (folder / "docs" / "README.md").read_text(encoding="utf-8")
    assert "Not measured yet" not in text
    assert ("python Testing/measure_interaction.py" if spec.method else "autolabel train") in text
    assert "## Limits" in text


@pytest.mark.parametrize("folder", TRAINED, ids=lambda folder: folder.name)
def test_a_bundled_model_was_trained_by_the_recipe_of_its_name(folder: Path) -> None:
    facts = json.loads((folder / "docs" / "training.json").read_text(encoding="utf-8"))
    known = recipe.load(folder.name)
    assert facts["holdout"] == known.holdout
    assert facts["training"]["epochs"] == known.training.epochs
    assert facts["training"]["seed"] == known.training.seed


def test_the_hippocampus_is_found_in_cases_that_were_held_out(test_data: Path) -> None:
    torch.set_num_threads(1)
    folder = locations.resources() / "Models" / "hippocampus_mr"
    names = json.loads((folder / "docs" / "training.json").read_text(encoding="utf-8"))["test_case_names"][:3]
    data = test_data / "hippocampus_mr"
    entries = [
        {"image": str(data / "images" / f"{name}.nii.gz"), "label": str(data / "labels" / f"{name}.nii.gz")}
        for name in names
    ]
    result = evaluation.run(Job("evaluation", str(folder), options={"cases": entries}), TaskContext())
    for row in result.values["cases"]:
        assert row["dice"] > 0.82, row["case"]
