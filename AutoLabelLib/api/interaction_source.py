"""What a session of prompts looks at: a volume node that may change meanwhile, or an image that cannot."""

from __future__ import annotations

from typing import Any

from AutoLabelLib.api.sources import Source, is_node, open_source
from AutoLabelLib.core.grid import HasGrid
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Segment
from AutoLabelLib.core.prompt import Prompts


class InteractionSource:
    """Gives the image of a source; a node's is taken again only when its voxels or its place have changed.

    Args:
        source: Volume node, `Image`, path, or a list of those (channels).
        modality: DICOM modality, for images that do not say it.
        series_uid: Which series of a DICOM folder, where there are several.
    """

    def __init__(self, source: Source, modality: str = "", series_uid: str | None = None) -> None:
        self._modality, self._series_uid = modality, series_uid
        nodes = [part for part in (source if isinstance(source, (list, tuple)) else [source]) if is_node(part)]
        self._node_ids = [node.GetID() for node in nodes]  # nodes may be deleted meanwhile
        self._source = None if nodes else source
        self._image: Image | None = None
        self._grid: Any = None
        self._stamp: Any = None

    @property
    def is_in_scene(self) -> bool:
        """Whether it is a node."""
        return bool(self._node_ids)

    def has_changed(self) -> bool:
        """Return whether the image would be another one than the last time."""
        return self._image is None or (self.is_in_scene and self._stamp_now() != self._stamp)

    def image(self) -> Image:
        """Return the image as it is now.

        Raises:
            InputError: If it cannot be read, or the node is gone.
        """
        if self.has_changed():
            nodes = self._nodes()
            source = (nodes[0] if len(nodes) == 1 else nodes) if nodes else self._source
            self._image = open_source(source, self._modality, self._series_uid)
            if self.is_in_scene:
                from AutoLabelLib.scene.volumes import grid_of

                self._grid, self._stamp = grid_of(self._nodes()[0]), self._stamp_now()
        assert self._image is not None
        return self._image

    def grid(self) -> HasGrid:
        """Return the image's grid; for a node its `VolumeGrid`."""
        image = self.image()
        return self._grid if self.is_in_scene else image

    def prompts_in_image(self, prompts: Prompts) -> Prompts:
        """Return prompts given in world RAS mm in the image's own frame, which differs under a non-linear transform."""
        if not self.is_in_scene:
            return prompts
        from AutoLabelLib.scene.transforms import prompts_for_image

        return prompts_for_image(prompts, self._nodes()[0])

    def remarks(self) -> tuple[str, ...]:
        """Return what a user should know about how the source is taken, one sentence each."""
        if not self.is_in_scene:
            return ()
        from AutoLabelLib.scene.volumes import remarks

        return remarks(self._nodes()[0])

    def shown_segment(self, segment: Segment, segmentation_node: Any, segment_id: str | None, replaces: bool) -> Any:
        """Return the `InteractiveSegment` that shows the answers in the scene; None where there is no scene."""
        if not self.is_in_scene:
            return None
        from AutoLabelLib.scene.interactive_segment import InteractiveSegment

        return InteractiveSegment(self._nodes()[0], segment, segmentation_node, segment_id, replaces=replaces)

    def _nodes(self) -> list[Any]:
        from AutoLabelLib.scene.nodes import resolve

        return [resolve(node_id, "vtkMRMLVolumeNode") for node_id in self._node_ids]

    def _stamp_now(self) -> Any:
        from AutoLabelLib.scene.content_stamp import content_stamp

        return [content_stamp(node) for node in self._nodes()]
