from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from AutoLabelLib.core import affine as geometry
from AutoLabelLib.core import catalogue
from AutoLabelLib.core.errors import GeometryError, InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.prompt import Box
from AutoLabelLib.worker.classification.classifier import Classifier
from AutoLabelLib.worker.classification.contract import ClassifierContract
from AutoLabelLib.worker.classification.inputs import InputContract, prepare
from AutoLabelLib.worker.classification.resampling import resampled
from AutoLabelLib.worker.features import extraction
from Testing.grids import ORIENTATIONS, make_affine
from Testing.tiny_classifiers import TinyClassifier, side_weights, write_classifier

SIDES = ("left", "right", "posterior", "anterior", "inferior", "superior")
BLOBS = (((4.0, 0.0, 0.0), 3.0, 800.0), ((-3.0, 5.0, 0.0), 2.5, 400.0), ((0.0, -3.0, 6.0), 2.0, 200.0))  # lopsided
CENTER = np.array([12.0, -7.0, 30.0])


def body(position_ras_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the density of three unequal blobs, smooth, at RAS mm positions (..., 3)."""
    value = np.full(position_ras_mm.shape[:-1], -800.0)
    for offset, sigma, height in BLOBS:
        distance = np.linalg.norm(position_ras_mm - CENTER - offset, axis=-1)
        value += height * np.exp(-0.5 * (distance / sigma) ** 2)
    return value


def scanned(affine: NDArray[np.float64], shape: tuple[int, int, int]) -> tuple[Image, NDArray[np.bool_]]:
    """Return the body on a grid that is moved over it, with a mask of what is dense."""
    affine = affine.copy()
    affine[:3, 3] = CENTER - affine[:3, :3] @ ((np.asarray(shape) - 1) / 2)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1)
    values = body(geometry.ras_from_index(affine, index))
    return Image(values.astype(np.float32)[None], affine, "CT", unit="HU"), values > -650


def box_at(first: tuple[float, float, float], second: tuple[float, float, float]) -> Box:
    """Return the box between two offsets from the body's centre."""
    low, high = (tuple(float(n) for n in np.add(CENTER, offset)) for offset in (first, second))
    return Box(low, high)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    tiny = TinyClassifier(
        classes=SIDES,
        patch_voxels=(22, 24, 20),
        spacing_mm=(1.0, 1.1, 1.3),
        normalisation=(
            {
                "_target_": "ScaleIntensityRanged",
                "keys": "image",
                "a_min": -800.0,
                "a_max": 0.0,
                "b_min": 0.0,
                "b_max": 9.0,
            },
        ),
        section={"mask_channel": True},
    )
    folder = tmp_path_factory.mktemp("models") / "tiny"
    write_classifier(folder, replace(tiny, state=side_weights(tiny)), is_trusted=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "is_trusted", lambda folder, sha256=None: True)
        return Classifier.load(folder)


def answer(classifier: Classifier, affine: NDArray[np.float64], shape: tuple[int, int, int]) -> NDArray[np.float64]:
    return classifier.probabilities(classifier.prepare(*scanned(affine, shape)))


def test_every_axis_order_gives_the_same_probabilities(classifier: Classifier) -> None:
    spacing = {"R": 1.0, "L": 1.0, "A": 0.8, "P": 0.8, "S": 1.6, "I": 1.6}
    count = {"R": 36, "L": 36, "A": 46, "P": 46, "S": 24, "I": 24}

    def stored_as(code: str) -> NDArray[np.float64]:
        i, j, k = code
        affine = make_affine(code, (spacing[i], spacing[j], spacing[k]))
        return answer(classifier, affine, (count[i], count[j], count[k]))

    first = stored_as("RAS")
    assert np.ptp(first) > 0.3  # the body is lopsided, and so is the answer
    for code in ORIENTATIONS:
        assert stored_as(code) == pytest.approx(first, abs=1e-4), code


@pytest.mark.parametrize(
    "affine",
    [
        make_affine("LPS", (0.7, 0.7, 2.5)),
        make_affine("RAS", (0.9, 0.9, 0.9), (25.0, -40.0, 15.0)),
        make_affine("PIR", (0.6, 1.2, 0.9), (10.0, 5.0, -30.0)),
        make_affine("RAS", (0.9, 0.9, 0.9), (0.0, 0.0, 10.0), (0.2, -0.1, 0.15)),
        make_affine("RAS", (0.4, 0.4, 0.4)),
    ],
    ids=["thick", "oblique", "oblique left-handed", "sheared", "fine"],
)
def test_however_a_volume_is_stored_the_answer_is_the_same(classifier: Classifier, affine: NDArray[np.float64]) -> None:
    first = answer(classifier, make_affine("RAS", (1.0, 1.0, 1.0)), (40, 40, 40))
    shape = tuple(2 * math.ceil(22 / mm) for mm in geometry.spacing_mm(affine))
    assert answer(classifier, affine, shape) == pytest.approx(first, abs=0.04)  # type: ignore[arg-type]


def test_the_patch_lies_where_its_affine_says(classifier: Classifier) -> None:
    prepared = classifier.prepare(*scanned(make_affine("IRP", (0.8, 0.6, 0.7), (20.0, 0.0, 30.0)), (60, 90, 80)))
    index = np.argwhere(np.ones(prepared.patch.shape[1:], dtype=bool))
    truth = (body(geometry.ras_from_index(prepared.affine, index)) + 800) / 800 * 9
    assert np.abs(prepared.patch[0].ravel() - truth).max() < 0.25
    assert geometry.orientation(prepared.affine) == "RAS"


def test_the_mask_channel_holds_the_volume_of_the_mask(classifier: Classifier) -> None:
    image, mask = scanned(make_affine("LIP", (0.5, 0.9, 0.7)), (70, 50, 60))
    prepared = classifier.prepare(image, mask)
    shown_ml = prepared.patch[1].sum() * geometry.voxel_volume_ml(prepared.affine)
    assert shown_ml == pytest.approx(prepared.measured["volume_ml"], rel=0.03)
    assert prepared.measured["shown_fraction"] > 0.97


def test_where_the_grids_agree_voxels_arrive_unchanged() -> None:
    values = np.random.default_rng(1).integers(-1000, 1000, (1, 9, 10, 11)).astype(np.float32)
    affine = make_affine("LPS", (0.7, 0.8, 2.5), origin_mm=(-50.0, 20.0, 700.0))
    found = resampled(values, affine, geometry.cropped_affine(affine, (2, 3, 1)), (5, 6, 7))
    assert np.abs(found.values.numpy() - values[:, 2:7, 3:9, 1:8]).max() < 0.01
    assert float(found.inside.min()) == 1.0


def test_a_coarser_voxel_is_the_mean_of_what_it_holds() -> None:
    values = np.random.default_rng(1).normal(size=(1, 12, 12, 12)).astype(np.float32)
    coarse = np.diag([4.0, 4.0, 4.0, 1.0])
    coarse[:3, 3] = 1.5
    found = resampled(values, np.eye(4), coarse, (3, 3, 3)).values.numpy()
    assert found == pytest.approx(values.reshape(1, 3, 4, 3, 4, 3, 4).mean(axis=(2, 4, 6)), abs=1e-4)


def test_outside_of_the_volume_is_what_the_contract_says() -> None:
    values = np.full((1, 4, 4, 4), 50.0, np.float32)
    target = geometry.cropped_affine(np.eye(4), (-2, 0, 0))
    edges, air = (resampled(values, np.eye(4), target, (4, 4, 4), beyond) for beyond in (None, -1000.0))
    assert float(edges.values.min()) == 50.0
    assert air.values[0, :, 0, 0].tolist() == [-1000.0, -1000.0, 50.0, 50.0]
    assert air.inside[:, 0, 0].tolist() == [0.0, 0.0, 1.0, 1.0]


def test_context_ends_where_the_contract_says() -> None:
    image = Image(np.zeros((1, 20, 20, 20), np.float32), np.eye(4))
    mask = np.zeros((20, 20, 20), dtype=bool)
    mask[9:11, 9:11, 9:11] = True
    wishes = ClassifierContract(beyond=-1000.0, context_mm=(2.0, 1.0, 0.0))
    patch = prepare(image, mask, InputContract((12, 12, 12), (1.0, 1.0, 1.0), wishes)).patch[0]
    assert [(patch > -1000).any(axis=tuple({0, 1, 2} - {axis})).sum() for axis in range(3)] == [6, 4, 2]


def test_a_whole_image_fills_the_patch() -> None:
    image, _ = scanned(make_affine("SLP", (1.0, 0.8, 0.5)), (30, 40, 50))
    prepared = prepare(image, None, InputContract((16, 16, 16)))
    assert prepared.size_mm == pytest.approx((32.0, 25.0, 30.0))
    assert np.allclose(geometry.spacing_mm(prepared.affine), np.array(prepared.size_mm) / 16)
    assert prepared.center_ras_mm == pytest.approx(CENTER)


def test_a_box_says_where_to_look() -> None:
    image, _ = scanned(make_affine("RAS", (1.0, 1.0, 1.0)), (40, 40, 40))
    prepared = prepare(image, None, InputContract((16, 16, 16)), box_at((2, -3, -4), (-6, 9, 8)))
    assert prepared.size_mm == pytest.approx((8.0, 12.0, 12.0))
    assert prepared.measured["inside_of_box"] == 1.0
    beyond = box_at((0, 0, 0), (40, 10, 10))
    assert prepare(image, None, InputContract((16, 16, 16)), beyond).measured["inside_of_box"] == pytest.approx(0.5)
    with pytest.raises(GeometryError, match="outside"):
        prepare(image, None, InputContract((16, 16, 16)), box_at((90, 0, 0), (99, 9, 9)))


def test_a_mask_that_says_nothing_is_refused(classifier: Classifier) -> None:
    image, mask = scanned(make_affine(), (20, 20, 20))
    with pytest.raises(InputError, match="empty"):
        classifier.prepare(image, np.zeros_like(mask))
    with pytest.raises(InputError, match="shape"):
        classifier.prepare(image, mask[1:])
    with pytest.raises(InputError, match="needs a mask"):
        classifier.prepare(image, None)


def test_features_do_not_depend_on_the_axis_order() -> None:
    wanted = tuple(extraction.names()[place] for place in (0, 30, 60, 90))
    contract = InputContract((8, 8, 8), (2.0, 2.0, 2.0), ClassifierContract(features=wanted))
    found = [
        prepare(*scanned(make_affine(code, spacing_mm), shape), contract).features
        for code, spacing_mm, shape in (
            ("RAS", (1.0, 0.8, 1.5), (30, 36, 20)),
            ("SLP", (1.5, 1.0, 0.8), (20, 30, 36)),
        )
    ]
    assert found[0] is not None
    assert found[1] == pytest.approx(found[0], rel=1e-4)


def test_an_unknown_feature_is_refused() -> None:
    contract = InputContract((8, 8, 8), (2.0, 2.0, 2.0), ClassifierContract(features=("stat_beauty",)))
    with pytest.raises(InputError, match="stat_beauty"):
        prepare(*scanned(make_affine(), (20, 20, 20)), contract)


def test_a_bundle_is_loaded_once(classifier: Classifier, tmp_path: Path) -> None:
    folder = write_classifier(tmp_path / "other")
    assert Classifier.load(folder).bundle is Classifier.load(str(folder)).bundle
