"""What is measured on a segment.

of_segment.py  diameters, volume, intensities, how much of a nodule is solid
diameters.py  long and short axis as radiologists take them, on axial_sections.py
"""
