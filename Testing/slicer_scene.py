"""Fixtures and nodes for tests on real MRML: Slicer's own scene, logics and transforms, without the application."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.terminology import ANATOMICAL_STRUCTURE, Code, SegmentCode
from Testing.grids import make_affine, rotation

SHAPE = (9, 7, 5)

GRIDS = {
    "axis-aligned": make_affine("RAS"),
    "anisotropic": make_affine("LPS", (0.7, 0.9, 2.5), origin_mm=(-80.0, 60.0, -400.0)),
    "oblique": make_affine("LPS", (0.7, 0.9, 2.5), (17.0, -25.0, 8.0), origin_mm=(-80.0, 60.0, -400.0)),
    "left-handed": make_affine("LAS", (1.0, 1.2, 3.0), (5.0, 0.0, 12.0), origin_mm=(10.0, 20.0, 30.0)),
    "sheared": make_affine("LPS", (1.0, 1.1, 2.0), (0.0, 10.0, 0.0), (0.1, 0.0, 0.25), (3.0, -4.0, 5.0)),
}

LEFT_KIDNEY = SegmentCode(ANATOMICAL_STRUCTURE, Code("64033007", "SCT", "Kidney"), Code("7771000", "SCT", "Left"))


@pytest.fixture
def slicer() -> Any:
    """The Slicer libraries; skips where they are not installed."""
    return pytest.importorskip("slicer", reason="needs the Slicer libraries: pip install 'autolabel[slicer]'")


@pytest.fixture
def scene(slicer: Any) -> Iterator[Any]:
    """An empty scene, which is `slicer.mrmlScene` during the test."""
    from AutoLabelLib.scene.headless import headless_scene

    yield headless_scene(fresh=True)


def add_volume(affine: NDArray[np.float64], shape_ijk: tuple[int, int, int] = SHAPE, name: str = "CT") -> Any:
    """Return a volume node in which every voxel has a value of its own."""
    from AutoLabelLib.scene.volumes import volume_from_image

    voxels = np.arange(np.prod(shape_ijk), dtype=np.int16).reshape(shape_ijk)
    return volume_from_image(Image(voxels[np.newaxis], affine), name)


def add_transform(scene: Any, kind: str) -> Any:
    """Return a transform node: "linear" (30 degrees and a shift), "thin plate" or "grid"; None for "none"."""
    if kind == "none":
        return None
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", kind)
    node.SetAndObserveTransformToParent({"linear": _linear, "thin plate": _thin_plate, "grid": _grid}[kind]())
    return node


def _linear() -> Any:
    import vtk

    matrix = np.eye(4)
    matrix[:3, :3] = rotation((0.0, 30.0, 0.0))
    matrix[:3, 3] = (11.0, -7.0, 5.0)
    transform = vtk.vtkTransform()
    transform.SetMatrix(matrix.ravel().tolist())
    return transform


def _thin_plate() -> Any:
    import vtk

    corners = np.array([[r, a, s] for r in (-100, 100) for a in (-100, 100) for s in (-500, 100)], dtype=float)
    source, target = vtk.vtkPoints(), vtk.vtkPoints()
    for index, corner in enumerate(corners):
        source.InsertNextPoint(corner)
        target.InsertNextPoint(corner + 12.0 * np.sin(index + np.arange(3)))
    transform = vtk.vtkThinPlateSplineTransform()
    transform.SetSourceLandmarks(source)
    transform.SetTargetLandmarks(target)
    transform.SetBasisToR()
    return transform


def _grid() -> Any:
    import slicer

    from AutoLabelLib.scene.voxels import fill_vtk_image

    displacements = slicer.vtkOrientedImageData()
    fill_vtk_image(displacements, np.random.default_rng(1).normal(0.0, 1.5, (3, 6, 6, 6)))
    displacements.SetOrigin(-200.0, -200.0, -600.0)
    displacements.SetSpacing(80.0, 80.0, 160.0)
    transform = slicer.vtkOrientedGridTransform()
    transform.SetDisplacementGridData(displacements)
    transform.SetInterpolationModeToCubic()
    return transform


def lopsided_labelmap(affine: NDArray[np.float64]) -> Labelmap:
    """Return overlapping segments, none of which survives a flip, a swap of axes or a shift unnoticed.

    An L that is longer along each axis than along the next, a marker in a corner, an empty segment, and one over the L.
    """
    array = np.zeros((2, *SHAPE), np.uint16)
    array[0, 1:8, 1:3, 1] = 3
    array[0, 1:3, 1:6, 1:3] = 3
    array[0, 8, 0, 4] = 7
    array[1, 2:5, 2:5, 0:3] = 300
    return Labelmap(
        array,
        affine,
        (
            Segment("L", 3, 0, LEFT_KIDNEY, (0.25, 0.5, 1.0)),
            Segment("corner", 7, 0, None, (1.0, 0.0, 0.0)),
            Segment("over it", 300, 1),
            Segment("nothing", 9, 0),
        ),
    )


def assert_same_segments(found: Labelmap, expected: Labelmap) -> None:
    """Fail unless two labelmaps on one grid have the same segments: names, values, codes, colours and voxels."""
    assert found.same_grid(expected)
    assert [segment.name for segment in found.segments] == [segment.name for segment in expected.segments]
    for one, other in zip(found.segments, expected.segments, strict=True):
        assert (one.label_value, one.code) == (other.label_value, other.code)
        assert one.color == pytest.approx(other.color)
        np.testing.assert_array_equal(found.mask(one), expected.mask(other), err_msg=one.name)


def opened(path: Path, cache: Path) -> Any:
    """Return a new scene with a file's content, read as the Slicer application does."""
    import slicer

    from AutoLabelLib.scene.headless import headless_scene

    scene, remote_io = headless_scene(fresh=True), slicer.vtkMRMLRemoteIOLogic()
    cache.mkdir()
    remote_io.GetCacheManager().SetRemoteCacheDirectory(str(cache))
    remote_io.SetMRMLScene(scene)
    remote_io.AddDataIOToScene()
    assert scene.ReadFromMRB(str(path), True)
    return scene
