"""One nodule in a small block of lung: for a self-test, made in some hundredths of a second and without scipy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.phantom.canvas import Corner, blank_canvas
from AutoLabelLib.phantom.solids import ellipsoid

_SHAPE_IJK = (64, 56, 40)
_SPACING_MM = (1.0, 1.0, 1.5)
_CENTER_RAS_MM = (6.0, -4.0, 5.0)  # off the middle, differently along each axis: a flipped axis must not go unnoticed
_HALF_AXES_MM = (7.0, 6.0, 6.5)
_LUNG_HU, _NODULE_HU, _NOISE_HU = -850.0, 30.0, 25.0


@dataclass(frozen=True, eq=False)
class SingleNodule:
    """A block of lung with one nodule, and what is true about it.

    Attributes:
        image: CT in HU.
        truth: One segment: the voxels whose centres lie in the nodule.
        center_ras_mm: Its centre, which a person would click on.
    """

    image: Image
    truth: Labelmap
    center_ras_mm: Corner


def single_nodule() -> SingleNodule:
    """Return always the same nodule of 13 mm in noisy, even lung."""
    canvas, affine = blank_canvas(_SHAPE_IJK, _SPACING_MM, _LUNG_HU)
    canvas.values[...] += np.random.default_rng(0).normal(0.0, _NOISE_HU, _SHAPE_IJK).astype(np.float32)
    distance_mm = ellipsoid(_CENTER_RAS_MM, _HALF_AXES_MM)(*canvas.coordinates)
    canvas.paint(distance_mm, _NODULE_HU)
    image = Image(np.rint(canvas.values).astype(np.int16)[None], affine, modality="CT", unit="HU")
    truth = Labelmap((distance_mm < 0).astype(np.uint8)[None], affine, (Segment("Nodule", 1),))
    return SingleNodule(image, truth, _CENTER_RAS_MM)
