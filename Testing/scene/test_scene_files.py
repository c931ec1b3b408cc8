"""The .mrb file: opened again, everything is in its place; written badly, nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from AutoLabelLib.core.affine import AxisOrder
from AutoLabelLib.core.errors import FileError
from AutoLabelLib.core.labelmap import Labelmap
from Testing.slicer_scene import GRIDS, add_transform, add_volume, assert_same_segments, lopsided_labelmap, opened

pytestmark = pytest.mark.usefixtures("scene")


def write(path: Path, **options: Any) -> None:
    from AutoLabelLib.scene.scene_files import write_scene

    write_scene(path, **options)


@pytest.mark.parametrize("grid", ["anisotropic", "sheared"])
@pytest.mark.parametrize("transform", ["none", "linear", "thin plate", "grid"])
def test_opens_with_everything_in_place(slicer: Any, scene: Any, tmp_path: Path, transform: str, grid: str) -> None:
    from AutoLabelLib.scene.segmentations import labelmap_from_segmentation, show_labelmap
    from AutoLabelLib.scene.volumes import grid_of, image_from_volume

    volume_node, parent = add_volume(GRIDS[grid], name="CT chest"), add_transform(scene, transform)
    volume_node.SetAndObserveTransformNodeID(parent.GetID() if parent else None)
    volume_node.SetAttribute("DICOM.instanceUIDs", "1.2.3 1.2.4")
    image, labelmap = image_from_volume(volume_node), lopsided_labelmap(grid_of(volume_node).affine)
    tags = {"DICOM.SegmentAlgorithmType": "AUTOMATIC", "AutoLabel.Prompts": '{"points": [{"position": [1.5, -2, 3]}]}'}
    show_labelmap(labelmap, volume_node, "Organs", tags=tags)

    write(tmp_path / "case 1.mrb")
    again = opened(tmp_path / "case 1.mrb", tmp_path / "cache")

    node = again.GetFirstNodeByName("Organs")
    reference = node.GetNodeReference(slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole())
    assert reference.GetName() == "CT chest"
    assert reference.GetAttribute("DICOM.instanceUIDs") == "1.2.3 1.2.4"
    assert node.GetTransformNodeID() == reference.GetTransformNodeID()
    assert (node.GetParentTransformNode() is None) == (transform == "none")
    np.testing.assert_array_equal(image_from_volume(reference).array, image.array)
    assert image_from_volume(reference).same_grid(image)
    assert_same_segments(labelmap_from_segmentation(node, reference), labelmap)
    assert_same_segments(labelmap_from_segmentation(node), labelmap)
    for index in range(4):
        assert all(_tag(node.GetSegmentation().GetNthSegment(index), key) == value for key, value in tags.items())


def test_a_left_handed_volume_opens_with_its_slices_turned_over(scene: Any, tmp_path: Path) -> None:
    """Slicer makes volumes right-handed as it reads them; what was segmented stays in its place in the patient."""
    from AutoLabelLib.scene.segmentations import labelmap_from_segmentation, show_labelmap
    from AutoLabelLib.scene.volumes import image_from_volume

    volume_node = add_volume(GRIDS["left-handed"], name="CT chest")
    image, labelmap = image_from_volume(volume_node), lopsided_labelmap(GRIDS["left-handed"])
    show_labelmap(labelmap, volume_node, "Organs")

    write(tmp_path / "x.mrb")
    again = opened(tmp_path / "x.mrb", tmp_path / "cache")

    reference = again.GetFirstNodeByName("CT chest")
    read_image = image_from_volume(reference)
    turned = AxisOrder((0, 1, 2), (False, False, True))
    np.testing.assert_array_equal(read_image.array, turned.apply(image.array))
    np.testing.assert_allclose(read_image.affine, turned.apply_to_affine(image.affine, image.spatial_shape), atol=1e-4)
    found = labelmap_from_segmentation(again.GetFirstNodeByName("Organs"), reference)
    assert_same_segments(found, Labelmap(turned.apply(labelmap.array), read_image.affine, labelmap.segments))


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def _tag(segment: Any, key: str) -> str:
    import vtk

    text = vtk.reference("")
    segment.GetTag(key, text)
    return str(text)


def test_label_values_outlive_slicers_renumbering(tmp_path: Path) -> None:
    """Saving merges layers that do not overlap (any more) and renumbers their segments, even in the open scene."""
    from AutoLabelLib.scene.segment_update import update_segment
    from AutoLabelLib.scene.segmentations import labelmap_from_segmentation, show_labelmap

    volume_node = add_volume(np.eye(4))
    node = show_labelmap(lopsided_labelmap(np.eye(4)), volume_node)
    segmentation = node.GetSegmentation()
    far_corner = np.zeros((9, 7, 5), bool)
    far_corner[0, 6, 4] = True
    update_segment(node, segmentation.GetNthSegmentID(2), far_corner, volume_node)

    write(tmp_path / "x.mrb")

    assert segmentation.GetNumberOfLayers() == 1
    assert [segmentation.GetNthSegment(i).GetLabelValue() for i in range(4)] != [3, 7, 300, 9]
    assert [s.label_value for s in labelmap_from_segmentation(node).segments] == [3, 7, 300, 9]


def test_leaves_the_open_scene_and_the_folder_as_they_were(scene: Any, tmp_path: Path) -> None:
    add_volume(np.eye(4))
    url = scene.GetURL()

    write(tmp_path / "x.mrb", scene=scene)

    assert names_in(tmp_path) == ["x.mrb"]
    assert scene.GetURL() == url


def test_takes_the_place_of_an_older_file(tmp_path: Path) -> None:
    path = tmp_path / "x.mrb"
    path.write_bytes(b"older")
    add_volume(np.eye(4))

    write(path)

    assert path.read_bytes()[:2] == b"PK"


@pytest.mark.parametrize(
    ("name", "words"),
    [("x.nrrd", "ends? .* with|written to a"), ("nowhere/x.mrb", "does not exist"), (".mrb", "written to a")],
)
def test_paths_that_cannot_be_written_are_refused_first(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(FileError, match=words):
        write(tmp_path / name)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "x.mrb").mkdir()

    with pytest.raises(FileError, match="is a folder"):
        write(tmp_path / "x.mrb")


# A limit on the size of files does to a writer what a full disk does: the system takes no more bytes.
_ON_A_FULL_DISK = """
import resource, signal, sys
import numpy as np
from AutoLabelLib.core.errors import FileError
from AutoLabelLib.core.image import Image
from AutoLabelLib.scene.headless import headless_scene
from AutoLabelLib.scene.scene_files import write_scene
from AutoLabelLib.scene.volumes import volume_from_image
headless_scene()
noise = np.random.default_rng(0).integers(0, 30000, (1, 40, 40, 40), dtype=np.int16)
volume_from_image(Image(noise, np.eye(4)), "noise")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    write_scene(sys.argv[1])
except FileError as error:
    print(error.message)
else:
    print("written")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are POSIX")
@pytest.mark.parametrize("free_bytes", [4_000, 100_000])
def test_a_full_disk_loses_nothing(tmp_path: Path, free_bytes: int) -> None:
    path = tmp_path / "x.mrb"
    path.write_bytes(b"older")

    command = [sys.executable, "-c", _ON_A_FULL_DISK, str(path), str(free_bytes)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "could not be written" in said
    assert path.read_bytes() == b"older"
    assert names_in(tmp_path) == ["x.mrb"]


def test_half_an_archive_is_not_taken_for_a_whole_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class CutShort:
        def WriteToMRB(self, path: str, *_: Any) -> bool:  # noqa: N802
            Path(path).write_bytes(b"PK\x03\x04 and then nothing")
            return True

    with pytest.raises(FileError, match="could not be written"):
        write(tmp_path / "x.mrb", scene=CutShort())
    assert names_in(tmp_path) == []


def test_a_file_that_cannot_be_replaced_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    add_volume(np.eye(4))
    monkeypatch.setattr(Path, "replace", refuse)

    with pytest.raises(FileError, match="cannot be replaced"):
        write(tmp_path / "x.mrb")
    assert names_in(tmp_path) == []
