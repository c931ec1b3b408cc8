"""Image files in and out: NIfTI, NRRD and MetaImage."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from AutoLabelLib.core.errors import FileError
from AutoLabelLib.core.image import Image
from AutoLabelLib.files import formats
from AutoLabelLib.files.atomic import replacing


def read_image(path: str | Path, modality: str = "", time_point: int | None = None) -> Image:
    """Return the image in a file, with its stored values (rescaled as the file says) and its exact affine.

    Integers stay integers where the file has no slope. Several components per voxel become channels.

    Args:
        path: A .nii, .nii.gz, .nrrd, .nhdr, .mha or .mhd file.
        modality: DICOM modality, which these formats do not hold; "CT" says that the values are Hounsfield units.
        time_point: Which volume of a 4D file, from 0; None where the file must hold only one.

    Raises:
        FileError: If it is missing, damaged or of another format.
        UnsupportedVolumeError: If it is 4D and no time point is chosen, or it is a colour picture.
        GeometryError: If its affine is singular.
    """
    path = Path(path)
    formats.check_readable(path)
    ending = formats.suffix(path)
    if ending == formats.SEGMENTATION:
        raise FileError(f'"{path.name}" is a segmentation, not an image.', "Choose the image that belongs to it.")
    image = read_voxels(path, time_point)
    return dataclasses.replace(image, modality=modality, unit="HU" if modality == "CT" else None)


def read_voxels(path: Path, time_point: int | None = None) -> Image:
    """Return what a file of any supported format holds; `read_image` and `read_labelmap` say what it means."""
    ending = formats.suffix(path)
    if ending in formats.NIFTI:
        from AutoLabelLib.files import nifti

        return nifti.read(path, time_point)
    if ending in (*formats.NRRD, *formats.META_IMAGE, formats.SEGMENTATION, ".seq.nrrd"):
        from AutoLabelLib.files import itk

        return itk.read(path, time_point).image
    raise formats.unknown_format(path, formats.IMAGES)


def write_image(path: str | Path, image: Image) -> None:
    """Write an image in the format that the path's ending names; on failure the path stays as it was.

    Raises:
        FileError: If the path cannot be written or names no supported format.
    """
    path = Path(path)
    ending = formats.suffix(path)
    with replacing(path) as beside:
        if ending in formats.NIFTI:
            from AutoLabelLib.files import nifti

            nifti.write(beside, image.array, image.affine)
        elif ending == ".nrrd":
            from AutoLabelLib.files import nrrd

            nrrd.write(beside, image.array, image.affine)
        elif ending == ".mha":
            from AutoLabelLib.files import metaimage

            metaimage.write(beside, image.array, image.affine)
        else:
            raise formats.unknown_format(path, (*formats.NIFTI, ".nrrd", ".mha"))
