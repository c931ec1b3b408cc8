from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch

from AutoLabelLib.core.labelmap import Segment
from AutoLabelLib.worker.networks.grid import model_grid
from AutoLabelLib.worker.networks.outputs import SIGMOID, Outputs
from AutoLabelLib.worker.segmentation.projection import LabelProjection
from AutoLabelLib.worker.segmentation.sliding_window import (
    band_axis,
    central_window,
    slide,
    window_count,
    window_starts,
)

SHAPES = [((20, 17, 23), (8, 8, 8)), ((9, 30, 12), (8, 12, 16)), ((5, 6, 7), (8, 8, 8)), ((24, 8, 9), (6, 8, 9))]


def network(channels: int = 3) -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Conv3d(2, channels, 3, padding=1).eval().requires_grad_(False)


def collected(axis: int) -> tuple[list[torch.Tensor], Callable[[torch.Tensor], None], Callable[[], torch.Tensor]]:
    slabs: list[torch.Tensor] = []
    return slabs, lambda values: slabs.append(values.clone()), lambda: torch.cat(slabs, 1).movedim(1, axis + 1)


@pytest.mark.parametrize(("shape", "patch"), SHAPES)
@pytest.mark.parametrize(("overlap", "mode"), [(0.25, "gaussian"), (0.5, "constant"), (0.7, "gaussian")])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_values_are_those_of_monai(
    shape: tuple[int, int, int], patch: tuple[int, int, int], overlap: float, mode: str, axis: int
) -> None:
    from monai.inferers import SlidingWindowInferer

    volume = torch.randn((2, *shape), generator=torch.Generator().manual_seed(1))
    expected = SlidingWindowInferer(patch, 1, overlap, mode)(volume[None], network())[0]
    _, take, together = collected(axis)
    slide(volume, network(), patch, take, axis=axis, overlap=overlap, mode=mode)
    assert together().shape == expected.shape
    torch.testing.assert_close(together(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("batch", "half"), [(3, False), (1, True)])
def test_saving_memory_or_time_changes_little(batch: int, half: bool) -> None:
    volume = torch.randn((2, 20, 17, 23), generator=torch.Generator().manual_seed(1))
    _, take, plain = collected(2)
    slide(volume, network(), (8, 8, 8), take, axis=2)
    _, take, other = collected(2)
    dtype = torch.float16 if half else torch.float32
    slide(volume, network(), (8, 8, 8), take, axis=2, batch=batch, sums_on="cpu", sums_dtype=dtype)
    torch.testing.assert_close(other(), plain(), rtol=0, atol=2e-2 if half else 1e-5)


def test_windows_cover_an_axis_and_end_with_it() -> None:
    for length, edge, overlap in itertools.product((5, 8, 9, 31), (4, 8), (0.0, 0.25, 0.9)):
        starts = window_starts(length, edge, overlap)
        covered = {index for start in starts for index in range(start, start + edge)}
        assert covered >= set(range(length))
        assert starts == sorted(set(starts))
        assert starts[-1] == max(0, length - edge)


def test_progress_counts_windows() -> None:
    told: list[tuple[int, int]] = []
    volume = torch.zeros(2, 16, 16, 9)
    slide(volume, network(), (8, 8, 8), lambda values: None, axis=0, on_window=lambda *count: told.append(count))
    total = window_count((16, 16, 9), (8, 8, 8), 0.25)
    assert told == [(done, total) for done in range(total + 1)]


def test_stopping_takes_effect_before_the_next_window() -> None:
    calls = []

    def counting(windows: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return windows

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        slide(torch.zeros(1, 16, 16, 16), counting, (8, 8, 8), lambda values: None, axis=0, on_window=stop)
    assert len(calls) == 2


def test_the_band_lies_across_the_longest_way() -> None:
    assert band_axis((10, 40, 20), (8, 8, 8)) == 1
    assert band_axis((40, 40, 40), (32, 16, 32)) == 1
    assert band_axis((4, 4, 9), (8, 8, 8)) == 2


def test_the_central_window_is_central() -> None:
    volume = torch.zeros(1, 10, 10, 3)
    volume[0, 5, 5, 1] = 1
    window = central_window(volume, (3, 3, 5), fill=-1)
    assert window.shape == (1, 1, 3, 3, 5)
    assert window[0, 0, 1, 1, 2] == 1 or window[0, 0, 2, 2, 2] == 1
    assert (window[..., 0] == -1).all()


def projected(values: torch.Tensor, axis: int, source: tuple[int, int, int], outputs: Outputs) -> np.ndarray:
    affine = np.diag([n / m for n, m in zip(values.shape[1:], source, strict=True)] + [1.0])
    grid = model_grid(affine, source, "RAS", (1.0, 1.0, 1.0))
    assert grid.shape == values.shape[1:]
    projection = LabelProjection(grid, outputs, axis, are_probabilities=False)
    moved = values.movedim(axis + 1, 1)
    for low in range(0, moved.shape[1], 3):
        projection.add(moved[:, low : low + 3])
    return projection.finish()


@pytest.mark.parametrize("source", [(18, 20, 22), (30, 28, 40), (7, 6, 9), (18, 20, 40), (30, 20, 22)])
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("activation", ["softmax", SIGMOID])
def test_probabilities_are_interpolated_as_torch_does(source: tuple[int, int, int], axis: int, activation: str) -> None:
    rough = torch.randn((4, 6, 7, 8), generator=torch.Generator().manual_seed(2)) * 4
    logits = torch.nn.functional.interpolate(rough[None], (18, 20, 22), mode="trilinear")[0]
    segments = tuple(Segment(f"s{n}", n, layer=0 if activation == "softmax" else n - 1) for n in range(1, 4))
    outputs = Outputs(segments, (1, 2, 3), activation)
    probabilities = outputs.probabilities(logits)
    whole = torch.nn.functional.interpolate(probabilities[None], source, mode="trilinear", align_corners=False)[0]
    labels = projected(logits, axis, source, outputs)
    expected = (
        whole.argmax(0)[None].numpy()
        if activation == "softmax"
        else (whole[1:] >= 0.5).numpy() * [[[[1]]], [[[2]]], [[[3]]]]
    )
    assert (labels != expected).mean() < 2e-4  # rounding between two equal classes


def test_memory_does_not_grow_with_classes_times_volume() -> None:
    import psutil

    shape, patch = (160, 64, 64), (8, 64, 64)
    process = psutil.Process()
    growth = {}
    for classes in (2, 100):
        outputs = Outputs(tuple(Segment(f"s{n}", n) for n in range(1, classes)), tuple(range(1, classes)))
        projection = LabelProjection(model_grid(np.eye(4), shape), outputs, 0, False)
        before, seen = process.memory_info().rss, []

        def network(windows: torch.Tensor, classes: int = classes, seen: list[int] = seen) -> torch.Tensor:
            seen.append(process.memory_info().rss)
            return windows.new_full((1, classes, *windows.shape[2:]), 1.0)

        def take(values: torch.Tensor, projection: LabelProjection = projection, seen: list[int] = seen) -> None:
            projection.add(values)
            seen.append(process.memory_info().rss)

        slide(torch.zeros(1, *shape), network, patch, take, axis=0)
        growth[classes] = max(seen) - before
    volume_bytes, band_bytes = (100 * 4 * n * 64 * 64 for n in (160, 8))
    # Windows, sums, what is handed on and labels: a few bands, where all classes of the volume would be twenty.
    assert growth[100] - growth[2] < 5 * band_bytes < volume_bytes / 3
