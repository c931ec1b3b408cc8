"""Networks that MONAI lacks: they read an image patch and features, say classes and ratings, and answer together."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

_FARTHEST = 5.0  # standard deviations that a feature may lie from the training cases' mean, for the network


class MeanOfClassifiers(nn.Module):
    """The mean of what several networks answer.

    Args:
        networks: At least one; each returns (B, classes + attributes).
    """

    takes_features = True

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, image: torch.Tensor, features: torch.Tensor | None = None) -> torch.Tensor:
        """Return the mean of the networks' (B, classes + attributes)."""
        return torch.stack([answers(network, image, features) for network in self.networks]).mean(0)


class StandardisedFeatures(nn.Module):
    """Handcrafted features as numbers around 0; the training cases' mean and spread travel with the weights.

    A feature that is not defined (NaN) counts as the mean, one far from all training cases as far, but not as
    farther: a network must not be thrown off by one number.

    Args:
        count: Number of features.
    """

    mean: torch.Tensor
    spread: torch.Tensor

    def __init__(self, count: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("spread", torch.ones(count))

    def learn(self, features: torch.Tensor) -> None:
        """Take mean and spread from the training cases (N, F), NaN left out."""
        defined = torch.isfinite(features)
        count = defined.sum(0).clamp_min(1)
        values = torch.where(defined, features, 0.0).double()
        mean = values.sum(0) / count
        squares = torch.where(defined, (values - mean) ** 2, 0.0).sum(0) / count
        spread = squares.sqrt()
        self.mean.copy_(mean)
        self.spread.copy_(torch.where(spread > 1e-6 * mean.abs().clamp_min(1e-6), spread, 1.0))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return features (B, F) in standard deviations from the mean."""
        standardised = (features.float() - self.mean) / self.spread
        return torch.nan_to_num(standardised, 0.0, _FARTHEST, -_FARTHEST).clamp(-_FARTHEST, _FARTHEST)


class ImageAndFeatures(nn.Module):
    """An image network's description of the patch and handcrafted features, judged together.

    Ratings are found first, and the class is decided with them in view, as a reader does.

    Args:
        features: Number of handcrafted features; 0 for none.
        classes: Number of classes.
        attributes: Number of attributes that are rated; 0 for none.
        image_network: Returns (B, width); None to judge by the features alone.
        width: Number of outputs of the image network.
        hidden: Width of the layer after the features.
        dropout: Share of the description that is left out in each training step.
    """

    takes_features = True

    def __init__(
        self,
        features: int,
        classes: int,
        attributes: int = 0,
        image_network: nn.Module | None = None,
        width: int = 0,
        hidden: int = 32,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        if image_network is None and not features:
            raise ValueError("neither an image network nor features are given")
        self.image_network = image_network
        self.count = features
        self.standardised = StandardisedFeatures(features) if features else None
        self.from_features = nn.Sequential(nn.Linear(features, hidden), nn.ReLU()) if features else None
        described = (width if image_network is not None else 0) + (hidden if features else 0)
        self.dropout = nn.Dropout(dropout)
        self.rate = nn.Linear(described, attributes) if attributes else None
        self.decide = nn.Linear(described + attributes, classes)

    def forward(self, image: torch.Tensor, features: torch.Tensor | None = None) -> torch.Tensor:
        """Return (B, classes + attributes); features that are not given count as average."""
        parts = []
        if self.image_network is not None:
            parts.append(torch.relu(first_output(self.image_network(image))))
        if self.standardised is not None and self.from_features is not None:
            given = features if features is not None else image.new_full((len(image), self.count), torch.nan)
            parts.append(self.from_features(self.standardised(given).to(self.from_features[0].weight.dtype)))
        described = self.dropout(torch.cat(parts, dim=1))
        if self.rate is None:
            return torch.as_tensor(self.decide(described))
        ratings = self.rate(described)
        return torch.cat([self.decide(torch.cat([described, ratings.sigmoid()], dim=1)), ratings], dim=1)


class SmallResNet(nn.Module):
    """A residual network for small patches and few cases: group norm, and mean and maximum over the patch.

    Args:
        in_channels: Of the patch.
        out_channels: Number of outputs.
        channels: Width of each stage; after each one but the first the resolution is halved.
        dropout: Share of the pooled description that is left out in each training step.
        stem_stride: Step of the first convolution; 2 costs a fifth.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        channels: Sequence[int] = (16, 32, 64, 64),
        dropout: float = 0.0,
        stem_stride: int = 1,
    ) -> None:
        super().__init__()
        stages: list[nn.Module] = [nn.Conv3d(in_channels, channels[0], 3, stem_stride, 1, bias=False)]
        before = channels[0]
        for number, width in enumerate(channels):
            stages.append(_Residual(before, width, stride=2 if number else 1))
            before = width
        self.stages = nn.Sequential(*stages, _norm(before), nn.ReLU())
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(2 * before, out_channels)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return (B, out_channels)."""
        seen = self.stages(image)
        pooled = torch.cat([seen.mean((2, 3, 4)), seen.amax((2, 3, 4))], dim=1)
        return torch.as_tensor(self.last(self.dropout(pooled)))


class _Residual(nn.Module):
    """Two convolutions and a way around them (He et al. 2016, pre-activation)."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _norm(before),
            nn.ReLU(),
            nn.Conv3d(before, width, 3, stride, 1, bias=False),
            _norm(width),
            nn.ReLU(),
            nn.Conv3d(width, width, 3, 1, 1, bias=False),
        )
        same = stride == 1 and before == width
        self.around = nn.Identity() if same else nn.Conv3d(before, width, 1, stride, bias=False)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.body(values) + self.around(values))


def answers(network: nn.Module, image: torch.Tensor, features: torch.Tensor | None = None) -> torch.Tensor:
    """Return a network's (B, classes + attributes), whether it reads features or not.

    Args:
        network: A MONAI network, or one of this file.
        image: (B, C, I, J, K).
        features: (B, F), or None.
    """
    answer = network(image, features) if getattr(network, "takes_features", False) else network(image)
    return first_output(answer).flatten(1)  # a fully convolutional network leaves one voxel


def first_output(answer: torch.Tensor | tuple[torch.Tensor, ...] | list[torch.Tensor]) -> torch.Tensor:
    """Return what a network says, without what some (MONAI's ViT) say beside it."""
    return answer[0] if isinstance(answer, (tuple, list)) else answer


def members(network: nn.Module) -> tuple[nn.Module, ...]:
    """Return the networks that answer together; the network itself if it is one."""
    return tuple(network.networks) if isinstance(network, MeanOfClassifiers) else (network,)


def learn_features(network: nn.Module, features: torch.Tensor) -> None:
    """Let a network that reads features know the mean and spread of those of the training cases (N, F)."""
    for module in network.modules():
        if isinstance(module, StandardisedFeatures):
            module.learn(features)


def _norm(channels: int) -> nn.Module:
    return nn.GroupNorm(min(8, channels), channels)
