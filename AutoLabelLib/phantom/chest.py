"""A synthetic chest CT with nodules of exactly known volume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from AutoLabelLib.core.affine import Affine
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.phantom import organs, thorax, wall
from AutoLabelLib.phantom.canvas import Canvas, Field, blank_canvas, inside_fraction
from AutoLabelLib.phantom.nodules import Nodule, Shape, density_hu, fill_fractions
from AutoLabelLib.phantom.placement import Plan, Room, place
from AutoLabelLib.phantom.texture import blurred, scanner_noise, smooth_noise
from AutoLabelLib.phantom.vessels import Tree, grow_lung_vessels, paint_bronchi, paint_tree

SHAPE_IJK = (420, 300, 126)
SPACING_MM = (0.8, 0.8, 1.5)

NODULES = (
    Plan("solid", 12.0),
    Plan("lobulated", 20.0),
    Plan("sub-solid", 15.0),
    Plan("pleural", 11.0),
    Plan("vessel-attached", 8.0),
    Plan("solid", 8.0),
    Plan("solid", 6.5),
    Plan("solid", 4.5),
)
"""What the demonstration shows: every kind, and sizes from the smallest that is reported to a mass."""

_SLICE_BLUR_MM = 0.55  # standard deviation of the point spread in the slice, beside the voxel's own width
_NOISE_HU = 23.0
_BLOOD_HU = 41.0
_SLAB = 16  # slices that are painted at a time
_CANDIDATES = 20000


@dataclass(frozen=True, eq=False)
class ChestPhantom:
    """A rendered chest and what is true about it.

    Attributes:
        image: CT in HU.
        nodules: Its nodules.
        truth: One segment per nodule: the voxels of which it fills at least half.
        lungs: The right and the left lung, nodules included, on a coarser grid.
        vessels: The arteries and veins of the lungs.
    """

    image: Image
    nodules: tuple[Nodule, ...]
    truth: Labelmap
    lungs: Labelmap
    vessels: tuple[Tree, ...]


def chest_phantom(
    seed: int = 0,
    plans: tuple[Plan, ...] = NODULES,
    shape_ijk: tuple[int, int, int] = SHAPE_IJK,
    spacing_mm: tuple[float, float, float] = SPACING_MM,
    noise_hu: float = _NOISE_HU,
) -> ChestPhantom:
    """Return a synthetic, noisy, non-contrast chest CT; the same seed gives the same voxels.

    Args:
        seed: Chooses vessels, textures, noise, and the nodules' places and shapes.
        plans: The nodules that are wanted.
        shape_ijk: Number of voxels to the left, to the back and upwards.
        spacing_mm: Distance of their centres.
        noise_hu: Standard deviation of the scanner's noise in the middle of the body.

    Raises:
        InputError: If a nodule finds no place.
    """
    for_texture, for_vessels, for_nodules, for_noise = np.random.default_rng(seed).spawn(4)
    canvas, affine = blank_canvas(shape_ijk, spacing_mm, organs.AIR_HU)
    lungs = _paint_anatomy(canvas, spacing_mm, for_texture)
    trees = grow_lung_vessels(for_vessels)
    for tree in trees:
        paint_tree(canvas, tree, _BLOOD_HU, inside_fraction(lungs - 1.5, 3.0))
    paint_bronchi(canvas, trees)
    organs.paint_airways(canvas)
    shapes = place(for_nodules, plans, _room(for_nodules, canvas, trees))
    labels = np.zeros(shape_ijk, np.uint8)
    nodules = tuple(
        _paint_nodule(canvas, labels, number, plan, shape)
        for number, (plan, shape) in enumerate(zip(plans, shapes, strict=True), start=1)
    )
    seen = _scanned(canvas, spacing_mm, noise_hu, for_noise)
    segments = tuple(Segment(nodule.name, number) for number, nodule in enumerate(nodules, start=1))
    return ChestPhantom(
        Image(seen[None], affine, modality="CT", unit="HU"),
        nodules,
        Labelmap(labels[None], affine, segments),
        _lungs(lungs, canvas, affine),
        trees,
    )


def _paint_anatomy(canvas: Canvas, spacing_mm: tuple[float, float, float], rng: np.random.Generator) -> Field:
    """Paint everything but lung vessels and nodules; return the distance (I, J, K) to the lungs."""
    shape = canvas.values.shape
    texture = smooth_noise(rng, shape, spacing_mm, 6.0)
    fine_texture = smooth_noise(rng, shape, spacing_mm, 1.6)
    lungs = np.empty(shape, np.float32)
    x, y, z = canvas.coordinates
    for start in range(0, shape[2], _SLAB):  # slabs stay within the processor's cache and need little memory
        slab = slice(start, start + _SLAB)
        part = Canvas(canvas.values[..., slab], x, y, z[..., slab])
        lungs[..., slab] = thorax.lungs(*part.coordinates)
        wall.paint_soft_wall(part, texture[..., slab])
        organs.paint_inside(part, texture[..., slab])
        organs.paint_lungs(part, lungs[..., slab], texture[..., slab], fine_texture[..., slab])
        wall.paint_bones(part, fine_texture[..., slab])
        wall.paint_spine(part, fine_texture[..., slab])
    return lungs


def _lungs(lungs: Field, canvas: Canvas, affine: Affine) -> Labelmap:
    """Return the lungs on a grid of every third voxel in the slice and every second slice."""
    steps = (3, 3, 2)
    inside = lungs[:: steps[0], :: steps[1], :: steps[2]] < 0
    right = canvas.x[:: steps[0]] > 0
    labels = np.where(inside, np.where(right, 1, 2), 0).astype(np.uint8)
    coarse = np.asarray(affine) @ np.diag([*steps, 1.0])
    return Labelmap(labels[None], coarse, (Segment("Right lung", 1), Segment("Left lung", 2)))


def _room(rng: np.random.Generator, canvas: Canvas, trees: tuple[Tree, ...]) -> Room:
    """Return where nodules can go in a canvas."""
    low = np.array([float(line.min()) for line in canvas.coordinates])
    high = np.array([float(line.max()) for line in canvas.coordinates])
    points = rng.uniform(low, high, (_CANDIDATES, 3))
    depths = -thorax.lungs(*points.T)
    inside = depths > 0
    return Room(points[inside], depths[inside], trees, low, high)


def _paint_nodule(canvas: Canvas, labels: NDArray[np.uint8], number: int, plan: Plan, shape: Shape) -> Nodule:
    """Paint a nodule over what is there, mark its voxels with its number, and return what is true about it."""
    low, high = shape.center_ras_mm - shape.reach_mm - 2, shape.center_ras_mm + shape.reach_mm + 2
    part = canvas.part(tuple(low), tuple(high))
    fraction = fill_fractions(part, shape)
    part.values[...] += fraction * (density_hu(plan.kind, shape, part) - part.values)
    marked = Canvas(labels, *canvas.coordinates).part(tuple(low), tuple(high)).values
    marked[fraction >= 0.5] = number
    total = float(fraction.sum(dtype=np.float64))
    center = [float((fraction * line).sum(dtype=np.float64)) / total for line in part.coordinates]
    volume_ml = total * part.voxel_volume_ml
    diameter_mm = (6 * volume_ml * 1000 / np.pi) ** (1 / 3)
    return Nodule(f"N{number}", plan.kind, (center[0], center[1], center[2]), diameter_mm, volume_ml)


def _scanned(
    canvas: Canvas, spacing_mm: tuple[float, float, float], noise_hu: float, rng: np.random.Generator
) -> NDArray[np.int16]:
    """Return the canvas (I, J, K) as a scanner would show it: blurred, noisy, in whole HU."""
    in_slice = tuple(_SLICE_BLUR_MM / spacing for spacing in spacing_mm[:2])
    seen = blurred(canvas.values, (in_slice[0], in_slice[1], 0.35))
    x, y, _ = canvas.coordinates
    # Rays through the middle cross the most tissue, so that is where the noise is strongest.
    strength = noise_hu * (0.45 + 0.55 * np.exp(-((x / 130) ** 2 + (y / 95) ** 2)))
    seen += strength * scanner_noise(rng, seen.shape, spacing_mm[0])
    return np.asfortranarray(np.clip(np.rint(seen), -1024, 3071).astype(np.int16))
