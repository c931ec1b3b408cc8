"""A network among compared classifiers: trained on each fold, judged on the rest, stopped and continued."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from AutoLabelLib.core.errors import InputError, JobCancelled
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tasks.comparison import run
from Testing.tiny_labelled import recipe_entries, write_cases


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cases(tmp_path_factory.mktemp("cases"), 16)


def compare(cases: Path, output: Path, context: TaskContext | None = None, **recipe: Any) -> Result:
    path = cases.with_name("recipe.json")
    path.write_text(json.dumps(recipe_entries(**recipe)), encoding="utf-8")
    options: dict[str, Any] = {"cases": str(cases), "output": str(output), "cnn": str(path), "device": "cpu"}
    options |= {"classifiers": ["logistic_regression"], "folds": 2, "draws": 20, "positive": "bright"}
    options["features"] = {"families": ["stat"]}
    return run(Job("comparison", options=options), context or TaskContext())


def test_it_competes_on_the_same_folds(cases: Path, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    context = TaskContext(lambda progress: told.append((progress.fraction, progress.message)))
    values = compare(cases, tmp_path / "report", context).values
    rows = {row["name"]: row for row in values["contenders"]}
    assert list(rows) == ["baseline", "logistic_regression", "cnn", "mean"]
    assert rows["cnn"]["figures"]["auc"]["value"] > 0.8
    assert rows["cnn"]["seconds"] > 0
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert any("fold 2 of 2: network: epoch" in message for _, message in told)
    trained_on = list((tmp_path / "report" / "network").iterdir())
    assert len(trained_on) == 2  # a folder per fold, named by what was learned from


def test_it_stops_within_its_training(cases: Path, tmp_path: Path) -> None:
    seen: list[str] = []
    context = TaskContext(
        lambda progress: seen.append(progress.message), lambda: any("network: epoch" in message for message in seen)
    )
    with pytest.raises(JobCancelled):
        compare(cases, tmp_path / "report", context)
    assert "fold 2" not in seen[-1]


def test_a_recipe_for_something_else_is_refused(cases: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is for the classes good, bad"):
        compare(cases, tmp_path / "report", classes=["good", "bad"])
    options = {"cases": str(cases), "output": str(tmp_path / "other"), "cnn": "lung_nodule_ct"}
    with pytest.raises(InputError, match="not for classification"):
        run(Job("comparison", options=options), TaskContext())
