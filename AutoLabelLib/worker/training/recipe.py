"""A recipe: everything that decides what a training run produces, as one JSON file.

Two runs with the same recipe, the same cases and the same number of threads give the same weights.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from AutoLabelLib.core.errors import FileError, InputError
from AutoLabelLib.worker.training.split import EACH, rules_of

LOSSES = {
    "segmentation": ("dice_ce", "dice_ce_each", "dice_focal"),
    "classification": ("cross_entropy", "focal"),
}
FOLDER = Path(__file__).resolve().parents[3] / "Resources" / "Recipes"


@dataclass(frozen=True)
class Training:
    """How the weights are found.

    Attributes:
        epochs: Number of times that every training case is seen.
        batch_size: Examples per step.
        learning_rate: Peak of the one-cycle schedule of AdamW.
        weight_decay: Of AdamW.
        ema_decay: Decay per step of the running average of the weights; the average is what is exported.
        gradient_clip: Largest norm of a step's gradient.
        mixed_precision: Compute in bfloat16 (or float16 on older GPUs) where that is safe.
        seed: Of the initial weights, the order of the cases and the augmentation.
        loss: One of the task's `LOSSES`; see `losses` and `class_loss`.
        validate_every: Epochs between two measurements on the validation cases, if there are any.
        select: "last": export the last average; "best": the one with the best validation Dice, or AUC.
    """

    epochs: int = 100
    batch_size: int = 4
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    ema_decay: float = 0.995
    gradient_clip: float = 12.0
    mixed_precision: bool = True
    seed: int = 0
    loss: str = "dice_ce"
    validate_every: int = 10
    select: str = "last"


@dataclass(frozen=True)
class Recipe:
    """What to train, on what grid, how, and what the model card says about it.

    Attributes:
        name: Of the model; also the folder that it is exported to.
        channels: Each a mapping with name, modality and unit.
        segments: Each a mapping with name, label_value, code and color; () for a classifier.
        axcodes: Orientation of the model's grid, such as "RAS".
        spacing_mm: (3,) of the model's grid; () lets the whole image fill the patch of a classifier.
        patch_voxels: (3,) of one example.
        normalisation: MONAI transforms as a bundle writes them, applied to {"image": (C, I, J, K)}.
        network_def: MONAI network as a bundle writes it.
        training: How the weights are found.
        augmentation: Strength per kind; see `augment.Augmentation`.
        members: Several networks that are averaged in the model: for each, what differs from the recipe in
            "network_def" (all of it, if it names a "_target_"), "training" and "augmentation". Empty: one network, as
            the recipe says.
        holdout: Rule that sets cases apart; see `split.hold_out`.
        prompts: Kinds of prompt that the model needs, such as "point"; empty for an automatic model.
        prompting: Options of the prompt's simulation; see `clicks`.
        inference: overlap and mode of the sliding window; mirror_axes and whatever else the contract shall say.
        card: Free text of the model card and of the metadata (description, data, licence, limits ...).
        classes: Names of a classifier's classes; () takes those that occur in the case list.
        attributes: What a classifier rates, each a mapping with name, low, high, low_meaning and high_meaning.
        classification: Whatever else a classifier needs; see `classifier_recipe`.
    """

    name: str
    channels: tuple[dict[str, Any], ...]
    segments: tuple[dict[str, Any], ...]
    spacing_mm: tuple[float, float, float]
    patch_voxels: tuple[int, int, int]
    normalisation: tuple[dict[str, Any], ...]
    network_def: dict[str, Any]
    version: str = "1.0.0"
    task: str = "segmentation"
    anatomy: str = ""
    axcodes: str = "RAS"
    training: Training = field(default_factory=Training)
    augmentation: dict[str, Any] = field(default_factory=dict)
    members: tuple[dict[str, Any], ...] = ()
    holdout: dict[str, Any] = field(default_factory=dict)
    prompts: tuple[str, ...] = ()
    prompting: dict[str, Any] = field(default_factory=dict)
    inference: dict[str, Any] = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    attributes: tuple[dict[str, Any], ...] = ()
    classification: dict[str, Any] = field(default_factory=dict)

    @property
    def networks(self) -> tuple[Recipe, ...]:
        """One recipe per network that has to be trained; this one itself, if there are no members and no folds."""
        members = tuple(self._member(changes) for changes in self.members) or (self,)
        return tuple(replace(member, holdout=rule) for rule in rules_of(self.holdout) for member in members)

    def _member(self, changes: dict[str, Any]) -> Recipe:
        wanted = changes.get("network_def", {})
        return replace(
            self,
            network_def=wanted if "_target_" in wanted else {**self.network_def, **wanted},
            training=replace(self.training, **changes.get("training", {})),
            augmentation={**self.augmentation, **changes.get("augmentation", {})},
            members=(),
        )

    @property
    def guidance_channels(self) -> int:
        """Number of channels that prompts add to the image: positive, negative and, if wanted, the answer before."""
        return 2 + self.reads_previous if self.prompts else 0

    @property
    def input_channels(self) -> int:
        """Number of channels that the network reads: of the image, of prompts, and of a classifier's mask."""
        return len(self.channels) + self.guidance_channels + bool(self.classification.get("mask_channel", False))

    @property
    def reads_previous(self) -> bool:
        """Whether the network is shown the answer that a click corrects."""
        return bool(self.prompting.get("previous_answer", False))

    @property
    def label_values(self) -> tuple[int, ...]:
        """Label value of each segment; segment number n is the network's channel n + 1."""
        return tuple(int(segment["label_value"]) for segment in self.segments)


def load(name_or_path: str | Path) -> Recipe:
    """Return the recipe of that name, or the one in that JSON file.

    Raises:
        FileError: If there is no such recipe, or the file is not JSON.
        InputError: If an entry is missing, unknown or out of range.
    """
    path = Path(name_or_path)
    if path.suffix != ".json":
        path = FOLDER / f"{name_or_path}.json"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.json"))) or "none"
        raise FileError(
            f'There is no training recipe "{name_or_path}".', f"Known recipes: {known}; or give a .json file."
        )
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise FileError(f'The recipe "{path.name}" cannot be read: {problem}.') from problem
    return from_dict(entries)


def from_dict(entries: dict[str, Any]) -> Recipe:
    """Return a checked recipe.

    Args:
        entries: As read from JSON.

    Raises:
        InputError: If an entry is missing, unknown or out of range.
    """
    if not isinstance(entries, dict):
        raise InputError("A recipe must be a JSON object.")
    _refuse_unknown(entries, Recipe, "the recipe")
    training = entries.get("training", {})
    _refuse_unknown(training, Training, 'the recipe\'s "training"')
    is_classifier = entries.get("task") == "classification"
    required: tuple[str, ...] = ("name", "channels", "spacing_mm", "patch_voxels", "normalisation", "network_def")
    if is_classifier:
        entries = {"segments": (), **entries}
        training = {"loss": LOSSES["classification"][0], **training}
    else:
        required += ("segments",)
    missing = [key for key in required if key not in entries]
    if missing:
        raise InputError(f"The recipe lacks {', '.join(missing)}.")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entries.items()}
    values["training"] = Training(**training)
    recipe = Recipe(**values)
    for changes in recipe.members:
        _refuse_others(changes, {"network_def", "training", "augmentation"}, "a member of the recipe")
        _refuse_unknown(changes.get("training", {}), Training, 'a member\'s "training"')
    for network in (recipe, *recipe.networks):
        _check(network)
    return recipe


def _refuse_unknown(entries: dict[str, Any], owner: type, where: str) -> None:
    _refuse_others(entries, {item.name for item in fields(owner)}, where)


def _refuse_others(entries: dict[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(entries) - known)
    if unknown:
        raise InputError(f"Unknown entry in {where}: {', '.join(unknown)}.", f"Known: {', '.join(sorted(known))}.")


def _check(recipe: Recipe) -> None:
    training = recipe.training
    is_classifier = recipe.task == "classification"
    whole = is_classifier and not recipe.spacing_mm  # the whole image fills the patch
    rules = [
        (recipe.task in LOSSES, f"has a task other than {' and '.join(LOSSES)}"),
        (len(recipe.channels) > 0, "needs at least one channel"),
        (is_classifier or len(recipe.segments) > 0, "needs at least one segment"),
        (not (is_classifier and recipe.segments), "names segments, but is for classification"),
        (is_classifier or not (recipe.classes or recipe.classification), "names classes, but is for segmentation"),
        (whole or (len(recipe.spacing_mm) == 3 and min(recipe.spacing_mm) > 0), "needs three positive spacings in mm"),
        (
            len(recipe.patch_voxels) == 3 and min(recipe.patch_voxels) > 0,
            "needs a patch of three positive sizes",
        ),
        (
            not (is_classifier and recipe.holdout.get("fold") == EACH),
            'cross-validates a classifier: write "folds" into "classification"',
        ),
        (
            not (recipe.members and recipe.holdout.get("fold") == EACH),
            "has members, and one network for each fold: it can have either",
        ),
        (len(set(recipe.label_values)) == len(recipe.segments), "uses a label value twice"),
        (all(value > 0 for value in recipe.label_values), "needs label values above 0 (0 is background)"),
        (
            training.epochs > 0 and training.batch_size > 0,
            "needs at least one epoch and one example per batch",
        ),
        (training.learning_rate > 0, "needs a positive learning_rate"),
        (0 <= training.ema_decay < 1, "needs an ema_decay from 0 to below 1"),
        (training.loss in LOSSES.get(recipe.task, ()), f"knows the losses {', '.join(LOSSES.get(recipe.task, ()))}"),
        (training.select in ("last", "best"), 'knows "last" and "best" for select'),
    ]
    for holds, sentence in rules:
        if not holds:
            raise InputError(f'The recipe "{recipe.name}" {sentence}.')
