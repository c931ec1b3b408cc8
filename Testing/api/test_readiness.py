"""Whether a volume can be segmented, said at once."""

from __future__ import annotations

from typing import Any

import pytest

from AutoLabelLib.core.errors import ContractError, InputError, UnsupportedVolumeError
from AutoLabelLib.core.model import Channel, ModelSpec
from Testing.slicer_scene import GRIDS, add_transform, add_volume

SPEC = ModelSpec("brain_mr", "1", "segmentation", (Channel("image", "MR"),))


def volume(modality: str = "MR") -> Any:
    node = add_volume(GRIDS["oblique"], name="Head")
    node.SetAttribute("DICOM.Modality", modality)
    return node


def test_a_volume_that_fits_gives_no_remark(scene: Any) -> None:
    from AutoLabelLib.api.readiness import check_segment

    assert check_segment(volume(), SPEC) == ()
    assert check_segment(volume(), SPEC, segmentation=scene.AddNewNodeByClass("vtkMRMLSegmentationNode")) == ()


def test_what_the_user_should_know_is_said(scene: Any) -> None:
    from AutoLabelLib.api.readiness import check_segment

    node = add_volume(GRIDS["oblique"], name="Head")
    node.SetAndObserveTransformNodeID(add_transform(scene, "thin plate").GetID())
    remarks = check_segment(node, SPEC)
    assert any("non-linear" in remark for remark in remarks)
    assert any("does not say its modality" in remark for remark in remarks)


@pytest.mark.parametrize(
    ("spec", "modality", "said"),
    [
        (SPEC, "CT", "made for MR, but the volume is CT"),
        (ModelSpec("b", "1", "classification", (Channel("image", "MR"),)), "MR", "not for segmentation"),
        (ModelSpec("b", "1", "segmentation", (Channel("image", "MR"),), needs_prompt=True), "MR", "needs a click"),
        (ModelSpec("b", "1", "segmentation", (Channel("a"), Channel("b"))), "MR", "takes 2 channel"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(scene: Any, spec: ModelSpec, modality: str, said: str) -> None:
    from AutoLabelLib.api.readiness import check_segment

    with pytest.raises(ContractError, match=said):
        check_segment(volume(modality), spec)


def test_nodes_that_cannot_be_used_are_refused(scene: Any) -> None:
    from AutoLabelLib.api.readiness import check_segment

    with pytest.raises(UnsupportedVolumeError):
        check_segment(scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode"), SPEC)
    with pytest.raises(InputError, match="has no size"):
        check_segment(volume(), SPEC, roi=scene.AddNewNodeByClass("vtkMRMLMarkupsROINode"))
    surfaces = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    surfaces.GetSegmentation().SetSourceRepresentationName("Closed surface")
    with pytest.raises(InputError, match="as surfaces"):
        check_segment(volume(), SPEC, segmentation=surfaces)
