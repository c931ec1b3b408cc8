"""The subject of a classification network: why does it say this class?"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.worker.classification.calibration import stretched
from AutoLabelLib.worker.classification.classifier import Answer, Classifier
from AutoLabelLib.worker.classification.forest import FeatureForest
from AutoLabelLib.worker.classification.inputs import Prepared
from AutoLabelLib.worker.classification.networks import StandardisedFeatures, answers
from AutoLabelLib.worker.explanation.contributions import log_odds_of, of_classifier, sampled
from AutoLabelLib.worker.explanation.placing import inside_of, mask_on
from AutoLabelLib.worker.explanation.scored_network import Ask, Question, ScoredNetwork
from AutoLabelLib.worker.explanation.subject import Look, Subject
from AutoLabelLib.worker.networks.outputs import SIGMOID, SOFTMAX

_ROUNDS = 3  # each asks the networks as often as there are features, twice


def seeing(classifier: Classifier, prepared: Prepared) -> tuple[torch.nn.Module, ...]:
    """Return those of a classifier's networks whose answer depends on the image, not on features alone."""
    patch, features = classifier.tensors(prepared)

    def depends(network: torch.nn.Module) -> bool:
        looked_at = patch.clone().requires_grad_()
        answer = answers(network, looked_at, features)
        return answer.requires_grad and torch.autograd.grad(answer.sum(), looked_at, allow_unused=True)[0] is not None

    with torch.enable_grad():
        return tuple(network for network in classifier.networks if depends(network))


def subject(
    classifier: Classifier, prepared: Prepared, image: Image, mask: NDArray[np.bool_] | None, target: str
) -> Subject | None:
    """Return what is to be explained: the patch, as each network sees it that looks at one; None if none does.

    Args:
        classifier: The loaded model; it is not changed.
        prepared: What it sees; mask and features are held fixed.
        image: Where the patch was taken from.
        mask: (I, J, K) on the image's grid, what is judged; None for a box or the whole image.
        target: The class, one of the classifier's.
    """
    networks = seeing(classifier, prepared)
    if not networks:
        return None
    count = image.array.shape[0]
    patch = torch.from_numpy(prepared.patch)
    beside = patch[None, count:] if len(patch) > count else None
    question = Question(classifier.spec.classes.index(target), SIGMOID if classifier.spec.multi_label else SOFTMAX)
    ask = _asking(classifier, prepared)
    size_i, size_j, size_k = patch.shape[1:]
    looks = tuple(
        Look((0, 0, 0), (size_i, size_j, size_k), ScoredNetwork(network, question, beside, ask)) for network in networks
    )
    shape = (size_i, size_j, size_k)
    inside = torch.from_numpy(inside_of(prepared.affine, shape, image.affine, image.spatial_shape))
    around = inside if mask is None else inside & ~torch.from_numpy(mask_on(mask, image.affine, prepared.affine, shape))
    return Subject(patch[:count], prepared.affine, inside, around, looks, target, classifier.device)


def measured(prepared: Prepared) -> NDArray[np.float64]:
    """Return the handcrafted features (F,) of an object; NaN where one is not defined."""
    assert prepared.features is not None
    return prepared.features.astype(np.float64)


def feature_effects(
    classifier: Classifier, prepared: Prepared, target: str, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what each handcrafted feature adds to the log-odds of a class, and the typical features, both (F,).

    Networks see the same image throughout; typical is the mean of their training cases, which they know.
    """
    from AutoLabelLib.worker.tabular.classifier import FeatureClassifier

    values = measured(prepared)
    if isinstance(classifier, FeatureClassifier):
        return of_classifier(classifier.model, values, target, seed=seed), classifier.model.typical
    known = [
        (module.mean if isinstance(module, StandardisedFeatures) else module.typical).cpu().double().numpy()
        for network in classifier.networks
        for module in network.modules()
        if isinstance(module, StandardisedFeatures | FeatureForest)
    ]
    typical = np.mean(known, axis=0) if known else np.zeros_like(values)
    index = classifier.spec.classes.index(target)

    def log_odds(table: NDArray[np.float64]) -> NDArray[np.float64]:
        return log_odds_of(classifier.calibrated(_logits_of_features(classifier, prepared, table))[:, index])

    return sampled(log_odds, values, typical, _ROUNDS, seed), typical


@torch.no_grad()
def _logits_of_features(classifier: Classifier, prepared: Prepared, table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean logits (N, classes) over the networks, of one image beside each row of a table (N, F)."""
    patch, _ = classifier.tensors(prepared)
    given = torch.from_numpy(table.astype(np.float32)).to(classifier.device)
    count, total = len(classifier.spec.classes), torch.zeros(len(table), len(classifier.spec.classes))
    for network in classifier.networks:
        if isinstance(network, FeatureForest):
            said = answers(network, patch.expand(len(given), *patch.shape[1:]), given)
        elif _reads_features(network):  # a row at a time: patches of all rows at once need too much memory
            said = torch.cat([answers(network, patch, row[None]) for row in given])
        else:
            said = answers(network, patch, given[:1]).expand(len(given), -1)
        total += said[:, :count].cpu()
    return np.asarray(total.double().numpy() / len(classifier.networks))


def _reads_features(network: torch.nn.Module) -> bool:
    return bool(getattr(network, "takes_features", False) and getattr(network, "count", 1))


def target_class(classifier: Classifier, answer: Answer, wanted: str | None) -> str:
    """Return the class to be explained: the wanted one, or the most probable one.

    Raises:
        InputError: If there is no such class.
    """
    classes = classifier.spec.classes
    if wanted is None:
        return classes[int(np.argmax(answer.probabilities))]
    if wanted not in classes:
        raise InputError(f'"{classifier.spec.name}" has no class "{wanted}".', f"It has: {', '.join(classes)}.")
    return wanted


def _asking(classifier: Classifier, prepared: Prepared) -> Ask:
    """Return what asks a network for its calibrated logits, with one object's features beside any image."""
    _, features = classifier.tensors(prepared)
    count, temperature = len(classifier.spec.classes), classifier.contract.temperature
    slopes = classifier.contract.slopes
    bias = torch.tensor(classifier.contract.bias or (0.0,) * count, device=classifier.device)

    def ask(network: torch.nn.Module, windows: torch.Tensor) -> torch.Tensor:
        beside = None if features is None else features.expand(len(windows), -1)
        logits = answers(network, windows, beside).flatten(1)[:, :count]
        return stretched(logits / temperature, slopes) + bias

    return ask
