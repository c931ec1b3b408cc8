"""From a prompt to the updated segment in the scene, over what the solver or the network takes of that time.

The second and later prompts of a session on a volume node: image and model are warm, and only what changed is sent and
written. The bare time is what the worker itself counts: the solver of `any_structure`, the passes of a network like
lung_nodule_ct's with random weights.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from AutoLabelLib import api
from AutoLabelLib.client import Worker, set_default_worker
from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.image import Image
from Testing.benchmarks import inputs
from Testing.benchmarks.harness import Row, Settings, median_ratio

GOAL = 1.3
_PROMPTS = 6  # a session; the first one sends the image


def run(settings: Settings) -> list[Row]:
    """Measure."""
    models = {
        "any_structure": ("any_structure", "solver"),
        "a network": (inputs.click_bundle(settings.folder), "network"),
    }
    rows = []
    with Worker() as worker:
        set_default_worker(worker)
        for name, (model, phase) in models.items():
            whole: list[float] = []
            bare: list[float] = []
            for number in range(settings.rounds + 1):
                taken = _session(_volume_node(settings, number), model, phase, settings)
                if number:  # the first session warms up
                    whole += taken[0]
                    bare += taken[1]
            rows += [
                Row(
                    "interaction",
                    f"{name}: prompt to segment in the scene / {phase}",
                    median_ratio(whole, bare),
                    "x",
                    GOAL,
                ),
                Row("interaction", f"{name}: prompt to segment in the scene", statistics.median(whole), "s"),
            ]
    set_default_worker(Worker())
    return rows


def _volume_node(settings: Settings, seed: int) -> Any:
    """Return a volume node with balls of 12 mm radius in noise, so that each prompt finds one."""
    from AutoLabelLib.scene.headless import headless_scene
    from AutoLabelLib.scene.volumes import volume_from_image

    image = inputs.volume(settings.shape, seed, "CT")
    array = np.array(image.array[0])
    for middle in _middles(settings):
        box = tuple(slice(m - 13, m + 14) for m in middle)
        offsets = np.stack(np.meshgrid(*[np.arange(-13, 14)] * 3, indexing="ij"))
        array[box][(offsets**2).sum(axis=0) <= 12**2] += 900
    scene = headless_scene(fresh=True)
    return volume_from_image(Image(np.asfortranarray(array)[None], image.affine, "CT", unit="HU"), "benchmark", scene)


def _middles(settings: Settings) -> list[tuple[int, int, int]]:
    shape = settings.shape
    return [
        (shape[0] // 4 + 30 * n // 2, shape[1] // 3 + 10 * (n % 2), shape[2] // 3) for n in range(0, 2 * _PROMPTS, 2)
    ]


def _session(volume_node: Any, model: Any, phase: str, settings: Settings) -> tuple[list[float], list[float]]:
    """Return the seconds of each prompt but the first, and how many of them the worker's phase took."""
    session = api.interact(volume_node, model, **settings.options)
    whole, bare = [], []
    # A method looks where it was pointed at; a network wants to be corrected in the region that it looks at.
    middles = _middles(settings) if phase == "solver" else [(n + 100, 100, 50) for n in range(_PROMPTS)]
    for middle in middles:
        r, a, s = ras_from_index(np.eye(4), middle)
        started = time.perf_counter()
        session.add_point((float(r), float(a), float(s)))
        whole.append(time.perf_counter() - started)
        assert session.latest is not None
        bare.append(session.latest.result.phase_seconds[phase])
    return whole[1:], bare[1:]
