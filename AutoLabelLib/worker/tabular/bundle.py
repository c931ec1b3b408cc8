"""A classifier of features as a bundle: the contract that `classify` reads, the classifier's files, and a card.

configs/metadata.json      contract, in MONAI's schema, with the hash of each file; method "features"
models/classifier.skops    fitted pipelines
models/classifier.json     method, classes, feature names, calibration
docs/README.md             card
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from AutoLabelLib.core.bundle import METADATA, file_sha256
from AutoLabelLib.core.errors import FileError
from AutoLabelLib.files.tables import write_json
from AutoLabelLib.worker.classification.contract import ClassifierContract
from AutoLabelLib.worker.features import extraction
from AutoLabelLib.worker.features.settings import FeatureSettings
from AutoLabelLib.worker.tabular import methods, model_file
from AutoLabelLib.worker.tabular.model import TabularClassifier

METHOD = "features"
_MODELS = "models"
_MEASURED = {"volume_ml": "morph_volume_voxel_counting_ml", "mean_value": "stat_mean"}  # what doubt looks at -> feature
_LARGEST_SHOWN = 12  # features on the card


@dataclass(frozen=True)
class Wishes:
    """What a bundle says beside the classifier itself.

    Attributes:
        name: Of the model.
        modality: DICOM modality of the images; "" for any.
        settings: How its features are computed.
        measured: Features (N, F) of the training cases by name: their range is what it is to be relied on for.
        facts: Sentences for the card: data, folds, figures.
        version: Of the bundle.
    """

    name: str
    modality: str
    settings: FeatureSettings
    measured: Mapping[str, Any]
    facts: tuple[str, ...] = ()
    version: str = "1.0.0"


def write(folder: Path, classifier: TabularClassifier, wishes: Wishes) -> Path:
    """Write a classifier as a bundle and return its folder; one that is there is replaced when the new one is whole.

    Raises:
        FileError: If it cannot be written.
    """
    beside = folder.with_name(folder.name + ".part")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        for part in ("configs", _MODELS, "docs"):
            (beside / part).mkdir(parents=True)
        model_file.save(classifier, beside / _MODELS)
        files = [f"{_MODELS}/{name}" for name in (model_file.PIPELINES, model_file.DESCRIPTION)]
        hashes = {name: file_sha256(beside / name) for name in files}
        write_json(beside / METADATA, metadata(classifier, wishes, hashes))
        (beside / "docs" / "README.md").write_text(_card(classifier, wishes), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        beside.replace(folder)
    except OSError as problem:
        raise FileError(f'The bundle "{folder}" cannot be written: {problem.strerror or problem}.') from problem
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def read(folder: Path) -> TabularClassifier:
    """Return the classifier in a bundle; see `model_file.load` for what it raises."""
    return model_file.load(folder / _MODELS)


def metadata(classifier: TabularClassifier, wishes: Wishes, hashes: Mapping[str, str]) -> dict[str, Any]:
    """Return metadata.json: MONAI's schema, with the contract in the section "autolabel"."""
    title = methods.find(classifier.method).title
    unit = "HU" if wishes.modality == "CT" else None
    description = f"{title} on {len(classifier.feature_names)} handcrafted features: {' or '.join(classifier.classes)}"
    return {
        "version": wishes.version,
        "name": wishes.name,
        "task": "classification",
        "description": description,
        "intended_use": "Research; a person is to check every result.",
        "network_data_format": {
            "inputs": {"image": {"type": "image", "modality": wishes.modality, "num_channels": 1}},
            "outputs": {"pred": {"type": "probabilities", "num_channels": len(classifier.classes)}},
        },
        "autolabel": {
            "name": wishes.name,
            "task": "classification",
            "description": description,
            "method": METHOD,
            "channels": [{"name": "image", "modality": wishes.modality, "unit": unit}],
            "classes": list(classifier.classes),
            "multi_label": classifier.is_multi_label,
            "looks_at": "segment",
            "classification": _contract(classifier, wishes).to_json(),
            "sha256": dict(hashes),
        },
    }


def _contract(classifier: TabularClassifier, wishes: Wishes) -> ClassifierContract:
    return ClassifierContract(
        features=classifier.feature_names,
        feature_settings={name: value for name, value in asdict(wishes.settings).items() if value is not None},
        calibrated_on="inner folds by patient" if classifier.is_calibrated else "",
        trained={name: ends for name, key in _MEASURED.items() if (ends := _range(wishes.measured.get(key)))},
    )


def _range(values: Any) -> tuple[float, float] | None:
    if values is None or not np.isfinite(values).any():
        return None
    return float(np.nanmin(values)), float(np.nanmax(values))


def _card(classifier: TabularClassifier, wishes: Wishes) -> str:
    shown = [f"- `{name}`: {extraction.describe(name)}" for name in classifier.feature_names[:_LARGEST_SHOWN]]
    more = len(classifier.feature_names) - len(shown)
    lines = [
        f"# {wishes.name}",
        "",
        f"{methods.find(classifier.method).title} on handcrafted features of a segment: "
        f"{' or '.join(classifier.classes)}, each with a probability. Not a medical device: for research; a person is "
        "to check every result.",
        "",
        *(f"{fact}\n" for fact in wishes.facts),
        f"It reads {len(classifier.feature_names)} features, such as:",
        "",
        *shown,
        *([f"- and {more} more, which `models/{model_file.DESCRIPTION}` names"] if more > 0 else []),
    ]
    return "\n".join(lines) + "\n"
