"""The task "evaluation": Dice, HD95 (mm) and volume error (ml) of predictions against references.

Compared are the job's labelmaps, two by two (prediction, reference), or the files of a case list. With a model, each
case is segmented first, in this process; a model for classification is judged by classes instead, see
`AutoLabelLib.worker.classification.evaluation`.

Options:
    cases: Path of a case list, or its entries; see `judged_cases`.
    split: Only "train", "validation" or "test" cases: as the list says, else by the rule the model was trained with.
    resample: Bring a prediction on another grid onto the reference's (default false: such a case is an error).
    simulate_click: Where a model that needs a click gets it, drawn from the reference: "middle" (default), "inside" at
        random, or "off_edge", up to 5 mm beside it.
    seed: Of simulated clicks and bootstrap draws (default 0).
    device, engine, overlap, mirror: Passed on to the task "segmentation".

Values of the result, all JSON:
    cases: One row per case and segment.
    summary: Per segment and figure the mean over cases with its 95 % bootstrap interval over groups (patients).
    failed: Cases without figures, each with the reason.
    settings: What decided the figures: number of cases and groups, split, seed, kind of click and interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from AutoLabelLib.core.bundle import read_spec
from AutoLabelLib.core.errors import ContractError, InputError
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.evaluation.comparison import Compared, compare
from AutoLabelLib.worker.evaluation.judged_cases import JudgedCase, judged_cases
from AutoLabelLib.worker.evaluation.predictor import CLICKS, Predictor
from AutoLabelLib.worker.evaluation.statistics import mean_interval

FIGURES = ("dice", "hd95_mm", "volume_error_ml", "volume_error_percent")
_OWN_OPTIONS = {"cases", "split", "resample", "simulate_click", "seed"}
_SEGMENTATION_OPTIONS = {"device", "engine", "overlap", "mirror"}
_UnusableCase = InputError | ContractError  # a case's own fault; any other error would meet the next case, too


@dataclass
class _Findings:
    """What has been measured so far, case by case, and what could not be."""

    measured: list[tuple[JudgedCase, Compared]] = field(default_factory=list)
    failed: list[tuple[JudgedCase, _UnusableCase]] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)
    by_value: bool = False


def run(job: Job, context: TaskContext) -> Result:
    """Compare all cases; one that cannot be used is reported and does not stop the others.

    Raises:
        InputError: If an option or the list is not usable, or no case is.
        ModelError: If the model cannot be used.
    """
    if job.model_folder and read_spec(Path(job.model_folder)).task == "classification":
        from AutoLabelLib.worker.classification import evaluation

        return evaluation.run(job, context)
    _check(job.options)
    cases = judged_cases(job, str(job.options.get("split") or ""))
    predictor = _predictor(job)
    findings = _Findings()
    for number, case in enumerate(cases):
        part = _part(context, number, len(cases))
        try:
            _judge(case, predictor, bool(job.options.get("resample", False)), part, findings)
        except (InputError, ContractError) as problem:
            findings.failed.append((case, problem))
        _add_up(part, context)
    if not findings.measured and findings.failed:
        raise findings.failed[0][1]
    with context.phase("bootstrap"):
        values = {**_values(findings, _seed(job)), "settings": _settings(job, predictor, cases)}
    _warn(findings, len(cases), context)
    context.progress(1.0, "done")
    return Result(
        job.id,
        values=values,
        warnings=tuple(context.warnings),
        phase_seconds=dict(context.phase_seconds),
        provenance=dict(predictor.provenance) if predictor else {},
    )


def _check(options: Mapping[str, Any]) -> None:
    unknown = sorted(set(options) - _OWN_OPTIONS - _SEGMENTATION_OPTIONS)
    if unknown:
        raise InputError(f"Evaluation has no option {', '.join(unknown)}.")
    click = options.get("simulate_click", CLICKS[0])
    if click not in CLICKS:
        raise InputError(f'Clicks cannot be simulated as "{click}".', f"Use one of: {', '.join(CLICKS)}.")


def _seed(job: Job) -> int:
    return int(job.options.get("seed", 0))


def _predictor(job: Job) -> Predictor | None:
    if not job.model_folder:
        return None
    passed_on = {name: value for name, value in job.options.items() if name in _SEGMENTATION_OPTIONS}
    return Predictor(job.model_folder, str(job.options.get("simulate_click", CLICKS[0])), _seed(job), passed_on)


def _part(context: TaskContext, number: int, count: int) -> TaskContext:
    """Return the context of one case, whose progress is a part of the whole; a stopped job ends in it, too."""
    where = f"case {number + 1} of {count}"
    context.progress(number / count, where)

    def is_cancelled() -> bool:
        context.check_cancelled()
        return False

    return TaskContext(
        lambda progress: context.progress((number + progress.fraction) / count, f"{where}: {progress.message}"),
        is_cancelled,
        context.log,
    )


def _add_up(part: TaskContext, context: TaskContext) -> None:
    for name, seconds in part.phase_seconds.items():
        context.phase_seconds[name] = context.phase_seconds.get(name, 0.0) + seconds
    context.warnings += [warning for warning in part.warnings if warning not in context.warnings]


def _judge(
    case: JudgedCase, predictor: Predictor | None, resample: bool, context: TaskContext, findings: _Findings
) -> None:
    with context.phase("read"):
        reference = _read(case.reference)
    if predictor is not None:
        prediction = predictor.predict(case, reference, context)
    else:
        assert case.prediction is not None  # `judged_cases` demands it where there is no model
        with context.phase("read"):
            prediction = _read(case.prediction)
    with context.phase("compare"):
        compared, pairing = compare(prediction, reference, resample)
    findings.measured += [(case, row) for row in compared]
    findings.left_out.update(pairing.left_out)
    findings.by_value |= pairing.by_value


def _read(labelmap: Labelmap | Path) -> Labelmap:
    if isinstance(labelmap, Labelmap):
        return labelmap
    from AutoLabelLib.files.labelmaps import read_labelmap

    return read_labelmap(labelmap)


def _values(findings: _Findings, seed: int) -> dict[str, Any]:
    # A segment that no reference ever held says nothing about the prediction.
    known = {row.segment for _, row in findings.measured if row.in_reference}
    findings.left_out.update({row.segment for _, row in findings.measured} - known)
    rows = [_table_row(case, row) for case, row in findings.measured if row.segment in known]
    return {
        "cases": rows,
        "summary": {
            name: _summary([row for row in rows if row["segment"] == name], seed)
            for name in dict.fromkeys(row["segment"] for row in rows)
        },
        "failed": [{"case": case.name, "error": str(problem)} for case, problem in findings.failed],
    }


def _table_row(case: JudgedCase, row: Compared) -> dict[str, Any]:
    figures = row.agreement
    return {
        "case": case.name,
        "group": case.group,
        "segment": row.segment,
        "dice": figures.dice,
        "hd95_mm": figures.hd95_mm,
        "volume_ml": figures.volume_ml,
        "reference_volume_ml": figures.reference_volume_ml,
        "volume_error_ml": figures.volume_error_ml,
        "volume_error_percent": figures.volume_error_percent,
    }


def _summary(rows: list[dict[str, Any]], seed: int) -> dict[str, dict[str, float | int | None]]:
    groups = [row["group"] for row in rows]
    return {figure: mean_interval([row[figure] for row in rows], groups, seed=seed).to_json() for figure in FIGURES}


def _warn(findings: _Findings, count: int, context: TaskContext) -> None:
    if findings.by_value:
        context.warn("Prediction and reference have no segment name in common, so their label values decided.")
    if findings.left_out:
        names = ", ".join(sorted(findings.left_out))
        context.warn(f"Left out, because only the prediction or only the reference has them: {names}.")
    if findings.failed:
        context.warn(f"{len(findings.failed)} of {count} cases could not be evaluated and do not count.")


def _settings(job: Job, predictor: Predictor | None, cases: list[JudgedCase]) -> dict[str, Any]:
    return {
        "cases": len(cases),
        "groups": len({case.group for case in cases}),
        "split": str(job.options.get("split") or "all"),
        "seed": _seed(job),
        "interval": "95 %, BCa bootstrap over groups",
        **({"simulate_click": predictor.click} if predictor and predictor.needs_click else {}),
    }
