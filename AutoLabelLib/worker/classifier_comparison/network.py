"""A network among the competitors: trained anew on each fold, by the recipe that would train it alone."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.worker.classifier_comparison.cross_validation import JudgeByNetwork
from AutoLabelLib.worker.classifier_comparison.options import ComparisonOptions
from AutoLabelLib.worker.classifier_comparison.study import Study
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tabular.folds import Fold
from AutoLabelLib.worker.training import recipe as recipes
from AutoLabelLib.worker.training.labelled_cases import LabelledCase


def judge_by_network(study: Study, options: ComparisonOptions) -> JudgeByNetwork:
    """Return what trains the recipe's network on a fold and judges the rest of it.

    A stopped comparison goes on from the network's checkpoints when it is asked for again with the same cases.

    Args:
        study: Cases of the comparison.
        options: Of the comparison, with a recipe.

    Raises:
        InputError: If there is no such recipe, or it is for other classes or not for classification.
    """
    from AutoLabelLib.worker.options import from_mapping

    recipe = recipe_for(options.cnn, study)
    device = from_mapping({"device": options.device}).device

    def judge(fold: Fold, context: TaskContext) -> NDArray[np.float64]:
        from AutoLabelLib.worker.training.classifier_training import fit_and_predict

        train, judged = ([study.cases[index] for index in part] for part in fold)
        folder = options.output / "network" / _identity(recipe, train)
        answers = fit_and_predict(recipe, train, judged, folder, context, device=device)
        return np.asarray(answers, dtype=np.float64)

    return judge


def check(options: ComparisonOptions) -> None:
    """Raise InputError if there is no such recipe or it is not for classification; before anything is computed."""
    _classifier_recipe(options.cnn)


def recipe_for(name: str, study: Study) -> recipes.Recipe:
    """Return a recipe with the classes of a study, in their order.

    Raises:
        InputError: If there is no such recipe, or it is for other classes or not for classification.
    """
    recipe = _classifier_recipe(name)
    if recipe.classes and set(recipe.classes) != set(study.classes):
        raise InputError(
            f'The recipe "{recipe.name}" is for the classes {", ".join(recipe.classes)}, '
            f"but the cases have {', '.join(study.classes)}."
        )
    return replace(recipe, classes=study.classes)


def _classifier_recipe(name: str) -> recipes.Recipe:
    recipe = recipes.load(name)
    if recipe.task != "classification":
        raise InputError(f'The recipe "{recipe.name}" is for {recipe.task}, not for classification.')
    return recipe


def _identity(recipe: recipes.Recipe, train: list[LabelledCase]) -> str:
    """Return a name for what a network learns from, so that no checkpoint of other cases is ever continued."""
    files = [[str(path) for path in (*case.images, case.mask)] for case in train]
    text = json.dumps([asdict(recipe), files], default=_plain, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else repr(value)
