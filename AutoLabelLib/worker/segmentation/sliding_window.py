"""A network slides over a volume of any size; overlapping windows are averaged in a band that moves along with it.

MONAI's SlidingWindowInferer holds the sums of all classes for the whole volume and tells nobody how far it is. This one
has the same windows, weights and sums, but its windows come ordered along one axis: as soon as no further window can
reach a slice, the slice is handed on and its memory used again. In between, it reports and can be stopped.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import torch

from AutoLabelLib.worker.networks.grid import Shape

Network = Callable[[torch.Tensor], torch.Tensor]
Corner = tuple[int, int, int]

_LARGE_BAND_BYTES = 1024**3  # above, its sums are float16; a fixed limit, so that the same job gives the same bits
_CHUNK_BYTES = 32 * 1024**2  # of finished values that are handed on at once


def window_starts(length: int, edge: int, overlap: float) -> list[int]:
    """Return where the windows begin along one axis, ascending; the last one ends where the axis ends.

    Source: monai.inferers.sliding_window_inference and monai.data.utils.dense_patch_slices place them like this.
    """
    if length <= edge:
        return [0]
    step = max(1, int(edge * (1 - overlap)))
    count = -(-(length - edge) // step) + 1
    return [min(index * step, length - edge) for index in range(count)]


def window_count(shape: Sequence[int], patch_voxels: Sequence[int], overlap: float) -> int:
    """Return how many windows cover a volume."""
    count = 1
    for length, edge in zip(shape, patch_voxels, strict=True):
        count *= len(window_starts(length, edge, overlap))
    return count


def band_axis(shape: Sequence[int], patch_voxels: Sequence[int]) -> int:
    """Return the spatial axis along which a band, one window thick, holds the fewest voxels of the volume."""
    return max(range(3), key=lambda axis: shape[axis] / min(shape[axis], patch_voxels[axis]))


def central_window(volume: torch.Tensor, patch_voxels: Sequence[int], fill: float = 0.0) -> torch.Tensor:
    """Return the window (1, C, *patch_voxels) in the middle of a volume (C, I, J, K), padded where that is small."""
    padded, _ = padded_to(volume, patch_voxels, fill)
    parts = (
        slice((n - edge) // 2, (n - edge) // 2 + edge) for n, edge in zip(padded.shape[1:], patch_voxels, strict=True)
    )
    return padded[(slice(None), *parts)][None]


def slide(
    volume: torch.Tensor,
    network: Network,
    patch_voxels: Shape,
    take: Callable[[torch.Tensor], None],
    *,
    axis: int,
    overlap: float = 0.25,
    mode: str = "gaussian",
    fill: float = 0.0,
    batch: int = 1,
    sums_on: str | None = None,
    sums_dtype: torch.dtype | None = None,
    on_window: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Run a network over a volume and hand on its averaged values, slice by slice.

    Args:
        volume: (C, I, J, K) float32 on the CPU.
        network: Turns (B, C, *patch_voxels) into (B, C', *patch_voxels).
        patch_voxels: (3,) of a window. A smaller volume is padded on both sides, as MONAI does.
        take: Receives (C', slices, height, width) float32, in order along `axis`; the memory is reused afterwards.
        axis: Spatial axis along which the bands lie; the other two follow in their order.
        overlap: Part of a window that its neighbour shares.
        mode: "gaussian": the middle of a window counts more; "constant": all of it counts the same.
        fill: Value of the padding.
        batch: Windows per call of the network.
        sums_on: Device of the sums; None: where the network's output lies.
        sums_dtype: float32, or float16 for half the memory; None: float32 unless the band would be very large.
        on_window: Told how many windows are done, of how many, before each call and at the end; may raise to stop.
    """
    padded, inside = padded_to(volume, patch_voxels, fill)
    starts = [window_starts(n, edge, overlap) for n, edge in zip(padded.shape[1:], patch_voxels, strict=True)]
    total = len(starts[0]) * len(starts[1]) * len(starts[2])
    importance = importance_map(patch_voxels, mode)
    band: _Band | None = None
    done = 0
    for row, corners in _rows(starts, axis):
        for some in _batched(corners, batch):
            on_window(done, total)
            windows = torch.stack([padded[_window(corner, patch_voxels)] for corner in some])
            values = network(windows)
            if band is None:
                where = torch.device(sums_on or values.device)
                band = _Band(values.shape[1], padded.shape[1:], patch_voxels, axis, where, sums_dtype, importance)
            for corner, value in zip(some, values, strict=True):
                band.add(value, corner)
            done += len(some)
        assert band is not None
        further = starts[axis][row + 1] if row + 1 < len(starts[axis]) else padded.shape[axis + 1]
        band.advance(further, inside, take)
    on_window(total, total)


@lru_cache(maxsize=4)
def importance_map(patch_voxels: Shape, mode: str) -> torch.Tensor:
    """Return how much each voxel of a window counts, (*patch_voxels) float32, above 0 everywhere.

    Source: MONAI's own map, with its width of 0.125 windows and its lower limit, so that results agree with MONAI's.
    """
    from monai.data.utils import compute_importance_map

    weights = compute_importance_map(patch_voxels, mode=mode, sigma_scale=0.125, device="cpu").float()
    lowest = max(float(weights[weights != 0].min()), 1e-3)
    return weights.clamp_(min=lowest)


class _Band:
    """Weighted sums of a band of the volume, one window thick, that moves along one axis."""

    def __init__(
        self,
        channels: int,
        shape: Sequence[int],
        patch_voxels: Shape,
        axis: int,
        device: torch.device,
        dtype: torch.dtype | None,
        importance: torch.Tensor,
    ) -> None:
        self._axis = axis
        self._others = [other for other in range(3) if other != axis]
        self._patch_voxels = patch_voxels
        self._begin = 0
        size = (patch_voxels[axis], *(shape[other] for other in self._others))
        voxels = size[0] * size[1] * size[2]
        if dtype is None:
            dtype = torch.float16 if channels * voxels * 4 > _LARGE_BAND_BYTES else torch.float32
        self._sums = torch.zeros((channels, *size), dtype=dtype, device=device)
        self._weights = torch.zeros(size, dtype=torch.float32, device=device)
        self._importance = importance.movedim(axis, 0).to(device)

    def add(self, values: torch.Tensor, corner: Corner) -> None:
        """Add the values (C, *patch_voxels) of a window that begins where the band does."""
        place = tuple(slice(corner[other], corner[other] + self._patch_voxels[other]) for other in self._others)
        values = values.to(self._sums.device, self._sums.dtype).movedim(self._axis + 1, 1)
        self._sums[(slice(None), slice(None), *place)].addcmul_(values, self._importance.to(self._sums.dtype))
        self._weights[(slice(None), *place)] += self._importance

    def advance(self, begin: int, inside: Sequence[slice], take: Callable[[torch.Tensor], None]) -> None:
        """Hand on the slices before `begin`, those that padding added left out, and move the band there."""
        finished = begin - self._begin
        kept = inside[self._axis]
        plane = tuple(inside[other] for other in self._others)
        first, last = max(0, kept.start - self._begin), min(finished, kept.stop - self._begin)
        per_slice = self._sums[:, 0].numel() * 4
        step = max(1, _CHUNK_BYTES // per_slice)
        for low in range(first, last, step):
            part = slice(low, min(last, low + step))
            take((self._sums[:, part].float() / self._weights[part])[(slice(None), slice(None), *plane)])
        for values in (self._sums.movedim(1, 0), self._weights):
            for index in range(len(values)):  # slice by slice, since source and target overlap
                values[index] = values[index + finished] if index + finished < len(values) else 0
        self._begin = begin


def _rows(starts: list[list[int]], axis: int) -> Iterator[tuple[int, list[Corner]]]:
    """Yield the windows that begin at the same place along an axis, as (number of the place, corners)."""
    for row, begin in enumerate(starts[axis]):
        places = [[begin] if other == axis else starts[other] for other in range(3)]
        yield row, [(i, j, k) for i, j, k in itertools.product(*places)]


def padded_to(volume: torch.Tensor, patch_voxels: Sequence[int], fill: float) -> tuple[torch.Tensor, list[slice]]:
    """Return a volume at least as large as a window, and where the given one lies in it."""
    lacking = [max(0, edge - n) for n, edge in zip(volume.shape[1:], patch_voxels, strict=True)]
    inside = [slice(lack // 2, lack // 2 + n) for lack, n in zip(lacking, volume.shape[1:], strict=True)]
    if not any(lacking):
        return volume, inside
    padding = [side for lack in reversed(lacking) for side in (lack // 2, lack - lack // 2)]
    return torch.nn.functional.pad(volume, padding, value=fill), inside


def _window(corner: Corner, patch_voxels: Shape) -> tuple[slice, ...]:
    return (slice(None), *(slice(begin, begin + edge) for begin, edge in zip(corner, patch_voxels, strict=True)))


def _batched(corners: Sequence[Corner], size: int) -> Iterator[Sequence[Corner]]:
    for begin in range(0, len(corners), size):
        yield corners[begin : begin + size]
