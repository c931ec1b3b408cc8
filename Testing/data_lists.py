"""Write the case lists of the bundled models: `python Testing/data_lists.py DATA_FOLDER OUTPUT_FOLDER`.

DATA_FOLDER holds hippocampus_mr/{images,labels} (Medical Segmentation Decathlon Task04) and
lung_nodule_ct/{images,masks,nodules.csv} (LIDC-IDRI volumes of interest). Cases are sorted by name; a recipe's holdout
rule picks the held-out ones from this order. Cases of one patient share a group.
"""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

_MALIGNANCY = {1: "benign", 2: "benign", 3: "", 4: "malignant", 5: "malignant"}
_NODULE_ATTRIBUTES = (
    "subtlety",
    "internal_structure",
    "calcification",
    "sphericity",
    "margin",
    "lobulation",
    "spiculation",
    "texture",
)


def hippocampus(data: Path, output: Path) -> Path:
    """Write hippocampus_mr.csv (image, label, group) and return its path."""
    labels = data / "hippocampus_mr" / "labels"
    rows = [(image, labels / image.name, image.name) for image in _images(data / "hippocampus_mr" / "images")]
    return _write(output / "hippocampus_mr.csv", rows)


def nodules(data: Path, output: Path) -> Path:
    """Write lung_nodule_ct.csv (image, label, group: the patient) and return its path."""
    folder = data / "lung_nodule_ct"
    with (folder / "nodules.csv").open(newline="", encoding="utf-8") as stream:
        patient_of = {row["file"]: row["patient_id"] for row in csv.DictReader(stream)}
    rows = [
        (image, folder / "masks" / image.name, patient_of[image.name])
        for image in _images(folder / "images")
        if image.name in patient_of
    ]
    return _write(output / "lung_nodule_ct.csv", rows)


def malignancy(data: Path, output: Path) -> Path:
    """Write lung_nodule_malignancy_ct.csv (image, mask, label, group: the patient, eight attributes), return its path.

    A malignancy rating of 1 or 2 is benign, 4 or 5 malignant; a 3 is indeterminate and gets no label.
    """
    folder = data / "lung_nodule_ct"
    path = output / "lung_nodule_malignancy_ct.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with (folder / "nodules.csv").open(newline="", encoding="utf-8") as stream:
        rows = sorted(csv.DictReader(stream), key=lambda row: row["file"])
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("image", "mask", "label", "group", *(f"attribute:{name}" for name in _NODULE_ATTRIBUTES)))
        for row in rows:
            files = (os.path.relpath(folder / kind / row["file"], path.parent) for kind in ("images", "masks"))
            label = _MALIGNANCY[round(float(row["malignancy"]))]
            writer.writerow((*files, label, row["patient_id"], *(row[name] for name in _NODULE_ATTRIBUTES)))
    return path


def _images(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.nii.gz"))


def _write(path: Path, rows: list[tuple[Path, Path, str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("image", "label", "group"))
        for image, label, group in rows:
            writer.writerow((os.path.relpath(image, path.parent), os.path.relpath(label, path.parent), group))
    return path


if __name__ == "__main__":
    for write in (hippocampus, nodules, malignancy):
        print(write(Path(sys.argv[1]), Path(sys.argv[2])))
