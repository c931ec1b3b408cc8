from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.affine import index_from_ras
from AutoLabelLib.core.errors import FileError, GeometryError, InputError, JobCancelled, UntrustedModelError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Progress, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.files.images import write_image
from AutoLabelLib.files.labelmaps import write_labelmap
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.evaluation.predictor import simulated_click
from AutoLabelLib.worker.tasks import evaluation
from Testing.grids import make_affine

AFFINE = make_affine("LPS", (1, 1, 2), (5, -10, 3), origin_mm=(20, -30, 40))
SHAPE = (12, 12, 12)
LIVER, TUMOUR = Segment("Liver", 1), Segment("Tumour", 2)


def labelmap(*segments: Segment, shift: int = 0, affine: np.ndarray = AFFINE) -> Labelmap:
    array = np.zeros((1, *SHAPE), np.uint8)
    array[0, 2 + shift : 8 + shift, 2:8, 2:8] = 1
    array[0, 4:6, 4:6, 4:6] = 2
    return Labelmap(array, affine, segments)


def evaluate(*labelmaps: Labelmap, model: str = "", context: TaskContext | None = None, **options: Any) -> Result:
    job = Job("evaluation", model, labelmaps=labelmaps, options=options)
    return evaluation.run(job, context or TaskContext())


@pytest.fixture
def case_list(tmp_path: Path) -> Path:
    """Write three cases of two patients, as images, references and predictions, and their list."""
    rows = []
    for number, (patient, shift) in enumerate((("A", 0), ("A", 1), ("B", 2))):
        reference = labelmap(LIVER, TUMOUR)
        write_image(tmp_path / f"image{number}.nii.gz", Image(reference.array.astype(np.int16), AFFINE, "MR"))
        write_labelmap(tmp_path / f"truth{number}.nii.gz", reference)
        write_labelmap(tmp_path / f"mine{number}.nii.gz", labelmap(LIVER, TUMOUR, shift=shift))
        split = "test" if patient == "B" else "train"
        rows.append((f"image{number}.nii.gz", f"truth{number}.nii.gz", f"mine{number}.nii.gz", patient, split))
    with (tmp_path / "cases.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("image", "label", "prediction", "group", "split"), *rows])
    return tmp_path / "cases.csv"


def test_a_pair_of_labelmaps() -> None:
    result = evaluate(labelmap(LIVER, TUMOUR, shift=1), labelmap(LIVER, TUMOUR))
    liver, tumour = result.values["cases"]
    assert (liver["segment"], liver["case"]) == ("Liver", "case 1")
    assert 0.8 < liver["dice"] < 0.9
    assert liver["hd95_mm"] == pytest.approx(1.0)
    assert liver["reference_volume_ml"] == pytest.approx((216 - 8) * 2 / 1000)
    assert tumour["dice"] == 1
    assert result.values["summary"]["Liver"]["dice"] == {
        "mean": liver["dice"],
        "low": None,
        "high": None,
        "n": 1,
        "undefined": 0,
    }


def test_all_values_are_json() -> None:
    empty = Labelmap(np.zeros((1, *SHAPE), np.uint8), AFFINE, (LIVER, TUMOUR))
    values = evaluate(empty, labelmap(LIVER, TUMOUR), labelmap(LIVER, TUMOUR), empty).values
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values["summary"]["Liver"]["hd95_mm"] == {"mean": None, "low": None, "high": None, "n": 0, "undefined": 2}
    assert values["summary"]["Liver"]["dice"]["mean"] == 0


def test_different_grids_are_refused_or_resampled() -> None:
    moved = labelmap(LIVER, affine=make_affine("LPS", (1, 1, 2), (5, -10, 3), origin_mm=(20.5, -30, 40)))
    with pytest.raises(GeometryError, match="different grids"):
        evaluate(moved, labelmap(LIVER))
    assert evaluate(moved, labelmap(LIVER), resample=True).values["cases"][0]["dice"] > 0.8


def test_a_segment_that_no_reference_has_is_left_out() -> None:
    plain = labelmap(Segment("1", 1))
    result = evaluate(labelmap(LIVER, TUMOUR), plain)
    assert list(result.values["summary"]) == ["Liver"]
    assert "Tumour" in result.warnings[0]


def test_a_segment_that_some_references_have_counts_in_all() -> None:
    mine = labelmap(LIVER, TUMOUR)
    result = evaluate(mine, labelmap(Segment("1", 1)), mine, labelmap(Segment("1", 1), Segment("2", 2)))
    assert result.values["summary"]["Tumour"]["dice"]["mean"] == 0.5
    assert result.warnings == ()


def test_a_list_of_files(case_list: Path) -> None:
    result = evaluate(cases=str(case_list))
    rows = result.values["cases"]
    assert [row["case"] for row in rows if row["segment"] == "Liver"] == ["truth0", "truth1", "truth2"]
    dice = result.values["summary"]["Liver"]["dice"]
    assert dice["n"] == 3
    assert dice["low"] < dice["mean"] < dice["high"]
    assert result.values["settings"]["groups"] == 2
    assert result.phase_seconds.keys() == {"read", "compare", "bootstrap"}


def test_entries_instead_of_a_file(case_list: Path) -> None:
    folder = case_list.parent
    entries = [{"prediction": str(folder / "mine1.nii.gz"), "reference": str(folder / "truth1.nii.gz"), "group": "A"}]
    assert len(evaluate(cases=entries).values["cases"]) == 2
    (folder / "cases.json").write_text(json.dumps({"cases": entries}))
    assert len(evaluate(cases=str(folder / "cases.json")).values["cases"]) == 2


def test_equally_named_files_of_several_folders_are_told_apart(tmp_path: Path) -> None:
    entries = []
    for patient in ("A", "B"):
        folder = tmp_path / patient / "anat"
        folder.mkdir(parents=True)
        write_labelmap(folder / "mask.nii.gz", labelmap(LIVER))
        entries.append({"prediction": str(folder / "mask.nii.gz"), "reference": str(folder / "mask.nii.gz")})
    assert [row["case"] for row in evaluate(cases=entries).values["cases"]] == ["A/anat/mask", "B/anat/mask"]
    twice = evaluate(cases=[entries[0], entries[0]]).values["cases"]
    assert len({row["case"] for row in twice}) == 2


def test_only_a_split(case_list: Path) -> None:
    result = evaluate(cases=str(case_list), split="test")
    assert {row["group"] for row in result.values["cases"]} == {"B"}
    with pytest.raises(InputError, match='No case of the list is in the split "validation"'):
        evaluate(cases=str(case_list), split="validation")
    with pytest.raises(InputError, match='no split "tset"'):
        evaluate(cases=str(case_list), split="tset")


def test_a_case_that_cannot_be_read_is_reported_and_does_not_count(case_list: Path) -> None:
    (case_list.parent / "mine1.nii.gz").write_bytes(b"broken")
    result = evaluate(cases=str(case_list))
    assert [failure["case"] for failure in result.values["failed"]] == ["truth1"]
    assert result.values["summary"]["Liver"]["dice"]["n"] == 2
    assert "1 of 3 cases" in result.warnings[-1]


def test_if_no_case_can_be_read_the_reason_is_raised(case_list: Path) -> None:
    for number in range(3):
        (case_list.parent / f"mine{number}.nii.gz").unlink()
    with pytest.raises(FileError, match=r"mine0\.nii\.gz"):
        evaluate(cases=str(case_list))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "nothing to evaluate"),
        ({"cases": []}, "nothing to evaluate"),
        ({"cases": [{"prediction": "a.nii.gz"}]}, "Entry 1 of the list has no prediction or no reference"),
        ({"cases": "missing.csv"}, "no case list"),
        ({"resampel": True}, "no option resampel"),
        ({"simulate_click": "left"}, "cannot be simulated"),
    ],
)
def test_unusable_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluate(**options)


def test_half_a_pair() -> None:
    with pytest.raises(InputError, match="got 1 labelmaps"):
        evaluate(labelmap(LIVER))


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A model that finds the truth, and writes down what it was asked."""
    seen: dict[str, Any] = {"jobs": []}

    def run(job: Job, context: TaskContext) -> Result:
        seen["jobs"].append(job)
        context.progress(0.5, "network")
        context.warn("One warning.")
        (image,) = job.images
        found = Labelmap(image.array.astype(np.uint8), image.affine, (LIVER, TUMOUR))
        return Result(job.id, (found,), provenance={"device": "cpu", "prompts": "private"})

    stub = ModuleType("AutoLabelLib.worker.tasks.segmentation")
    stub.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, stub.__name__, stub)
    monkeypatch.setattr(sys.modules["AutoLabelLib.worker.tasks"], "segmentation", stub, raising=False)
    own = {"name": "m", "channels": [{"name": "T1", "modality": "MR"}], "prompts": ["point"], "needs_prompt": True}
    folder = tmp_path / "bundle"
    (folder / "configs").mkdir(parents=True)
    metadata = {"network_data_format": {"inputs": {"image": {}}}, "autolabel": own}
    (folder / "configs" / "metadata.json").write_text(json.dumps(metadata))
    return {**seen, "folder": str(folder)}


def test_a_model_segments_each_case_first(case_list: Path, model: dict[str, Any]) -> None:
    progress: list[Progress] = []
    result = evaluate(
        model=model["folder"], context=TaskContext(progress.append), cases=str(case_list), device="cpu", split="train"
    )
    assert result.values["summary"]["Tumour"]["dice"]["mean"] == 1
    assert [job.options for job in model["jobs"]] == [{"device": "cpu"}] * 2
    assert all(job.images[0].modality == "MR" for job in model["jobs"])
    assert [round(step.fraction, 2) for step in progress] == [0, 0.25, 0.5, 0.75, 1]
    assert progress[1].message == "case 1 of 2: network"
    assert result.warnings == ("One warning.",)
    assert result.provenance == {"device": "cpu"}
    assert result.values["settings"]["simulate_click"] == "middle"


def test_a_real_bundle_end_to_end(case_list: Path, tmp_path: Path) -> None:
    pytest.importorskip("monai")
    from Testing.tiny_bundles import TinyBundle, write_bundle

    folder = write_bundle(tmp_path / "rounding", TinyBundle(classes=3))
    result = evaluate(model=str(folder), cases=str(case_list), device="cpu", engine="fp32")
    assert [figures["dice"]["mean"] for figures in result.values["summary"].values()] == [1, 1]
    assert result.values["failed"] == []
    assert "label values decided" in result.warnings[0]
    assert {"read", "network", "compare", "bootstrap"} <= result.phase_seconds.keys()
    json.dumps({**result.values, **result.provenance}, allow_nan=False)


def test_the_split_of_the_training_holds_where_the_list_has_none(case_list: Path, model: dict[str, Any]) -> None:
    lines = [line.rsplit(",", 1)[0] for line in case_list.read_text().splitlines()]
    case_list.write_text("\n".join(lines))
    with pytest.raises(InputError, match="says which cases are in which split"):
        evaluate(model=model["folder"], cases=str(case_list), split="test")
    (Path(model["folder"]) / "docs").mkdir()
    (Path(model["folder"]) / "docs" / "training.json").write_text('{"holdout": {"every": 2, "offset": 1}}')
    result = evaluate(model=model["folder"], cases=str(case_list), split="test")
    assert {row["group"] for row in result.values["cases"]} == {"B"}


def test_a_model_that_cannot_run_stops_at_once(
    case_list: Path, model: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(job: Job, context: TaskContext) -> Result:
        raise UntrustedModelError("Not approved.")

    monkeypatch.setattr(sys.modules["AutoLabelLib.worker.tasks.segmentation"], "run", refuse)
    with pytest.raises(UntrustedModelError):
        evaluate(model=model["folder"], cases=str(case_list))


def test_cancelling_ends_within_a_case(case_list: Path, model: dict[str, Any]) -> None:
    asked = iter([False, True, True])
    with pytest.raises(JobCancelled):
        evaluate(model=model["folder"], cases=str(case_list), context=TaskContext(is_cancelled=lambda: next(asked)))
    assert len(model["jobs"]) == 1


@pytest.mark.parametrize("where", ["middle", "inside", "off_edge"])
def test_simulated_clicks_are_where_they_say(where: str) -> None:
    reference = labelmap(LIVER, TUMOUR)
    positions = []
    for number in range(20):
        (point,) = simulated_click(f"case {number}", reference, where, seed=0).points
        index = np.rint(index_from_ras(AFFINE, point.position_ras_mm)).astype(int)
        positions.append(tuple(index))
        assert (reference.array[0][tuple(index)] > 0) == (where != "off_edge")
    assert (len(set(positions)) == 1) == (where == "middle")
    assert simulated_click("case 3", reference, where, 0) == simulated_click("case 3", reference, where, 0)
