from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.finding import Finding
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.terminology import ANATOMICAL_STRUCTURE, Code, SegmentCode
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tasks import load_task
from Testing.grids import make_affine

AFFINE = make_affine("LPS", (1.0, 1.0, 2.0), (5, 10, 0))
KIDNEY = SegmentCode(ANATOMICAL_STRUCTURE, Code("64033007", "SCT", "Kidney"), Code("7771000", "SCT", "Left"))


def image(affine: Any = AFFINE, shape: tuple[int, int, int] = (12, 10, 8)) -> Image:
    return Image(np.arange(np.prod(shape), dtype=np.float32).reshape(1, *shape), affine, "MR")


def labelmap(affine: Any = AFFINE) -> Labelmap:
    array = np.zeros((2, 12, 10, 8), np.uint8)
    array[0, 2:9, 3:6, 2:5] = 1
    array[1, 4:6, 3:6, 2:5] = 1  # overlaps the first
    return Labelmap(array, affine, (Segment("Kidney", 1, 0, KIDNEY), Segment("None", 2, 0), Segment("Cyst", 1, 1)))


def run(*images: Image, labels: Labelmap | None = None, **options: Any) -> Result:
    labelmaps = (labels or labelmap(),)
    return load_task("measurement")(
        Job("measurement", images=images, labelmaps=labelmaps, options=options), TaskContext()
    )


def test_each_segment_becomes_a_finding() -> None:
    result = run(image())
    kidney, cyst = (Finding.from_json(fields) for fields in result.values["findings"])
    assert result.values["segments"] == [0, 2]
    assert (kidney.segment, kidney.structure, kidney.model, kidney.label) == ("Kidney", "Left Kidney", "", "")
    assert (cyst.segment, cyst.structure) == ("Cyst", "")
    assert kidney.measurements["volume_ml"] == pytest.approx(7 * 3 * 3 * 2 / 1000)
    assert kidney.created
    assert result.warnings == ("Not measured, because empty: None.",)


def test_a_segmentation_on_another_grid_is_brought_onto_the_image() -> None:
    shifted = AFFINE.copy()
    shifted[:3, 3] += AFFINE[:3, 0]
    result = run(image(), labels=labelmap(shifted))
    assert "another grid" in result.warnings[0]
    finding = Finding.from_json(result.values["findings"][0])
    np.testing.assert_allclose(finding.center_ras_mm, (shifted @ (5, 4, 3, 1))[:3], atol=1e-6)


def test_what_cannot_be_measured_is_said() -> None:
    empty = Labelmap(np.zeros((1, 12, 10, 8), np.uint8), AFFINE, (Segment("Tumour", 1),))
    with pytest.raises(InputError, match='segment "Tumour" is empty'):
        run(image(), labels=empty)
    with pytest.raises(InputError, match="one image"):
        run()
    with pytest.raises(InputError, match='no option "colour"'):
        run(image(), colour=1)
    with pytest.raises(InputError, match="solid must be"):
        run(image(), solid="yes")
    with pytest.raises(InputError, match="solid_above_hu"):
        run(image(), solid_above_hu=float("nan"))
