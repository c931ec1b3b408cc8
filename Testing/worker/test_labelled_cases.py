from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from AutoLabelLib.core.errors import FileError, InputError
from AutoLabelLib.worker.training.labelled_cases import (
    LabelledCase,
    class_names,
    read_labelled_cases,
    write_labelled_cases,
)
from AutoLabelLib.worker.training.split import split_cases
from Testing.data_lists import malignancy

HEADER = "image,mask,segment,label,group,split,attribute:margin"
SOFT = "image,label,probability:benign"


def listed(folder: Path, *lines: str, header: str = HEADER) -> Path:
    for name in ("a.nii", "b.nii", "m.nii"):
        (folder / name).write_bytes(b"")
    (folder / "cases.csv").write_text("\n".join([header, *lines]) + "\n")
    return folder / "cases.csv"


def test_a_case_holds_what_its_row_says(tmp_path: Path) -> None:
    first, second = read_labelled_cases(listed(tmp_path, "a.nii,m.nii,2,benign,P1,test,3.5", "b.nii,,,,P2,,"))
    assert first == LabelledCase(
        (tmp_path / "a.nii",), tmp_path / "m.nii", "benign", "P1", "test", {"margin": 3.5}, segment="2"
    )
    assert (first.name, first.classes) == ("a 2", ("benign",))
    assert (second.mask, second.label, second.classes, second.attributes) == (None, "", (), {})


def test_an_image_alone_is_enough(tmp_path: Path) -> None:
    cases = read_labelled_cases(listed(tmp_path, "a.nii,x", "b.nii,y", header="image,label"))
    assert [case.group for case in cases] == [str(case.images[0]) for case in cases]


def test_several_classes_or_none_may_be_true(tmp_path: Path) -> None:
    cases = read_labelled_cases(listed(tmp_path, "a.nii,,,cyst; stone,,,", "b.nii,,,none,,,"))
    assert [case.classes for case in cases] == [("cyst", "stone"), ()]
    entries = [{"image": ["a.nii"], "label": ["cyst", "stone"]}, {"image": "b.nii", "label": []}]
    (tmp_path / "cases.json").write_text(json.dumps({"cases": entries}))
    again = read_labelled_cases(tmp_path / "cases.json")
    assert [case.classes for case in again] == [("cyst", "stone"), ()]
    assert again[1].label == "none"  # looked at, and not one without a label


def test_classes_that_are_numbers_are_sorted_as_numbers() -> None:
    cases = [LabelledCase((Path("a"),), None, label, "P") for label in ("10", "x", "2", "10", "")]
    assert class_names(cases) == ("2", "10", "x")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    cases = read_labelled_cases(listed(tmp_path, "a.nii,m.nii,2,benign,P1,test,3.5", "b.nii,,,,,,"))
    (tmp_path / "below").mkdir()
    write_labelled_cases(tmp_path / "below" / "again.csv", cases)
    again = read_labelled_cases(tmp_path / "below" / "again.csv")
    assert [(case.name, case.label, case.split, case.attributes, case.segment) for case in again] == [
        (case.name, case.label, case.split, case.attributes, case.segment) for case in cases
    ]
    assert [case.images[0].resolve() for case in again] == [case.images[0] for case in cases]


@pytest.mark.parametrize(
    ("lines", "error", "words"),
    [
        ([",m.nii,,benign,P,,"], InputError, "Entry 1 .* no image"),
        (["a.nii,none.nii,,benign,P,,"], FileError, "none.nii"),
        (["a.nii,m.nii,,benign,P,,nan"], InputError, '"nan" for attribute:margin'),
        (["a.nii,m.nii,,benign,P,,much"], InputError, '"much" for attribute:margin'),
        (["a.nii,m.nii,,benign,P,,", "a.nii,m.nii,,malignant,P,,"], InputError, "listed twice"),
        (["a.nii,m.nii,,benign,P,train,", "b.nii,m.nii,,benign,P,test,"], InputError, "more than one split"),
        (["a.nii,m.nii,,benign,P,other,"], InputError, "split"),
        ([], InputError, "empty"),
    ],
)
def test_a_wrong_list_is_explained(tmp_path: Path, lines: list[str], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        read_labelled_cases(listed(tmp_path, *lines))


def test_soft_labels_are_read_and_written(tmp_path: Path) -> None:
    cases = read_labelled_cases(listed(tmp_path, "a.nii,benign,0.85", "b.nii,,", header=SOFT))
    assert [dict(case.probabilities) for case in cases] == [{"benign": 0.85}, {}]
    write_labelled_cases(tmp_path / "again.csv", cases)
    assert read_labelled_cases(tmp_path / "again.csv") == cases
    with pytest.raises(InputError, match="not from 0 to 1"):
        read_labelled_cases(listed(tmp_path, "a.nii,benign,1.5", header=SOFT))


def test_objects_of_one_image_may_be_segments_of_one_mask(tmp_path: Path) -> None:
    cases = read_labelled_cases(listed(tmp_path, "a.nii,m.nii,1,benign,,,", "a.nii,m.nii,2,malignant,,,"))
    assert cases[0].group == cases[1].group  # one image is one patient, as long as nobody says otherwise


def test_the_nodules_are_listed_by_rating(test_data: Path, tmp_path: Path) -> None:
    cases = read_labelled_cases(malignancy(test_data, tmp_path))
    counts = Counter(case.label for case in cases)
    assert set(counts) == {"benign", "malignant", ""}
    assert all(len(case.attributes) == 8 and case.mask is not None for case in cases)
    split = split_cases(cases, {"folds": 5, "fold": 0, "seed": 0})
    assert not {case.group for case in split.train} & {case.group for case in split.test}
