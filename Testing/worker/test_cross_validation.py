"""Cross-validation: one network per fold, their mean as the model, and figures from those that had not seen a case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from AutoLabelLib.core.bundle import read_spec
from AutoLabelLib.core.errors import ContractError, InputError
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.evaluation.predictor import Predictor
from AutoLabelLib.worker.networks.bundle import load
from AutoLabelLib.worker.networks.model_cache import LoadedModel
from AutoLabelLib.worker.tasks import evaluation, training
from AutoLabelLib.worker.training.cases import read_cases
from AutoLabelLib.worker.training.split import cross_validation, labelled_by_fold
from Testing.tiny_training import recipe_entries, write_cases

EACH = {"folds": 2, "fold": "each", "seed": 3}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def train(folder: Path, recipe: dict[str, Any], **more: Any) -> Result:
    """Train on the case list of a folder."""
    path = folder / "recipe.json"
    path.write_text(json.dumps(recipe))
    options = {"recipe": str(path), "cases": str(folder / "cases.csv"), "output": str(folder / "out"), **more}
    return training.run(Job("training", options=options), TaskContext())


def entries(**changes: Any) -> dict[str, Any]:
    return recipe_entries(training={"epochs": 1, "batch_size": 2}, **{"holdout": EACH, **changes})


def test_each_fold_is_held_out_from_a_network_of_its_own(tmp_path: Path) -> None:
    write_cases(tmp_path, 5)
    result = train(tmp_path, entries())
    folder = Path(result.values["bundle"])
    cases = read_cases(result.values["cases"])
    assert sorted(case.split for case in cases) == ["fold_1"] * 3 + ["fold_2"] * 2
    assert len(load(read_spec(folder)).network.networks) == 2
    assert "5 cases, dealt into 2 folds" in (folder / "docs" / "README.md").read_text(encoding="utf-8")


def test_a_cross_validation_starts_from_no_model_that_may_know_its_cases(tmp_path: Path) -> None:
    write_cases(tmp_path, 4)
    with pytest.raises(InputError, match="cannot start from a model"):
        train(tmp_path, entries(), start_from=str(tmp_path))


def test_folds_that_a_list_states_are_kept(tmp_path: Path) -> None:
    cases = read_cases(write_cases(tmp_path, 5))
    dealt = labelled_by_fold(cross_validation(cases, EACH))
    assert {case.name for case in dealt} == {case.name for case in cases}
    again = cross_validation(dealt[::-1], {**EACH, "seed": 99})
    assert [{case.name for case in split.test} for split in again] == [
        {case.name for case in dealt if case.split == name} for name in ("fold_1", "fold_2")
    ]
    assert all(not {case.group for case in split.train} & {case.group for case in split.test} for split in again)
    with pytest.raises(InputError, match="2 folds"):
        cross_validation(dealt, {})


def test_a_case_is_measured_by_the_network_that_has_not_seen_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cases(tmp_path, 5)
    result = train(tmp_path, entries())
    asked: dict[str, int | None] = {}
    predict = Predictor.predict

    def spy(self: Predictor, case: Any, *others: Any) -> Any:
        asked[case.name] = case.network
        return predict(self, case, *others)

    monkeypatch.setattr(Predictor, "predict", spy)
    options = {"cases": result.values["cases"], "split": "test"}
    evaluation.run(Job("evaluation", result.values["bundle"], options=options), TaskContext())
    folds = {case.name: int(case.split[-1]) - 1 for case in read_cases(result.values["cases"])}
    assert asked == folds
    # The list that was trained on does without folds, too: the model knows its rule.
    asked.clear()
    options["cases"] = str(tmp_path / "cases.csv")
    evaluation.run(Job("evaluation", result.values["bundle"], options=options), TaskContext())
    assert asked == folds
    asked.clear()
    del options["split"]
    evaluation.run(Job("evaluation", result.values["bundle"], options=options), TaskContext())
    assert set(asked.values()) == {None}


def test_one_network_of_a_model_answers_alone(tmp_path: Path) -> None:
    write_cases(tmp_path, 4)
    bundle = load(read_spec(Path(train(tmp_path, entries()).values["bundle"])))
    model = LoadedModel(bundle)
    image = torch.rand(1, 1, 16, 16, 16)
    with torch.no_grad():
        for number in (0, 1, 1):
            alone = model.only(number)
            np.testing.assert_array_equal(alone.bundle.network(image), bundle.network.networks[number](image))
    hashes = {bundle.sha256[:16], *(model.only(number).bundle.sha256[:16] for number in (0, 1))}
    assert len(hashes) == 3  # compiled networks are kept by these digits
    with pytest.raises(ContractError, match="number 2"):
        model.only(2)
    with pytest.raises(ContractError, match="1 network"):
        model.only(0).only(0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"holdout": {"fold": "each"}}, "2 or more folds"),
        ({"holdout": {"folds": 2, "fold": "each"}, "members": [{}, {}]}, "either"),
    ],
)
def test_a_cross_validation_that_cannot_be_is_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    write_cases(tmp_path, 3)
    with pytest.raises(InputError, match=words):
        train(tmp_path, entries(**changes))
