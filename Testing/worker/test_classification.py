from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from AutoLabelLib.core import catalogue
from AutoLabelLib.core.affine import cropped_affine, ras_from_index
from AutoLabelLib.core.errors import ContractError, GeometryError, InputError, ModelError, UnsupportedVolumeError
from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.prompt import Point, Prompts
from AutoLabelLib.worker.classification.contract import ClassifierContract
from AutoLabelLib.worker.classification.doubt import about_the_object, trained_ranges
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tasks import classification
from Testing.grids import make_affine
from Testing.tiny_bundles import TinyBundle, write_bundle
from Testing.tiny_classifiers import TinyClassifier, side_weights, write_classifier

AFFINE = make_affine("LPS", (1.0, 1.0, 2.0), origin_mm=(40.0, -20.0, 100.0))
CENTER = (15, 14, 8)  # index of the middle of the object


def scan(right: float = 6.0, left: float = 0.0) -> Image:
    """Return a CT with an object that is bright 4 mm to its right, or left (the first axis runs to the left)."""
    voxels = np.zeros((1, 30, 30, 17), np.float32)
    voxels[0, 8:14, 12:17, 7:10] = right
    voxels[0, 16:22, 12:17, 7:10] = left
    voxels[0, 0, 0, 0] = -1.0  # an image is never of one value
    return Image(voxels, AFFINE, "CT", unit="HU")


def drawn(*boxes: tuple[slice, ...], shape: tuple[int, int, int] = (30, 30, 17)) -> Labelmap:
    """Return a labelmap with one segment per box."""
    array = np.zeros((1, *shape), np.uint8)
    for number, box in enumerate(boxes, start=1):
        array[(0, *box)] = number
    return Labelmap(array, AFFINE, tuple(Segment(f"nodule {n + 1}", n + 1) for n in range(len(boxes))))


OBJECT = (slice(13, 18), slice(12, 17), slice(7, 10))
EMPTY = (slice(0, 0),) * 3


def classify(folder: Path, image: Image, labelmap: Labelmap | None = None, **more: Any) -> Result:
    prompts = more.pop("prompts", Prompts())
    labelmaps = () if labelmap is None else (labelmap,)
    job = Job("classification", str(folder), (image,), labelmaps, prompts, {"device": "cpu", **more})
    return classification.run(job, TaskContext())


def findings(result: Result) -> list[Finding]:
    return [Finding.from_json(fields) for fields in result.values["findings"]]


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bundles that outlive one test are trusted in each."""
    monkeypatch.setattr(catalogue, "is_trusted", lambda folder, sha256=None: True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_classifier(tmp_path_factory.mktemp("models") / "sides", is_trusted=False)


def test_a_segment_gets_its_class_and_says_where_it_is(folder: Path) -> None:
    (found,) = findings(classify(folder, scan(), drawn(OBJECT)))
    assert (found.label, found.segment, found.model, found.uncertain) == ("right", "nodule 1", "tiny 1.2.3", "")
    assert found.score == found.class_probabilities["right"] > 0.9
    assert found.class_probabilities["left"] == pytest.approx(1 - found.score)
    assert found.center_ras_mm == pytest.approx(tuple(ras_from_index(AFFINE, CENTER)))
    assert found.size_mm == pytest.approx((5.0, 5.0, 6.0))
    assert found.measurements["volume_ml"] == pytest.approx(0.15)
    assert set(found.lines_ras_mm) == {"long_axis", "short_axis"}
    assert found.created


def test_each_segment_gets_a_finding_and_an_empty_one_a_warning(folder: Path) -> None:
    left = (slice(5, 9), slice(12, 17), slice(7, 10))
    result = classify(folder, scan(), drawn(OBJECT, EMPTY, left))
    assert [(one.segment, one.label) for one in findings(result)] == [("nodule 1", "right"), ("nodule 3", "left")]
    assert result.values["segments"] == [0, 2]
    assert any("nodule 2" in warning for warning in result.warnings)


def test_segments_can_be_named(folder: Path) -> None:
    labelmap = drawn(OBJECT, EMPTY)
    assert [one.segment for one in findings(classify(folder, scan(), labelmap, segments=["nodule 1"]))] == ["nodule 1"]
    with pytest.raises(InputError, match='"nodule 2" is empty'):
        classify(folder, scan(), labelmap, segments=["nodule 2"])
    with pytest.raises(InputError, match="no segment"):
        classify(folder, scan(), labelmap, segments=["nodule 9"])


def test_a_mask_on_another_grid_is_brought_onto_the_image(folder: Path) -> None:
    whole = drawn(OBJECT)
    part = Labelmap(whole.array[:, 5:, 4:, 2:], cropped_affine(AFFINE, (5, 4, 2)), whole.segments)
    one, other = (findings(classify(folder, scan(), labelmap))[0] for labelmap in (whole, part))
    assert one == Finding.from_json({**other.to_json(), "created": one.created})


def test_a_mask_outside_of_the_image_is_told_apart_from_an_empty_one(folder: Path) -> None:
    far = Labelmap(drawn(OBJECT).array, make_affine(origin_mm=(900.0, 0.0, 0.0)), drawn(OBJECT).segments)
    with pytest.raises(InputError, match="outside of the volume"):
        classify(folder, scan(), far)
    partly = Labelmap(drawn(OBJECT).array, cropped_affine(AFFINE, (14, 0, 0)), drawn(OBJECT).segments)
    assert "40% of the segment lies outside" in findings(classify(folder, scan(), partly))[0].uncertain


def test_an_undecided_answer_is_uncertain(folder: Path) -> None:
    (found,) = findings(classify(folder, scan(right=0.4), drawn(OBJECT)))
    assert found.label == "right"
    assert found.uncertain == "Right has a probability of only 0.56."


def test_one_voxel_is_uncertain(folder: Path) -> None:
    voxel = (slice(15, 16), slice(14, 15), slice(8, 9))
    (found,) = findings(classify(folder, scan(), drawn(voxel)))
    assert found.label == "right"
    assert found.uncertain == "The segment is a single voxel."


def test_what_touches_the_edge_is_uncertain_unless_training_cases_did(folder: Path, tmp_path: Path) -> None:
    edge = (slice(10, 20), slice(12, 17), slice(14, 17))
    assert "touches the edge" in findings(classify(folder, scan(), drawn(edge)))[0].uncertain
    used_to_it = write_classifier(tmp_path / "used", TinyClassifier(section={"edge_fraction": 0.5}))
    assert "edge" not in findings(classify(used_to_it, scan(), drawn(edge)))[0].uncertain


def test_what_is_unlike_the_training_cases_is_uncertain(tmp_path: Path) -> None:
    trained = {"volume_ml": [1.0, 30.0], "mean_value": [-700.0, -100.0], "spacing_mm": [0.5, 1.5]}
    folder = write_classifier(tmp_path / "strict", TinyClassifier(section={"trained": trained}))
    uncertain = findings(classify(folder, scan(), drawn(OBJECT)))[0].uncertain
    for words in ("smaller than any", "(0.15 ml, not 1 to 30)", "brighter than any", "coarser than any"):
        assert words in uncertain
    assert uncertain.endswith(".") and uncertain.count(".  ") == 0


def test_a_range_of_sizes_is_as_strict_at_its_small_end() -> None:
    """Two percent of 30 ml are far more than the smallest of 0.03 ml."""
    contract = ClassifierContract(trained={"volume_ml": (0.03, 30.0), "mean_value": (-800.0, 760.0)})
    (reason,) = about_the_object({"volume_ml": 0.004, "mean_value": -790.0}, contract)
    assert reason == "the segment is smaller than any that it was trained on (0.004 ml, not 0.03 to 30)"
    assert not about_the_object({"volume_ml": 0.0297, "mean_value": -810.0}, contract)
    (reason,) = about_the_object({"volume_ml": 1.0, "mean_value": -1002.3}, contract)
    assert reason.endswith("(-1002, not -800 to 760)")


def test_ranges_are_those_of_the_training_cases() -> None:
    ranges = trained_ranges([{"volume_ml": 2.0, "voxels": 9.0}, {"volume_ml": 0.5, "mean_value": 7.0}])
    assert ranges == {"volume_ml": (0.5, 2.0), "mean_value": (7.0, 7.0)}


def test_networks_that_disagree_are_uncertain(tmp_path: Path) -> None:
    plain = TinyClassifier()
    one, other = side_weights(plain, 2.0), {name: -value for name, value in side_weights(plain, 1.2).items()}
    convolution = {
        "_target_": "torch.nn.Conv3d",
        "in_channels": 1,
        "out_channels": 2,
        "kernel_size": list(plain.patch_voxels),
    }
    state = {f"networks.{n}.{name}": value for n, part in enumerate((one, other)) for name, value in part.items()}
    tiny = TinyClassifier(
        network_def={
            "_target_": "AutoLabelLib.worker.classification.networks.MeanOfClassifiers",
            "networks": [convolution, convolution],
        },
        state=state,
        section={"sure_from": 0.51},
    )
    (found,) = findings(classify(write_classifier(tmp_path / "two", tiny), scan(), drawn(OBJECT)))
    assert found.label == "right"
    assert found.uncertain.startswith("The networks disagree (right: 0.0")


def test_temperature_and_bias_change_probabilities(tmp_path: Path) -> None:
    def probability(name: str, **section: Any) -> float:
        folder = write_classifier(tmp_path / name, TinyClassifier(section=section))
        return findings(classify(folder, scan(), drawn(OBJECT)))[0].class_probabilities["right"]

    plain, cautious = probability("plain"), probability("cautious", temperature=2.0)
    logit = np.log(plain / (1 - plain))
    assert np.log(cautious / (1 - cautious)) == pytest.approx(logit / 2)
    shifted = probability("shifted", bias=[0.5, -0.5])
    assert np.log(shifted / (1 - shifted)) == pytest.approx(logit - 1)


def test_mirror_images_are_averaged(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path / "mirrored", TinyClassifier(section={"mirror_axes": [0]}))
    both = findings(classify(folder, scan(), drawn(OBJECT)))[0].class_probabilities
    assert both["right"] == pytest.approx(0.5, abs=1e-6)  # seen in a mirror, right is left
    alone = findings(classify(folder, scan(), drawn(OBJECT), tta=False))[0].class_probabilities
    assert alone["right"] > 0.9


def test_several_classes_may_be_true(tmp_path: Path) -> None:
    weights = side_weights(TinyClassifier(), 2.0)
    weights["bias"] = torch.full((2,), -3.0)
    tiny = TinyClassifier(state=weights, more={"multi_label": True}, section={"sure_from": 0.6})
    folder = write_classifier(tmp_path / "multi", tiny)
    both, none = (findings(classify(folder, image, drawn(OBJECT)))[0] for image in (scan(6, 6), scan(0, 0)))
    assert (both.label, none.label) == ("left, right", "none")
    assert both.score == pytest.approx(min(both.class_probabilities.values()))
    assert none.uncertain == ""


def test_attributes_are_rated_on_their_scale(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path / "rated", TinyClassifier(attributes=("margin", "texture")))
    (found,) = findings(classify(folder, scan(), drawn(OBJECT)))
    assert list(found.attributes) == ["margin", "texture"]
    assert all(1 <= rating <= 5 for rating in found.attributes.values())


def test_a_whole_image_or_a_box_of_it_can_be_judged(tmp_path: Path) -> None:
    tiny = TinyClassifier(spacing_mm=None, more={"looks_at": "volume"})
    folder = write_classifier(tmp_path / "volume", tiny)
    (found,) = findings(classify(folder, scan()))
    assert found.size_mm == pytest.approx((30.0, 30.0, 34.0))
    corner = ras_from_index(AFFINE, (3.5, 3.5, 3.5))
    box = [list(corner), list(ras_from_index(AFFINE, (25.5, 25.5, 13.5)))]
    (part,) = findings(classify(folder, scan(), box=box))
    assert part.label == "right" and part.size_mm == pytest.approx((22.0, 22.0, 20.0))
    half_outside = [list(corner), list(ras_from_index(AFFINE, (55.5, 25.5, 13.5)))]
    assert "50% of the region lies outside" in findings(classify(folder, scan(), box=half_outside))[0].uncertain
    with pytest.raises(GeometryError, match="outside"):
        classify(folder, scan(), box=[[900, 900, 900], [990, 990, 990]])


@pytest.fixture(scope="module")
def clickable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier with a segmenter that finds whatever has the value 1."""
    root = tmp_path_factory.mktemp("clickable")
    more = {"keep_component_at_prompt": True}
    one = TinyBundle(classes=2, prompts=("point",), modality="CT", more=more)
    segmenter = write_bundle(root / "one", one, is_trusted=False)
    tiny = TinyClassifier(section={"mask_channel": True}, more={"segmenter": str(segmenter)})
    return write_classifier(root / "sides", tiny, is_trusted=False)


def clicked(where: tuple[float, float, float]) -> Prompts:
    r, a, s = ras_from_index(AFFINE, where).tolist()
    return Prompts(points=(Point((r, a, s)),))


def test_a_click_segments_first_and_judges_what_was_found(clickable: Path) -> None:
    image = Image((scan().array > 0).astype(np.float32), AFFINE, "CT", unit="HU")
    result = classify(clickable, image, prompts=clicked((10, 14, 8)))
    (found,) = findings(result)
    assert np.array_equal(result.labelmaps[0].array[0] > 0, image.array[0] > 0)
    assert found.segment == result.labelmaps[0].segments[0].name
    assert found.center_ras_mm == pytest.approx(tuple(ras_from_index(AFFINE, (10.5, 14, 8))))
    assert result.provenance["segmented_by"]["name"] == "tiny"
    box = [list(ras_from_index(AFFINE, (8, 12, 7))), list(ras_from_index(AFFINE, (13, 16, 9)))]
    assert findings(classify(clickable, image, box=box))[0].center_ras_mm == found.center_ras_mm


def test_a_click_on_air_is_an_error(clickable: Path) -> None:
    image = Image((scan().array > 0).astype(np.float32), AFFINE, "CT", unit="HU")
    with pytest.raises(InputError, match="found nothing where you pointed"):
        classify(clickable, image, prompts=clicked((25, 25, 3)))


def test_what_cannot_be_judged_is_explained(clickable: Path, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is none"):
        classify(clickable, scan())
    with pytest.raises(ContractError, match="no model that could make one from a click"):
        classify(folder, scan(), prompts=clicked((10, 14, 8)))
    with pytest.raises(ContractError, match="made for CT, but the volume is MR"):
        classify(folder, Image(scan().array, AFFINE, "MR"), drawn(OBJECT))
    with pytest.raises(UnsupportedVolumeError, match="NaN"):
        classify(folder, Image(np.where(scan().array > 0, np.nan, 0), AFFINE, "CT"), drawn(OBJECT))
    with pytest.raises(ContractError, match="for segmentation, not for classification"):
        classify(write_bundle(tmp_path / "other"), scan(), drawn(OBJECT))
    with pytest.raises(InputError, match='no option "colour"'):
        classify(folder, scan(), drawn(OBJECT), colour="red")
    with pytest.raises(InputError, match="two corners"):
        classify(folder, scan(), box=[1, 2, 3])


def test_a_bundle_that_contradicts_itself_is_explained(tmp_path: Path) -> None:
    fewer = write_classifier(tmp_path / "fewer", TinyClassifier(more={"classes": ["left", "right", "middle"]}))
    with pytest.raises(ModelError, match="3 were expected"):
        classify(fewer, scan(), drawn(OBJECT))
    wrong = write_classifier(tmp_path / "wrong", TinyClassifier(section={"temprature": 2.0}))
    with pytest.raises(ModelError, match='unknown entry "temprature"'):
        classify(wrong, scan(), drawn(OBJECT))
    zero = write_classifier(tmp_path / "zero", TinyClassifier(section={"temperature": 0.0}))
    with pytest.raises(ModelError, match="must be positive"):
        classify(zero, scan(), drawn(OBJECT))


def test_not_a_number_is_no_answer(tmp_path: Path) -> None:
    weights: dict[str, NDArray[Any] | torch.Tensor] = dict(side_weights(TinyClassifier()))
    weights["bias"] = torch.full((2,), torch.nan)
    folder = write_classifier(tmp_path / "nan", TinyClassifier(state=weights))  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="not finite"):
        classify(folder, scan(), drawn(OBJECT))
