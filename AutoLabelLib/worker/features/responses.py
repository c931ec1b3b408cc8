"""What a filter answers inside a segment, in a few figures."""

from __future__ import annotations

from AutoLabelLib.worker.features.distribution import distribution_features
from AutoLabelLib.worker.features.region import Values

_WORDS = {
    "mean": "on average",
    "variance": "how much they vary",
    "skewness": "whether a few stand out",
    "excess_kurtosis": "how far extremes stick out",
    "10th_percentile": "at the lower end",
    "90th_percentile": "at the upper end",
}


def response_descriptions(prefix: str, words: str) -> dict[str, str]:
    """Return the names of one filter's figures, and what they mean: the filter's words, and the figure's."""
    return {f"{prefix}_{name}": f"{words}: {figure}" for name, figure in _WORDS.items()}


def response_features(prefix: str, answers: Values) -> dict[str, float]:
    """Return the figures of answers (N,); none of none."""
    found = distribution_features(answers)
    return {f"{prefix}_{name}": found[name] for name in _WORDS if name in found}
