"""The bundled model of a nodule's malignancy on real nodules, and the features it was given for them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from AutoLabelLib.core import locations
from AutoLabelLib.core.image import Image
from AutoLabelLib.files.images import read_image, read_voxels
from AutoLabelLib.worker.classification.classifier import Classifier
from AutoLabelLib.worker.features import extraction
from AutoLabelLib.worker.features.settings import FeatureSettings

LESION = FeatureSettings(families=("lesion",))


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    torch.set_num_threads(1)
    return Classifier.load(locations.resources() / "Models" / "lung_nodule_malignancy_ct")


def ball(spacing_mm: tuple[float, float, float], radius_mm: float = 6.0) -> tuple[np.ndarray, np.ndarray]:
    """Return a solid ball (50 HU) with a core of calcium (400 HU) in lung, and its mask."""
    axes = [np.arange(-9.0, 9.01, mm) for mm in spacing_mm]
    distance = np.sqrt(sum(axis**2 for axis in np.meshgrid(*axes, indexing="ij")))
    image = np.where(distance <= radius_mm, 50.0, -800.0)
    image[distance <= 2.5] = 400.0
    return image, distance <= radius_mm


@pytest.mark.parametrize("spacing_mm", [(0.6, 0.6, 0.6), (0.5, 0.7, 1.0)])
def test_a_calcified_ball_is_described_as_one(spacing_mm: tuple[float, float, float]) -> None:
    found = extraction.extract(*ball(spacing_mm), spacing_mm, LESION)
    assert found["lesion_slice_long_axis_mm"] == pytest.approx(12, rel=0.06)
    assert found["lesion_slice_short_axis_mm"] == pytest.approx(12, rel=0.06)
    assert found["lesion_thickness_mm"] == pytest.approx(12, abs=1.5)
    assert found["lesion_height_mm"] == pytest.approx(12, abs=1.1)
    assert found["lesion_slice_circularity"] > 0.85
    assert found["lesion_thicker_than_3mm"] > 0.9
    assert found["lesion_core_mean"] > found["lesion_rim_mean"] + 100
    assert found["lesion_calcified_mm3"] == pytest.approx(4 / 3 * np.pi * 2.5**3, rel=0.15)
    assert found["lesion_solid_fraction"] == 1.0
    assert found["lesion_ground_glass_fraction"] == found["lesion_air_fraction"] == 0.0


def test_ground_glass_and_ragged_outlines_are_told_apart() -> None:
    image, mask = ball((0.6, 0.6, 0.6))
    smooth = extraction.extract(image, mask, (0.6, 0.6, 0.6), LESION)
    ragged = mask.copy()
    ragged[15, :, 15] = True  # a spike
    spiky = extraction.extract(image, ragged, (0.6, 0.6, 0.6), LESION)
    hazy = extraction.extract(np.where(mask, -500.0, -850.0), mask, (0.6, 0.6, 0.6), LESION)
    assert spiky["lesion_slice_solidity"] < smooth["lesion_slice_solidity"] - 0.05
    assert spiky["lesion_radius_maximum"] > smooth["lesion_radius_maximum"] + 0.2
    assert hazy["lesion_ground_glass_fraction"] == 1.0 and hazy["lesion_solid_ml"] == 0.0


def nodule(test_data: Path, name: str) -> tuple[Image, np.ndarray]:
    folder = test_data / "lung_nodule_ct"
    image = read_image(folder / "images" / name)
    return Image(image.array, image.affine, modality="CT", unit="HU"), read_voxels(folder / "masks" / name).array[0] > 0


def test_the_largest_nodules_look_malignant_and_calcified_ones_benign(test_data: Path, classifier: Classifier) -> None:
    with (test_data / "lung_nodule_ct" / "nodules.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    large = sorted((row for row in rows if row["malignancy"] == "5"), key=lambda row: -float(row["diameter_mm"]))[:3]
    calcified = [row for row in rows if row["malignancy"] == "1" and row["calcification"] == "3"][:3]
    malignant = classifier.spec.classes.index("malignant")
    for row, is_malignant in [(row, True) for row in large] + [(row, False) for row in calcified]:
        answer = classifier.answer(classifier.prepare(*nodule(test_data, row["file"])))
        assert (answer.probabilities[malignant] > 0.5) == is_malignant, row["file"]
        assert len(answer.ratings) == 8


def test_how_a_volume_is_stored_changes_nothing(test_data: Path, classifier: Classifier) -> None:
    image, mask = nodule(test_data, "LIDC-IDRI-0003_R_2.nii.gz")
    turned = image.affine.copy()
    turned[:3, :3] = image.affine[:3, [2, 0, 1]] * [-1, 1, -1]
    last = np.array(mask.transpose(2, 0, 1).shape) - 1
    turned[:3, 3] = image.affine[:3, 3] - turned[:3, 0] * last[0] - turned[:3, 2] * last[2]
    array = image.array.transpose(0, 3, 1, 2)[:, ::-1, :, ::-1]
    other = Image(np.ascontiguousarray(array), turned, modality="CT", unit="HU")
    first = classifier.probabilities(classifier.prepare(image, mask))
    second = classifier.probabilities(classifier.prepare(other, mask.transpose(2, 0, 1)[::-1, :, ::-1]))
    assert first == pytest.approx(second, abs=0.02)
