"""What a recipe says about a classifier, in its section "classification"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from AutoLabelLib.core.errors import InputError, ModelError
from AutoLabelLib.worker.classification import calibration, contract
from AutoLabelLib.worker.classification.contract import ClassifierContract
from AutoLabelLib.worker.classification.inputs import InputContract
from AutoLabelLib.worker.training.labelled_cases import LabelledCase, class_names
from AutoLabelLib.worker.training.prepare import Normalisation
from AutoLabelLib.worker.training.recipe import Recipe

BALANCES = ("weights", "sampling", "none")


@dataclass(frozen=True)
class ClassifierRecipe:
    """How a classifier is trained; whatever else the section holds is its contract.

    Attributes:
        looks_at: "segment" for the mask of each case, "volume" for all of the image.
        segmenter: Name of the model that makes a mask from a click; "" for none.
        multi_label: Whether several classes may be true at once.
        balance: Against unequal numbers of cases per class: "weights" in the loss, "sampling" of rare classes more
            often, or "none".
        attribute_weight: Weight of the ratings' loss beside that of the class.
        label_smoothing: Share of a label that is given to all classes.
        mask_change: Chance that the mask channel of an example is made a little larger or smaller.
        feature_noise: Standard deviation of noise on the features, in units of their spread over the cases.
        calibration: "temperature", "temperature_and_bias", "slopes_and_bias", or "none" to keep what the section says.
        folds: Number of parts (by patient) that the training cases are dealt into; for each part a network is trained
            on the others, its answers to the part calibrate the model, and all these networks become members. 0: one
            network on all training cases, calibrated on the validation cases, if there are any.
        contract: What the bundle will say.
    """

    looks_at: str = "segment"
    segmenter: str = ""
    multi_label: bool = False
    balance: str = "weights"
    attribute_weight: float = 0.5
    label_smoothing: float = 0.0
    mask_change: float = 0.0
    feature_noise: float = 0.0
    calibration: str = "temperature"
    folds: int = 0
    contract: ClassifierContract = field(default_factory=ClassifierContract)


def from_recipe(recipe: Recipe) -> ClassifierRecipe:
    """Return the checked section of a recipe.

    Raises:
        InputError: If an entry is unknown or not usable.
    """
    own = {item.name for item in fields(ClassifierRecipe)} - {"contract"}
    entries = dict(recipe.classification)
    try:
        rest = contract.from_mapping(
            {"axcodes": recipe.axcodes, **{k: v for k, v in entries.items() if k not in own}}, recipe.name
        )
        wish = ClassifierRecipe(**{k: v for k, v in entries.items() if k in own}, contract=rest)
    except (ModelError, TypeError) as problem:
        raise InputError(f'The recipe "{recipe.name}": {problem}') from problem
    rules = [
        (wish.looks_at in ("segment", "volume"), 'looks at "segment" or "volume" only'),
        (wish.balance in BALANCES, f"knows the balances {', '.join(BALANCES)}"),
        (wish.calibration in calibration.WAYS, f"knows the calibrations {', '.join(calibration.WAYS)}"),
        (0 <= wish.label_smoothing < 1, "needs a label_smoothing from 0 to below 1"),
        (wish.folds == 0 or wish.folds >= 2, "needs at least 2 folds, or 0 for none"),
        (wish.looks_at == "segment" or not wish.contract.mask_channel, "looks at volumes, which have no mask channel"),
        (wish.multi_label or len(recipe.classes) != 1, "needs two classes, or multi_label"),
    ]
    for holds, sentence in rules:
        if not holds:
            raise InputError(f'The recipe "{recipe.name}" {sentence}.')
    return wish


def input_contract(recipe: Recipe) -> InputContract:
    """Return what the networks of a recipe want to see."""
    wishes = from_recipe(recipe).contract
    return InputContract(recipe.patch_voxels, recipe.spacing_mm or None, wishes, Normalisation(recipe.normalisation))


def with_classes(recipe: Recipe, cases: Sequence[LabelledCase]) -> Recipe:
    """Return a recipe that names its classes: its own, or those of the cases if it has none.

    Raises:
        InputError: If a case has a class that the recipe does not know, or there are not enough classes.
    """
    found = class_names(cases)
    soft = dict.fromkeys(name for case in cases for name in case.probabilities)
    classes = recipe.classes or found
    unknown = [name for name in (*found, *soft) if name not in classes]
    if unknown:
        raise InputError(
            f'The case list has the class "{unknown[0]}", which the recipe "{recipe.name}" does not know.',
            f"Its classes are: {', '.join(classes)}. A case without a class has an empty label.",
        )
    if len(classes) < (1 if from_recipe(recipe).multi_label else 2):
        raise InputError(
            f"The cases have {len(classes)} class(es), but a classifier needs at least two.",
            "Fill in the column label, or name the classes in the recipe.",
        )
    named = replace(recipe, classes=tuple(classes))
    return named if recipe.classes else _with_outputs(named)


def _with_outputs(recipe: Recipe) -> Recipe:
    """Return a recipe whose networks have as many outputs as there are classes and attributes."""
    count = len(recipe.classes) + len(recipe.attributes)

    def fitted(network_def: dict[str, Any]) -> dict[str, Any]:
        counts = {"out_channels": count, "num_classes": count, "classes": len(recipe.classes)}
        return {**network_def, **{key: value for key, value in counts.items() if key in network_def}}

    members = tuple({**one, "network_def": fitted(one.get("network_def", {}))} for one in recipe.members)
    return replace(recipe, network_def=fitted(recipe.network_def), members=members)


def with_contract(recipe: Recipe, contract: ClassifierContract) -> Recipe:
    """Return a recipe with another contract, which is what its bundle will say."""
    wish = from_recipe(recipe)
    own = {item.name: getattr(wish, item.name) for item in fields(ClassifierRecipe) if item.name != "contract"}
    return replace(recipe, classification={**own, **contract.to_json()})
