"""The fixtures of Testing/slicer_scene.py, for the files that Slicer itself shall read and write."""

from Testing.slicer_scene import scene, slicer

__all__ = ["scene", "slicer"]
