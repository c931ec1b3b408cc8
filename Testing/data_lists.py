"""Write the case lists of the two bundled models: `python Testing/data_lists.py DATA_FOLDER OUTPUT_FOLDER`.

DATA_FOLDER holds hippocampus_mr/{images,labels} (Medical Segmentation Decathlon Task04) and
lung_nodule_ct/{images,masks,nodules.csv} (LIDC-IDRI volumes of interest). Cases are sorted by name; a recipe's holdout
rule picks the held-out ones from this order. Cases of one patient share a group.
"""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path


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
    for write in (hippocampus, nodules):
        print(write(Path(sys.argv[1]), Path(sys.argv[2])))
