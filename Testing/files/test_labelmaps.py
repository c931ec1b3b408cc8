from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from AutoLabelLib.core.errors import FileError, UnsupportedVolumeError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.terminology import ANATOMICAL_STRUCTURE, Code, SegmentCode
from AutoLabelLib.files.images import write_image
from AutoLabelLib.files.labelmaps import read_labelmap, sidecar, write_labelmap
from Testing.grids import make_affine

SHAPE = (6, 7, 8)
LIVER = SegmentCode(ANATOMICAL_STRUCTURE, Code("10200004", "SCT", "Liver"))
LEFT_KIDNEY = SegmentCode(ANATOMICAL_STRUCTURE, Code("64033007", "SCT", "Kidney"), Code("7771000", "SCT", "Left"))
SEGMENTS = (
    Segment("liver", 3, 0, LIVER, (0.87, 0.51, 0.4)),
    Segment("left kidney, größer", 7, 0, LEFT_KIDNEY, (0.2, 0.4, 0.6)),
    Segment("lesion", 3, 1, None, (1.0, 0.0, 0.5)),
    Segment("nothing", 9, 1, None, (0.0, 1.0, 0.0)),
)
GRIDS = {
    "anisotropic": make_affine("RAS", (0.7, 1.3, 4.0), origin_mm=(-31, 12.5, 80)),
    "oblique": make_affine("LPS", (0.7, 1.3, 4.0), (12, -9, 17), origin_mm=(-31, 12.5, 80)),
    "left-handed": make_affine("LAS", (0.7, 1.3, 4.0), (12, -9, 17), origin_mm=(-31, 12.5, 80)),
    "sheared": make_affine("RAS", (0.7, 1.3, 4.0), (12, -9, 17), (0.1, 0.2, -0.3)),
}


def overlapping(affine: np.ndarray) -> Labelmap:
    """Return two layers in which no flip or swap of axes goes unseen, and segments overlap."""
    array = np.zeros((2, *SHAPE), np.uint8)
    array[0, 1:3, 2:6, 3] = 3
    array[0, 4, 5:, 1:5] = 7
    array[1, 2:5, 3:6, 2:4] = 3
    return Labelmap(array, affine, SEGMENTS)


def flat(affine: np.ndarray) -> Labelmap:
    return Labelmap(overlapping(affine).array[:1], affine, SEGMENTS[:2])


@pytest.mark.parametrize("grid", GRIDS)
def test_seg_nrrd_reads_back_the_same(tmp_path: Path, grid: str) -> None:
    labelmap = overlapping(GRIDS[grid])
    write_labelmap(tmp_path / "out.seg.nrrd", labelmap, "AutoLabel test 1.0")
    back = read_labelmap(tmp_path / "out.seg.nrrd")
    assert np.array_equal(back.array, labelmap.array)
    assert back.segments == labelmap.segments
    assert back.same_grid(labelmap, tolerance_mm=1e-9)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
@pytest.mark.parametrize("grid", GRIDS)
def test_plain_label_files_keep_names_too(tmp_path: Path, grid: str, suffix: str) -> None:
    labelmap = flat(GRIDS[grid])
    path = tmp_path / f"out{suffix}"
    write_labelmap(path, labelmap, "AutoLabel test 1.0", tags={"AutoLabel.Model": "m"})
    back = read_labelmap(path)
    assert np.array_equal(back.array, labelmap.array)
    assert back.segments == labelmap.segments
    assert back.same_grid(labelmap)
    if suffix != ".nrrd":
        tags = json.loads(sidecar(path).read_text(encoding="utf-8"))["tags"]
        assert tags["DICOM.SegmentAlgorithmType"] == "AUTOMATIC"
        assert tags["AutoLabel.Model"] == "m"


def test_formats_that_cannot_hold_an_overlap_say_so(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"overlap.*\.seg\.nrrd"):
        write_labelmap(tmp_path / "out.nii.gz", overlapping(np.eye(4)))
    assert not list(tmp_path.iterdir())


def test_layers_without_overlap_become_one(tmp_path: Path) -> None:
    array = np.zeros((2, *SHAPE), np.uint8)
    array[0, 0, 0, 0], array[1, 5, 6, 7] = 3, 300 % 256
    labelmap = Labelmap(array, np.eye(4), (Segment("a", 3, 0), Segment("b", 44, 1)))
    write_labelmap(tmp_path / "out.nii", labelmap)
    back = read_labelmap(tmp_path / "out.nii")
    assert back.array.shape[0] == 1
    assert np.array_equal(back.array[0], array.max(axis=0))


def test_values_without_names_become_segments(tmp_path: Path) -> None:
    values = np.zeros((1, *SHAPE), np.float32)
    values[0, 1, 2, 3], values[0, 2, 2, 3] = 2, 1000
    write_image(tmp_path / "labels.nii.gz", Image(values, np.eye(4)))
    labelmap = read_labelmap(tmp_path / "labels.nii.gz")
    assert [(segment.name, segment.label_value) for segment in labelmap.segments] == [("2", 2), ("1000", 1000)]
    assert labelmap.array.dtype == np.uint16
    assert len({segment.color for segment in labelmap.segments}) == 2


def test_given_segments_name_the_values(tmp_path: Path) -> None:
    write_labelmap(tmp_path / "labels.nii.gz", flat(np.eye(4)))
    sidecar(tmp_path / "labels.nii.gz").unlink()
    wanted = (Segment("liver", 3), Segment("spleen", 300))
    labelmap = read_labelmap(tmp_path / "labels.nii.gz", wanted)
    assert labelmap.segments == wanted
    assert labelmap.mask(wanted[0]).sum() == 8
    assert labelmap.mask(wanted[1]).sum() == 0


@pytest.mark.parametrize("values", [[0.5], [-1.0], [np.nan], [2.0**33]])
def test_what_is_no_label_is_refused(tmp_path: Path, values: list[float]) -> None:
    array = np.zeros((1, *SHAPE), np.float64)
    array[0, 0, 0, : len(values)] = values
    write_image(tmp_path / "image.nrrd", Image(array, np.eye(4)))
    with pytest.raises(UnsupportedVolumeError, match="no labels"):
        read_labelmap(tmp_path / "image.nrrd")


def test_an_image_in_place_of_labels_is_refused(tmp_path: Path) -> None:
    values = np.arange(2000, dtype=np.int16).reshape(1, 20, 10, 10)
    write_image(tmp_path / "image.nii", Image(values, np.eye(4)))
    with pytest.raises(UnsupportedVolumeError, match="looks like an image"):
        read_labelmap(tmp_path / "image.nii")


def test_spoilt_descriptions_are_errors(tmp_path: Path) -> None:
    write_labelmap(tmp_path / "out.nii", flat(np.eye(4)))
    sidecar(tmp_path / "out.nii").write_text("[]", encoding="utf-8")
    with pytest.raises(FileError, match="names of segments"):
        read_labelmap(tmp_path / "out.nii")
    write_labelmap(tmp_path / "out.seg.nrrd", flat(np.eye(4)))
    content = (tmp_path / "out.seg.nrrd").read_bytes()
    (tmp_path / "out.seg.nrrd").write_bytes(content.replace(b"LabelValue:=3", b"LabelValue:=x"))
    with pytest.raises(FileError, match="described"):
        read_labelmap(tmp_path / "out.seg.nrrd")


def test_files_of_old_slicers_have_neither_values_nor_layers(tmp_path: Path) -> None:
    array = np.zeros((2, *SHAPE), np.uint8)
    array[0, 1:3, 2:6, 3] = array[1, 2:5, 3:6, 2:4] = 1
    labelmap = Labelmap(array, GRIDS["oblique"], (Segment("a", 1, 0), Segment("b", 1, 1)))
    path = tmp_path / "old.seg.nrrd"
    write_labelmap(path, labelmap)
    header, _, voxels = path.read_bytes().partition(b"\n\n")
    lines = [line for line in header.split(b"\n") if b"_Layer:" not in line and b"_LabelValue:" not in line]
    path.write_bytes(b"\n".join(lines) + b"\n\n" + voxels)
    back = read_labelmap(path)
    assert back.segments == labelmap.segments
    assert np.array_equal(back.array, labelmap.array)


def test_empty_result_is_written(tmp_path: Path) -> None:
    labelmap = Labelmap(np.zeros((1, *SHAPE), np.uint8), np.eye(4), SEGMENTS[:2])
    write_labelmap(tmp_path / "out.seg.nrrd", labelmap)
    back = read_labelmap(tmp_path / "out.seg.nrrd")
    assert back.segments == labelmap.segments
    assert not back.array.any()


def test_a_separator_inside_a_tag_does_not_break_the_others(tmp_path: Path) -> None:
    write_labelmap(tmp_path / "out.seg.nrrd", flat(np.eye(4)), tags={"Note": "a|b\nc:d", "Other": "x"})
    assert read_labelmap(tmp_path / "out.seg.nrrd").segments == SEGMENTS[:2]


def load_in_slicer(slicer, scene, path: Path):
    storage = slicer.vtkMRMLSegmentationStorageNode()
    scene.AddNode(storage)
    storage.SetFileName(str(path))
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    assert storage.ReadData(node) == 1
    return node


def save_in_slicer(slicer, scene, node, path: Path, crop: bool) -> None:
    storage = slicer.vtkMRMLSegmentationStorageNode()
    scene.AddNode(storage)
    storage.SetCropToMinimumExtent(crop)
    storage.SetFileName(str(path))
    assert storage.WriteData(node) == 1


def ras_positions(slicer, node, segment_id: str) -> set[tuple[float, ...]]:
    """Return the centres of a segment's voxels in RAS mm, as Slicer places them."""
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    segment = node.GetSegmentation().GetSegment(segment_id)
    image = segment.GetRepresentation("Binary labelmap")
    low = np.array(image.GetExtent()[::2])
    dimensions = image.GetDimensions()
    values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(dimensions, order="F")
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    affine = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    return rounded(np.argwhere(values == segment.GetLabelValue()) + low, affine)


def rounded(indices: np.ndarray, affine: np.ndarray) -> set[tuple[float, ...]]:
    positions = np.round(indices @ affine[:3, :3].T + affine[:3, 3], 3) + 0.0
    return {tuple(position) for position in positions.tolist()}


@pytest.mark.parametrize("grid", GRIDS)
def test_slicer_opens_it_with_everything_in_place(slicer, scene, tmp_path: Path, grid: str) -> None:
    labelmap = overlapping(GRIDS[grid])
    write_labelmap(tmp_path / "out.seg.nrrd", labelmap, "AutoLabel test 1.0", tags={"AutoLabel.Model": "test"})
    node = load_in_slicer(slicer, scene, tmp_path / "out.seg.nrrd")
    segmentation = node.GetSegmentation()
    assert segmentation.GetNumberOfSegments() == len(SEGMENTS)
    assert segmentation.GetNumberOfLayers() == 2
    for index, wanted in enumerate(SEGMENTS):
        segment = segmentation.GetNthSegment(index)
        segment_id = segmentation.GetNthSegmentID(index)
        assert segment.GetName() == wanted.name
        assert segment.GetColor() == pytest.approx(wanted.color, abs=1e-5)
        assert segment.GetLabelValue() == wanted.label_value
        assert segmentation.GetLayerIndex(segment_id) == wanted.layer
        expected = rounded(np.argwhere(labelmap.mask(wanted)), labelmap.affine)
        assert ras_positions(slicer, node, segment_id) == expected


def tag(slicer, segment, name: str) -> str:
    import vtk

    value = vtk.mutable("")
    return str(value) if segment.GetTag(name, value) else ""


def test_slicer_knows_what_the_segments_are_and_who_made_them(slicer, scene, tmp_path: Path) -> None:
    write_labelmap(tmp_path / "out.seg.nrrd", overlapping(GRIDS["oblique"]), "AutoLabel test 1.0", tags={"A.B": "c: d"})
    segmentation = load_in_slicer(slicer, scene, tmp_path / "out.seg.nrrd").GetSegmentation()
    kidney = segmentation.GetNthSegment(1)
    entry = slicer.vtkSlicerTerminologyEntry()
    terminologies = slicer.modules.terminologies.logic()
    assert terminologies.DeserializeTerminologyEntry(tag(slicer, kidney, "TerminologyEntry"), entry)
    assert entry.GetTypeObject().GetCodeValue() == "64033007"
    assert entry.GetTypeObject().GetCodingSchemeDesignator() == "SCT"
    assert entry.GetTypeObject().GetCodeMeaning() == "Kidney"
    assert entry.GetTypeModifierObject().GetCodeMeaning() == "Left"
    assert tag(slicer, kidney, "DICOM.SegmentAlgorithmType") == "AUTOMATIC"
    assert tag(slicer, kidney, "DICOM.SegmentAlgorithmName") == "AutoLabel test 1.0"
    assert tag(slicer, kidney, "A.B") == "c: d"


@pytest.mark.parametrize("crop", [False, True])
@pytest.mark.parametrize("grid", GRIDS)
def test_what_slicer_saves_comes_back_on_the_whole_grid(slicer, scene, tmp_path: Path, grid: str, crop: bool) -> None:
    labelmap = overlapping(GRIDS[grid])
    write_labelmap(tmp_path / "ours.seg.nrrd", labelmap)
    node = load_in_slicer(slicer, scene, tmp_path / "ours.seg.nrrd")
    save_in_slicer(slicer, scene, node, tmp_path / "slicers.seg.nrrd", crop)
    back = read_labelmap(tmp_path / "slicers.seg.nrrd")
    assert back.same_grid(labelmap)
    assert [segment.name for segment in back.segments] == [segment.name for segment in SEGMENTS]
    assert [segment.code for segment in back.segments] == [segment.code for segment in SEGMENTS]
    for found, wanted in zip(back.segments, SEGMENTS, strict=True):
        assert np.array_equal(back.mask(found), labelmap.mask(wanted))


def test_slicer_opens_the_nifti_in_the_right_place(slicer, scene, tmp_path: Path) -> None:
    labelmap = flat(GRIDS["oblique"])
    write_labelmap(tmp_path / "out.nii.gz", labelmap)
    node = load_in_slicer(slicer, scene, tmp_path / "out.nii.gz")
    segmentation = node.GetSegmentation()
    assert segmentation.GetNumberOfSegments() == 2
    found = ras_positions(slicer, node, segmentation.GetNthSegmentID(0))
    expected = rounded(np.argwhere(labelmap.mask(SEGMENTS[0])), labelmap.affine)
    assert np.allclose(sorted(found), sorted(expected), atol=2e-3)


def test_real_labels(test_data: Path) -> None:
    path = test_data / "ct" / "torso_ct_3mm_labels.nii.gz"
    labelmap = read_labelmap(path)
    values = np.unique(sitk.GetArrayFromImage(sitk.ReadImage(str(path))))
    assert [segment.label_value for segment in labelmap.segments] == [int(value) for value in values if value]
    assert np.allclose(labelmap.affine, nibabel.load(path).affine)
