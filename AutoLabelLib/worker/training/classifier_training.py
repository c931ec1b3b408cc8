"""Classifiers from labelled cases: the networks, their calibration, and what they have seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.worker.classification import calibration, doubt
from AutoLabelLib.worker.classification.contract import ClassifierContract
from AutoLabelLib.worker.training import checkpoint, labelled_forest, loop
from AutoLabelLib.worker.training.classifier_answers import auc, is_labelled, logits_of, truth_of
from AutoLabelLib.worker.training.classifier_checks import check_classes, check_network
from AutoLabelLib.worker.training.classifier_recipe import from_recipe, with_classes, with_contract
from AutoLabelLib.worker.training.labelled_cases import LabelledCase
from AutoLabelLib.worker.training.labelled_objects import LabelledExamples, LabelledObject, load_objects
from AutoLabelLib.worker.training.recipe import Recipe
from AutoLabelLib.worker.training.split import Split, patient_folds, split_cases

if TYPE_CHECKING:
    from AutoLabelLib.worker.context import TaskContext

Weights = dict[str, torch.Tensor]
_FEWEST_TO_CALIBRATE = 10


@dataclass(frozen=True, eq=False)
class TrainedClassifier:
    """What a training gives.

    Attributes:
        recipe: With one member per network, and a contract that is calibrated and knows the training cases.
        weights: Of each network.
        folders: Where each network's checkpoint and curves are.
    """

    recipe: Recipe
    weights: list[Weights]
    folders: list[Path]


def train(
    recipe: Recipe,
    split: Split[LabelledCase],
    output: Path,
    context: TaskContext,
    *,
    device: str = "cpu",
    initial: Weights | None = None,
) -> TrainedClassifier:
    """Train the networks of a recipe, each continued from its checkpoint if there is one, and calibrate them.

    Args:
        recipe: With its classes.
        split: Cases to train on, and to calibrate on; the held-out ones are not touched.
        output: Existing folder.
        context: Progress, log and cancel.
        device: Such as "cpu" or "cuda".
        initial: Weights to start from; None: random ones.

    Raises:
        InputError: If a case cannot be used, or a class has no case to learn from.
        JobCancelled: If the user stopped it; checkpoints stay.
    """
    for member in recipe.networks:
        check_network(member)
    with context.phase("read"):
        objects = load_objects(split.train, recipe, context)
        validation = load_objects(split.validation, recipe, context)
    check_classes(objects, recipe, context)
    wish = from_recipe(recipe)
    parts = _parts(objects, validation, wish.folds, recipe)
    recipes: list[Recipe] = []
    weights: list[Weights] = []
    folders: list[Path] = []
    unseen: list[tuple[list[LabelledObject], NDArray[np.float64]]] = []
    members = recipe.networks
    for number, (learned, judged) in enumerate(parts):
        own: list[Weights] = []
        for place, member in enumerate(members):
            step = number * len(members) + place
            folder = _folder(output, step, len(parts) * len(members))
            part = context.part(step, len(parts) * len(members))
            own.append(_trained(member, learned, judged, folder, part, device, initial))
            folders.append(folder)
        recipes += members
        weights += own
        if judged:
            unseen.append((judged, logits_of(recipe, own, judged, device)))
    contract = _contract(recipe, objects, unseen, wish.folds, context)
    return TrainedClassifier(_of_networks(with_contract(recipe, contract), recipes), weights, folders)


def fit_and_predict(
    recipe: Recipe,
    train_cases: Sequence[LabelledCase],
    predict_cases: Sequence[LabelledCase],
    output: Path,
    context: TaskContext,
    *,
    device: str = "cpu",
) -> NDArray[np.float64]:
    """Train on some cases and return the probabilities (N, classes) of others.

    A part of the training patients, if the recipe sets "validation_every" in its holdout, or its folds, calibrate.

    Args:
        recipe: What to train; classes that it does not name are those of the training cases.
        train_cases: Labelled.
        predict_cases: Others; their labels are not looked at.
        output: Folder for checkpoints and curves, made if it is missing; a run that was stopped there is continued.
        context: Progress, log and cancel.
        device: Such as "cpu" or "cuda".
    """
    recipe = with_classes(recipe, train_cases)
    every = int(recipe.holdout.get("validation_every", 0))
    cases = [replace(case, split="") for case in train_cases]
    split = split_cases(cases, {"validation_every": every} if every else {})
    output.mkdir(parents=True, exist_ok=True)
    trained = train(recipe, split, output, context.part(0, 2), device=device)
    unlabelled = [replace(case, label="", probabilities={}, attributes={}) for case in predict_cases]
    objects = load_objects(unlabelled, recipe, context.part(1, 2))
    wish = from_recipe(trained.recipe)
    logits = logits_of(trained.recipe, trained.weights, objects, device)
    contract = wish.contract
    return calibration.probabilities(
        logits, contract.temperature, contract.bias, contract.slopes, multi_label=wish.multi_label
    )


def _trained(
    recipe: Recipe,
    objects: Sequence[LabelledObject],
    validation: Sequence[LabelledObject],
    folder: Path,
    context: TaskContext,
    device: str,
    initial: Weights | None,
) -> Weights:
    """Return the weights of one network."""
    if labelled_forest.is_grown(recipe):
        with context.phase("train"):
            return labelled_forest.grown(recipe, objects)
    folder.mkdir(parents=True, exist_ok=True)
    labelled = [one for one in validation if torch.isfinite(one.target[: len(recipe.classes)]).all()]
    with context.phase("train"):
        return loop.train(
            recipe,
            LabelledExamples(objects, recipe),
            folder,
            context,
            validate=(lambda model: auc(model, recipe, labelled)) if labelled else None,
            resume=(folder / checkpoint.NAME).exists(),
            device=device,
            case_names=[one.case.name for one in objects],
            initial=initial,
        )


def _parts(
    objects: list[LabelledObject], validation: list[LabelledObject], folds: int, recipe: Recipe
) -> list[tuple[list[LabelledObject], list[LabelledObject]]]:
    """Return what is learned and what is judged, once, or for each fold."""
    if not folds:
        return [(objects, validation)]
    chosen = patient_folds([one.case for one in objects], folds, recipe.training.seed)
    return [
        (
            [one for one, fold in zip(objects, chosen, strict=True) if fold != number],
            [one for one, fold in zip(objects, chosen, strict=True) if fold == number],
        )
        for number in range(folds)
    ]


def _contract(
    recipe: Recipe,
    objects: Sequence[LabelledObject],
    unseen: Sequence[tuple[list[LabelledObject], NDArray[np.float64]]],
    folds: int,
    context: TaskContext,
) -> ClassifierContract:
    """Return the recipe's contract, calibrated on cases that their networks had not seen, with what was trained on."""
    wish = from_recipe(recipe)
    measured: list[Mapping[str, float]] = [one.measured for one in objects]
    touching = [one["touches_edge"] for one in measured if "touches_edge" in one]
    contract = replace(
        wish.contract,
        trained=wish.contract.trained or doubt.trained_ranges(measured),
        edge_fraction=wish.contract.edge_fraction or (float(np.mean(touching)) if touching else 0.0),
    )
    if wish.calibration == "none":
        return contract
    judged = [one for part, _ in unseen for one in part]
    hard = [is_labelled(one, recipe) for one in judged]
    if sum(hard) < _FEWEST_TO_CALIBRATE:
        context.warn(
            f"Probabilities are not calibrated: that takes {_FEWEST_TO_CALIBRATE} cases that no network has learned "
            "from, so set validation cases apart, or ask for folds in the recipe."
        )
        return contract
    logits = np.concatenate([values for _, values in unseen])[hard]
    known = [one for one, is_known in zip(judged, hard, strict=True) if is_known]
    found = calibration.fit(logits, truth_of(known, recipe), way=wish.calibration, multi_label=wish.multi_label)
    how = f"{folds} folds by patient" if folds else "the validation cases"
    context.log(f"temperature {found.temperature:.3f} from {len(known)} cases of {how}")
    return replace(
        contract,
        temperature=found.temperature,
        bias=found.bias,
        slopes=found.slopes,
        calibrated_on=f"fitted on {len(known)} cases of {how}",
    )


def _folder(output: Path, number: int, count: int) -> Path:
    return output if count == 1 else output / f"network_{number + 1}"


def _of_networks(recipe: Recipe, networks_: Sequence[Recipe]) -> Recipe:
    """Return a recipe with one member per network that was trained."""
    if len(networks_) == 1:
        return recipe
    members = tuple(
        {"network_def": dict(one.network_def), "training": {"seed": one.training.seed}} for one in networks_
    )
    return replace(recipe, members=members)
