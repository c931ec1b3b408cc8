"""What the benchmarks share: settings, rows of the table, interleaved timing, sampled memory."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil

MEBIBYTE = 2**20


@dataclass(frozen=True)
class Settings:
    """How large and how often.

    Attributes:
        folder: For bundles; empty at the beginning.
        shape: Of the volumes, in voxels of 1 mm.
        window_voxels: Edge of the automatic models' window.
        rounds: Repetitions; each ratio is the median over them.
        engine: Of the worker's task "segmentation"; "auto" is what a user gets.
    """

    folder: Path
    shape: tuple[int, int, int] = (256, 256, 200)
    window_voxels: int = 96
    rounds: int = 3
    engine: str = "auto"

    @property
    def options(self) -> dict[str, str]:
        """Options of a segmentation job."""
        return {"device": "cpu", "engine": self.engine}


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        benchmark: Name of its file.
        measure: What was measured, in words.
        value: The figure.
        unit: Such as "s", "MiB" or "x" for a ratio.
        goal: Largest value that is good enough; None where there is no goal.
    """

    benchmark: str
    measure: str
    value: float
    unit: str
    goal: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the goal is met; "" without a goal."""
        if self.goal is None:
            return ""
        return f"<= {self.goal:g}: {'met' if self.value <= self.goal else 'MISSED'}"


def interleaved(rounds: int, actions: Mapping[str, Callable[[int], object]]) -> dict[str, list[float]]:
    """Return the seconds of each action in each round; all actions of a round run one after the other.

    What disturbs the machine for a while then disturbs numerator and denominator alike.

    Args:
        rounds: How often.
        actions: By name; each is called with the number of the round.
    """
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for number in range(rounds):
        for name, action in actions.items():
            started = time.perf_counter()
            action(number)
            seconds[name].append(time.perf_counter() - started)
    return seconds


def median_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> float:
    """Return the median over rounds of the ratio within each round."""
    return statistics.median(a / b for a, b in zip(numerators, denominators, strict=True))


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text in columns."""
    cells = [(row.benchmark, row.measure, f"{row.value:.3g}", row.unit, row.verdict) for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


class PeakMemory:
    """Samples the memory of a process and its children while a block runs.

    Args:
        pid: The process.
        every_seconds: Between two samples.
    """

    def __init__(self, pid: int, every_seconds: float = 0.01) -> None:
        self._process = psutil.Process(pid)
        self._every_seconds = every_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.peak_bytes = 0

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            self.peak_bytes = max(self.peak_bytes, tree_bytes(self._process))
            if self._ended.wait(self._every_seconds):
                return


def tree_bytes(process: psutil.Process) -> int:
    """Return the resident memory of a process and all its children."""
    total = 0
    for member in (process, *process.children(recursive=True)):
        try:
            total += member.memory_info().rss
        except psutil.NoSuchProcess:  # a child that has just ended
            continue
    return total
