"""A whole job through client and worker, over the bare network on the same windows.

A job on a new image sends it, brings it onto the network's grid, runs and adds up the windows, and returns a labelmap.
The bare network runs in this process, with the same engine and threads, on windows that were cut out beforehand. On a
busy machine, the ratio to the seconds that the job itself spent in the network is steadier.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from AutoLabelLib.client import Worker
from AutoLabelLib.core.bundle import read_spec
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.worker.networks import bundle as bundles
from AutoLabelLib.worker.networks import engines
from AutoLabelLib.worker.networks.grid import model_grid
from AutoLabelLib.worker.segmentation.sliding_window import window_starts
from Testing.benchmarks import inputs
from Testing.benchmarks.harness import Row, Settings, interleaved, median_ratio

GOAL = 1.15


def run(settings: Settings) -> list[Row]:
    """Measure."""
    folder = inputs.automatic_bundle(settings.folder, 2, settings.window_voxels)
    images = [inputs.volume(settings.shape, seed, "MR") for seed in range(settings.rounds + 1)]
    results: list[Result] = []
    with Worker() as worker:

        def whole(number: int) -> None:
            job = Job("segmentation", str(folder), (images[number],), options=settings.options)
            results.append(worker.submit(job).wait())

        whole(settings.rounds)  # the last image warms both sides up
        network = bare_network(folder, images[-1], results[0].provenance)
        network()
        seconds = interleaved(settings.rounds, {"new": whole, "network": lambda number: network(), "seen": whole})
    provenance, phases = results[1].provenance, results[-2].phase_seconds
    own = {"new": _network_seconds(results[1::2]), "seen": _network_seconds(results[2::2])}
    rows = [
        Row("overhead", f"{name} image: whole job / {of}", median_ratio(seconds[name], network_seconds), "x", GOAL)
        for name in ("new", "seen")
        for of, network_seconds in (("bare network", seconds["network"]), ("its own network phase", own[name]))
    ]
    title = f"bare network: {provenance['windows']} windows, {provenance['engine']}, {provenance['threads']} threads"
    rows.append(Row("overhead", title, statistics.median(seconds["network"]), "s"))
    return rows + [Row("overhead", f"new image: phase {name}", value, "s") for name, value in phases.items()]


def _network_seconds(results: list[Result]) -> list[float]:
    return [result.phase_seconds["network"] for result in results]


def bare_network(folder: Path, image: Image, provenance: Mapping[str, Any]) -> Callable[[], None]:
    """Return a function that runs the network on every window of an image, as a job did, and does nothing else."""
    torch.set_num_threads(int(provenance["threads"]))
    bundle = bundles.load(read_spec(folder))
    wishes = bundle.preprocessing
    grid = model_grid(image.affine, image.spatial_shape, wishes.axcodes, wishes.spacing_mm)
    volume = wishes.normalise(grid.from_source(image.array))
    patch = provenance["patch_voxels"]
    starts = [window_starts(n, edge, provenance["overlap"]) for n, edge in zip(volume.shape[1:], patch, strict=True)]
    windows = [
        volume[(slice(None), *(slice(a, a + edge) for a, edge in zip(corner, patch, strict=True)))][None]
        for corner in itertools.product(*starts)
    ]
    engine = engines.make(bundle.network, provenance["device"], provenance["engine"], windows[0].shape[1:])

    def run_all() -> None:
        for window in windows:
            engine(window)

    return run_all
