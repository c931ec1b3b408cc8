from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from AutoLabelLib.cli.main import main
from AutoLabelLib.client import InProcess, Worker, set_default_worker
from AutoLabelLib.worker.serve import serve
from Testing.labelled_phantoms import write_labelled_phantoms


@pytest.fixture(autouse=True)
def in_process() -> Iterator[None]:
    with Worker(InProcess(partial(serve))) as worker:
        set_default_worker(worker)
        yield
    set_default_worker(Worker())


def words(cases: Path, output: Path, *more: str) -> list[str]:
    fast = ["--classifiers", "logistic_regression,naive_bayes", "--families", "morph,stat", "--folds", "3"]
    return ["compare", "--cases", str(cases), "--output", str(output), *fast, *more]


def test_a_table_for_people_and_json_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = write_labelled_phantoms(tmp_path)
    assert main(words(cases, tmp_path / "report", "--export", "naive_bayes", "--modality", "CT")) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0].split()[:3] == ["classifier", "AUC", "accuracy"]
    assert lines[1].startswith("maximum 3d diameter alone")
    assert " to " in lines[1]
    assert [line.partition("  ")[0] for line in lines[2:5]] == [
        "Logistic regression",
        "Naive Bayes",
        "Ensemble: mean of all",
    ]
    assert "24 cases of 12 patients, 3 folds by patient" in lines
    assert lines[-1] == f"Wrote {tmp_path / 'report' / 'comparison.html'}"
    assert (tmp_path / "report" / "report_naive_bayes" / "configs" / "metadata.json").is_file()
    assert "no label" in printed.err

    assert main(words(cases, tmp_path / "report")) == 1
    assert "already holds a comparison" in capsys.readouterr().err
    assert main(words(cases, tmp_path / "report", "--overwrite", "--json", "--ensembles", "")) == 0
    values = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in values["contenders"]] == ["baseline", "logistic_regression", "naive_bayes"]


def test_what_is_wrong_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(tmp_path / "none.csv", tmp_path / "report")) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["compare", "--cases", "x.csv"]) == 2
