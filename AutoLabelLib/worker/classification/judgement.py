"""What a classifier says of one object, its doubts included, as a `Finding`."""

from __future__ import annotations

import numpy as np

from AutoLabelLib.core.finding import Finding, now
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.worker.classification import doubt
from AutoLabelLib.worker.classification.classifier import Answer, Classifier
from AutoLabelLib.worker.classification.inputs import Prepared

NONE = "none"  # label where several classes may be true and none is
_DECIDED_FROM = 0.5


def judge(
    classifier: Classifier,
    prepared: Prepared,
    segment: str = "",
    *,
    test_time_augmentation: bool = True,
    reasons: tuple[str, ...] = (),
) -> Finding:
    """Return what a classifier says of an object.

    Args:
        classifier: Loaded.
        prepared: What it sees of the object.
        segment: Name of the object's segment; "" for a whole volume or a box.
        test_time_augmentation: Whether mirror images are averaged, if the bundle names axes for them.
        reasons: Further reasons for doubt, one clause each.
    """
    answer = classifier.answer(prepared, test_time_augmentation=test_time_augmentation)
    spec = classifier.spec
    label, score, said = decided(spec, answer)
    named = dict(zip(spec.classes, map(float, answer.probabilities), strict=True))
    own = [dict(zip(spec.classes, map(float, row), strict=True)) for row in answer.member_probabilities]
    doubts = [
        *reasons,
        *doubt.about_the_object(prepared.measured, classifier.contract),
        *doubt.about_the_answer(said, named, own, classifier.contract),
    ]
    return Finding(
        center_ras_mm=prepared.center_ras_mm,
        size_mm=prepared.size_mm,
        score=score,
        label=label,
        class_probabilities=named,
        attributes={
            attribute.name: round(float(rating), 3)
            for attribute, rating in zip(spec.attributes, answer.ratings, strict=True)
        },
        uncertain=doubt.sentence(doubts),
        segment=segment,
        model=f"{spec.name} {spec.version}".strip(),
        created=now(),
    )


def decided(spec: ModelSpec, answer: Answer) -> tuple[str, float, dict[str, bool]]:
    """Return the label, its probability, and the classes that are said to be true or not.

    Where one class is true, that is the most probable one. Where several may be, those from 0.5 on are, and the score
    is that of the least certain of all decisions.
    """
    if not spec.multi_label:
        best = int(np.argmax(answer.probabilities))
        return spec.classes[best], float(answer.probabilities[best]), {spec.classes[best]: True}
    said = {name: bool(p >= _DECIDED_FROM) for name, p in zip(spec.classes, answer.probabilities, strict=True)}
    certainty = np.maximum(answer.probabilities, 1 - answer.probabilities)
    label = ", ".join(name for name, is_true in said.items() if is_true) or NONE
    return label, float(certainty.min()), said
