"""What a comparison can be asked for, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.tabular.methods import METHODS

ENSEMBLES = ("mean", "stacked")
_MOST_FOLDS = 50


@dataclass(frozen=True)
class ComparisonOptions:
    """The choices of a comparison.

    Attributes:
        cases: Path of the list of labelled cases.
        output: Folder of the report.
        classifiers: Methods that compete, of `tabular.methods.METHODS`.
        ensembles: "mean" of all probabilities, "stacked" on inner folds.
        baseline: Name of the feature that stands beside every figure, or "attribute:NAME" of the list; "" for the
            largest diameter.
        positive: Class that sensitivity is about, of two; "" for the second by name.
        folds: Number of folds.
        seed: Of the folds, of what is random in methods, and of bootstrap draws.
        draws: Bootstrap samples.
        features: Settings of the features; None for what suits the images.
        cnn: Recipe of a network that competes, too; "" for none.
        device: Of the network.
        modality: DICOM modality of the images, which files do not say; "CT" makes grey levels of 25 HU. "": whether the
            values are like a CT's decides.
        export: Classifier that is fitted to all cases and written as a bundle, or "best"; "" for none.
        overwrite: Whether an older report in the folder may be replaced.
    """

    cases: str
    output: Path
    classifiers: tuple[str, ...] = tuple(METHODS)
    ensembles: tuple[str, ...] = ("mean",)
    baseline: str = ""
    positive: str = ""
    folds: int = 5
    seed: int = 0
    draws: int = 2000
    features: Mapping[str, Any] | None = None
    cnn: str = ""
    device: str = "auto"
    modality: str = ""
    export: str = ""
    overwrite: bool = False


def from_mapping(given: Mapping[str, Any]) -> ComparisonOptions:
    """Return checked options.

    Raises:
        InputError: If one is missing, unknown or not usable.
    """
    known = [item.name for item in fields(ComparisonOptions)]
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InputError(f'A comparison has no option "{unknown[0]}".', f"It has: {', '.join(known)}.")
    missing = [name for name in ("cases", "output") if not given.get(name)]
    if missing:
        raise InputError(f"A comparison needs {' and '.join(missing)}.")
    choices = {name: value for name, value in given.items() if value is not None}
    for name in ("folds", "seed", "draws"):
        choices[name] = _whole(name, choices.get(name, getattr(ComparisonOptions, name)))
    for name, allowed in (("classifiers", tuple(METHODS)), ("ensembles", ENSEMBLES)):
        choices[name] = _chosen(name, choices.get(name, getattr(ComparisonOptions, name)), allowed)
    if not 2 <= choices["folds"] <= _MOST_FOLDS:
        raise InputError(f"The number of folds must be from 2 to {_MOST_FOLDS}, got {choices['folds']}.")
    if choices["draws"] < 1:
        raise InputError(f"The number of draws must be 1 or more, got {choices['draws']}.")
    options = ComparisonOptions(**{**choices, "output": Path(str(given["output"]))})
    _check_export(options)
    return options


def _check_export(options: ComparisonOptions) -> None:
    if options.export and options.export not in ("best", *options.classifiers):
        raise InputError(
            f'"{options.export}" does not compete, so that it cannot be exported.',
            f"Use best, or one of: {', '.join(options.classifiers)}.",
        )
    if options.export and not options.classifiers:
        raise InputError("Without classifiers there is nothing to export.")


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{name} must be a whole number, got {value!r}.")
    return value


def _chosen(name: str, value: Any, allowed: Sequence[str]) -> tuple[str, ...]:
    words = value.split(",") if isinstance(value, str) else value
    names = tuple(dict.fromkeys(str(word).strip() for word in words if str(word).strip()))
    unknown = [word for word in names if word not in allowed]
    if unknown:
        raise InputError(f'There is no "{unknown[0]}" among the {name}.', f"There are: {', '.join(allowed)}.")
    return names
