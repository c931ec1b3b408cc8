"""MONAI bundles seen from outside: the contract in their metadata, and whether their files are the published ones.

Nothing of a bundle is executed here; only JSON is read.
Source: the layout and metadata schema of MONAI bundles (configs/metadata.json, configs/inference.json, models/).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

from AutoLabelLib.core import bundle_prompting
from AutoLabelLib.core.errors import ChecksumError, ModelError
from AutoLabelLib.core.labelmap import Color, Segment
from AutoLabelLib.core.model import Attribute, Channel, ModelSpec

Returned = TypeVar("Returned")

METADATA = Path("configs") / "metadata.json"
INFERENCE_CONFIGS = (Path("configs") / "inference.json", Path("configs") / "inference.yaml")
_PIECE_BYTES = 4 * 2**20
_NOT_HASHED = ("docs", "__pycache__")
_BACKGROUND = ("background", "everything else")
_GUIDANCE = "guidance"  # type of an input channel that is made from prompts, not from an image
# Distinct, readable over grey CT and MR, and told apart by colour-blind readers (Okabe and Ito 2008).
_PALETTE: tuple[Color, ...] = (
    (0.90, 0.62, 0.00),
    (0.34, 0.71, 0.91),
    (0.00, 0.62, 0.45),
    (0.94, 0.89, 0.26),
    (0.00, 0.45, 0.70),
    (0.84, 0.37, 0.00),
    (0.80, 0.47, 0.65),
)


def read_metadata(folder: Path) -> dict[str, Any]:
    """Return a bundle's metadata.

    Raises:
        ModelError: If there is none or it is not JSON.
    """
    path = folder / METADATA
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(
            f'"{folder.name}" is not a MONAI bundle: it has no {METADATA.as_posix()}.',
            "Choose the folder that holds configs and models.",
        ) from error
    except (OSError, ValueError) as error:
        raise ModelError(f'The metadata of the bundle "{folder.name}" cannot be read: {error}.') from error
    if not isinstance(metadata, dict):
        raise ModelError(f'The metadata of the bundle "{folder.name}" is not a JSON object.')
    return metadata


def inference_config(folder: Path) -> Path | None:
    """Return the config by which a bundle is run; None if it has none."""
    return next((folder / name for name in INFERENCE_CONFIGS if (folder / name).is_file()), None)


def read_spec(folder: Path | str) -> ModelSpec:
    """Return the contract that a bundle's metadata states.

    A bundle of this project says everything in the section "autolabel"; for a foreign one the rest of the
    metadata is read as well as it goes, since channel and class names there are often incomplete.

    Raises:
        ModelError: If the metadata is missing or cannot be understood.
    """
    folder = Path(folder)
    metadata = read_metadata(folder)
    try:
        return _spec(folder, metadata, metadata.get("autolabel", {}))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(
            f'The metadata of the bundle "{folder.name}" is incomplete ({type(error).__name__}: {error}).',
            "It needs network_data_format with inputs and outputs, as the MONAI bundle specification says.",
        ) from error


def _spec(folder: Path, metadata: dict[str, Any], own: dict[str, Any]) -> ModelSpec:
    formats = metadata["network_data_format"]
    image_format = formats["inputs"]["image"]
    prediction_format = formats.get("outputs", {}).get("pred", {})
    task = str(own.get("task") or _task(metadata))
    segments = _segments(prediction_format, own) if task == "segmentation" else ()
    config = inference_config(folder)
    prompting = "" if own or task != "segmentation" else bundle_prompting.prompting_of(config)
    channels = _channels(image_format, own)
    if prompting == bundle_prompting.DEEPEDIT and config is not None:
        labels = len(_output_names(prediction_format))
        channels = channels[: bundle_prompting.intensity_channels(config, len(channels), labels)]
    if prompting == bundle_prompting.VISTA3D:
        named = [segment for segment in segments if str(segment.label_value) in prediction_format["channel_def"]]
        segments = (bundle_prompting.any_structure(segments), *named)
    return ModelSpec(
        name=str(own.get("name", folder.name)),
        version=str(metadata.get("version", "")),
        task=task,
        channels=channels,
        segments=segments,
        classes=_classes(prediction_format, own) if task != "segmentation" else (),
        multi_label=bool(own.get("multi_label", False)),
        attributes=tuple(Attribute(**fields) for fields in own.get("attributes", ())),
        looks_at=str(own.get("looks_at", "volume")),
        segmenter=str(own.get("segmenter", "")),
        spacing_mm=_triple(own.get("spacing_mm"), float),
        patch_voxels=_triple(own.get("patch_voxels") or image_format.get("spatial_shape"), int),
        prompts=("point",) if prompting else tuple(own.get("prompts", ())),
        prompting=prompting,
        needs_prompt=bool(own.get("needs_prompt", False)),
        anatomy=str(own.get("anatomy", "")),
        description=str(own.get("description") or metadata.get("description", "")),
        licence=str(own.get("licence") or metadata.get("license", "")),
        source=str(metadata.get("data_source", "")),
        intended_use=str(metadata.get("intended_use", "")),
        method=str(own.get("method", "")),
        sha256=dict(own.get("sha256", {})),
        folder=folder,
    )


def _task(metadata: dict[str, Any]) -> str:
    words = str(metadata.get("task", "")).lower()
    for task in ("classification", "detection"):
        if task in words:
            return task
    return "segmentation"


def _channels(image_format: dict[str, Any], own: dict[str, Any]) -> tuple[Channel, ...]:
    if "channels" in own:
        return tuple(Channel(str(c["name"]), str(c.get("modality", "")), c.get("unit")) for c in own["channels"])
    # num_channels is what the network takes; channel_def contradicts it in many published bundles.
    modality = str(own.get("modality") or image_format.get("modality", ""))
    modality = {"MRI": "MR", "MR": "MR", "CT": "CT", "PET": "PT"}.get(modality.upper(), "")
    unit = "HU" if modality == "CT" else None
    names = image_format.get("channel_def", {})
    return tuple(
        Channel(str(names.get(str(index), f"channel {index}")), modality, unit)
        for index in range(int(image_format["num_channels"]))
        if str(names.get(str(index), "")) != _GUIDANCE
    )


def _segments(output_format: dict[str, Any], own: dict[str, Any]) -> tuple[Segment, ...]:
    if "segments" in own:
        return tuple(Segment.from_json(fields) for fields in own["segments"])
    names = _output_names(output_format)
    background = bool(names) and names[0].lower() in _BACKGROUND
    # Without a background channel every channel decides by itself: classes may overlap, so each has its own layer.
    return tuple(
        Segment(name, index + 1, layer=0 if background else index, color=_PALETTE[index % len(_PALETTE)])
        for index, name in enumerate(names[1:] if background else names)
    )


def _classes(output_format: dict[str, Any], own: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(name) for name in own.get("classes") or _output_names(output_format))


def _output_names(output_format: dict[str, Any]) -> list[str]:
    """Return a name per output channel: as many as num_channels or channel_def says, whichever is more."""
    given = {int(key): str(name) for key, name in (output_format.get("channel_def") or {}).items()}
    count = max([int(output_format.get("num_channels") or 0), *(key + 1 for key in given)])
    if count > 1 and 0 not in given:
        given[0] = _BACKGROUND[0]
    return [given.get(index, f"class {index}") for index in range(count)] if given else []


def _triple(values: Any, kind: type[Any]) -> Any:
    if not isinstance(values, list) or len(values) != 3 or not all(isinstance(v, (int, float)) for v in values):
        return None  # foreign bundles write things such as "*" or "2**p * n"
    return tuple(kind(value) for value in values)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def bundle_files(folder: Path) -> list[Path]:
    """Return the files of a bundle that may decide what it does, relative to it: all but its documents.

    Not only configs, models and scripts: a config may import a module from any folder of its bundle.
    """
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in files if not any(part in _NOT_HASHED for part in path.parts[:-1]))


def bundle_sha256(folder: Path) -> str:
    """Return one hash over names and contents of a bundle's files: the identity that a user approves."""
    return drained(hashing(folder))


def hashing(folder: Path) -> Generator[None, None, str]:
    """Do what `bundle_sha256` does piece by piece, so that a large model does not hold up a window."""
    digest = hashlib.sha256()
    for relative in bundle_files(folder):
        sha256 = yield from _hashing_file(folder / relative)
        digest.update(f"{relative.as_posix()}\0{sha256}\n".encode())
    return digest.hexdigest()


def drained(steps: Generator[Any, None, Returned]) -> Returned:
    """Return what a generator returns, all its steps taken at once."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            returned: Returned = end.value
            return returned


def _hashing_file(path: Path) -> Generator[None, None, str]:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE_BYTES):
            digest.update(piece)
            yield
    return digest.hexdigest()


def verify(spec: ModelSpec) -> None:
    """Raise ChecksumError if a file that the metadata names is missing or altered."""
    drained(verifying(spec))


def verifying(spec: ModelSpec) -> Generator[None, None, None]:
    """Do what `verify` does piece by piece, so that a large model does not hold up a window."""
    if spec.folder is None:
        return
    hint = "Install the model again."
    for relative, expected in spec.sha256.items():
        path = spec.folder / relative
        if not path.is_file():
            raise ChecksumError(f'The file {relative} of the model "{spec.name}" is missing.', hint)
        sha256 = yield from _hashing_file(path)
        if sha256 != expected:
            raise ChecksumError(f'The file {relative} of the model "{spec.name}" is not the published one.', hint)


def size_bytes(folder: Path) -> int:
    """Return how much room the files of a bundle take on the disk, its documents included."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def card(folder: Path) -> str:
    """Return the text of a bundle's model card (Markdown), which holds its measured figures; "" where there is none."""
    try:
        return (folder / "docs" / "README.md").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
