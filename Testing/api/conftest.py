"""Every test of this layer can ask for an empty scene."""

from Testing.slicer_scene import scene, slicer

__all__ = ["scene", "slicer"]
