from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from AutoLabelLib.core.errors import FileError, InputError
from AutoLabelLib.worker.training import recipe
from AutoLabelLib.worker.training.cases import Case, read_cases, write_cases
from AutoLabelLib.worker.training.split import split_cases
from Testing.data_lists import hippocampus, nodules
from Testing.tiny_training import write_list


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(b"")


def test_relative_paths_start_at_the_list(tmp_path: Path) -> None:
    touch(tmp_path, "a.nii.gz", "b.nii.gz")
    case = read_cases(write_list(tmp_path, ["a.nii.gz,b.nii.gz,P1"]))[0]
    assert case == Case((tmp_path / "a.nii.gz",), tmp_path / "b.nii.gz", "P1")
    assert case.name == "b"


def test_json_and_csv_say_the_same(tmp_path: Path) -> None:
    touch(tmp_path, "a.nii", "b.nii", "c.nii")
    entry = {"image": ["a.nii", "b.nii"], "label": "c.nii", "group": "P", "split": "test"}
    (tmp_path / "cases.json").write_text(json.dumps({"cases": [entry]}))
    (tmp_path / "cases.csv").write_text("split,label,image,group\ntest,c.nii,a.nii;b.nii,P\n")
    assert read_cases(tmp_path / "cases.json") == read_cases(tmp_path / "cases.csv")


def test_labels_that_are_known_to_be_true_stay_so(tmp_path: Path) -> None:
    touch(tmp_path, "a.nii", "b.nii", "c.nii", "d.nii")
    path = tmp_path / "cases.csv"
    path.write_text("image,label,group,exact\na.nii,b.nii,P,yes\nc.nii,d.nii,Q,\n")
    cases = read_cases(path)
    assert [case.exact for case in cases] == [True, False]
    write_cases(path, cases)
    assert read_cases(path) == cases
    write_cases(path, cases[1:])
    assert path.read_text().splitlines()[0] == "image,label,group,split"
    path.write_text("image,label,exact\na.nii,b.nii,perhaps\n")
    with pytest.raises(InputError, match="perhaps"):
        read_cases(path)


@pytest.mark.parametrize(
    ("lines", "error", "words"),
    [
        (["a.nii,missing.nii,P"], FileError, "missing.nii"),
        (["a.nii,b.nii,P", "a.nii,c.nii,Q"], InputError, "listed twice"),
        (["a.nii,b.nii,P", "c.nii,b.nii,Q"], InputError, "listed twice"),
        (["a.nii,,P"], InputError, "Entry 1"),
        ([], InputError, "empty"),
    ],
)
def test_a_wrong_list_is_explained(tmp_path: Path, lines: list[str], error: type[Exception], words: str) -> None:
    touch(tmp_path, "a.nii", "b.nii", "c.nii")
    with pytest.raises(error, match=words):
        read_cases(write_list(tmp_path, lines))


def test_a_missing_or_broken_list_is_explained(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no case list"):
        read_cases(tmp_path / "none.csv")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(FileError, match="cannot be read"):
        read_cases(tmp_path / "broken.json")


def test_a_patient_in_two_splits_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "a.nii", "b.nii", "c.nii", "d.nii")
    path = tmp_path / "cases.csv"
    path.write_text("image,label,group,split\na.nii,b.nii,P,train\nc.nii,d.nii,P,test\n")
    with pytest.raises(InputError, match="more than one split"):
        read_cases(path)


def cases_of(groups: list[int]) -> list[Case]:
    return [Case((Path(f"i{n}"),), Path(f"l{n}"), f"P{group}") for n, group in enumerate(groups)]


RULES = st.one_of(
    st.fixed_dictionaries({"every": st.integers(2, 6), "validation_every": st.sampled_from([0, 2, 3])}),
    st.fixed_dictionaries({"folds": st.integers(2, 4), "fold": st.integers(0, 1), "seed": st.integers(0, 9)}),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=12, max_size=60), RULES)
def test_a_split_never_mixes_groups_and_loses_nobody(groups: list[int], rule: dict[str, int]) -> None:
    cases = cases_of([*groups, *range(6)])
    split = split_cases(cases, rule)
    parts = [{case.group for case in part} for part in (split.train, split.validation, split.test)]
    assert sum(len(part) for part in parts) == len(set().union(*parts))
    assert len(split.train) + len(split.validation) + len(split.test) == len(cases)


def test_folds_cover_everybody_once() -> None:
    cases = cases_of(list(range(11)))
    held_out = [case.group for fold in range(3) for case in split_cases(cases, {"folds": 3, "fold": fold}).test]
    assert sorted(held_out) == sorted(case.group for case in cases)


def test_every_sixth_is_counted_in_sorted_order() -> None:
    cases = cases_of([9, 1, 2, 3, 4, 5, 6])
    assert [case.group for case in split_cases(cases, {"every": 6, "offset": 5}).test] == ["P6"]


def test_an_empty_training_set_and_an_unknown_rule_are_refused() -> None:
    with pytest.raises(InputError, match="no case to train on"):
        split_cases([Case((Path("i"),), Path("l"), "P", "test")], {})
    with pytest.raises(InputError, match="often"):
        split_cases(cases_of([1, 2]), {"often": 3})


def test_a_written_list_reads_the_same(tmp_path: Path) -> None:
    touch(tmp_path, "a.nii", "b.nii", "c.nii")
    cases = read_cases(write_list(tmp_path, ["a.nii;b.nii,c.nii,"]))
    (tmp_path / "elsewhere").mkdir()
    write_cases(tmp_path / "elsewhere" / "cases.csv", [replace(cases[0], split="test")])
    again = read_cases(tmp_path / "elsewhere" / "cases.csv")
    assert [file.resolve() for file in again[0].images] == [file.resolve() for file in cases[0].images]
    assert again[0].split == "test"


def test_the_lists_of_the_real_data_hold_out_what_the_cards_say(test_data: Path, tmp_path: Path) -> None:
    split = split_cases(read_cases(hippocampus(test_data, tmp_path)), recipe.load("hippocampus_mr").holdout)
    assert [case.name for case in split.test[:2]] == ["hippocampus_014", "hippocampus_034"]
    cases = read_cases(nodules(test_data, tmp_path))
    assert len({case.group for case in cases}) < len(cases)  # some patients have several nodules
