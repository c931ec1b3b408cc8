"""What made a segment, as the tags that a segmentation node or a .seg.nrrd file keeps for each segment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from AutoLabelLib.core.job import Result
from AutoLabelLib.core.model import ModelSpec

PREFIX = "AutoLabel."
_LONGEST_NAME = 64  # DICOM's value representation LO


def segment_tags(result: Result, spec: ModelSpec) -> dict[str, str]:
    """Return the tags of every segment of a result: DICOM's about the algorithm, and AutoLabel's own.

    The segments are AUTOMATIC, or SEMIAUTOMATIC if a person pointed at them. Whatever `Result.provenance`
    holds gets a tag of its own, but for absolute paths: the name of a folder can be the name of a patient.

    Args:
        result: Result of the job; its prompts are in the provenance as "prompts".
        spec: Model that made it.

    Source:
        DICOM PS3.3 C.8.20.2: Segment Algorithm Type and Name; a name is required unless the type is MANUAL.
    """
    tags = {
        "DICOM.SegmentAlgorithmType": "SEMIAUTOMATIC" if _has_prompts(result.provenance) else "AUTOMATIC",
        "DICOM.SegmentAlgorithmName": f"AutoLabel {spec.name} {spec.version}".strip()[:_LONGEST_NAME],
        f"{PREFIX}Model": spec.name,
        f"{PREFIX}ModelVersion": spec.version,
        f"{PREFIX}Job": result.job_id,
        f"{PREFIX}Date": datetime.now().astimezone().isoformat(timespec="seconds"),
        f"{PREFIX}Seconds": f"{sum(result.phase_seconds.values()):.3f}",
        f"{PREFIX}PhaseSeconds": json.dumps({name: round(time, 3) for name, time in result.phase_seconds.items()}),
        f"{PREFIX}Warnings": json.dumps(list(result.warnings), ensure_ascii=False),
    }
    model = result.provenance.get("model")
    if isinstance(model, Mapping) and model.get("sha256"):
        tags[f"{PREFIX}ModelSha256"] = str(model["sha256"])
    for key, value in result.provenance.items():
        kept = _without_paths(value)
        if kept is not None:
            tags.setdefault(PREFIX + _camel_case(key), kept if isinstance(kept, str) else json.dumps(kept))
    return {key: _storable(value) for key, value in tags.items()}


def _has_prompts(provenance: Mapping[str, Any]) -> bool:
    prompts = provenance.get("prompts") or {}
    return any(prompts.values()) if isinstance(prompts, Mapping) else bool(prompts)


def _without_paths(value: Any) -> Any:
    """Return a JSON value without the absolute paths in it; None if nothing is left."""
    if isinstance(value, str):
        absolute = PurePosixPath(value).is_absolute() or PureWindowsPath(value).is_absolute()
        return None if absolute else value
    if isinstance(value, Mapping):
        kept = {str(key): _without_paths(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner is not None}
    if isinstance(value, (list, tuple)):
        return [inner for inner in map(_without_paths, value) if inner is not None]
    return value


def _camel_case(key: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in key.split("_"))


def _storable(value: str) -> str:
    """Return a text that survives Slicer's files, which end a tag at a bar and a header line at a line break."""
    return " ".join(value.replace("|", "/").split())
