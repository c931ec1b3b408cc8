"""Peak memory of the worker's processes against the image, for 2 and for 100 classes.

Three jobs in a new worker: one window, which loads the model; a whole volume, for which an engine may be compiled; and
another whole volume. What counts is how much a volume needs beyond what the worker held before, and what a further
class adds to that: 4 bytes per voxel if the values of all classes were kept for the whole volume in float32, 2 in
float16. (On a volume hardly larger than the window they are: see --quick.)
"""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from AutoLabelLib.client import Worker
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job
from Testing.benchmarks import inputs
from Testing.benchmarks.harness import MEBIBYTE, PeakMemory, Row, Settings, tree_bytes

CLASSES = (2, 100)
GOAL_BYTES_PER_CLASS_AND_VOXEL = 2.0


@dataclass(frozen=True)
class _Job:
    """Bytes that the worker held before a job, and at its peak."""

    before: int
    peak: int


def run(settings: Settings) -> list[Row]:
    """Measure."""
    edge = settings.window_voxels
    images = [inputs.volume((edge, edge, edge), 0, "MR")]
    images += [inputs.volume(settings.shape, seed, "MR") for seed in (1, 2)]
    size = images[1].array.nbytes
    rows = [Row("memory", "image as it is sent", size / MEBIBYTE, "MiB")]
    peaks = []
    for classes in CLASSES:
        loading, first, next_one = _jobs(settings, classes, images)
        peaks.append(next_one.peak)
        rows += [
            Row("memory", f"{classes} classes: peak with one window", loading.peak / MEBIBYTE, "MiB"),
            Row("memory", f"{classes} classes: peak with the first volume", first.peak / MEBIBYTE, "MiB"),
            Row("memory", f"{classes} classes: peak with the next volume", next_one.peak / MEBIBYTE, "MiB"),
            Row(
                "memory",
                f"{classes} classes: growth in the next / image",
                (next_one.peak - next_one.before) / size,
                "x",
            ),
        ]
    per_class_and_voxel = (peaks[1] - peaks[0]) / (CLASSES[1] - CLASSES[0]) / images[1].array.size
    title = "what a further class adds per voxel"
    return [*rows, Row("memory", title, per_class_and_voxel, "bytes", GOAL_BYTES_PER_CLASS_AND_VOXEL)]


def _jobs(settings: Settings, classes: int, images: list[Image]) -> list[_Job]:
    folder = inputs.automatic_bundle(settings.folder, classes, settings.window_voxels)
    jobs = []
    with Worker() as worker:
        worker.submit(Job("diagnosis")).wait()  # so that there is a process to look at
        assert worker.hello is not None
        process = psutil.Process(worker.hello.pid)
        for image in images:
            before = tree_bytes(process)
            with PeakMemory(process.pid) as memory:
                worker.submit(Job("segmentation", str(folder), (image,), options=settings.options)).wait()
            jobs.append(_Job(before, memory.peak_bytes))
    return jobs
