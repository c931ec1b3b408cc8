"""Tags of a segment: what DICOM needs, how it was made, and nobody's name."""

from __future__ import annotations

import json

import pytest

from AutoLabelLib.core.job import Result
from AutoLabelLib.core.model import Channel, ModelSpec
from AutoLabelLib.core.prompt import Point, Prompts
from AutoLabelLib.core.provenance import segment_tags

SPEC = ModelSpec("liver_ct", "1.2.0", "segmentation", (Channel("image", "CT"),))


def test_says_which_algorithm_dicom_shall_name() -> None:
    tags = segment_tags(Result("job"), SPEC)

    assert tags["DICOM.SegmentAlgorithmType"] == "AUTOMATIC"
    assert tags["DICOM.SegmentAlgorithmName"] == "AutoLabel liver_ct 1.2.0"
    assert (tags["AutoLabel.Model"], tags["AutoLabel.ModelVersion"]) == ("liver_ct", "1.2.0")


def test_a_person_who_points_makes_it_semiautomatic() -> None:
    prompts = Prompts(points=(Point((1.0, 2.0, 3.0)),)).to_json()

    tags = segment_tags(Result("job", provenance={"prompts": prompts}), SPEC)

    assert tags["DICOM.SegmentAlgorithmType"] == "SEMIAUTOMATIC"
    assert Prompts.from_json(json.loads(tags["AutoLabel.Prompts"])) == Prompts(points=(Point((1.0, 2.0, 3.0)),))


def test_no_prompts_are_no_person() -> None:
    tags = segment_tags(Result("job", provenance={"prompts": Prompts().to_json()}), SPEC)

    assert tags["DICOM.SegmentAlgorithmType"] == "AUTOMATIC"


def test_everything_that_is_known_gets_a_tag() -> None:
    provenance = {"device": "cpu", "model_sha256": "ab12", "threads": 2, "options": {"overlap": 0.5, "mirror": False}}

    tags = segment_tags(Result("job", phase_seconds={"load": 0.5, "network": 1.25}, provenance=provenance), SPEC)

    assert tags["AutoLabel.Device"] == "cpu"
    assert tags["AutoLabel.ModelSha256"] == "ab12"
    assert tags["AutoLabel.Threads"] == "2"
    assert json.loads(tags["AutoLabel.Options"]) == {"overlap": 0.5, "mirror": False}
    assert tags["AutoLabel.Seconds"] == "1.750"


@pytest.mark.parametrize("path", ["/data/DOE^JOHN/ct.nii.gz", r"C:\Patients\Doe\ct.nrrd", r"\\server\share\Doe"])
def test_paths_are_left_out_because_they_may_name_a_patient(path: str) -> None:
    provenance = {"input": path, "options": {"cases": path, "list": [path, "kept"]}}

    text = json.dumps(segment_tags(Result("job", provenance=provenance), SPEC))

    assert "oe" not in text.replace("noe", "")
    assert "kept" in text


def test_tags_survive_slicers_file_format() -> None:
    tags = segment_tags(Result("job", provenance={"note": "a|b\nc:d"}), SPEC)

    assert tags["AutoLabel.Note"] == "a/b c:d"


def test_names_fit_into_dicom() -> None:
    spec = ModelSpec("m" * 100, "1", "segmentation", ())

    assert len(segment_tags(Result("job"), spec)["DICOM.SegmentAlgorithmName"]) == 64
