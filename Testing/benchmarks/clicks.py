"""The second click on a volume over the first: only the first sends the volume."""

from __future__ import annotations

import statistics

from AutoLabelLib.client import Worker
from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job
from AutoLabelLib.core.prompt import Point, Prompts
from Testing.benchmarks import inputs
from Testing.benchmarks.harness import Row, Settings, interleaved, median_ratio

_MORE_ROUNDS = 3  # a click takes a fraction of a second


def run(settings: Settings) -> list[Row]:
    """Measure."""
    folder = inputs.click_bundle(settings.folder)
    rounds = settings.rounds * _MORE_ROUNDS
    with Worker() as worker:

        def click(image: Image, part: float) -> None:
            r, a, s = (float(value) for value in ras_from_index(image.affine, [n * part for n in settings.shape]))
            prompts = Prompts(points=(Point((r, a, s)),))
            worker.submit(Job("segmentation", str(folder), (image,), prompts=prompts, options=settings.options)).wait()

        click(inputs.volume(settings.shape, 99, "CT"), 0.5)
        images: dict[int, Image] = {}

        def first(number: int) -> None:
            click(images[number], 0.4)

        def second(number: int) -> None:
            click(images[number], 0.6)

        seconds: dict[str, list[float]] = {"first": [], "second": []}
        for number in range(rounds):  # one volume at a time: they need not all lie in memory
            images[0] = inputs.volume(settings.shape, number, "CT")
            for name, taken in interleaved(1, {"first": first, "second": second}).items():
                seconds[name] += taken
    return [
        Row("clicks", "second click / first click on a volume", median_ratio(seconds["second"], seconds["first"]), "x"),
        Row("clicks", "first click, warm worker", statistics.median(seconds["first"]), "s"),
        Row("clicks", "second click", statistics.median(seconds["second"]), "s"),
    ]
