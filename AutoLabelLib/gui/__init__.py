"""The panels inside Slicer: one file per panel, widgets only; whatever they show is worked out by the layers below."""
