"""The file of a fitted classifier: skops, which rebuilds only types that are named here and runs nothing else.

Beside it lies what can be said in JSON: method, classes, feature names, calibration.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from AutoLabelLib.core.errors import FileError, ModelError
from AutoLabelLib.files.atomic import replacing
from AutoLabelLib.files.tables import write_json
from AutoLabelLib.worker.classification.calibration import Calibration
from AutoLabelLib.worker.tabular.model import Part, TabularClassifier

PIPELINES = "classifier.skops"
DESCRIPTION = "classifier.json"

# Beside what skops trusts by itself (numpy's and scikit-learn's plain classes): the nodes of trees, and the type of
# the classes' numbers. Neither runs code of the file's choice.
TRUSTED_TYPES = ("numpy.dtype", "sklearn.tree._tree.Tree")


def save(classifier: TabularClassifier, folder: Path) -> None:
    """Write a classifier into a folder, which is there.

    Raises:
        FileError: If it cannot be written.
    """
    import sklearn
    import skops.io

    with replacing(folder / PIPELINES) as beside:
        skops.io.dump([part.pipeline for part in classifier.parts], beside)
    description = {
        "method": classifier.method,
        "classes": classifier.classes,
        "feature_names": classifier.feature_names,
        "is_multi_label": classifier.is_multi_label,
        "typical": classifier.typical.tolist(),
        "is_calibrated": classifier.is_calibrated,
        "parts": [
            {"classes": p.classes, "temperature": p.calibration.temperature, "bias": p.calibration.bias}
            for p in classifier.parts
        ],
        "scikit_learn": sklearn.__version__,
    }
    write_json(folder / DESCRIPTION, description)


def load(folder: Path) -> TabularClassifier:
    """Return the classifier in a folder.

    Raises:
        FileError: If one of its files is missing or damaged.
        ModelError: If it holds a type that is not trusted, or was made by another scikit-learn that it needs.
    """
    description = _description(folder / DESCRIPTION)
    pipelines = _pipelines(folder / PIPELINES, str(description.get("scikit_learn", "")))
    try:
        parts = tuple(
            Part(pipeline, int(part["classes"]), Calibration(float(part["temperature"]), tuple(part["bias"])))
            for pipeline, part in zip(pipelines, description["parts"], strict=True)
        )
        return TabularClassifier(
            str(description["method"]),
            tuple(map(str, description["classes"])),
            tuple(map(str, description["feature_names"])),
            parts,
            bool(description["is_multi_label"]),
            np.array([np.nan if value is None else value for value in description["typical"]], dtype=np.float64),
            bool(description["is_calibrated"]),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise FileError(f'"{DESCRIPTION}" does not describe a classifier: {problem}.') from problem


def _description(path: Path) -> Mapping[str, Any]:
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise FileError(f'The classifier\'s description "{path.name}" cannot be read: {problem}.') from problem
    if not isinstance(description, dict):
        raise FileError(f'The classifier\'s description "{path.name}" is not a JSON object.')
    return description


def _pipelines(path: Path, made_by: str) -> list[Any]:
    import skops.io

    if not path.is_file():
        raise FileError(f'The classifier\'s file "{path.name}" is missing.', "Install the model again.")
    try:
        unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED_TYPES))
        if unknown:
            raise ModelError(
                f'The classifier\'s file "{path.name}" holds "{unknown[0]}", which is not trusted, and was not read.',
                "Use only files that AutoLabel wrote.",
            )
        pipelines = skops.io.load(path, trusted=list(TRUSTED_TYPES))
    except ModelError:
        raise
    except Exception as problem:  # skops lets through whatever its zip, JSON and numpy readers raise
        import sklearn

        hint = f"It was made with scikit-learn {made_by}; here is {sklearn.__version__}." if made_by else ""
        raise FileError(f'The classifier\'s file "{path.name}" cannot be read: {problem}.', hint) from problem
    if not isinstance(pipelines, list) or not all(hasattr(pipeline, "predict") for pipeline in pipelines):
        raise FileError(f'The file "{path.name}" holds no classifier.')
    return pipelines
