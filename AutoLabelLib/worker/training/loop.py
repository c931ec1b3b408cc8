"""The training loop: examples in, averaged weights out; it can be stopped and continued at any epoch."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.optim.swa_utils import AveragedModel

from AutoLabelLib.core.errors import ModelError
from AutoLabelLib.worker.classification.networks import answers
from AutoLabelLib.worker.networks.weights import fill, widened
from AutoLabelLib.worker.training import checkpoint, corrections, curves, losses, network
from AutoLabelLib.worker.training.corrections import CorrectedBatches
from AutoLabelLib.worker.training.examples import Examples, ahead, batches, steps_per_epoch
from AutoLabelLib.worker.training.labelled_objects import LabelledExamples
from AutoLabelLib.worker.training.precision import Precision, choose_precision
from AutoLabelLib.worker.training.recipe import Recipe

if TYPE_CHECKING:
    from AutoLabelLib.worker.context import TaskContext

Validate = Callable[[torch.nn.Module], float]
_NOT_DECISIVE = ("card", "version", "inference", "members")  # entries that do not change how a network is trained
_LEFT_OUT_IF_EMPTY = ("classes", "attributes", "classification")  # so that older runs can be continued
_SKIPS_IN_A_ROW = 20  # so many steps without a finite gradient mean that the run is lost


@dataclass
class Run:
    """Everything that changes while a network is trained, and therefore everything that a checkpoint holds."""

    network: torch.nn.Module
    average: AveragedModel
    optimizer: torch.optim.Optimizer
    scheduler: torch.optim.lr_scheduler.LRScheduler
    precision: Precision
    epoch: int = 0  # epochs that are finished
    best_dice: float = -1.0
    best_weights: dict[str, torch.Tensor] | None = None
    skipped_in_a_row: int = 0  # only a guard: a resumed run starts to count anew

    def state(self, fingerprint: str) -> dict[str, Any]:
        """Return the run as plain data."""
        return {
            "fingerprint": fingerprint,
            "epoch": self.epoch,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "scaler": self.precision.scaler.state_dict(),
            "best_dice": self.best_dice,
            "best_weights": self.best_weights or {},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Put the run to where `state` found it."""
        self.epoch = int(state["epoch"])
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.precision.scaler.load_state_dict(state["scaler"])
        self.best_dice = float(state["best_dice"])
        self.best_weights = state["best_weights"] or None


def train(
    recipe: Recipe,
    examples: Examples | LabelledExamples,
    output: Path,
    context: TaskContext,
    *,
    validate: Validate | None = None,
    resume: bool = False,
    device: str = "cpu",
    case_names: Sequence[str] = (),
    initial: dict[str, torch.Tensor] | None = None,
) -> dict[str, torch.Tensor]:
    """Train a network and return the averaged weights that shall be exported.

    After each epoch a checkpoint and a line of curves.csv are written to the output folder. A job that is cancelled
    leaves both, and continues from there with `resume`.

    Args:
        recipe: What to train and how.
        examples: Training cases.
        output: Existing folder for checkpoint and curves.
        context: Progress, log and cancel.
        validate: Returns the mean Dice, or the AUC, of a network on the validation cases; None without such cases.
        resume: Continue from the checkpoint in the output folder.
        device: Such as "cpu" or "cuda".
        case_names: Of the training cases in order; a run is not continued with others.
        initial: Weights to start from; None: random ones, as the recipe's seed gives them.

    Raises:
        JobCancelled: If the user stopped the job.
        ModelError: If the gradients stay infinite.
        FileError: If the checkpoint cannot be read or written.
        InputError: If the checkpoint belongs to another recipe or other cases.
    """
    introduce = examples.introduce if isinstance(examples, LabelledExamples) else None
    run = start(recipe, len(examples), device, initial, introduce)
    print_of_run = fingerprint(recipe, len(examples), case_names)
    path = output / checkpoint.NAME
    if resume:
        state = checkpoint.load(path)
        checkpoint.check_same_run(state, print_of_run)
        run.restore(state)
        curves.keep_until(output, run.epoch)
        context.log(f"continuing after epoch {run.epoch}")
    else:
        (output / curves.NAME).unlink(missing_ok=True)
    if recipe.training.mixed_precision and not run.precision.enabled:
        context.log("training in float32: half precision is not safe or not offered here")
    total = recipe.training.epochs
    while run.epoch < total:
        started = time.monotonic()
        row = _train_epoch(run, recipe, examples, context, device)
        run.epoch += 1
        row[curves.MEASURES[recipe.task]] = _validate(run, recipe, validate)
        row |= {"epoch": run.epoch, "seconds": time.monotonic() - started}
        checkpoint.save(path, run.state(print_of_run))
        curves.append(output, row)
        context.log(f"epoch {run.epoch}/{total}: loss {row['loss']:.4f}, {row['seconds']:.1f} s")
    curves.draw(output)
    if recipe.training.select == "best" and run.best_weights:
        return run.best_weights
    return _cpu_weights(run.average.module)


def start(
    recipe: Recipe,
    case_count: int,
    device: str = "cpu",
    initial: dict[str, torch.Tensor] | None = None,
    introduce: Callable[[torch.nn.Module], None] | None = None,
) -> Run:
    """Return a run at epoch 0, with given initial weights or those that the recipe's seed gives.

    Args:
        recipe: What to train and how.
        case_count: Number of training cases.
        device: Such as "cpu" or "cuda".
        initial: Weights to start from; None: random ones.
        introduce: Tells a random network what it has to know of the cases before it sees them.
    """
    training = recipe.training
    torch.manual_seed(training.seed)
    model = network.build(recipe.network_def)
    if initial is not None:
        fill(model, widened(initial, model), recipe.name)
    elif introduce is not None:
        introduce(model)
    precision = choose_precision(recipe, model, device)
    model = model.to(device=device, memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    model.train()
    average = AveragedModel(model, multi_avg_fn=_moving_average(training.ema_decay), use_buffers=True)
    optimizer = torch.optim.AdamW(model.parameters(), training.learning_rate, weight_decay=training.weight_decay)
    steps = training.epochs * _steps_per_epoch(recipe, case_count)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, training.learning_rate, total_steps=steps, pct_start=0.1)
    return Run(model, average, optimizer, scheduler, precision)


def fingerprint(recipe: Recipe, case_count: int, case_names: Sequence[str] = ()) -> str:
    """Return a hash of what must not change between the parts of one run; texts of the card may."""
    decisive = {
        key: value
        for key, value in asdict(recipe).items()
        if key not in _NOT_DECISIVE and (value or key not in _LEFT_OUT_IF_EMPTY)
    }
    text = json.dumps([decisive, case_count, *case_names], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _train_epoch(
    run: Run, recipe: Recipe, examples: Examples | LabelledExamples, context: TaskContext, device: str
) -> dict[str, float | int | None]:
    """Show every case once; return the mean loss, the learning rate and the number of skipped steps."""
    training = recipe.training
    loss_of = examples.loss if isinstance(examples, LabelledExamples) else losses.segmentation_loss(training.loss)
    steps = _steps_per_epoch(recipe, len(examples))
    losses_seen: list[float] = []
    skipped = 0
    drawn = _batches(run, recipe, examples)
    for step, (shown, label) in enumerate(drawn):
        fraction = (run.epoch + step / steps) / training.epochs
        context.progress(fraction, f"epoch {run.epoch + 1} of {training.epochs}")
        with run.precision.autocast():
            if isinstance(shown, tuple):  # image and features; not every network reads both
                logits = answers(run.network, *(_on(device, part) for part in shown))
            else:
                logits = run.network(_on(device, shown))
            loss = loss_of(logits, label.to(device))
        if isinstance(drawn, CorrectedBatches):
            drawn.answered(logits)
        if run.precision.step(run.optimizer, run.network, loss, training.gradient_clip):
            run.scheduler.step()
            run.average.update_parameters(run.network)
            losses_seen.append(float(loss.detach()))
            run.skipped_in_a_row = 0
        else:
            skipped += 1
            run.skipped_in_a_row += 1
            _check_not_lost(run.skipped_in_a_row)
    mean_loss = sum(losses_seen) / len(losses_seen) if losses_seen else float("nan")
    return {"loss": mean_loss, "learning_rate": float(run.scheduler.get_last_lr()[0]), "skipped_steps": skipped}


def _on(device: str, part: torch.Tensor) -> torch.Tensor:
    if part.ndim < 5:
        return part.to(device)
    return part.to(device=device, memory_format=torch.channels_last_3d)


def _batches(
    run: Run, recipe: Recipe, examples: Examples | LabelledExamples
) -> Iterable[tuple[Any, torch.Tensor]] | CorrectedBatches:
    """Return the batches of the run's next epoch."""
    training = recipe.training
    if isinstance(examples, LabelledExamples):
        plain: Iterator[tuple[Any, torch.Tensor]] = examples.batches(training.batch_size, training.seed, run.epoch)
        return ahead(plain) if run.precision.device == "cuda" else plain
    wish = corrections.from_recipe(recipe)
    if wish is not None:
        return CorrectedBatches(examples, wish, training.batch_size, training.seed, run.epoch)
    plain = batches(examples, training.batch_size, training.seed, run.epoch)
    # On the CPU a second thread would only take the network's core.
    return ahead(plain) if run.precision.device == "cuda" else plain


def _steps_per_epoch(recipe: Recipe, case_count: int) -> int:
    wish, batch_size = corrections.from_recipe(recipe), recipe.training.batch_size
    if wish is not None:
        return corrections.steps_per_epoch(case_count, batch_size, wish.rounds)
    return steps_per_epoch(case_count, batch_size)


def _check_not_lost(skipped_in_a_row: int) -> None:
    if skipped_in_a_row >= _SKIPS_IN_A_ROW:
        raise ModelError(
            f"The training diverged: {skipped_in_a_row} steps in a row had no finite gradient.",
            "Lower learning_rate in the recipe, or set mixed_precision to false.",
        )


def _validate(run: Run, recipe: Recipe, validate: Validate | None) -> float | None:
    training = recipe.training
    is_due = run.epoch % training.validate_every == 0 or run.epoch == training.epochs
    if validate is None or not is_due:
        return None
    model = run.average.module
    model.eval()
    dice = validate(model)
    if dice > run.best_dice:
        run.best_dice, run.best_weights = dice, _cpu_weights(model)
    return dice


def _moving_average(decay: float) -> Callable[[Any, Any, Any], None]:
    """Return an exponential moving average that forgets the initial weights quickly, in AveragedModel's form."""

    @torch.no_grad()
    def update(averages: list[torch.Tensor], current: list[torch.Tensor], count: torch.Tensor) -> None:
        # A young average would be dominated by its random start, so the decay grows into its value.
        if not averages[0].is_floating_point():  # such as how many batches a norm has counted
            torch._foreach_copy_(averages, current)
            return
        seen = float(count)
        weight = 1.0 - min(decay, (1.0 + seen) / (10.0 + seen))
        torch._foreach_lerp_(averages, current, weight)

    return update


def _cpu_weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in model.state_dict().items()}
