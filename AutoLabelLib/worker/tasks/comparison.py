"""The task "comparison": classifiers of features, ensembles, a network and one feature alone, on the same folds.

Options: those of `classifier_comparison.options.ComparisonOptions`; cases and output are needed.

Values of the result, all JSON: what `classifier_comparison.judgement` says, and
    files: Path of the page, the figures as JSON, the predictions as CSV, and each picture.
    exported: Folder of the bundle that was asked for; None without.
"""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import AutoLabelLib
from AutoLabelLib.core.errors import FileError
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.files.tables import write_csv, write_json
from AutoLabelLib.worker.classifier_comparison import options as choices
from AutoLabelLib.worker.classifier_comparison import pictures, report
from AutoLabelLib.worker.classifier_comparison.cross_validation import JudgeByNetwork, Judged, cross_validated
from AutoLabelLib.worker.classifier_comparison.judgement import judgement, prediction_rows
from AutoLabelLib.worker.classifier_comparison.options import ComparisonOptions
from AutoLabelLib.worker.classifier_comparison.study import Study, study_of
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tabular.folds import grouped_folds
from AutoLabelLib.worker.training.labelled_cases import read_labelled_cases

PAGE, FIGURES, PREDICTIONS = "comparison.html", "comparison.json", "predictions.csv"
_FEATURES_SHARE = 0.3  # of the job's progress; the first time, features take about as long as some folds


def run(job: Job, context: TaskContext) -> Result:
    """Compare classifiers on a list of labelled cases, and write the report.

    Raises:
        InputError: If an option, the list or a class is not usable.
        FileError: If something cannot be read or written.
        JobCancelled: If the user stopped it; features that were computed are kept.
    """
    options = choices.from_mapping(job.options)
    _check_output(options)
    if options.cnn:
        from AutoLabelLib.worker.classifier_comparison import network

        network.check(options)
    with context.phase("features"):
        study = study_of(read_labelled_cases(options.cases), options, context, _FEATURES_SHARE)
    _warn(study, context)
    folds = grouped_folds(study.truth, study.groups, options.folds, options.seed, study.classes)
    with context.phase("folds"):
        by_network = _by_network(study, options)
        judged = cross_validated(study, folds, options, context, by_network, _FEATURES_SHARE)
    if judged.uncalibrated:
        context.warn("A class has so few patients that probabilities could not be calibrated on inner folds.")
    with context.phase("figures"):
        values = judgement(study, judged, options)
    exported = _export(study, values, options, context)
    with context.phase("report"):
        provenance = _provenance()
        values |= {"exported": exported, "provenance": provenance}
        values["files"] = _write(study, judged, values, options.output)
    context.progress(1.0, "done")
    return Result(
        job.id,
        values=values,
        warnings=tuple(context.warnings),
        phase_seconds=dict(context.phase_seconds),
        provenance=provenance,
    )


def _check_output(options: ComparisonOptions) -> None:
    try:
        options.output.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise FileError(f'The output folder "{options.output}" cannot be made: {problem.strerror}.') from problem
    if not options.overwrite and (options.output / PAGE).exists():
        raise FileError(
            f'The folder "{options.output}" already holds a comparison.',
            "Choose another one, or allow it to be overwritten.",
        )


def _warn(study: Study, context: TaskContext) -> None:
    if study.failed:  # their names stay out of the log
        context.warn(f"{len(study.failed)} case(s) cannot be used and do not count.")
    if study.unlabelled:
        context.warn(f"{study.unlabelled} case(s) of the list have no label and do not count.")


def _by_network(study: Study, options: ComparisonOptions) -> JudgeByNetwork | None:
    if not options.cnn:
        return None
    from AutoLabelLib.worker.classifier_comparison import network

    return network.judge_by_network(study, options)


def _export(study: Study, values: dict[str, Any], options: ComparisonOptions, context: TaskContext) -> str | None:
    """Fit the wanted classifier to all cases and write it as a bundle; return the bundle's folder."""
    if not options.export:
        return None
    from AutoLabelLib.worker.classifier_comparison.best_model import export_model

    with context.phase("export"):
        return str(export_model(study, values, options, context))


def _provenance() -> dict[str, Any]:
    import sklearn

    return {
        "versions": {
            "autolabel": AutoLabelLib.__version__,
            "python": platform.python_version(),
            "scikit_learn": sklearn.__version__,
        }
    }


def _write(study: Study, judged: Judged, values: dict[str, Any], output: Path) -> dict[str, str]:
    drawn = pictures.draw(values, output)
    files = {"page": PAGE, "figures": FIGURES, "predictions": PREDICTIONS}
    files |= {name: path.name for name, path in drawn.items()}
    paths = {name: str(output / file) for name, file in files.items()}
    write_csv(output / PREDICTIONS, prediction_rows(study, judged))
    write_json(output / FIGURES, {**values, "files": files})
    report.write(output / PAGE, values, drawn)
    return paths
