"""Labelmaps to segmentation nodes and back, voxel for voxel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from AutoLabelLib.core.affine import Affine
from AutoLabelLib.core.errors import GeometryError, InputError
from AutoLabelLib.core.job import Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.provenance import segment_tags
from AutoLabelLib.scene import hierarchy, layers, segments
from AutoLabelLib.scene.nodes import Node, check_class, current_scene, load_slicer, resolve, scene_of
from AutoLabelLib.scene.volumes import VolumeGrid, grid_of
from AutoLabelLib.scene.voxels import bounding_box, empty_image, extent, oriented_image

SAME_NAME = ("replace", "add")


def show_result(
    result: Result,
    spec: ModelSpec,
    volume_id: str,
    segmentation_id: str | None = None,
    same_name: str = "replace",
    grid: VolumeGrid | None = None,
) -> Node:
    """Put a model's segmentation of a volume into the scene; see `show_labelmap`.

    Args:
        result: Result of a segmentation job.
        spec: Model that made it; its name and version become tags of every segment.
        volume_id: Id of the volume that was segmented.
        segmentation_id: Id of the segmentation node to add to; None makes a new one.
        same_name: "replace" or "add".
        grid: Where the volume was when its image was taken.

    Raises:
        InputError: If a node is gone, or cannot take the result.
    """
    volume_node = resolve(volume_id, "vtkMRMLVolumeNode")
    segmentation_node = resolve(segmentation_id, "vtkMRMLSegmentationNode") if segmentation_id else None
    return show_labelmap(
        result.labelmaps[0],
        volume_node,
        segmentation_node=segmentation_node,
        same_name=same_name,
        grid=grid,
        tags=segment_tags(result, spec),
    )


def show_labelmap(
    labelmap: Labelmap,
    volume_node: Node | None = None,
    name: str = "",
    *,
    segmentation_node: Node | None = None,
    same_name: str = "replace",
    grid: VolumeGrid | None = None,
    tags: Mapping[str, str] | None = None,
) -> Node:
    """Return a segmentation node that shows a labelmap, each voxel of it on the same voxel of the volume.

    A new node is put under the volume's parent transform and takes its grid as reference geometry, so that nothing is
    resampled, and both move together from then on. That is also what happens if the volume was moved by
    a transform since its image was taken, provided that `grid` tells.

    Args:
        labelmap: On the grid of the volume's image.
        volume_node: Volume that was segmented; None for a labelmap without one.
        name: Name of a new node; "" makes one from the volume's.
        segmentation_node: Node to add to, instead of a new one.
        same_name: For segments that it already has by this name: "replace" gives them the new voxels, code and tags
            and keeps their id, colour and place in the list; "add" puts new ones at the end, with a number.
        grid: What `grid_of(volume_node)` gave when the image was taken; None if the volume has not moved since.
        tags: Tags for each segment, such as `segment_tags` gives.

    Raises:
        InputError: If the labelmap is on another grid, the volume's grid was changed meanwhile, or the segmentation
            node cannot take it without resampling.
    """
    if same_name not in SAME_NAME:
        raise InputError(f'same_name must be one of {", ".join(SAME_NAME)}, but it is "{same_name}".')
    local_affine = _local_affine(labelmap, volume_node, grid)
    if segmentation_node is None:
        segmentation_node = _new_node(labelmap, local_affine, volume_node, name)
        affine: ArrayLike = local_affine
    else:
        layers.check_editable(segmentation_node)
        affine = layers.affine_in(segmentation_node, volume_node, local_affine)
    with layers.modifying(segmentation_node):
        _add_layers(segmentation_node.GetSegmentation(), labelmap, affine, same_name, tags or {})
    return segmentation_node


def labelmap_from_segmentation(
    segmentation_node: Node, volume_node: Node | None = None, segment_ids: Sequence[str] | None = None
) -> Labelmap:
    """Return a segmentation's voxels as a labelmap; one layer for each that Slicer has, so that overlaps stay.

    On the grid that they were drawn on, voxels are copied and label values kept. Otherwise each voxel takes the segment
    of the nearest one. What lies outside of the grid is cut off.

    Args:
        segmentation_node: Not changed.
        volume_node: Volume on whose grid to give it (that of `image_from_volume`); None for the segmentation's own
            reference geometry.
        segment_ids: Which segments, in order; None for all.

    Raises:
        InputError: If it has no segments, not those, or no grid.
    """
    check_class(segmentation_node, "vtkMRMLSegmentationNode")
    segmentation = layers.with_labelmaps(segmentation_node)
    ids = list(segmentation.GetSegmentIDs()) if segment_ids is None else list(segment_ids)
    _check_present(segmentation_node, ids)
    target = layers.reference_grid(segmentation_node) if volume_node is None else grid_of(volume_node)
    described: dict[str, Segment] = {}
    arrays = []
    for layer in sorted({segmentation.GetLayerIndex(segment_id, layers.LABELMAP) for segment_id in ids}):
        image = segmentation.GetLayerDataObject(layer, layers.LABELMAP)
        in_layer = [i for i in ids if segmentation.GetLayerIndex(i, layers.LABELMAP) == layer]
        vtk_segments = [segmentation.GetSegment(segment_id) for segment_id in in_layer]
        stored_values = [segment.GetLabelValue() for segment in vtk_segments]
        label_values = segments.chosen_values(vtk_segments)
        array = layers.read_layer(image, segmentation_node, volume_node, target)
        arrays.append(segments.relabelled(array, dict(zip(stored_values, label_values, strict=True))))
        for segment_id, vtk_segment, label_value in zip(in_layer, vtk_segments, label_values, strict=True):
            described[segment_id] = segments.segment_of(vtk_segment, label_value, len(arrays) - 1)
    return Labelmap(_stacked(arrays), target.affine, tuple(described[segment_id] for segment_id in ids))


def segmentations_with_segments(scene: Any) -> list[Node]:
    """Return the segmentation nodes of a scene that hold a segment, in the order in which they were made."""
    count = scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")
    nodes = [scene.GetNthNodeByClass(number, "vtkMRMLSegmentationNode") for number in range(count)]
    return [node for node in nodes if node.GetSegmentation().GetNumberOfSegments()]


def _check_present(segmentation_node: Node, ids: Sequence[str]) -> None:
    present = list(segmentation_node.GetSegmentation().GetSegmentIDs())
    if not ids:
        raise InputError(f'The segmentation "{segmentation_node.GetName()}" has no segments.', "Add one first.")
    missing = [segment_id for segment_id in ids if segment_id not in present]
    if missing:
        raise InputError(
            f'The segmentation "{segmentation_node.GetName()}" has no segment with the id "{missing[0]}".',
            f"It has: {', '.join(present) or 'none'}.",
        )


def _local_affine(labelmap: Labelmap, volume_node: Node | None, grid: VolumeGrid | None) -> Affine:
    """Return index to the volume's local RAS, having checked that the labelmap belongs there."""
    if volume_node is None:
        return labelmap.affine
    now = grid_of(volume_node)
    taken = grid or now
    if not labelmap.same_grid(taken):
        raise GeometryError(
            f'The result is not on the grid of "{volume_node.GetName()}": it has {labelmap.spatial_shape} voxels of '
            f"{_in_mm(labelmap.spacing_mm)} mm, the volume {taken.spatial_shape}.",
            "If the volume was moved meanwhile, segment it again.",
        )
    unchanged = now.spatial_shape == taken.spatial_shape and np.allclose(now.local_affine, taken.local_affine)
    if not unchanged:
        raise GeometryError(
            f'The voxels of "{volume_node.GetName()}" were changed while it was being segmented.', "Segment it again."
        )
    return now.local_affine


def _in_mm(spacing_mm: Sequence[float]) -> str:
    return " x ".join(f"{value:.3g}" for value in spacing_mm)


def _new_node(labelmap: Labelmap, local_affine: Affine, volume_node: Node | None, name: str) -> Node:
    slicer = load_slicer()
    scene = current_scene() if volume_node is None else scene_of(volume_node)
    name = name or (f"{volume_node.GetName()} segmentation" if volume_node is not None else "Segmentation")
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", scene.GenerateUniqueName(name))
    node.CreateDefaultDisplayNodes()
    if volume_node is None:
        reference = empty_image(local_affine)
        reference.SetExtent(extent((0, 0, 0), labelmap.spatial_shape))
        geometry = slicer.vtkSegmentationConverter.SerializeImageGeometry(reference)
        node.GetSegmentation().SetConversionParameter(layers.REFERENCE_GEOMETRY, geometry)
        hierarchy.item_of(node)
    else:
        # The transform comes first: Slicer turns the reference geometry by what lies between the two nodes.
        node.SetAndObserveTransformNodeID(volume_node.GetTransformNodeID())
        node.SetReferenceImageGeometryParameterFromVolumeNode(volume_node)
        hierarchy.place_beside(node, volume_node)
    return node


def _add_layers(
    segmentation: Any, labelmap: Labelmap, affine: ArrayLike, same_name: str, tags: Mapping[str, str]
) -> None:
    images = [_layer_image(labelmap, layer, affine) for layer in range(labelmap.array.shape[0])]
    for segment in labelmap.segments:
        existing_id = segmentation.GetSegmentIdBySegmentName(segment.name)
        if existing_id and same_name == "replace":
            layers.detach(segmentation, existing_id, images[segment.layer], segment.label_value)
            segments.describe(segmentation.GetSegment(existing_id), segment, tags)
        else:
            new = load_slicer().vtkSegment()
            new.SetName(segments.unique_name(segmentation, segment.name))
            new.SetNameAutoGenerated(False)
            new.SetColor(*segment.color)
            new.SetColorAutoGenerated(False)
            new.SetLabelValue(segment.label_value)
            new.AddRepresentation(layers.LABELMAP, images[segment.layer])
            segments.describe(new, segment, tags)
            segmentation.AddSegment(new)


def _layer_image(labelmap: Labelmap, layer: int, affine: ArrayLike) -> Any:
    """Return a layer as an oriented image, cropped to its segments; values that mean nothing are left out."""
    values = [segment.label_value for segment in labelmap.segments if segment.layer == layer]
    box = bounding_box(labelmap.array[layer])
    if box is None or not values:
        return empty_image(affine)
    array = segments.relabelled(labelmap.array[layer][box], {value: value for value in values})
    return oriented_image(array, affine, [side.start for side in box])


def _stacked(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    dtype = np.result_type(*arrays)
    stacked = np.zeros((len(arrays), *arrays[0].shape[::-1]), dtype).transpose(0, 3, 2, 1)  # i fastest
    for layer, array in enumerate(arrays):
        stacked[layer] = array
    return stacked
