"""Which file formats there are, told by the end of a file's name."""

from __future__ import annotations

from pathlib import Path

from AutoLabelLib.core.errors import FileError

SEGMENTATION = ".seg.nrrd"
NIFTI = (".nii.gz", ".nii")
NRRD = (".nrrd", ".nhdr")
META_IMAGE = (".mha", ".mhd")
IMAGES = (*NIFTI, *NRRD, *META_IMAGE)
_DICOM_ENDINGS = (".dcm", ".dicom", ".ima", "")
# Longest first, so that a ".nii.gz" is not taken for a ".gz".
_KNOWN = (SEGMENTATION, ".seq.nrrd", *IMAGES, ".mrb")


def suffix(path: Path) -> str:
    """Return the ending of a file's name in lower case, with both parts of ".nii.gz" and ".seg.nrrd"."""
    name = path.name.lower()
    return next((known for known in _KNOWN if name.endswith(known)), path.suffix.lower())


def without_suffix(path: Path) -> Path:
    """Return a path without the ending that `suffix` returns."""
    ending = suffix(path)
    return path.with_name(path.name[: -len(ending)]) if ending else path


def check_readable(path: Path) -> None:
    """Raise FileError unless there is a file to read at a path."""
    if path.is_dir():
        raise FileError(
            f'"{path}" is a folder, not an image file.',
            "Choose a file; a folder is read only if it holds a DICOM series.",
        )
    if not path.exists():
        raise FileError(f'There is no file "{path}".', "Check the path.")


def unknown_format(path: Path, supported: tuple[str, ...]) -> FileError:
    """Return the error for a file whose ending is none of the supported ones."""
    dicom = " For DICOM, choose the folder of the series." if path.suffix.lower() in _DICOM_ENDINGS else ""
    return FileError(f'The format of "{path.name}" is not known.', f"Supported are: {', '.join(supported)}.{dicom}")
