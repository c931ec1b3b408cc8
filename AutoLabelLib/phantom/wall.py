"""Paint the chest wall: skin, fat, muscles, ribs, sternum, shoulder blades, spine, and the table beneath."""

from __future__ import annotations

import numpy as np

from AutoLabelLib.phantom import thorax
from AutoLabelLib.phantom.canvas import Canvas, Field, Solid
from AutoLabelLib.phantom.solids import capsule, ellipse, ellipsoid, turned

FAT_HU, MUSCLE_HU, SKIN_HU = -105.0, 52.0, 15.0
MARROW_HU, CORTEX_HU, CARTILAGE_HU, DISC_HU, FLUID_HU, CORD_HU = 190.0, 760.0, 105.0, 85.0, 12.0, 38.0
_TABLE_HU = -330.0

_CORTEX_MM = 1.3
_RIB_PITCH_MM, _RIB_HALF_HEIGHT_MM, _RIB_HALF_THICKNESS_MM = 24.5, 6.2, 3.6
_RIB_DEPTH_MM = 5.6  # of their middle, outside of the cavity's surface


def paint_soft_wall(canvas: Canvas, texture: Field) -> None:
    """Paint table, skin, fat and muscles.

    Args:
        canvas: Holds air.
        texture: (I, J, K) smooth noise of mean 0 and standard deviation 1; it makes the muscles' outlines uneven.
    """
    x, y, z = canvas.coordinates
    table = np.maximum(np.abs(y + 113 - 0.00022 * x * x) - 0.9, np.abs(x) - 155) + 0 * z
    canvas.paint(table, _TABLE_HU)
    skin = thorax.body(x, y, z)
    canvas.paint(skin, SKIN_HU)
    canvas.paint(skin + 2.0, FAT_HU)
    wall = thorax.cavity(x, y, z)
    around = np.arctan2(np.abs(x), y + 3)  # 0 in front, pi behind
    thickness_mm = 6 + 8 * np.exp(-(((around - 0.62) / 0.35) ** 2)) + 7 * np.exp(-(((around - 2.1) / 0.45) ** 2))
    muscle = wall - 10 - thickness_mm - 2.0 * texture
    for solid in _large_muscles():
        muscle = np.minimum(muscle, solid(np.abs(x), y, z) - 1.0 * texture)
    muscle = np.maximum(muscle, skin + 7.0)
    bundle_gap = np.clip((np.abs(texture) - 1.3) * 2.0, 0, 1)
    canvas.paint(muscle, MUSCLE_HU, 1 - 0.5 * bundle_gap)
    canvas.paint(np.abs(wall - 10.4) - 0.7, FAT_HU, 0.7)  # between the ribs' layer and the outer muscles
    canvas.paint(wall - 9.6, MUSCLE_HU)
    canvas.paint(wall - 1.8, FAT_HU)


def _large_muscles() -> list[Solid]:
    """Return pectoral, side, shoulder, spinal and trapezius muscles of the side where x is positive."""
    return [
        ellipsoid((56, 84, 34), (50, 9, 46)),
        ellipsoid((128, -28, 10), (13, 42, 75)),
        ellipsoid((98, -72, 44), (36, 12, 56), turned(0.62)),
        ellipsoid((23, -90, 0), (20, 11, 300)),
        ellipsoid((112, 6, 78), (26, 40, 44), turned(-0.4)),
        ellipsoid((54, -93, 50), (46, 6, 75), turned(0.12)),
    ]


def paint_bones(canvas: Canvas, texture: Field) -> None:
    """Paint ribs with their cartilages, sternum, shoulder blades and spine; texture as in `paint_soft_wall`."""
    x, y, z = canvas.coordinates
    marrow = MARROW_HU + 45 * texture
    ribs, front = _ribs(x, y, z)
    canvas.paint(ribs, np.where(front, CARTILAGE_HU, CORTEX_HU))
    canvas.paint(ribs + _CORTEX_MM, np.where(front, CARTILAGE_HU - 15, marrow))
    for bone in (_sternum(x, y, z), _shoulder_blade(np.abs(x), y, z)):
        canvas.paint(bone, CORTEX_HU)
        canvas.paint(bone + _CORTEX_MM, marrow)


def _ribs(x: Field, y: Field, z: Field) -> tuple[Field, Field]:
    """Return the distance to the ribs, and where they are cartilage."""
    depth_mm = thorax.cavity(x, y, z) - _RIB_DEPTH_MM
    around = np.arctan2(np.abs(x), -(y + 25))  # 0 behind, pi in front
    drop_mm = 48 * (1 - np.cos(around)) - 5 * np.sin(2 * around)
    rows = (z + drop_mm) / _RIB_PITCH_MM
    beside_mm = (rows - np.round(rows)) * _RIB_PITCH_MM * 0.82  # they slant, so they are nearer than the pitch says
    rib = ellipse(beside_mm, depth_mm, _RIB_HALF_HEIGHT_MM, _RIB_HALF_THICKNESS_MM, 2.3)
    from_spine = 16 - np.abs(x)
    to_sternum = np.maximum(20 - np.abs(x), -y)
    gap = np.maximum(from_spine, to_sternum - 60 * (y < 0))
    return np.maximum(rib, gap), np.broadcast_to(around > 2.62, rib.shape)


def _sternum(x: Field, y: Field, z: Field) -> Field:
    """Return the distance to manubrium and body of the sternum."""
    up = np.clip((z + 45) / 148, 0, 1.2)
    surface_y = 74 * np.sqrt(np.clip(1 - up**3.2, 0.03, 1)) - 3 - 18 * up**2 + 6.5
    width = 15 + 9 * np.clip((z - 38) / 25, 0, 1)
    return np.maximum(ellipse(x + 0 * y, y - surface_y, width, 6.0, 3.0), -68 - z)


def _shoulder_blade(x: Field, y: Field, z: Field) -> Field:
    """Return the distance to a thin bent plate behind the ribs."""
    around_x, around_y = x - 62, y + 20
    radius = np.hypot(around_x, around_y)
    plate = np.abs(radius - 62 - 0.1 * (z - 40)) - (1.6 + 1.6 * np.clip((x - 108) / 12, 0, 1))
    ends = np.maximum(np.maximum(86 - x, x - 122), np.maximum(y + 34, -14 - z + 0.9 * (110 - x)))
    ends = np.maximum(ends, 13 - thorax.cavity(x, y, z))  # it glides over the ribs
    return np.maximum(plate, ends)


def paint_spine(canvas: Canvas, texture: Field) -> None:
    """Paint vertebrae, discs and the canal; the texture has the canvas' shape."""
    x, y, z = canvas.coordinates
    level = z / thorax.VERTEBRA_PITCH_MM
    dz = (level - np.round(level)) * np.float32(thorax.VERTEBRA_PITCH_MM)
    dy = y - thorax.spine_y(z)
    bodies = thorax.vertebral_bodies(x, y, z)
    marrow = MARROW_HU - 20 + 50 * texture
    canvas.paint(bodies, DISC_HU)
    bone = np.maximum(bodies, np.abs(dz) - 10.2)
    canvas.paint(bone, CORTEX_HU - 150)
    canvas.paint(bone + _CORTEX_MM, marrow)
    for solid in _arch():
        arch = solid(np.abs(x), dy, dz)
        canvas.paint(arch, CORTEX_HU)
        canvas.paint(arch + _CORTEX_MM, marrow)
    canvas.paint(np.hypot(x, dy + 20.5) - 8.2, FAT_HU + 60)
    canvas.paint(np.hypot(x, dy + 20.5) - 7.4, FLUID_HU)
    canvas.paint(ellipse(x + 0 * z, dy + 20.5, 5.2, 4.2), CORD_HU)


def _arch() -> list[Solid]:
    """Return pedicle, lamina, joint, transverse and spinous process beside a vertebral body, for positive x."""
    return [
        capsule((10, -9, 4), (12, -22, 4), 4.2, 4.2),
        capsule((12, -24, 3), (2, -31, -4), 4.0, 3.6),
        capsule((12, -21, 10), (12, -23, -10), 4.0, 4.0),
        capsule((13, -24, 4), (31, -33, 7), 4.6, 3.6),
        capsule((0, -31, -3), (0, -46, -11), 3.4, 2.6),
    ]
