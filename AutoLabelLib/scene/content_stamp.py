"""Whether a volume still is what it was when its image was taken."""

from __future__ import annotations

from typing import Any

from AutoLabelLib.scene.nodes import Node
from AutoLabelLib.scene.volumes import grid_of


def content_stamp(volume_node: Node) -> tuple[Any, ...]:
    """Return a value that stays equal for as long as `image_from_volume` would give an equal image.

    Raises:
        UnsupportedVolumeError: If it has no voxels.
        GeometryError: If its affine or its linear parent transform is singular.
    """
    grid, image_data = grid_of(volume_node), volume_node.GetImageData()
    scalars = image_data.GetPointData().GetScalars()  # what slicer.util.arrayFromVolumeModified marks as modified
    modified = (image_data.GetMTime(), scalars.GetMTime() if scalars is not None else 0)
    return (image_data.GetAddressAsString(""), *modified, grid.spatial_shape, grid.affine.tobytes())
