"""Methods that tell how much each voxel of an image matters for a score."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch

from AutoLabelLib.worker.explanation import layers
from AutoLabelLib.worker.explanation.baseline import blurred
from AutoLabelLib.worker.explanation.scored_network import ScoredNetwork
from AutoLabelLib.worker.explanation.settings import (
    GRADCAM,
    GRADCAM_PP,
    INTEGRATED_GRADIENTS,
    OCCLUSION,
    SMOOTHGRAD,
    Settings,
)
from AutoLabelLib.worker.segmentation.sliding_window import window_count

_OCCLUSION_OVERLAP = 0.5
_BOXES_PER_EDGE = 4
_SMALLEST_BOX_VOXELS = 2
_SMOOTHING_VOXELS = 1.0  # gradients differ from voxel to voxel; what they show does not


def relevance(scored: ScoredNetwork, image: torch.Tensor, start: torch.Tensor, settings: Settings) -> torch.Tensor:
    """Return how much each voxel speaks for what is asked about: (I, J, K), 0 and more, on the CPU, in no unit.

    Args:
        scored: The network and the question.
        image: (C, I, J, K), on the device of the network.
        start: (C, I, J, K), the baseline: an image without anything special in it.
        settings: Method and its choices.

    Raises:
        ModelError: If the method cannot be used with this network.
        InputError: If there is no such layer.
    """
    values = _METHODS[settings.method](scored, image, start, settings)
    return values.detach().cpu().float().clamp_(min=0)


def passes(settings: Settings, shape: tuple[int, int, int]) -> int:
    """Return how many times a method asks the network about an image of a shape."""
    if settings.method == OCCLUSION:
        return 1 + window_count(shape, _box(settings, shape), _OCCLUSION_OVERLAP)
    return {INTEGRATED_GRADIENTS: settings.steps, SMOOTHGRAD: settings.samples}.get(settings.method, 2)


def layer_of(scored: ScoredNetwork, image: torch.Tensor, wanted: str) -> str:
    """Return the layer that Grad-CAM looks at: the wanted one, or a sensible one for "".

    Raises:
        ModelError: If there is none.
        InputError: If the wanted one has no feature map.
    """
    opened = ScoredNetwork.like(scored, layers.open_copy(scored.network))
    return _layer(opened, image, wanted)


def integrated_gradients(
    scored: Callable[[torch.Tensor], torch.Tensor], image: torch.Tensor, start: torch.Tensor, steps: int
) -> torch.Tensor:
    """Return what each value adds to the score on the way from a baseline to the image: (C, I, J, K), signed.

    Its sum is the difference of the two scores, up to the error of `steps` midpoints.

    Args:
        scored: Returns scores (B, 1) of images (B, C, I, J, K).
        image: (C, I, J, K).
        start: (C, I, J, K), the baseline.
        steps: Number of points on the way.

    Source:
        Sundararajan M, Taly A, Yan Q. Axiomatic attribution for deep networks. ICML 2017.
    """
    total = torch.zeros_like(image)
    for step in range(steps):
        point = torch.lerp(start, image, (step + 0.5) / steps)[None].requires_grad_()
        total += torch.autograd.grad(scored(point).sum(), point)[0][0]
    return (image - start) * total / steps


def _gradcam(scored: ScoredNetwork, image: torch.Tensor, _start: torch.Tensor, settings: Settings) -> torch.Tensor:
    from monai.visualize import class_activation_maps as maps

    opened = ScoredNetwork.like(scored, layers.open_copy(scored.network))
    layer = _layer(opened, image, settings.layer)
    kind = maps.GradCAMpp if settings.method == GRADCAM_PP else maps.GradCAM
    cam = kind(_ForCam(opened), f"scored.network.{layer}", postprocessing=lambda heat: heat)
    return cam(image[None].clone().requires_grad_(), class_idx=0)[0, 0]


def _layer(opened: ScoredNetwork, image: torch.Tensor, wanted: str) -> str:
    maps = layers.feature_maps(opened.network, lambda: opened(image[None].clone().requires_grad_()))
    return layers.check_layer(maps, wanted) if wanted else layers.default_layer(maps, tuple(image.shape[1:]))


def _integrated_gradients(
    scored: ScoredNetwork, image: torch.Tensor, start: torch.Tensor, settings: Settings
) -> torch.Tensor:
    return _smooth(integrated_gradients(scored, image, start, settings.steps).sum(0))


def _smoothgrad(scored: ScoredNetwork, image: torch.Tensor, start: torch.Tensor, settings: Settings) -> torch.Tensor:
    """Return the mean gradient over noisy images, times how far each voxel is from the baseline.

    The gradient alone tells where a change would matter, not what is there; see section 3.5 of Smilkov et al. 2017.
    """
    from monai.visualize.gradient_based import SmoothGrad

    method = SmoothGrad(scored, settings.noise, settings.samples, magnitude=False, verbose=False)
    devices = [image.device] if image.device.type == "cuda" else []
    with torch.random.fork_rng(devices):  # its noise comes from torch's own generator, which others use, too
        torch.manual_seed(settings.seed)
        gradient = method(image[None], index=0)[0]
    return _smooth(((image - start) * gradient).sum(0))


def _occlusion(scored: ScoredNetwork, image: torch.Tensor, start: torch.Tensor, settings: Settings) -> torch.Tensor:
    from monai.visualize.occlusion_sensitivity import OcclusionSensitivity

    size = tuple(image.shape[1:])
    box = _box(settings, (size[0], size[1], size[2]))
    hidden = OcclusionSensitivity(
        _Shifted(scored, start), box, n_batch=1, verbose=False, overlap=_OCCLUSION_OVERLAP, activate=False
    )
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # MONAI's own, about how it indexes
        scores: Any = hidden((image - start)[None])[0]
        return scored(image[None])[0, 0] - scores[0, 0].as_tensor()


_METHODS: dict[str, Callable[[ScoredNetwork, torch.Tensor, torch.Tensor, Settings], torch.Tensor]] = {
    GRADCAM: _gradcam,
    GRADCAM_PP: _gradcam,
    INTEGRATED_GRADIENTS: _integrated_gradients,
    OCCLUSION: _occlusion,
    SMOOTHGRAD: _smoothgrad,
}


class _ForCam(torch.nn.Module):
    """The score summed over the voxels asked about, and moved to 0.

    Grad-CAM++ takes the score's exponential and the squares of its gradients: means over many voxels would be lost
    in its rounding, and large scores overflow. Neither sum nor shift changes which voxels matter.
    """

    def __init__(self, scored: ScoredNetwork) -> None:
        super().__init__()
        self.scored = scored
        self.eval()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        total = self.scored.log_odds(image).sum(1, keepdim=True)
        return total - total.detach()


class _Shifted(torch.nn.Module):
    """A network for images less a baseline: MONAI hides by multiplying with 0, which then gives the baseline."""

    def __init__(self, scored: ScoredNetwork, start: torch.Tensor) -> None:
        super().__init__()
        self._scored = scored
        self._start = start
        self.eval()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self._scored(image + self._start)


def _box(settings: Settings, shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return the edges of what is hidden at a time, in voxels."""
    edges = [settings.box_voxels or max(_SMALLEST_BOX_VOXELS, n // _BOXES_PER_EDGE) for n in shape]
    i, j, k = (min(edge, n) for edge, n in zip(edges, shape, strict=True))
    return (i, j, k)


def _smooth(values: torch.Tensor) -> torch.Tensor:
    return blurred(values.detach()[None], [_SMOOTHING_VOXELS] * 3)[0]
