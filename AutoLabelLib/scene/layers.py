"""The layers of a segmentation: the label images that its segments share.

Slicer keeps segments that do not overlap as label values of one oriented image, and opens another one where they
do. So an image holds the voxels of its neighbours too, and only the box around all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.affine import Affine, as_affine, cropped_affine
from AutoLabelLib.core.errors import GeometryError, InputError
from AutoLabelLib.scene.nodes import Node, check_class, load_slicer
from AutoLabelLib.scene.transforms import matrix_between, transform_between
from AutoLabelLib.scene.volumes import VolumeGrid
from AutoLabelLib.scene.voxels import affine_of, read_box, start_of

LABELMAP = "Binary labelmap"
"""Name of the representation: vtkSegmentationConverter::GetSegmentationBinaryLabelmapRepresentationName()."""

_SURFACE = "Closed surface"
REFERENCE_GEOMETRY = "Reference image geometry"


def check_editable(segmentation_node: Node) -> None:
    """Raise InputError if a node is no segmentation, or not one that is stored as voxels."""
    check_class(segmentation_node, "vtkMRMLSegmentationNode")
    segmentation = segmentation_node.GetSegmentation()
    if segmentation.GetSourceRepresentationName() != LABELMAP:
        raise InputError(
            f'The segmentation "{segmentation_node.GetName()}" is stored as surfaces, not as voxels.',
            "Make the binary labelmap its source representation in the Segmentations module.",
        )


def with_labelmaps(segmentation_node: Node) -> Any:
    """Return a node's vtkSegmentation if it has voxels, else a copy of it to which they were added.

    Raises:
        InputError: If there are no segments, or their surfaces cannot be turned into voxels.
    """
    segmentation = segmentation_node.GetSegmentation()
    if segmentation.GetNumberOfSegments() == 0:
        raise InputError(f'The segmentation "{segmentation_node.GetName()}" has no segments.', "Add one first.")
    if segmentation.ContainsRepresentation(LABELMAP):
        return segmentation
    copy = load_slicer().vtkSegmentation()
    copy.DeepCopy(segmentation)
    if not copy.CreateRepresentation(LABELMAP):
        raise InputError(f'The segmentation "{segmentation_node.GetName()}" cannot be turned into voxels.')
    return copy


def affine_in(segmentation_node: Node, volume_node: Node | None, affine: ArrayLike) -> Affine:
    """Return the affine (4, 4) of a volume's grid in a segmentation's local RAS.

    Args:
        segmentation_node: Segmentation.
        volume_node: Volume; None if the affine leads to world.
        affine: (4, 4), index to the volume's local RAS mm.

    Raises:
        GeometryError: If a non-linear transform lies between the two.
    """
    to_volume = matrix_between(segmentation_node, volume_node)
    if to_volume is None:
        raise GeometryError(
            f'A non-linear transform lies between the segmentation "{segmentation_node.GetName()}" and the volume.',
            "Put the segmentation under the volume's transform, or let the result go into a new segmentation.",
        )
    if np.array_equal(to_volume, np.eye(4)):
        return as_affine(affine)  # exactly the same, so that voxels are copied
    return as_affine(np.linalg.inv(to_volume) @ as_affine(affine))


def reference_grid(segmentation_node: Node) -> VolumeGrid:
    """Return the grid that a segmentation was drawn on; without one, the box around its segments.

    Raises:
        InputError: If it has neither.
    """
    slicer = load_slicer()
    segmentation = with_labelmaps(segmentation_node)
    text = segmentation.GetConversionParameter(REFERENCE_GEOMETRY)
    if not text:
        text = segmentation.DetermineCommonLabelmapGeometry(
            slicer.vtkSegmentation.EXTENT_UNION_OF_EFFECTIVE_SEGMENTS, None
        )
    if not text:
        raise InputError(
            f'The segmentation "{segmentation_node.GetName()}" is empty and does not know its grid.',
            "Name the volume that it belongs to.",
        )
    reference = slicer.vtkOrientedImageData()
    slicer.vtkSegmentationConverter.DeserializeImageGeometry(text, reference, False)
    local_affine = cropped_affine(affine_of(reference), start_of(reference))
    to_world = matrix_between(segmentation_node, None)
    size_i, size_j, size_k = reference.GetDimensions()
    return VolumeGrid(
        (size_i, size_j, size_k), local_affine if to_world is None else as_affine(to_world @ local_affine), local_affine
    )


def read_layer(image: Any, segmentation_node: Node, volume_node: Node | None, grid: VolumeGrid) -> NDArray[Any]:
    """Return the labels (I, J, K) of a layer on a grid.

    Args:
        image: vtkOrientedImageData of the layer.
        segmentation_node: What it belongs to.
        volume_node: What the grid belongs to; None for the segmentation itself.
        grid: The grid.
    """
    if volume_node is None:
        return read_box(image, grid.local_affine, (0, 0, 0), grid.spatial_shape)
    if matrix_between(segmentation_node, volume_node) is None:
        transform = transform_between(segmentation_node, volume_node)
        return read_box(image, grid.local_affine, (0, 0, 0), grid.spatial_shape, transform)
    affine = affine_in(segmentation_node, volume_node, grid.local_affine)
    return read_box(image, affine, (0, 0, 0), grid.spatial_shape)


def detach(segmentation: Any, segment_id: str, image: Any, label_value: int) -> None:
    """Give a segment an image of its own (or one that new neighbours share), and clear it from where it was.

    Args:
        segmentation: vtkSegmentation.
        segment_id: The segment.
        image: vtkOrientedImageData.
        label_value: Value of its voxels in that image.
    """
    segmentation.ClearSegment(segment_id)
    segment = segmentation.GetSegment(segment_id)
    segment.SetLabelValue(label_value)
    segment.AddRepresentation(LABELMAP, image)


@contextmanager
def modifying(segmentation_node: Node) -> Iterator[None]:
    """Show the changes that a block makes to a segmentation at its end, all at once.

    Surfaces are made anew if there were some: Slicer drops them when voxels change.
    """
    segmentation = segmentation_node.GetSegmentation()
    has_surfaces = segmentation.ContainsRepresentation(_SURFACE)
    was_modifying = segmentation_node.StartModify()
    try:
        yield
        if has_surfaces:
            segmentation.CreateRepresentation(_SURFACE)
    finally:
        segmentation_node.EndModify(was_modifying)
