"""Measure the volumes of the demonstration's nodules: `python Testing/measure_demo.py [BUNDLE]`.

Chests and clicks are those of `autolabel demo --seed N` for N from 0 to 9; the work is done in this process, without
the demonstration's scene and picture. Prints a line per nodule, and of the nodules of 6 mm and more how many were
measured within 15 % of their true volume. With --output, the lines are also written to a JSON file.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from AutoLabelLib.cli.demonstration import click_in
from AutoLabelLib.core import catalogue
from AutoLabelLib.core.job import Job
from AutoLabelLib.core.prompt import Point, Prompts
from AutoLabelLib.phantom.chest import ChestPhantom, chest_phantom
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tasks import segmentation

LEAST_MM, WITHIN_PERCENT = 6.0, 15.0


def measured(phantom: ChestPhantom, seed: int, bundle: str) -> list[dict[str, Any]]:
    """Return one row per nodule of a chest: how large it is, and how large it was found from one click."""
    rng = np.random.default_rng(seed)
    rows = []
    for nodule in phantom.nodules:
        prompts = Prompts(points=(Point(click_in(nodule, rng)),))
        result = segmentation.run(Job("segmentation", bundle, (phantom.image,), prompts=prompts), TaskContext())
        labelmap = result.labelmaps[0]
        found_ml = labelmap.volume_ml(labelmap.segments[0])
        rows.append(
            {
                "seed": seed,
                "nodule": nodule.name,
                "kind": nodule.kind,
                "diameter_mm": round(nodule.diameter_mm, 2),
                "true_ml": round(nodule.volume_ml, 3),
                "measured_ml": round(found_ml, 3),
                "error_percent": round(100 * (found_ml / nodule.volume_ml - 1), 1),
            }
        )
    return rows


def line(row: dict[str, Any]) -> str:
    """Return a row as a person reads it; marked where it is further off than it should be."""
    off = row["diameter_mm"] >= LEAST_MM and abs(row["error_percent"]) > WITHIN_PERCENT
    return (
        f"seed {row['seed']}  {row['nodule']:4} {row['kind']:16}{row['diameter_mm']:5.1f} mm  {row['true_ml']:6.3f} ml"
        f"  measured {row['measured_ml']:6.3f} ml  {row['error_percent']:+6.1f} %{'  <<<' if off else ''}"
    )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", nargs="?", default="lung_nodule_ct", help="folder of a model, or its name")
    parser.add_argument("--seeds", type=int, default=10, help="how many chests, from seed 0 on")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    bundle = options.bundle if Path(options.bundle).is_dir() else str(catalogue.find(options.bundle).folder)
    rows: list[dict[str, Any]] = []
    for seed in range(options.seeds):
        rows += measured(chest_phantom(seed), seed, bundle)
        print(*(line(row) for row in rows if row["seed"] == seed), sep="\n", flush=True)
    errors = np.array([row["error_percent"] for row in rows if row["diameter_mm"] >= LEAST_MM])
    within = int((np.abs(errors) <= WITHIN_PERCENT).sum())
    print(
        f"{within} of {len(errors)} nodules of {LEAST_MM:g} mm and more within {WITHIN_PERCENT:g} %; "
        f"mean {errors.mean():+.1f} %, from {errors.min():+.1f} to {errors.max():+.1f} %"
    )
    if options.output:
        options.output.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
