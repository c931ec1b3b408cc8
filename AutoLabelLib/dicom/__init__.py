"""DICOM series in.

series.py   which series a folder holds, and one of them as an image
slices.py   one slice (a file, or a frame of an enhanced file) with its place in the patient
stack.py    slices that form a volume, in order, and the affine of the volume
pixels.py   voxel values, decoded and rescaled
"""
