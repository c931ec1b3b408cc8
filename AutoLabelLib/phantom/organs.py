"""Paint what lies inside the chest wall: mediastinum, organs below the diaphragm, lungs and large airways."""

from __future__ import annotations

import numpy as np

from AutoLabelLib.phantom import thorax
from AutoLabelLib.phantom.canvas import Canvas, Field
from AutoLabelLib.phantom.solids import capsule, ellipse, ellipsoid
from AutoLabelLib.phantom.wall import FAT_HU

AIR_HU, BLOOD_HU, HEART_HU, LIVER_HU, SPLEEN_HU, LUNG_HU = -1000.0, 41.0, 46.0, 58.0, 50.0, -872.0

# Start, end and radius in mm: ascending aorta, arch, veins, pulmonary trunk with its two arteries, arch vessels.
_GREAT_VESSELS = (
    ((10, 26, -20), (20, 26, 20), 15.5),
    ((20, 26, 20), (12, 18, 38), 15.0),
    ((12, 18, 38), (-6, -4, 46), 13.5),
    ((-6, -4, 46), (-22, -36, 38), 12.8),
    ((-22, -36, 38), (-24, -42, 10), 12.2),
    ((-24, -42, 10), (-15, -42, -130), 11.5),
    ((32, 14, -20), (29, 14, 52), 9.0),
    ((29, 14, 52), (12, 22, 90), 7.5),
    ((28, 16, 50), (-26, 30, 66), 6.0),
    ((-16, 42, -18), (-20, 26, 10), 14.0),
    ((-14, 16, 4), (36, -2, -2), 10.5),
    ((-22, 14, 8), (-38, -10, 6), 10.5),
    ((10, 12, 46), (18, 4, 92), 6.2),
    ((-4, 2, 50), (-8, 0, 92), 4.4),
    ((-14, -8, 50), (-22, -6, 92), 4.8),
    ((18, -24, -22), (40, -14, -24), 7.5),
    ((-20, -22, -20), (-42, -12, -20), 7.5),
    ((24, 2, -55), (22, 2, -130), 11.0),
)
# Start, end, and inner radius of trachea and bronchi.
_AIRWAYS = (
    ((1, -4, 110), (3, -14, 22), 8.6, 8.6),
    ((3, -14, 22), (30, -17, 0), 7.8, 6.6),
    ((3, -14, 22), (-38, -19, -8), 7.4, 5.8),
    ((30, -17, 0), (46, -16, 10), 5.2, 4.2),
    ((30, -17, 0), (38, -19, -24), 5.4, 4.6),
    ((-38, -19, -8), (-50, -8, 4), 4.6, 3.8),
    ((-38, -19, -8), (-44, -24, -28), 4.8, 4.0),
)
_AIRWAY_WALL_MM = 1.5
_MEDIASTINAL_BOX = ((-80.0, -70.0, -1e3), (80.0, 90.0, 1e3))


def paint_inside(canvas: Canvas, texture: Field) -> None:
    """Paint fat, heart, vessels and the upper abdomen into the cavity.

    Args:
        canvas: Holds the chest wall.
        texture: (I, J, K) smooth noise of mean 0 and standard deviation 1.
    """
    x, y, z = canvas.coordinates
    cavity = thorax.cavity(x, y, z) + 0.5
    canvas.paint(cavity, FAT_HU + 6 * texture)
    below = np.maximum(thorax.diaphragm(x, y, z) + 2.5, cavity + 3)
    canvas.paint(np.maximum(thorax.diaphragm(x, y, z), cavity + 1.5), HEART_HU)  # the muscle of the diaphragm
    canvas.paint(below, FAT_HU)
    liver = np.maximum(below, -(x + 28) + 0.25 * (y - 40))
    canvas.paint(liver, LIVER_HU + 3 * texture)
    stomach = ellipsoid((-52, 24, -104), (42, 44, 30))(x, y, z)
    canvas.paint(np.maximum(stomach, below + 3), 38.0)
    canvas.paint(np.maximum(np.maximum(stomach, below + 3) + 3.0, 40 - y), AIR_HU + 20)
    spleen = np.maximum(ellipsoid((-88, -42, -106), (40, 34, 34))(x, y, z), below + 2)
    canvas.paint(spleen, SPLEEN_HU)
    _paint_mediastinum(canvas.part(*_MEDIASTINAL_BOX))


def _paint_mediastinum(canvas: Canvas) -> None:
    x, y, z = canvas.coordinates
    heart = np.maximum(thorax.heart(x, y, z), -thorax.diaphragm(x, y, z))
    canvas.paint(np.abs(heart - 2.6) - 0.6, BLOOD_HU, 0.8)  # pericardium, with fat inside
    canvas.paint(np.maximum(heart, -100 - z), HEART_HU)
    groove = ellipsoid((2, 44, -28), (30, 7, 8), turned_groove())(x, y, z)
    canvas.paint(groove, FAT_HU + 15, 0.9, 3.0)
    for start, end, radius in _GREAT_VESSELS:
        low = np.minimum(start, end) - radius - 2
        high = np.maximum(start, end) + radius + 2
        part = canvas.part(tuple(low), tuple(high))
        part.paint(capsule(start, end, radius, radius)(*part.coordinates), BLOOD_HU)
    sway = 4 * np.cos(z / 40)
    esophagus = ellipse(x + 6 + sway, y + 34 + 0 * z, 8.5, 5.5)
    canvas.paint(np.maximum(esophagus, -110 - z), 36.0)
    canvas.paint(np.maximum(esophagus + 4.0, -110 - z), -300.0, 0.5)


def turned_groove() -> Field:
    """Return the directions of the heart's front groove."""
    return np.array([[0.76, -0.55, -0.35], [0.55, 0.83, -0.1], [0.35, -0.1, 0.93]], np.float32)


def paint_lungs(canvas: Canvas, lungs: Field, texture: Field, fine_texture: Field) -> None:
    """Paint parenchyma, denser towards the back, where blood and weight gather, and the fissures.

    Args:
        canvas: Holds everything else.
        lungs: (I, J, K) distance to the lungs.
        texture: As in `paint_inside`.
        fine_texture: The same on the scale of lobules.
    """
    x, y, z = canvas.coordinates
    dependent = np.clip((30 - y) / 110, 0, 1) ** 1.5
    towards_rim = np.exp(np.minimum(lungs, 0) / 5.0)
    density = LUNG_HU + 48 * dependent + 10 * towards_rim + 9 * texture + 13 * fine_texture
    canvas.paint(lungs, density)
    fissure = thorax.fissures(x, y, z)
    canvas.paint(np.maximum(fissure - 0.4, lungs + 1), -600.0, 0.6, 1.4)


def paint_airways(canvas: Canvas) -> None:
    """Paint trachea and main bronchi, walls first, so that the lumen runs through."""
    for inside in (False, True):
        for start, end, first, last in _AIRWAYS:
            wall = 0.0 if inside else _AIRWAY_WALL_MM
            reach = max(first, last) + wall + 2
            low, high = np.minimum(start, end) - reach, np.maximum(start, end) + reach
            part = canvas.part(tuple(low), tuple(high))
            tube = capsule(start, end, first + wall, last + wall)(*part.coordinates)
            part.paint(tube, AIR_HU if inside else 25.0)
