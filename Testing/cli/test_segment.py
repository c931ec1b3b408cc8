from __future__ import annotations

import json
import os
import signal
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from AutoLabelLib.cli.main import main
from AutoLabelLib.core import catalogue
from AutoLabelLib.core.affine import index_from_ras, ras_from_index
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap
from AutoLabelLib.files.images import read_image, write_image
from AutoLabelLib.files.labelmaps import read_labelmap
from Testing.grids import lopsided

from .conftest import AFFINE, SHAPE, Twin


def command(image_path: Path, bundle: Path, output: Path, *more: str) -> list[str]:
    return ["segment", str(image_path), "--model", str(bundle), "--output", str(output), "--modality", "MR", *more]


def assert_bright(labelmap: Labelmap, image_path: Path) -> None:
    image = read_image(image_path)
    assert labelmap.same_grid(image)
    assert np.array_equal(labelmap.mask(labelmap.segment("Bright")), image.array[0] > 50)
    assert not labelmap.mask(labelmap.segment("None")).any()


@pytest.mark.parametrize("suffix", [".seg.nrrd", ".nii.gz", ".nrrd", ".mha"])
def test_segments_are_written_on_the_images_grid(
    twin: Twin, image_path: Path, bundle: Path, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / f"out{suffix}"
    assert main(command(image_path, bundle, output)) == 0
    assert_bright(read_labelmap(output), image_path)
    captured = capsys.readouterr()
    assert "Bright" in captured.out
    assert f"Wrote {output}" in captured.out
    assert captured.err == "warning: Brightness is not anatomy.\n"
    assert twin.jobs[0].options["device"] == "auto"


def test_the_output_says_who_made_it(twin: Twin, image_path: Path, bundle: Path, tmp_path: Path) -> None:
    where = ",".join(f"{value:.4f}" for value in ras_from_index(AFFINE, (1, 2, 3)))
    assert main(command(image_path, bundle, tmp_path / "a.seg.nrrd")) == 0
    assert main(command(image_path, bundle, tmp_path / "b.seg.nrrd", "--point", where)) == 0
    assert b"SegmentAlgorithmType:AUTOMATIC|" in (tmp_path / "a.seg.nrrd").read_bytes()
    assert b"SegmentAlgorithmName:AutoLabel bright 1.2.0|" in (tmp_path / "a.seg.nrrd").read_bytes()
    assert b"SegmentAlgorithmType:SEMIAUTOMATIC|" in (tmp_path / "b.seg.nrrd").read_bytes()


def test_prompts_reach_the_model(twin: Twin, image_path: Path, bundle: Path, tmp_path: Path) -> None:
    inside = [ras_from_index(AFFINE, index) for index in ((1, 2, 3), (0, 0, 0), (3, 4, 5))]
    first, second, third = (",".join(f"{value:.4f}" for value in position) for position in inside)
    prompts = ("--point", first, "--negative-point", second, "--box", f"{first},{third}")
    assert main(command(image_path, bundle, tmp_path / "out.nii", *prompts)) == 0
    given = twin.jobs[0].prompts
    assert np.allclose(given.points[0].position_ras_mm, inside[0], atol=1e-3)
    assert [point.positive for point in given.points] == [True, False]
    assert np.allclose(given.boxes[0].low_ras_mm, np.minimum(inside[0], inside[2]), atol=1e-3)


def test_a_scene_opens_with_everything_in_place(
    twin: Twin, image_path: Path, bundle: Path, tmp_path: Path, slicer, scene
) -> None:
    from AutoLabelLib.scene.headless import headless_scene
    from AutoLabelLib.scene.segmentations import labelmap_from_segmentation
    from AutoLabelLib.scene.volumes import image_from_volume

    assert main(command(image_path, bundle, tmp_path / "out.mrb")) == 0
    opened, remote_io = headless_scene(fresh=True), slicer.vtkMRMLRemoteIOLogic()
    remote_io.GetCacheManager().SetRemoteCacheDirectory(str(tmp_path))
    remote_io.SetMRMLScene(opened)
    remote_io.AddDataIOToScene()
    assert opened.ReadFromMRB(str(tmp_path / "out.mrb"), True)
    volume_node = opened.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")
    segmentation_node = opened.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    assert volume_node.GetName() == "brain"
    assert volume_node.GetAttribute("DICOM.Modality") == "MR"
    composite = opened.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    assert composite.GetBackgroundVolumeID() == volume_node.GetID()
    assert segmentation_node.GetSegmentation().ContainsRepresentation("Closed surface")
    assert opened.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 1
    image = image_from_volume(volume_node)
    labelmap = labelmap_from_segmentation(segmentation_node, volume_node)
    assert np.array_equal(labelmap.mask(labelmap.segment("Bright")), image.array[0] > 50)
    for index in ((0, 0, 0), (3, 0, 1), (1, 4, 5)):  # Slicer turns left-handed volumes: compare places, not indices
        back = np.rint(np.linalg.inv(image.affine) @ [*ras_from_index(AFFINE, index), 1]).astype(int)[:3]
        assert image.array[(0, *back)] == lopsided(SHAPE)[index]


def test_json_for_machines(
    twin: Twin, image_path: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(image_path, bundle, tmp_path / "out.nii", "--json")) == 0
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert captured.err == ""
    voxel_ml = 0.7 * 1.3 * 4.0 / 1000
    assert told["segments"][0]["volume_ml"] == pytest.approx((lopsided(SHAPE) > 50).sum() * voxel_ml)
    assert told["segments"][1] == {"name": "None", "label_value": 7, "volume_ml": 0.0}
    assert told["warnings"] == ["Brightness is not anatomy."]
    assert told["provenance"]["device"] == "auto"


def test_several_inputs_are_channels(
    twin: Twin, image_path: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = command(image_path, bundle, tmp_path / "out.nii")
    words.insert(1, str(image_path))
    assert main(words) == 1
    assert "takes 1 channel(s) (MR), but the image has 2" in capsys.readouterr().err


def test_one_time_point_of_a_4d_file(twin: Twin, bundle: Path, tmp_path: Path) -> None:
    import nibabel

    four = np.stack([lopsided(SHAPE), lopsided(SHAPE)[::-1]], axis=-1).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(four, AFFINE), tmp_path / "four.nii")
    assert main(command(tmp_path / "four.nii", bundle, tmp_path / "out.nii")) == 1
    assert main(command(tmp_path / "four.nii", bundle, tmp_path / "out.nii", "--time-point", "1")) == 0
    assert np.array_equal(twin.jobs[0].images[0].array[0], lopsided(SHAPE)[::-1])


def test_only_a_region_is_segmented(twin: Twin, image_path: Path, bundle: Path, tmp_path: Path) -> None:
    output, middle = tmp_path / "out.seg.nrrd", ras_from_index(AFFINE, (2.5, 2.5, 2.5))
    corners = ",".join(f"{value:.4f}" for value in (*(middle - 0.6), *(middle + 0.6)))
    assert main(command(image_path, bundle, output, "--roi", corners)) == 0
    image, labelmap, sent = read_image(image_path), read_labelmap(output), twin.jobs[0].images[0]
    start = np.round(index_from_ras(AFFINE, sent.affine[:3, 3])).astype(int)
    part = tuple(slice(low, low + size) for low, size in zip(start, sent.spatial_shape, strict=True))
    expected = np.zeros_like(image.array[0], dtype=bool)
    expected[part] = image.array[0][part] > 50
    assert np.prod(sent.spatial_shape) < image.array.size
    assert labelmap.same_grid(image)
    assert np.array_equal(labelmap.mask(labelmap.segment("Bright")), expected)
    assert b"AutoLabel.Region:" in output.read_bytes()


def test_an_existing_output_is_kept(
    twin: Twin, image_path: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.seg.nrrd"
    output.write_text("mine")
    assert main(command(image_path, bundle, output)) == 1
    assert "exists already" in capsys.readouterr().err
    assert output.read_text() == "mine"
    assert not twin.jobs
    assert main(command(image_path, bundle, output, "--overwrite")) == 0
    assert_bright(read_labelmap(output), image_path)


@pytest.mark.parametrize("output", ["missing/out.nii", "out.png", "out"])
def test_an_impossible_output_is_refused_before_computing(
    twin: Twin, image_path: Path, bundle: Path, tmp_path: Path, output: str
) -> None:
    assert main(command(image_path, bundle, tmp_path / output)) == 1
    assert not twin.jobs


def test_bad_inputs_are_errors_and_leave_nothing(
    twin: Twin, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = lopsided(SHAPE).astype(np.float32)[None]
    nan = values.copy()
    nan[0, 1, 2, 3] = np.nan
    write_image(tmp_path / "nan.nii", Image(nan, AFFINE))
    write_image(tmp_path / "slice.nii", Image(values[:, :, :, :1], AFFINE))
    write_image(tmp_path / "whole.nii.gz", Image(values, AFFINE))
    (tmp_path / "cut.nii.gz").write_bytes((tmp_path / "whole.nii.gz").read_bytes()[:200])
    (tmp_path / "empty").mkdir()
    problems = {
        "nan.nii": "NaN",
        "slice.nii": "one slice",
        "cut.nii.gz": "cut off",
        "missing.nii": "no file",
        "empty": "no DICOM",
    }
    for name, text in problems.items():
        assert main(command(tmp_path / name, bundle, tmp_path / "out.nii")) == 1
        assert text in capsys.readouterr().err
    assert main(command(tmp_path / "whole.nii.gz", bundle, tmp_path / "out.nii", "--point", "900,0,0")) == 1
    assert "outside" in capsys.readouterr().err
    assert main([*command(tmp_path / "whole.nii.gz", bundle, tmp_path / "out.nii")[:-1], "CT"]) == 1
    assert "made for MR, but the volume is CT" in capsys.readouterr().err
    assert not (tmp_path / "out.nii").exists()
    assert not twin.jobs


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Python's own answer to Ctrl-C; a shell lets what it starts in the background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_cancels_the_job(
    twin: Twin, image_path: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], ctrl_c: None
) -> None:
    twin.endless = True

    def interrupt() -> None:
        while not twin.jobs:
            time.sleep(0.01)
        time.sleep(0.3)  # let the command settle down to waiting
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    assert main(command(image_path, bundle, tmp_path / "out.nii")) == 130
    assert twin.stopped == 1
    assert capsys.readouterr().err == "autolabel: Cancelled.\n"
    assert not (tmp_path / "out.nii").exists()


def test_one_series_of_a_dicom_study(
    twin: Twin, bundle: Path, test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with zipfile.ZipFile(test_data / "dicom" / "PGBM-003.zip") as archive:
        archive.extractall(tmp_path)
    words = ["segment", str(tmp_path / "PGBM-003"), "--model", str(bundle), "--output", str(tmp_path / "out.seg.nrrd")]
    assert main(words) == 1
    told = capsys.readouterr().err
    assert '"T1post"' in told
    assert "--series" in told
    assert main([*words, "--series", "11"]) == 0
    assert twin.jobs[0].images[0].modality == "MR"
    found = read_labelmap(tmp_path / "out.seg.nrrd")
    assert found.same_grid(twin.jobs[0].images[0])
    assert found.array.any()


def dice(mask: np.ndarray, true: np.ndarray) -> float:
    return float(2 * (mask & true).sum() / (mask.sum() + true.sum()))


def skip_without(name: str) -> None:
    if name not in [spec.name for spec in catalogue.models()]:
        pytest.skip(f"{name} has not been trained here")


def test_hippocampus_of_a_real_volume(test_data: Path, tmp_path: Path) -> None:
    skip_without("hippocampus_mr")
    folder, name, output = test_data / "hippocampus_mr", "hippocampus_006.nii.gz", tmp_path / "out.seg.nrrd"
    assert main(["segment", str(folder / "images" / name), "--model", "hippocampus_mr", "--output", str(output)]) == 0
    found, truth = read_labelmap(output), read_labelmap(folder / "labels" / name)
    assert found.same_grid(truth)
    for segment in found.segments:
        assert dice(found.mask(segment), truth.array[0] == segment.label_value) > 0.8


def test_one_click_on_a_real_nodule(test_data: Path, tmp_path: Path) -> None:
    skip_without("lung_nodule_ct")
    folder, name, output = test_data / "lung_nodule_ct", "LIDC-IDRI-0001_R_1.nii.gz", tmp_path / "out.nii.gz"
    truth = read_labelmap(folder / "masks" / name)
    middle = ras_from_index(truth.affine, np.argwhere(truth.array[0]).mean(axis=0))
    click = ",".join(f"{value:.2f}" for value in middle)
    words = ["segment", str(folder / "images" / name), "--model", "lung_nodule_ct", "--modality", "CT"]
    assert main([*words, "--point", click, "--output", str(output)]) == 0
    found = read_labelmap(output)
    assert found.same_grid(truth)
    assert dice(found.array[0] > 0, truth.array[0] > 0) > 0.8
