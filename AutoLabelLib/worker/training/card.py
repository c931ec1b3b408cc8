"""The model card of a bundle: written from its metadata, its training facts and what `autolabel evaluate` printed.

`python -m AutoLabelLib.worker.training.card BUNDLE "TITLE=REPORT.json" ...` stores the reports that
`autolabel evaluate --output REPORT.json` wrote in the bundle, and writes the card anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from AutoLabelLib.worker.training import classifier_card
from AutoLabelLib.worker.training.cases import Case
from AutoLabelLib.worker.training.labelled_cases import LabelledCase
from AutoLabelLib.worker.training.recipe import Recipe
from AutoLabelLib.worker.training.split import Split

EVALUATION = Path("docs") / "evaluation.json"
TRAINING = Path("docs") / "training.json"
_COLUMNS = {
    "dice": "Dice",
    "hd95_mm": "HD95 (mm)",
    "volume_error_ml": "volume error (ml)",
    "volume_error_percent": "volume error (%)",
}


def training_facts(recipe: Recipe, splits: Sequence[Split[Case]] | Sequence[Split[LabelledCase]]) -> dict[str, Any]:
    """Return what somebody needs who wants to train the same model again.

    Args:
        recipe: What was trained.
        splits: One, or one per fold of a cross-validation.
    """
    tested = [case.name for split in splits for case in split.test]
    return {
        "recipe": recipe.name,
        "training": asdict(recipe.training),
        "networks": [asdict(member.training) for member in recipe.networks],
        "holdout": recipe.holdout,
        "folds": len(splits) if len(splits) > 1 else 0,
        "train_cases": len(splits[0].train) if len(splits) == 1 else len(tested),
        "validation_cases": len(splits[0].validation),
        "test_cases": len(tested),
        "test_case_names": tested,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "card": recipe.card,
    }


def licence_text(recipe: Recipe) -> str:
    """Return the licence notice that lies beside the weights."""
    licence = str(recipe.card.get("licence", "not stated"))
    url = str(recipe.card.get("licence_url", ""))
    source = str(recipe.card.get("data_source", ""))
    return f"Weights and configuration of {recipe.name}: {licence}\n{url}\n\nTrained on: {source}\n"


def write(bundle: Path, reports: dict[str, Any] | None = None) -> Path:
    """Write docs/README.md and return its path.

    Args:
        bundle: A bundle with metadata and training facts.
        reports: By title, what `autolabel evaluate` printed as JSON; None: what the bundle holds from an earlier time.
    """
    if reports is not None:
        (bundle / EVALUATION).write_text(json.dumps(reports, indent=1) + "\n", encoding="utf-8")
    elif (bundle / EVALUATION).is_file():
        reports = json.loads((bundle / EVALUATION).read_text(encoding="utf-8"))
    facts = json.loads((bundle / TRAINING).read_text(encoding="utf-8"))
    metadata = json.loads((bundle / "configs" / "metadata.json").read_text(encoding="utf-8"))
    path = bundle / "docs" / "README.md"
    path.write_text(_text(metadata, facts, reports or {}), encoding="utf-8")
    return path


def _text(metadata: dict[str, Any], facts: dict[str, Any], reports: dict[str, Any]) -> str:
    words = facts["card"]
    own = metadata["autolabel"]
    is_classifier = own["task"] == "classification"
    segments = ", ".join(segment["name"] for segment in own.get("segments", ()))
    sections = [
        ("", f"# {metadata['name']} {metadata['version']}\n\n{metadata['description']}"),
        ("What it says", classifier_card.what_it_says(own)) if is_classifier else ("What it segments", f"{segments}."),
        ("Intended use", metadata["intended_use"]),
        ("Limits", _bullets(words.get("limits", []))),
        ("Corrections", words.get("corrections", "")),
        ("Data", metadata["data_source"]),
        ("Licence", f"{metadata['license']} {words.get('licence_url', '')}".strip()),
        (
            "Split and seed",
            f"{_sets(facts)} {words.get('split', '')} " + _how(facts),
        ),
        ("When it is in doubt", classifier_card.doubts(own) if is_classifier else ""),
        ("Figures", _figures(reports)),
        ("Commands", "```\n" + "\n".join(words.get("commands", [])) + "\n```"),
        ("References", _bullets(metadata.get("references", []))),
    ]
    parts = [f"## {title}\n\n{text}" if title else text for title, text in sections if text.strip()]
    return "\n\n".join(parts) + "\n"


def _sets(facts: dict[str, Any]) -> str:
    """Return how many cases trained and how many were held out, in words."""
    if facts.get("folds"):
        return (
            f"{facts['train_cases']} cases, dealt into {facts['folds']} folds: each network learned from the other "
            "folds and has never seen its own. The model is their mean; a case of this list is measured only by the "
            "network that has not seen it."
        )
    return (
        f"{facts['train_cases']} cases for training, {facts['validation_cases']} for validation, "
        f"{facts['test_cases']} held out and never seen."
    )


def _how(facts: dict[str, Any]) -> str:
    """Return seeds, epochs, and which weights were exported, in words."""
    networks = facts.get("networks") or [facts["training"]]
    seeds = "; ".join(f"seed {training['seed']}, {training['epochs']} epochs" for training in networks)
    is_best = networks[0]["select"] == "best"
    chosen = "where it was best on the validation cases" if is_best else "after the last epoch, without any selection"
    sentences = [
        f"The mean of {len(networks)} networks: {seeds}." if len(networks) > 1 else f"{seeds.capitalize()}.",
        f"Exported is the running average of the weights {chosen}.",
    ]
    if "torch" in facts:
        sentences.append(
            f"Trained with torch {facts['torch']} on {facts['threads']} thread(s); another processor or number of "
            "threads rounds differently, which changes the weights slightly."
        )
    return " ".join(sentences)


def _figures(reports: dict[str, Any]) -> str:
    if not reports:
        return "Not measured yet: run `autolabel evaluate` on cases that it has not seen."
    tables = [f"**{title}**\n\n{_table(report)}" for title, report in reports.items()]
    note = (
        "Printed by `autolabel evaluate`: means, or figures over all cases, in brackets their 95 % bootstrap intervals "
        "(groups drawn). Each case is in `evaluation.json`."
    )
    return "\n\n".join([note, *tables])


def _table(report: dict[str, Any]) -> str:
    """Return a report's summary as a Markdown table; a report of another form as it is."""
    if "figures" in report:
        return classifier_card.table(report)
    summary = report.get("summary")
    if not isinstance(summary, dict):
        return f"```json\n{json.dumps(report, indent=1)}\n```"
    shown = [key for key in _COLUMNS if all(key in figures for figures in summary.values())]
    lines = [
        "| segment | cases | " + " | ".join(_COLUMNS[key] for key in shown) + " |",
        "|---|---|" + "---|" * len(shown),
    ]
    for name, figures in summary.items():
        cells = [_interval(figures[key], 3 if key in ("dice", "volume_error_ml") else 2) for key in shown]
        lines.append(f"| {name} | {figures[shown[0]]['n'] if shown else ''} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _interval(figure: dict[str, Any], digits: int) -> str:
    values = [figure.get(name) for name in ("mean", "low", "high")]
    if any(value is None for value in values):
        return "–"
    mean, low, high = (f"{value:.{digits}f}" for value in values)
    return f"{mean} [{low}, {high}]"


def _bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def main(arguments: list[str]) -> None:
    """Write the card of the bundle that is named first, from the reports named after it."""
    bundle, *named = arguments
    reports = {}
    for entry in named:
        title, _, file = entry.rpartition("=")
        reports[title or Path(file).stem] = json.loads(Path(file).read_text(encoding="utf-8"))
    print(write(Path(bundle), reports or None))


if __name__ == "__main__":
    main(sys.argv[1:])
