"""The features of a list of cases, kept so that a second look at them is fast.

What is kept lies in the user's folder, one file per case, named by a hash of the voxels, the settings and the code that
computes features: a change of any of them computes anew. It holds numbers only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core import locations
from AutoLabelLib.core.bundle import file_sha256
from AutoLabelLib.core.errors import FileError, InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.files.images import read_image
from AutoLabelLib.files.labelmaps import read_labelmap
from AutoLabelLib.files.tables import write_json
from AutoLabelLib.worker.classification import masks
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.features import extraction, of_image
from AutoLabelLib.worker.features.of_image import features_of
from AutoLabelLib.worker.features.settings import FeatureSettings
from AutoLabelLib.worker.training.labelled_cases import LabelledCase

_LIKE_AIR_HU = -500.0  # hardly any image without calibrated values goes below this, and a CT with air does


@dataclass(frozen=True, eq=False)
class CaseFeatures:
    """A table of features.

    Attributes:
        names: Of the features, F.
        table: (N, F), NaN where one is not defined.
        kept: Which of the given cases have a row, N indices.
        failed: Name and reason of each of the others.
    """

    names: tuple[str, ...]
    table: NDArray[np.float64]
    kept: tuple[int, ...]
    failed: tuple[tuple[str, str], ...]


def features_of_cases(
    cases: Sequence[LabelledCase], settings: FeatureSettings, context: TaskContext, share: float = 1.0
) -> CaseFeatures:
    """Return the features of all cases; one that cannot be used does not stop the others.

    Args:
        cases: Files.
        settings: Which features, and how.
        context: Told how far it is.
        share: Part of the job that this is.

    Raises:
        InputError: If no case can be used; it says why the first one cannot.
        JobCancelled: If the user stopped it.
    """
    names = extraction.names(settings)
    rows, kept, failed = [], [], []
    first: InputError | None = None
    for number, case in enumerate(cases):
        context.progress(share * number / len(cases), f"features of case {number + 1} of {len(cases)}")
        try:
            found = _features_of_case(case, settings)
            rows.append([found.get(name, np.nan) for name in names])
            kept.append(number)
        except InputError as problem:
            first = first or problem
            failed.append((case.name, str(problem)))
    if first is not None and not rows:
        raise first
    return CaseFeatures(names, np.array(rows, dtype=np.float64), tuple(kept), tuple(failed))


def suited_settings(case: LabelledCase, modality: str = "") -> FeatureSettings:
    """Return settings for images like that of a case: grey levels of 25 HU, or a number of them without such a unit.

    Args:
        case: One of them.
        modality: DICOM modality; "": files do not say it, so values like those of air decide.
    """
    image = read_image(case.images[0])
    is_ct = modality == "CT" or (not modality and float(image.array.min()) <= _LIKE_AIR_HU)
    return of_image.suited_settings(replace(image, modality="CT" if is_ct else "OT"))


def read_case(case: LabelledCase) -> tuple[Image, NDArray[np.bool_]]:
    """Return the image of a case and the mask (I, J, K) of what is judged: all of the image where the case has no mask.

    Raises:
        InputError: If a file cannot be read, or the mask is empty or lies elsewhere.
    """
    image = read_image(case.images[0])
    if case.mask is None:
        return image, np.ones(image.spatial_shape, dtype=bool)
    labelmap = read_labelmap(case.mask)
    segments = masks.chosen_segments(labelmap, [case.segment] if case.segment else None)
    mask = np.any([masks.on_image(labelmap, segment, image).mask for segment in segments], axis=0)
    if not mask.any():
        raise InputError(f'The mask of "{case.name}" is empty, or lies outside of its image.')
    return image, mask


def _features_of_case(case: LabelledCase, settings: FeatureSettings) -> dict[str, float]:
    path = _kept_at(case, settings)
    with suppress(OSError, ValueError, TypeError, AttributeError):  # never kept, or damaged: computed anew
        known = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): np.nan if value is None else float(value) for name, value in known.items()}
    found = features_of(*read_case(case), settings)
    with suppress(OSError, FileError):  # a full disk only makes the next time slower
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, found)
    return found


def _kept_at(case: LabelledCase, settings: FeatureSettings) -> Path:
    try:
        files = [file_sha256(file) for file in (case.images[0], case.mask) if file is not None]
    except OSError as problem:
        raise FileError(f'A file of the case "{case.name}" cannot be read: {problem.strerror}.') from problem
    identity = json.dumps([files, case.segment, asdict(settings), _code_sha256()], sort_keys=True)
    name = hashlib.sha256(identity.encode()).hexdigest()
    return locations.user_data() / "features" / name[:2] / f"{name}.json"


@cache
def _code_sha256() -> str:
    """Return a hash of the files that compute features."""
    folder = Path(extraction.__file__).parent
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.py")))).hexdigest()
