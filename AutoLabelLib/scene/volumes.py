"""Volume nodes to images and back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from AutoLabelLib.core.affine import Affine, as_affine, cropped_affine
from AutoLabelLib.core.crop import IndexBox
from AutoLabelLib.core.errors import UnsupportedVolumeError
from AutoLabelLib.core.image import Image
from AutoLabelLib.scene import hierarchy
from AutoLabelLib.scene.nodes import Node, current_scene, load_slicer
from AutoLabelLib.scene.transforms import matrix_between, numpy_matrix, vtk_matrix
from AutoLabelLib.scene.voxels import fill_vtk_image, view_of

# Codes that Slicer's DICOM module gives to a volume's voxels. Source: UCUM; DICOM PS3.16 annex D.
_HOUNSFIELD_UNIT = "[hnsf'U]"
_MODALITY_OF_QUANTITY = {"112031": "CT", "110852": "MR"}  # attenuation coefficient, MR signal intensity

_REFUSED = {
    "vtkMRMLSequenceNode": ("a sequence of volumes", "Choose one time point: the sequence's proxy volume."),
    "vtkMRMLMultiVolumeNode": ("a 4D multi-volume", "Extract one frame to a scalar volume and choose that."),
    "vtkMRMLDiffusionWeightedVolumeNode": ("a diffusion-weighted volume", "Extract one component to a scalar volume."),
    "vtkMRMLDiffusionTensorVolumeNode": ("a tensor volume", "Compute a scalar map, such as FA, and choose that."),
    "vtkMRMLLabelMapVolumeNode": ("a labelmap, not an image", "Choose the image that it was drawn on."),
}


@dataclass(frozen=True, eq=False)
class VolumeGrid:
    """Where a volume's voxels were at one moment; to be kept while a job runs.

    Attributes:
        spatial_shape: Number of voxels along i, j and k.
        affine: (4, 4), index to RAS mm, as in `image_from_volume`.
        local_affine: (4, 4), index to the volume's local RAS mm, before any parent transform.
    """

    spatial_shape: tuple[int, int, int]
    affine: Affine
    local_affine: Affine


def grid_of(volume_node: Node) -> VolumeGrid:
    """Return where a volume's voxels are now.

    Raises:
        UnsupportedVolumeError: If it has no voxels.
        GeometryError: If its affine or its linear parent transform is singular.
    """
    import vtk

    image_data = volume_node.GetImageData()
    if image_data is None or image_data.GetNumberOfPoints() == 0:
        raise UnsupportedVolumeError(f'The volume "{volume_node.GetName()}" has no voxels.', "Load it again.")
    matrix = vtk.vtkMatrix4x4()
    volume_node.GetIJKToRASMatrix(matrix)
    local_affine = as_affine(numpy_matrix(matrix))
    to_world = matrix_between(volume_node, None)
    affine = local_affine if to_world is None else as_affine(to_world @ local_affine)
    size_i, size_j, size_k = image_data.GetDimensions()
    return VolumeGrid((size_i, size_j, size_k), affine, local_affine)


def bytes_of(volume_node: Node, box: IndexBox | None = None) -> int:
    """Return how much memory a volume's voxels take, or a box of them."""
    image_data = volume_node.GetImageData()
    if image_data is None:
        return 0
    voxels = image_data.GetNumberOfPoints() if box is None else int(np.prod(box.shape_ijk))
    return int(voxels * image_data.GetNumberOfScalarComponents() * image_data.GetScalarSize())


def channels_of(volume_node: Node) -> int:
    """Return how many channels the image of a volume has; 1 where there are no voxels yet."""
    image_data = volume_node.GetImageData()
    return int(image_data.GetNumberOfScalarComponents()) if image_data is not None else 1


def image_from_volume(volume_node: Node, modality: str = "", box: IndexBox | None = None) -> Image:
    """Return a copy of a volume's voxels, where the views show them.

    A linear parent transform is applied to the affine. A non-linear one is left out: no affine can hold it, and
    resampling would cost accuracy. The image then is in the volume's local frame; see `prompts_for_image`.

    Args:
        volume_node: Scalar volume, or vector volume of other things than colours: its components become channels.
        modality: DICOM modality where the volume does not say its own.
        box: Which of its voxels; None for all.

    Raises:
        UnsupportedVolumeError: If it is a colour volume, a labelmap, a sequence, not a volume, or has no voxels.
        GeometryError: If its affine or its linear parent transform is singular.
    """
    shared = shared_image(volume_node, modality, box)
    # One channel after another, i fastest: the order in which Slicer, ITK and the worker's messages hold voxels.
    # A copy, because Slicer's arrays are live: the user may filter or crop the volume while a job runs.
    array = np.array(shared.array.transpose(0, 3, 2, 1), order="C").transpose(0, 3, 2, 1)
    return replace(shared, array=array)


def shared_image(volume_node: Node, modality: str = "", box: IndexBox | None = None) -> Image:
    """Return what `image_from_volume` does, at once, sharing the volume's memory: only for a look, not to be kept.

    Args:
        volume_node: As there.
        modality: As there.
        box: As there.

    Raises:
        UnsupportedVolumeError: As there.
        GeometryError: As there.
    """
    load_slicer()
    check_kind(volume_node)
    grid = grid_of(volume_node)
    voxels, affine = view_of(volume_node.GetImageData()), grid.affine
    if box is not None:
        voxels, affine = voxels[(slice(None), *box.slices)], cropped_affine(affine, box.start_ijk)
    unit = "HU" if _code(volume_node.GetVoxelValueUnits()) == _HOUNSFIELD_UNIT else None
    return Image(voxels, affine, modality_of(volume_node) or modality, unit=unit)


def check_kind(volume_node: Node) -> None:
    """Raise UnsupportedVolumeError if a node is not a volume of measured intensities."""
    if not (hasattr(volume_node, "IsA") and volume_node.IsA("vtkMRMLNode")):
        raise UnsupportedVolumeError(f"Expected a volume node, got {type(volume_node).__name__}.")
    for class_name, (what, way_out) in _REFUSED.items():
        if volume_node.IsA(class_name):
            raise UnsupportedVolumeError(f'"{volume_node.GetName()}" is {what}.', way_out)
    if not volume_node.IsA("vtkMRMLVolumeNode"):
        raise UnsupportedVolumeError(f"Expected a volume node, got a {volume_node.GetClassName()}.")
    if _is_color(volume_node):
        raise UnsupportedVolumeError(
            f'"{volume_node.GetName()}" is a colour volume, which holds no measured intensities.',
            "Convert it to a scalar volume first, or choose the image that it was made from.",
        )


def _is_color(volume_node: Node) -> bool:
    kind = volume_node.GetVoxelVectorType()
    if kind in (volume_node.VoxelVectorTypeColorRGB, volume_node.VoxelVectorTypeColorRGBA):
        return True
    image_data = volume_node.GetImageData()
    if image_data is None or kind != volume_node.VoxelVectorTypeUndefined:
        return False
    # Files of photographs do not say that they hold colours.
    return image_data.GetScalarTypeAsString() == "unsigned char" and image_data.GetNumberOfScalarComponents() in (3, 4)


def modality_of(volume_node: Node) -> str:
    """Return the DICOM modality that a volume says it is; "" where it does not say.

    That is what the node itself says, then its series in the subject hierarchy, then the meaning of its voxels.
    """
    said = volume_node.GetAttribute("DICOM.Modality") or hierarchy.attribute(volume_node, "DICOM.Modality")
    if said:
        return str(said)
    if _code(volume_node.GetVoxelValueUnits()) == _HOUNSFIELD_UNIT:
        return "CT"
    return _MODALITY_OF_QUANTITY.get(_code(volume_node.GetVoxelValueQuantity()), "")


def _code(coded_entry: Any) -> str:
    return (coded_entry.GetCodeValue() or "") if coded_entry is not None else ""


def remarks(volume_node: Node) -> tuple[str, ...]:
    """Return what a user should know about how a volume is taken, one sentence each."""
    if matrix_between(volume_node, None) is None:
        return (
            f'"{volume_node.GetName()}" is under a non-linear transform: the model sees it as it was before that '
            "transform, and the result is put under the same transform.",
        )
    return ()


def volume_from_image(image: Image, name: str, scene: Any = None) -> Node:
    """Return a new volume node with an image's voxels: scalar for one channel, else a vector volume.

    Args:
        image: Image; copied.
        name: Name of the node.
        scene: Scene to add it to; None for the current one.
    """
    import vtk

    slicer = load_slicer()
    channels = image.array.shape[0]
    class_name = "vtkMRMLScalarVolumeNode" if channels == 1 else "vtkMRMLVectorVolumeNode"
    node = (scene or current_scene()).AddNewNodeByClass(class_name, name)
    array = image.array
    if array.dtype in (np.int64, np.uint64):
        array = array.astype(np.int32 if np.abs(array).max() < 2**31 else np.float64)  # Slicer cannot store them
    image_data = vtk.vtkImageData()
    fill_vtk_image(image_data, array)
    node.SetAndObserveImageData(image_data)
    node.SetIJKToRASMatrix(vtk_matrix(image.affine))
    if image.modality:
        node.SetAttribute("DICOM.Modality", image.modality)
    if image.unit == "HU":
        unit = slicer.vtkCodedEntry()
        unit.SetValueSchemeMeaning(_HOUNSFIELD_UNIT, "UCUM", "Hounsfield unit")
        node.SetVoxelValueUnits(unit)
    node.CreateDefaultDisplayNodes()
    hierarchy.item_of(node)
    return node
