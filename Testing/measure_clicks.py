"""Measure a click model on held-out nodules: `python Testing/measure_clicks.py BUNDLE CASES.csv DATA_FOLDER`.

Every held-out nodule is clicked in its middle, at random inside, and up to 5 mm off its edge, each time in a new worker
job, as a user's click would be. The image is the data's own small box; that box set into the lung of a large rendered
chest; or the box resampled to another slice spacing. Dice is measured on the grid of the image that was given. Subsets:

    small       diameter below 6 mm
    sub-solid   texture rated 3 or less (5 is solid, 1 is ground glass)
    pleural     touches a wall: soft tissue (above -300 HU) at least 6 mm thick within 1.5 mm of the mask

With --corrections N, the click in the middle is followed by N more, each in the middle of the largest connected region
where the result then errs, through the worker again with all clicks so far; a result without any error stays as it is.

Prints one JSON object; with --output it is also written to a file.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from AutoLabelLib.core.affine import cropped_affine, index_from_ras, ras_from_index, spacing_mm, zoomed_affine
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job
from AutoLabelLib.core.prompt import Point, Prompts
from AutoLabelLib.files.images import read_image, read_voxels
from AutoLabelLib.phantom import thorax
from AutoLabelLib.phantom.chest import chest_phantom
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.evaluation.simulated_user import next_correction
from AutoLabelLib.worker.tasks import segmentation
from AutoLabelLib.worker.training import recipe as recipes
from AutoLabelLib.worker.training.cases import Case, read_cases
from AutoLabelLib.worker.training.clicks import ClickHabits, central_voxel, shell_around, simulate_click
from AutoLabelLib.worker.training.split import split_cases

CLICKS = ("middle", "inside", "off_edge")
SLICE_SPACINGS_MM = (0.5, 1.25, 2.5)
_LARGE_MM = (150.0, 150.0, 150.0)


@dataclass(frozen=True)
class Scene:
    """An image (I, J, K) in HU with the true mask on the same grid."""

    image: NDArray[np.float32]
    mask: NDArray[np.bool_]
    affine: NDArray[np.float64]


def read_scene(case: Case) -> Scene:
    """Return a case as it lies on the disk."""
    image, label = read_image(case.images[0]), read_voxels(case.label)
    return Scene(image.array[0].astype(np.float32), label.array[0] > 0, image.affine)


def with_slices(scene: Scene, slice_mm: float) -> Scene:
    """Return a scene resampled along its third axis to a slice spacing over the same extent."""
    own_mm = spacing_mm(scene.affine)[2]
    count = max(2, round(scene.mask.shape[2] * own_mm / slice_mm))
    shape = (*scene.mask.shape[:2], count)
    image, mask = scene.image, scene.mask.astype(np.float32)
    if slice_mm > own_mm:  # thicker slices average over more of the body
        sigma = 0.4 * slice_mm / own_mm
        image = ndimage.gaussian_filter1d(image, sigma, axis=2, mode="nearest")
        mask = ndimage.gaussian_filter1d(mask, sigma, axis=2, mode="nearest")
    positions = (np.arange(count) + 0.5) * scene.mask.shape[2] / count - 0.5
    low = np.clip(np.floor(positions).astype(int), 0, scene.mask.shape[2] - 1)
    high = np.minimum(low + 1, scene.mask.shape[2] - 1)
    weight = np.clip(positions - low, 0, 1)
    between = [a[:, :, low] * (1 - weight) + a[:, :, high] * weight for a in (image, mask)]
    return Scene(between[0].astype(np.float32), between[1] >= 0.5, zoomed_affine(scene.affine, scene.mask.shape, shape))


def large_ct() -> tuple[Image, NDArray[np.float64]]:
    """Return a rendered chest without nodules, and points (N, 3), RAS mm, at least 20 mm deep in its lungs."""
    chest = chest_phantom(seed=99, plans=()).image
    rng = np.random.default_rng(0)
    half_mm = np.asarray(chest.spatial_shape) * chest.spacing_mm / 2 - 30
    points = rng.uniform(-half_mm, half_mm, (20000, 3))
    return chest, points[thorax.lungs(*points.T) < -20]


def in_large_ct(scene: Scene, chest: Image, middle_ras_mm: NDArray[np.float64], rng: np.random.Generator) -> Scene:
    """Return a scene set into another chest, which is resampled to its spacing around a place in the lung."""
    own_mm, ratio = np.asarray(spacing_mm(scene.affine)), np.asarray(spacing_mm(scene.affine)) / chest.spacing_mm
    shape = np.ceil(np.asarray(_LARGE_MM) / own_mm).astype(int)
    offset = index_from_ras(chest.affine, middle_ras_mm) - ratio * (shape - 1) / 2
    values = chest.array[0].astype(np.float32)
    image = ndimage.affine_transform(values, ratio, offset, tuple(shape), order=1, mode="nearest")
    image += rng.normal(0, 15, image.shape).astype(np.float32)  # what the interpolation has smoothed away
    start = (shape - scene.mask.shape) // 2
    box = tuple(slice(a, a + n) for a, n in zip(start, scene.mask.shape, strict=True))
    image[box] = scene.image
    mask = np.zeros(tuple(shape), bool)
    mask[box] = scene.mask
    return Scene(image, mask, cropped_affine(scene.affine, -start))


def touches_wall(scene: Scene) -> bool:
    """Return whether a nodule is pleural: soft tissue at least 6 mm thick in its slices lies within 1.5 mm of it."""
    in_plane_mm = spacing_mm(scene.affine)[:2]
    soft = (scene.image > -300) & ~scene.mask
    near = shell_around(scene.mask, spacing_mm(scene.affine), 1.5)
    for k in np.flatnonzero(scene.mask.any(axis=(0, 1))):
        depth = ndimage.distance_transform_edt(np.pad(soft[:, :, k], 12, mode="edge"), sampling=in_plane_mm)
        core = depth[12:-12, 12:-12] >= 3.0
        wall = ndimage.distance_transform_edt(~core, sampling=in_plane_mm) <= 3.0 if core.any() else core
        if (wall & soft[:, :, k] & near[:, :, k]).any():
            return True
    return False


def click_of(kind: str, scene: Scene, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a click (3,) as continuous voxel index within the image."""
    if kind == "middle":
        return central_voxel(scene.mask, spacing_mm(scene.affine))
    habits = ClickHabits(inside_fraction=float(kind == "inside"))
    return simulate_click(scene.mask, spacing_mm(scene.affine), rng, habits)


def measure(bundle: Path, scene: Scene, click: NDArray[np.float64], corrections: int = 0) -> list[tuple[float, float]]:
    """Return Dice, and measured over true volume, after one click and after each correction, through worker jobs."""
    image = Image(scene.image[None], scene.affine, modality="CT", unit="HU")
    points, results = (_point(scene, click),), []
    for _ in range(1 + corrections):
        job = Job("segmentation", str(bundle), (image,), prompts=Prompts(points=points))
        labelmap = segmentation.run(job, TaskContext()).labelmaps[0]
        found = labelmap.mask(labelmap.segments[0])
        overlap, total = int((found & scene.mask).sum()), int(found.sum()) + int(scene.mask.sum())
        results.append((2 * overlap / total, float(found.sum() / scene.mask.sum())))
        correction = next_correction(found, scene.mask, spacing_mm(scene.affine))
        if correction is None:
            break
        points = (*points, _point(scene, correction.index_ijk, correction.positive))
    return results + [results[-1]] * (1 + corrections - len(results))


def _point(scene: Scene, index_ijk: NDArray[np.float64], positive: bool = True) -> Point:
    x, y, z = ras_from_index(scene.affine, index_ijk)
    return Point((float(x), float(y), float(z)), positive)


def conditions(
    scene: Scene, chest: Image, places_ras_mm: NDArray[np.float64], rng: np.random.Generator
) -> Iterator[tuple[str, Scene]]:
    """Yield the images in which a nodule is shown."""
    yield "box", scene
    yield "large_ct", in_large_ct(scene, chest, places_ras_mm[rng.integers(len(places_ras_mm))], rng)
    for slice_mm in SLICE_SPACINGS_MM:
        yield f"slices_{slice_mm}mm", with_slices(scene, slice_mm)


def interval(dice: NDArray[np.float64]) -> list[float]:
    """Return the 95 % bootstrap interval of a mean, drawn over single clicks."""
    rng = np.random.default_rng(0)
    means = dice[rng.integers(0, len(dice), (1000, len(dice)))].mean(axis=1)
    return [round(float(value), 4) for value in np.percentile(means, [2.5, 97.5])]


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return mean Dice with its interval, and more, of some measurements; after each click where all were corrected."""
    if not rows:
        return {"nodules": 0}
    dice = np.array([row["dice"] for row in rows])
    found = {
        "nodules": len({row["case"] for row in rows}),
        "dice": round(float(dice.mean()), 4),
        "interval": interval(dice),
        "median": round(float(np.median(dice)), 4),
        "missed": round(float((dice < 0.1).mean()), 4),
        "volume_ratio": round(float(np.median([row["volume_ratio"] for row in rows])), 3),
    }
    counts = {len(row["corrected_dice"]) for row in rows}
    if len(counts) == 1 and counts != {1}:
        corrected = np.array([row["corrected_dice"] for row in rows])
        found["after_clicks"] = {
            str(number): {"dice": round(float(column.mean()), 4), "interval": interval(column)}
            for number, column in enumerate(corrected.T, start=1)
        }
    return found


def report(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures per condition and click, and per subset."""
    table: dict[str, Any] = {}
    for condition in dict.fromkeys(row["condition"] for row in rows):
        part = [row for row in rows if row["condition"] == condition]
        table[condition] = {click: summary([row for row in part if row["click"] == click]) for click in CLICKS}
        table[condition]["all"] = summary(part)
        table[condition]["subsets"] = {
            name: summary([row for row in part if row[name]]) for name in ("small", "sub_solid", "pleural")
        }
    return table


def for_card(table: dict[str, Any]) -> dict[str, Any]:
    """Return the figures in the form in which a model card tables what `autolabel evaluate` reports."""
    lines: dict[str, Any] = {}
    for condition, figures in table.items():
        for number, part in figures["middle"].get("after_clicks", {}).items():
            lines[f"{condition}, after {number} click(s)"] = {**part, "nodules": figures["middle"]["nodules"]}
        for name in (name for name in (*CLICKS, "all") if figures[name]["nodules"]):
            lines[f"{condition}, {name}"] = figures[name]
        for name, part in figures["subsets"].items():
            lines[f"{condition}, all clicks, {name}"] = part
    return {
        line: {
            "dice": {
                "mean": part["dice"],
                "low": part["interval"][0],
                "high": part["interval"][1],
                "n": part["nodules"],
            }
        }
        for line, part in lines.items()
        if part["nodules"]
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("cases", type=Path)
    parser.add_argument("data", type=Path, help="holds lung_nodule_ct/nodules.csv")
    parser.add_argument("--recipe", default="lung_nodule_ct", help="whose holdout rule says which cases are held out")
    parser.add_argument("--every", type=int, default=1, help="measure only every n-th held-out case")
    parser.add_argument("--conditions", default="", help="comma-separated, such as box,large_ct; default all")
    parser.add_argument("--clicks", default=",".join(CLICKS), help="comma-separated kinds of first click")
    parser.add_argument("--corrections", type=int, default=0, help="further clicks after the one in the middle")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    with (options.data / "lung_nodule_ct" / "nodules.csv").open(newline="", encoding="utf-8") as stream:
        facts = {row["file"]: row for row in csv.DictReader(stream)}
    split = split_cases(read_cases(options.cases), recipes.load(options.recipe).holdout)
    cases = [case for case in split.test if case.label.name in facts][:: options.every]
    chest, places = large_ct()
    wanted = [name for name in options.conditions.split(",") if name]
    rows = []
    for number, case in enumerate(cases):
        rng = np.random.default_rng(number)
        scene, fact = read_scene(case), facts[case.label.name]
        kinds = {
            "small": float(fact["diameter_mm"]) < 6,
            "sub_solid": int(fact["texture"]) <= 3,
            "pleural": touches_wall(scene),
        }
        for condition, shown in conditions(scene, chest, places, rng):
            if (wanted and condition not in wanted) or not shown.mask.any():
                continue
            for click in options.clicks.split(","):
                corrections = options.corrections if click == "middle" else 0
                results = measure(options.bundle, shown, click_of(click, shown, rng), corrections)
                dice, ratio = results[0]
                rows.append({"case": case.name, "condition": condition, "click": click, "dice": dice,
                             "volume_ratio": ratio, "corrected_dice": [d for d, _ in results], **kinds})  # fmt: skip
    table = report(rows)
    result = {"held_out_cases": len(cases), "patients": len({case.group for case in cases}), **table}
    result["summary"] = for_card(table)
    text = json.dumps(result, indent=1)
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
