"""What Slicer's Python lacks for AutoLabel, and getting it, only when the user acts; no widgets."""
