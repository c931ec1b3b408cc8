"""What AutoLabel costs Slicer's start, over a module that does nothing; each time in a new process.

Slicer runs the file of every module and makes its module object before its window appears. The base classes are empty
stand-ins (Testing/bare_slicer.py): they cost every module the same. What AutoLabel tells other modules afterwards
(sample data, a terminology, a Segment Editor effect) is measured, too.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from Testing.benchmarks.harness import Row, Settings

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "AutoLabel").glob("*.py"))
GOAL_MS = 50.0
_PROCESSES_PER_ROUND = 7

_EMPTY = """from slicer.ScriptedLoadableModule import ScriptedLoadableModule


class Empty(ScriptedLoadableModule):
    pass
"""


def start(modules: list[Path]) -> dict[str, Any]:
    """Return the seconds and packages of loading modules in a new process; see Testing/bare_slicer.py."""
    command = [sys.executable, "-m", "Testing.bare_slicer", *map(str, modules)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0 or done.stderr:  # what goes wrong in a slot is logged, and would be measured, too
        raise RuntimeError(done.stderr)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def run(settings: Settings) -> list[Row]:
    """Measure."""
    empty = settings.folder / "Empty.py"
    empty.write_text(_EMPTY, encoding="utf-8")
    start(MODULES)  # writes the byte code, as an installed extension has it
    over_ms, announce_ms, empty_ms = [], [], []
    for _ in range(_PROCESSES_PER_ROUND * settings.rounds):
        ours, nothing = start(MODULES), start([empty])
        empty_ms.append(1000 * nothing["load_seconds"])
        over_ms.append(1000 * ours["load_seconds"] - empty_ms[-1])
        announce_ms.append(1000 * ours["announce_seconds"])
    return [
        Row("start_up", "loading our modules, over an empty one", statistics.median(over_ms), "ms", GOAL_MS),
        Row("start_up", "worst of them", max(over_ms), "ms"),
        Row("start_up", "an empty module", statistics.median(empty_ms), "ms"),
        Row(
            "start_up", "telling other modules, when Slicer has started", statistics.median(announce_ms), "ms", GOAL_MS
        ),
    ]
