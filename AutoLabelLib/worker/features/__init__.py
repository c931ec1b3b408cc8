"""Handcrafted features of a segment: intensities, shape and texture, by the names and definitions of the IBSI.

One file per family; `extraction.extract` computes what `FeatureSettings.families` names. Each family's file has
`descriptions(settings)`, its names in order with what they mean in plain words, and `compute(region, settings)`, their
values.

Textures are 3D and merged: the matrices of all 13 directions are added up before a feature is computed from them
(IBSI's aggregation IAZD), so that no axis is special.

Source: Zwanenburg et al. 2016, Image biomarker standardisation initiative, arXiv:1612.07003, and ibsi.readthedocs.io.
"""
