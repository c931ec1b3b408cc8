"""A job in a warm worker over the same job in a new one, on a volume of one window."""

from __future__ import annotations

import statistics

from AutoLabelLib.client import Worker
from AutoLabelLib.core.job import Job
from Testing.benchmarks import inputs
from Testing.benchmarks.harness import Row, Settings, interleaved, median_ratio


def run(settings: Settings) -> list[Row]:
    """Measure."""
    edge = settings.window_voxels
    folder = inputs.automatic_bundle(settings.folder, 2, edge)
    image = inputs.volume((edge, edge, edge), 0, "MR")
    seconds: dict[str, list[float]] = {"cold": [], "warm": []}
    for _ in range(settings.rounds):
        with Worker() as worker:

            def submit(number: int, worker: Worker = worker) -> None:
                worker.submit(Job("segmentation", str(folder), (image,), options=settings.options)).wait()

            for name, taken in interleaved(1, {"cold": submit, "warm": submit}).items():
                seconds[name] += taken
    return [
        Row("warm_start", "warm / cold run, one window", median_ratio(seconds["warm"], seconds["cold"]), "x"),
        Row("warm_start", "cold: start, load, run", statistics.median(seconds["cold"]), "s"),
        Row("warm_start", "warm", statistics.median(seconds["warm"]), "s"),
    ]
