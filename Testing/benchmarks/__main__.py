"""`python -m Testing.benchmarks`: run the benchmarks and print one table."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

# As in the worker: two OpenMP threads beside another busy process spin. Set before torch is imported.
os.environ.setdefault("GOMP_SPINCOUNT", "0")

from Testing.benchmarks import __doc__ as description
from Testing.benchmarks.harness import Settings, table

NAMES = ("overhead", "clicks", "interaction", "features", "warm_start", "memory", "start_up")


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller volumes and fewer rounds")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME")
    parser.add_argument("--rounds", type=int, help="repetitions; ratios are the median over them")
    parser.add_argument("--engine", default="auto", help="of the segmentation task")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as JSON, too")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="autolabel-benchmarks-") as folder:
        os.environ["AUTOLABEL_HOME"] = folder  # approvals and logs of the benchmarks are not the user's
        settings = Settings(Path(folder) / "bundles", engine=arguments.engine)
        if arguments.quick:
            settings = replace(settings, shape=(128, 128, 100), window_voxels=64, rounds=2)
        if arguments.rounds:
            settings = replace(settings, rounds=arguments.rounds)
        settings.folder.mkdir()
        for name in arguments.only:
            started = time.monotonic()
            rows += importlib.import_module(f"Testing.benchmarks.{name}").run(settings)
            print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    print(f"\nVolume {' x '.join(map(str, settings.shape))}, window {settings.window_voxels}^3, random weights\n")
    print(table(rows))
    if arguments.json:
        content = {"shape": settings.shape, "window_voxels": settings.window_voxels, "rows": [asdict(r) for r in rows]}
        arguments.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
