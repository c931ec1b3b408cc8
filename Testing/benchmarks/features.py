"""Handcrafted features of a nodule, in a box of 44 x 44 x 20 voxels, on one core."""

from __future__ import annotations

import statistics
import time

import numpy as np
from scipy.ndimage import gaussian_filter

from AutoLabelLib.worker.features import extraction
from AutoLabelLib.worker.features.settings import CORE, FAMILIES, FeatureSettings
from Testing.benchmarks.harness import Row, Settings

SHAPE = (44, 44, 20)
SPACING_MM = (0.7, 0.7, 1.5)
CORE_GOAL_SECONDS = 0.2
ALL_GOAL_SECONDS = 1.0


def run(settings: Settings) -> list[Row]:
    """Measure; seconds of the processor, because another busy process would be measured, too."""
    random = np.random.default_rng(0)
    axes = ((np.arange(n) - (n - 1) / 2) * mm for n, mm in zip(SHAPE, SPACING_MM, strict=True))
    radius_mm = np.sqrt(sum(axis**2 for axis in np.meshgrid(*axes, indexing="ij")))
    coarse = gaussian_filter(random.normal(size=SHAPE), 1.0)
    mask = radius_mm + 8 * coarse < 13
    image = np.where(mask, 0, -800) + 200 * coarse + random.normal(0, 60, SHAPE)
    rows = []
    for name, families, goal in (("core", CORE, CORE_GOAL_SECONDS), ("all", tuple(FAMILIES), ALL_GOAL_SECONDS)):
        chosen = FeatureSettings(families)
        extraction.extract(image, mask, SPACING_MM, chosen)  # imports
        seconds = []
        for _ in range(max(3, settings.rounds)):
            started = time.process_time()
            extraction.extract(image, mask, SPACING_MM, chosen)
            seconds.append(time.process_time() - started)
        title = f"{name} families ({len(extraction.names(chosen))} features) of {np.count_nonzero(mask)} voxels"
        rows.append(Row("features", title, statistics.median(seconds), "s", goal))
    return rows
