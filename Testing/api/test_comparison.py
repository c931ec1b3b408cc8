"""The verb compare, with the worker's twin in this process."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import AutoLabelLib as al
from AutoLabelLib.client import InProcess, Worker, set_default_worker
from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.job import Progress
from AutoLabelLib.worker.serve import serve
from Testing.labelled_phantoms import write_labelled_phantoms
from Testing.slicer_scene import scene, slicer

__all__ = ["scene", "slicer"]

FAST: dict[str, Any] = {"classifiers": "logistic_regression,naive_bayes", "folds": 3, "draws": 20}
FAST["features"] = {"families": "morph,stat"}


@pytest.fixture(autouse=True)
def twin() -> Iterator[None]:
    with Worker(InProcess(partial(serve))) as worker:
        set_default_worker(worker)
        yield
    set_default_worker(Worker())


def test_it_returns_figures_and_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("AutoLabelLib.api.comparison._has_scene", lambda: False)
    cases = write_labelled_phantoms(tmp_path)
    told: list[Progress] = []
    found = al.compare(cases, output=tmp_path / "report", on_progress=told.append, **FAST)
    assert found.page == tmp_path / "report" / "comparison.html"
    assert found.page.is_file()
    assert found.best in ("logistic_regression", "naive_bayes", "mean")
    assert found.figure(found.best) > 0.9
    assert found.figure("baseline", "sensitivity") is not None
    assert found.charts is None
    assert told[-1].fraction == 1.0
    with pytest.raises(InputError, match='class "large" has cases of 6 patient'):
        al.compare(cases, output=tmp_path / "again", **{**FAST, "folds": 9})


def test_where_there_is_a_scene_it_shows_plots(scene: Any, tmp_path: Path) -> None:
    found = al.compare(write_labelled_phantoms(tmp_path), output=tmp_path / "report", **FAST)
    assert found.charts["ROC"].GetNumberOfPlotSeriesNodes() == 5
    assert scene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode") == 3


def test_it_can_be_cancelled(tmp_path: Path) -> None:
    from AutoLabelLib.core.errors import JobCancelled

    pending = al.compare(write_labelled_phantoms(tmp_path), output=tmp_path / "report", wait=False, **FAST)
    pending.cancel()
    with pytest.raises(JobCancelled):
        pending.wait()
