"""The task "training": a recipe and a list of cases become a bundle.

Options:
    recipe: Name of a recipe in Resources/Recipes, or path of a JSON file; "" for a general one for classification.
    task: What the recipe must be for, "segmentation" or "classification"; "" for either.
    cases: Path of the case list, CSV or JSON: of labelled cases for a classifier.
    output: Folder for checkpoint, curves (in network_1, network_2, … if the recipe has
        members or cross-validates), cases.csv (with the split) and bundle; made if it is missing.
    resume: Continue from the checkpoint in that folder (default false).
    start_from: Folder of a bundle with the same network, whose weights the training starts from instead of random ones.
        Several networks of a segmentation each start from it, or, if it is the mean of as many, each from its own.
    device: "auto" (default), "cpu" or "cuda".
    overrides: Mapping of entries of the recipe's "training" that shall differ, such as {"epochs": 10}.
    holdout: Which cases are held out, instead of what the recipe says; see `split.split_cases`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from AutoLabelLib.core import catalogue
from AutoLabelLib.core.errors import FileError, InputError
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks import weights as weight_files
from AutoLabelLib.worker.training import checkpoint, curves, export, loop
from AutoLabelLib.worker.training import recipe as recipes
from AutoLabelLib.worker.training.cases import Case, read_cases, write_cases
from AutoLabelLib.worker.training.examples import Examples
from AutoLabelLib.worker.training.split import Split, cross_validation, labelled_by_fold, split_cases

_KNOWN_OPTIONS = {"recipe", "cases", "output", "resume", "start_from", "device", "overrides", "holdout", "task"}


def run(job: Job, context: TaskContext) -> Result:
    """Train a model and return the path of its bundle in `values["bundle"]`.

    Raises:
        InputError: If an option, the recipe or a case is not usable.
        FileError: If a file cannot be read or written.
        JobCancelled: If the user stopped it; the output folder then holds a checkpoint of the last whole epoch.
    """
    options = dict(job.options)
    recipe, output = _recipe(options), _output(options)
    _check_older_run(output, bool(options.get("resume", False)))
    device = _device(str(options.get("device", "auto")))
    if recipe.task == "classification":
        return _classifier(job, recipe, output, device, context)
    cases = read_cases(str(options["cases"]))
    splits = cross_validation(cases, recipe.holdout)
    # Everybody can see what a model has learned from, and `autolabel evaluate --split test` what it has not.
    write_cases(output / "cases.csv", labelled_by_fold(splits))
    for split in splits:
        context.log(
            f"{len(split.train)} cases train, {len(split.validation)} validate, {len(split.test)} are held out; "
            f"{device}"
        )
    start_from = str(options.get("start_from") or "")
    if start_from and len(splits) > 1:
        raise InputError(
            "A cross-validation cannot start from a model: it may know the cases that are held out.",
            "Leave start_from away.",
        )
    initial = _initial_weights(start_from, len(recipe.networks))
    weights, folders = [], []
    for number, (network, folder) in enumerate(_folders(recipe, output)):
        split = splits[number] if len(splits) > 1 else splits[0]
        part = context.part(number, len(recipe.networks))
        weights.append(_train_one(network, folder, split, part, device, initial[number]))
        folders.append(folder)
    return _exported(job, recipe, weights, output, splits, folders, context, device)


def _classifier(job: Job, recipe: recipes.Recipe, output: Path, device: str, context: TaskContext) -> Result:
    """Train a classifier and export it."""
    from AutoLabelLib.worker.training import classifier_training
    from AutoLabelLib.worker.training.classifier_recipe import with_classes
    from AutoLabelLib.worker.training.labelled_cases import read_labelled_cases, write_labelled_cases

    cases = read_labelled_cases(str(job.options["cases"]))
    recipe = with_classes(recipe, cases)
    split = split_cases(cases, recipe.holdout)
    write_labelled_cases(output / "cases.csv", split.labelled())
    context.log(
        f"{len(split.train)} cases train, {len(split.validation)} validate, {len(split.test)} are held out; {device}"
    )
    start_from = str(job.options.get("start_from") or "")
    if start_from and len(recipe.networks) > 1:
        raise InputError("Several networks of a classifier cannot start from one model.", "Leave start_from away.")
    initial = _initial_weights(start_from, 1)
    trained = classifier_training.train(recipe, split, output, context, device=device, initial=initial[0])
    return _exported(job, trained.recipe, trained.weights, output, [split], trained.folders, context, device)


def _exported(
    job: Job,
    recipe: recipes.Recipe,
    weights: Sequence[dict[str, torch.Tensor]],
    output: Path,
    splits: Sequence[Split[Any]],
    folders: Sequence[Path],
    context: TaskContext,
    device: str,
) -> Result:
    """Write the bundle, and return where everything is."""
    with context.phase("export"):
        bundle = export.export_bundle(recipe, weights, output / recipe.name, splits)
        _trust(bundle, context)
    context.progress(1.0, "done")
    return Result(
        job.id,
        values={
            "bundle": str(bundle),
            "cases": str(output / "cases.csv"),
            "curves": [str(folder / curves.NAME) for folder in folders if (folder / curves.NAME).exists()],
            "recipe": asdict(recipe),
        },
        warnings=tuple(context.warnings),
        phase_seconds=dict(context.phase_seconds),
        provenance={"torch": torch.__version__, "device": device, "threads": torch.get_num_threads()},
    )


def _folders(recipe: recipes.Recipe, output: Path) -> list[tuple[recipes.Recipe, Path]]:
    """Return the recipe of each network and the folder for its checkpoint and curves."""
    if len(recipe.networks) == 1:
        return [(recipe.networks[0], output)]
    return [(network, output / f"network_{number}") for number, network in enumerate(recipe.networks, start=1)]


def _train_one(
    recipe: recipes.Recipe,
    folder: Path,
    split: Split[Case],
    context: TaskContext,
    device: str,
    initial: dict[str, torch.Tensor] | None,
) -> dict[str, torch.Tensor]:
    """Return the weights of one network, continued from its checkpoint if there is one."""
    folder.mkdir(exist_ok=True)
    with context.phase("read"):
        context.progress(0.0, "reading the cases")
        examples, validate = _examples(recipe, split, context)
    with context.phase("train"):
        return loop.train(
            recipe,
            examples,
            folder,
            context,
            validate=validate,
            resume=(folder / checkpoint.NAME).exists(),
            device=device,
            case_names=[case.name for case in split.train],
            initial=initial,
        )


def _initial_weights(bundle: str, count: int) -> list[dict[str, torch.Tensor] | None]:
    """Return the weights of a bundle that each of some networks shall start from; None without a bundle.

    Raises:
        InputError: If the bundle has several networks, but not as many.
        ChecksumError: If the bundle has no weights.
    """
    if not bundle:
        return [None] * count
    given = weight_files.of_each(weight_files.read(weight_files.find(Path(bundle))))
    if len(given) not in (1, count):
        raise InputError(
            f'"{Path(bundle).name}" is the mean of {len(given)} networks, but the recipe trains {count}.',
            "Start from a single network, or from as many.",
        )
    return [*given] * (count // len(given))


def _recipe(options: dict[str, Any]) -> recipes.Recipe:
    unknown = sorted(set(options) - _KNOWN_OPTIONS)
    task = str(options.get("task") or "")
    if task == "classification" and not options.get("recipe"):
        options["recipe"] = _general_recipe(str(options.get("cases") or ""))
    missing = [name for name in ("recipe", "cases", "output") if not options.get(name)]
    if unknown or missing:
        raise InputError(
            f"Training has no option {', '.join(unknown)}." if unknown else f"Training needs {', '.join(missing)}."
        )
    recipe = recipes.load(str(options["recipe"]))
    if task and recipe.task != task:
        raise InputError(f'The recipe "{recipe.name}" is for {recipe.task}, not for {task}.', "Choose another recipe.")
    overrides, holdout = dict(options.get("overrides") or {}), options.get("holdout")
    if not overrides and holdout is None:
        return recipe
    entries = {**asdict(recipe), **({} if holdout is None else {"holdout": dict(holdout)})}
    members = [{**member, "training": {**member.get("training", {}), **overrides}} for member in recipe.members]
    return recipes.from_dict({**entries, "training": {**entries["training"], **overrides}, "members": members})


def _general_recipe(cases: str) -> str:
    """Return the name of the recipe for segments, if the cases have masks, else of that for whole volumes."""
    from AutoLabelLib.worker.training.labelled_cases import read_labelled_cases

    has_masks = all(case.mask is not None for case in read_labelled_cases(cases))
    return "segment_classifier" if has_masks else "volume_classifier"


def _output(options: dict[str, Any]) -> Path:
    output = Path(str(options["output"]))
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise FileError(f'The output folder "{output}" cannot be made: {problem.strerror}.') from problem
    return output


def _check_older_run(output: Path, resume: bool) -> None:
    has_run = any(output.glob(checkpoint.NAME)) or any(output.glob(f"network_*/{checkpoint.NAME}"))
    if has_run and not resume:
        raise InputError(
            f'The folder "{output}" already holds a training run.',
            "Continue it with --resume, or choose another output folder.",
        )
    if resume and not has_run:
        raise FileError(f'The folder "{output}" holds no checkpoint to resume from.', "Start without --resume.")


def _trust(bundle: Path, context: TaskContext) -> None:
    """Approve what was made right here, so that it can be used at once."""
    try:
        catalogue.trust(bundle)
    except FileError as problem:
        context.warn(f"The new model has to be approved before its first use: {problem.message}")


def _device(name: str) -> str:
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name not in ("cpu", "cuda"):
        raise InputError(f'There is no device "{name}".', "Use auto, cpu or cuda.")
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("There is no CUDA device here.", "Use --device cpu.")
    return name


def _examples(
    recipe: recipes.Recipe, split: Split[Case], context: TaskContext
) -> tuple[Examples, loop.Validate | None]:
    """Return the training examples, and a function that measures a network on the validation cases, if any."""
    if recipe.prompts:
        from AutoLabelLib.worker.training import prompted

        return prompted.from_cases(split.train, recipe, context), None
    from AutoLabelLib.worker.training import dataset, validation

    examples = dataset.PatchExamples(dataset.load_volumes(split.train, recipe, context), recipe)
    if not split.validation:
        return examples, None
    volumes = dataset.load_volumes(split.validation, recipe, context)
    return examples, lambda network: validation.mean_dice(network, volumes, recipe)
