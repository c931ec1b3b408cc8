"""The verbs, for the Python console, for scripts and for the command line.

    sources.py    whatever a user may pass as an image (node, Image, path) becomes an Image
    pending.py    a verb that is still running: progress, cancel, wait
    event_loop.py inside Slicer, progress arrives while the console waits for input
    segmentation.py  evaluation.py  training.py  explanation.py  diagnosis.py   a verb each, named as the worker's task
    classification.py   the verb classify, with classified_nodes.py for nodes
    measurement.py   the verb measure; segment_choice.py says which segments a verb is about, and
                     around_segments.py what part of the image is sent for them
    feature_extraction.py   the verb features
    comparison.py   the verb compare
    self_test.py  the verb self_test: a phantom through the whole chain
    stepwise.py   work in this process that is followed in the same way
    interaction.py   the verb interact: a session of prompts, with interaction_source.py (what it looks at)
                     and mask_update.py (one answer)

Each verb submits one job to the worker and turns the result into what the input was: a node for a node,
a core type for a core type or a path.
"""

from __future__ import annotations

from AutoLabelLib.api.classification import Classified, classify
from AutoLabelLib.api.comparison import Comparison, compare
from AutoLabelLib.api.diagnosis import doctor
from AutoLabelLib.api.evaluation import evaluate, evaluate_cases
from AutoLabelLib.api.explanation import explain
from AutoLabelLib.api.feature_extraction import features, features_of_cases
from AutoLabelLib.api.interaction import Interaction, interact
from AutoLabelLib.api.mask_update import MaskUpdate
from AutoLabelLib.api.measurement import measure
from AutoLabelLib.api.pending import Pending
from AutoLabelLib.api.segmentation import segment
from AutoLabelLib.api.self_test import self_test
from AutoLabelLib.api.training import train
from AutoLabelLib.core.catalogue import models

__all__ = [
    "Classified",
    "Comparison",
    "Interaction",
    "MaskUpdate",
    "Pending",
    "classify",
    "compare",
    "doctor",
    "evaluate",
    "evaluate_cases",
    "explain",
    "features",
    "features_of_cases",
    "interact",
    "measure",
    "models",
    "segment",
    "self_test",
    "train",
]
