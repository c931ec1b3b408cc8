"""The model card of a bundle: written from its metadata, its training facts and what `autolabel evaluate` printed.

`python -m AutoLabelLib.worker.training.card BUNDLE [EVALUATION.json]` stores the figures in the bundle and writes
the card anew.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from AutoLabelLib.worker.training.recipe import Recipe
from AutoLabelLib.worker.training.split import Split

EVALUATION = Path("docs") / "evaluation.json"
TRAINING = Path("docs") / "training.json"


def training_facts(recipe: Recipe, split: Split) -> dict[str, Any]:
    """Return what somebody needs who wants to train the same model again."""
    return {
        "recipe": recipe.name,
        "training": asdict(recipe.training),
        "holdout": recipe.holdout,
        "train_cases": len(split.train),
        "validation_cases": len(split.validation),
        "test_cases": len(split.test),
        "test_case_names": [case.name for case in split.test],
        "card": recipe.card,
    }


def licence_text(recipe: Recipe) -> str:
    """Return the licence notice that lies beside the weights."""
    licence = str(recipe.card.get("licence", "not stated"))
    url = str(recipe.card.get("licence_url", ""))
    source = str(recipe.card.get("data_source", ""))
    return f"Weights and configuration of {recipe.name}: {licence}\n{url}\n\nTrained on: {source}\n"


def write(bundle: Path, evaluation: dict[str, Any] | None = None) -> Path:
    """Write docs/README.md and return its path.

    Args:
        bundle: A bundle with metadata and training facts.
        evaluation: What `autolabel evaluate --json` printed; None: what the bundle holds from an earlier time.
    """
    if evaluation is not None:
        (bundle / EVALUATION).write_text(json.dumps(evaluation, indent=1) + "\n", encoding="utf-8")
    elif (bundle / EVALUATION).is_file():
        evaluation = json.loads((bundle / EVALUATION).read_text(encoding="utf-8"))
    facts = json.loads((bundle / TRAINING).read_text(encoding="utf-8"))
    metadata = json.loads((bundle / "configs" / "metadata.json").read_text(encoding="utf-8"))
    path = bundle / "docs" / "README.md"
    path.write_text(_text(metadata, facts, evaluation), encoding="utf-8")
    return path


def _text(metadata: dict[str, Any], facts: dict[str, Any], evaluation: dict[str, Any] | None) -> str:
    words, training = facts["card"], facts["training"]
    is_best = training["select"] == "best"
    segments = ", ".join(segment["name"] for segment in metadata["autolabel"]["segments"])
    sections = [
        ("", f"# {metadata['name']} {metadata['version']}\n\n{metadata['description']}"),
        ("What it segments", f"{segments}."),
        ("Intended use", metadata["intended_use"]),
        ("Limits", _bullets(words.get("limits", []))),
        ("Data", metadata["data_source"]),
        ("Licence", f"{metadata['license']} {words.get('licence_url', '')}".strip()),
        (
            "Split and seed",
            f"{facts['train_cases']} cases for training, {facts['validation_cases']} for validation, "
            f"{facts['test_cases']} held out and never seen. {words.get('split', '')} "
            f"Seed {training['seed']}; {training['epochs']} epochs. Exported is the running average of the weights "
            + (
                "where it was best on the validation cases."
                if is_best
                else "after the last epoch, without any selection."
            ),
        ),
        ("Figures", _figures(evaluation)),
        ("Commands", "```\n" + "\n".join(words.get("commands", [])) + "\n```"),
        ("References", _bullets(metadata.get("references", []))),
    ]
    parts = [f"## {title}\n\n{text}" if title else text for title, text in sections if text.strip()]
    return "\n\n".join(parts) + "\n"


def _figures(evaluation: dict[str, Any] | None) -> str:
    if not evaluation:
        return "Not measured yet: run `autolabel evaluate` on cases that it has not seen."
    return "Printed by `autolabel evaluate`:\n\n```json\n" + json.dumps(evaluation, indent=1) + "\n```"


def _bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


if __name__ == "__main__":
    figures = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")) if len(sys.argv) > 2 else None
    print(write(Path(sys.argv[1]), figures))
