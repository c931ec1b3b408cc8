"""The shape of a chest: body, cavity, mediastinum and lungs as signed distances in RAS mm, negative inside.

An invented adult of ordinary build lying on the back, arms up, at full inspiration; non-contrast. The origin lies
in the midline at the level of the hila. No measurement of a real person went in.
"""

from __future__ import annotations

import numpy as np

from AutoLabelLib.phantom.canvas import Field
from AutoLabelLib.phantom.solids import ellipse, ellipsoid, smooth_union

HEART_CENTER = (-21.0, 24.0, -46.0)
DESCENDING_AORTA = (-24.0, -42.0)
VERTEBRA_PITCH_MM = 25.0

_HEART_AXES = np.array([[-0.80, 0.42, -0.43], [0.44, 0.90, 0.06], [0.41, -0.14, -0.90]])
heart = ellipsoid(HEART_CENTER, (55.0, 40.0, 41.0), _HEART_AXES)


def body(x: Field, y: Field, z: Field) -> Field:
    """Return the distance to the skin."""
    half_width = 157 - 0.0011 * (z + 25) ** 2
    half_depth = 106 - 0.0006 * (z + 10) ** 2
    sternal_groove = 5.0 * np.exp(-((x / 22) ** 2)) * (y > 0)
    spinal_groove = 4.0 * np.exp(-((x / 14) ** 2)) * (y < 0)
    return ellipse(x, y, half_width, half_depth, 2.5) + sternal_groove + spinal_groove


def cavity(x: Field, y: Field, z: Field) -> Field:
    """Return the distance to the inside of the chest wall: an egg that narrows towards the apices."""
    up = np.clip((z + 45) / 148, 0, 1.2)
    width = 126 * np.sqrt(np.clip(1 - up**2.6, 0.02, 1)) * (1 - 0.00001 * np.minimum(z + 45, 0) ** 2)
    depth = 84 * np.sqrt(np.clip(1 - up**3.2, 0.03, 1))
    middle = -3 - 18 * up**2
    hollow = 7.0 * np.exp(-((x / 26) ** 2)) * (y > 20)  # the sternum lies flatter than an ellipse
    return ellipse(x, y - middle, width, depth, 2.15) + hollow


def spine_y(z: Field) -> Field:
    """Return where the centre of the vertebral bodies lies: the thoracic kyphosis."""
    return np.float32(-64) + np.float32(0.0011) * (z - 10) ** 2


def vertebral_bodies(x: Field, y: Field, z: Field) -> Field:
    """Return the distance to the column of vertebral bodies and discs."""
    phase = np.cos(z * np.float32(2 * np.pi / VERTEBRA_PITCH_MM))
    waist = 1.2 * phase  # bodies are slimmer in the middle of their height than at the discs
    dy = y - spine_y(z)
    flat_back = np.maximum(-dy - 11.5, -50)
    return np.maximum(ellipse(x, dy, 16.5 - waist, 14.0 - waist, 2.3), flat_back)


def mediastinum(x: Field, y: Field, z: Field) -> Field:
    """Return the distance to all that lies between the lungs: heart, great vessels, fat and spine."""
    lift = np.clip(z / 60, -1, 1.4)
    column = ellipse(x - 2 + 3 * lift, y - 12 + 6 * lift, 33 - 4 * lift, 46 - 5 * lift, 2.4)
    column = np.maximum(column, -30 - z)
    front = ellipse(x + 2, y - 62, 9 + 9 * np.clip(-z / 60, 0, 1), 30)  # the lungs almost meet behind the sternum
    both = smooth_union(column, heart(x, y, z) - 3.2 - 2.5 * np.clip(x / 30 + 0.6, 0, 1), 14)
    both = smooth_union(both, front, 8)
    lower = np.clip((10 - z) / 60, 0, 1)
    esophagus_bed = ellipse(x + 4, y + 33, 14 - 2 * lower, 22, 2.0)
    both = smooth_union(both, esophagus_bed, 8)
    aorta_x = DESCENDING_AORTA[0] + 8 * lower
    above_arch = np.maximum(z - 33, 0)
    aorta = np.hypot(np.hypot(x - aorta_x, y - DESCENDING_AORTA[1]), above_arch) - 14.5
    both = smooth_union(both, aorta, 8)
    arches = ellipse(x, y - spine_y(z) + 23, 21, 19, 2.4)  # canal, arches and the soft tissue beside them
    return smooth_union(both, smooth_union(vertebral_bodies(x, y, z) - 4, arches, 6), 6)


def diaphragm(x: Field, y: Field, z: Field) -> Field:
    """Return the height in mm below (negative: above) the two domes, as a distance from them."""
    right = -54 - 0.0052 * (x - 60) ** 2 - 0.0066 * (y - 12) ** 2
    left = -65 - 0.0056 * (x + 66) ** 2 - 0.0068 * (y - 8) ** 2
    top = np.where(x > 0, right, left)
    slope = np.sqrt(1 + (0.0110 * (np.abs(x) - 62)) ** 2 + (0.0134 * (y - 10)) ** 2)
    return (z - top) / slope


def lungs(x: Field, y: Field, z: Field) -> Field:
    """Return the distance to the surface of both lungs."""
    wall = cavity(x, y, z) + 2.0
    apex = z - 92 + 0.004 * ((np.abs(x) - 40) ** 2 + (y + 15) ** 2)
    return np.maximum(np.maximum(wall, apex), np.maximum(-mediastinum(x, y, z), -diaphragm(x, y, z)))


def fissures(x: Field, y: Field, z: Field) -> Field:
    """Return the distance to the nearest interlobar fissure (unsigned)."""
    bend = 0.0016 * (np.abs(x) - 60) ** 2
    major_left = np.abs(z - (0.95 * -(y + 18) + 22) + bend) * 0.72
    major_right = np.abs(z - (0.95 * -(y + 18) + 12) + bend) * 0.72
    minor = np.abs(z - 14 + 0.12 * (x - 70) + 0.0035 * ((x - 66) ** 2 + (y - 30) ** 2)) * 0.9
    in_front = np.maximum(0, (0.95 * -(y + 18) + 12) - z)  # the minor fissure ends at the major one
    right = np.minimum(major_right, np.hypot(minor, np.where(in_front > 0, in_front, 0)))
    return np.where(x > 0, right, major_left)
