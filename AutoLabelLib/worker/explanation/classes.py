"""The subject of a classification network: why does it say this class?"""

from __future__ import annotations

import numpy as np
import torch

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.worker.classification.classifier import Answer, Classifier
from AutoLabelLib.worker.classification.inputs import Prepared
from AutoLabelLib.worker.classification.networks import answers
from AutoLabelLib.worker.explanation.placing import inside_of
from AutoLabelLib.worker.explanation.scored_network import Ask, Question, ScoredNetwork
from AutoLabelLib.worker.explanation.subject import Look, Subject
from AutoLabelLib.worker.outputs import SIGMOID, SOFTMAX


def subject(classifier: Classifier, prepared: Prepared, image: Image, target: str) -> Subject:
    """Return what is to be explained: the patch, as each of the classifier's networks sees it.

    Args:
        classifier: The loaded model; it is not changed.
        prepared: What it sees; mask and features are held fixed.
        image: Where the patch was taken from.
        target: The class, one of the classifier's.
    """
    count = image.array.shape[0]
    patch = torch.from_numpy(prepared.patch)
    beside = patch[None, count:] if len(patch) > count else None
    question = Question(classifier.spec.classes.index(target), SIGMOID if classifier.spec.multi_label else SOFTMAX)
    ask = _asking(classifier, prepared)
    size_i, size_j, size_k = patch.shape[1:]
    looks = tuple(
        Look((0, 0, 0), (size_i, size_j, size_k), ScoredNetwork(network, question, beside, ask))
        for network in classifier.networks
    )
    inside = inside_of(prepared.affine, (size_i, size_j, size_k), image.affine, image.spatial_shape)
    return Subject(patch[:count], prepared.affine, torch.from_numpy(inside), looks, target, classifier.device)


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
    bias = torch.tensor(classifier.contract.bias or (0.0,) * count, device=classifier.device)

    def ask(network: torch.nn.Module, windows: torch.Tensor) -> torch.Tensor:
        beside = None if features is None else features.expand(len(windows), -1)
        return answers(network, windows, beside)[:, :count] / temperature + bias

    return ask
