"""Handcrafted features of a segment: intensities, shape and texture, by the names and definitions of the IBSI.

    of_image.py    an image, however it is stored, and a mask become features
    extraction.py  voxels and a mask become features; their names, what they mean, and why one may be undefined
    settings.py    which families there are, and how they are computed
    region.py      the voxels: cropped, resampled, with their grey levels

One file per family; `extraction.extract` computes what `FeatureSettings.families` names. Each family's file has
`descriptions(settings)`, its names in order with what they mean in plain words, `compute(region, settings)`, their
values, `UNDEFINED`, why one may be NaN, and `margin(settings)` where it looks beyond the mask.

Textures are 3D and merged: the matrices of all 13 directions are added up before a feature is computed from them
(IBSI's aggregation IAZD), so that no axis is special.

Source: Zwanenburg et al. 2016, Image biomarker standardisation initiative, arXiv:1612.07003, and ibsi.readthedocs.io.
    The 169 features that it defines and that are here hold to its reference values; see Testing/ibsi_phantom.py.
"""
