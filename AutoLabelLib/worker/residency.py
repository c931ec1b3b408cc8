"""Images that the worker keeps, so that the second click on a volume sends no voxels."""

from __future__ import annotations

from collections import OrderedDict

from AutoLabelLib.core.image import Image

DEFAULT_BUDGET_BYTES = 2 * 2**30


class ResidentImages:
    """The images used last, by fingerprint, up to a number of bytes; the very last one always stays.

    Args:
        budget_bytes: How many bytes of voxels are kept at most.
    """

    def __init__(self, budget_bytes: int = DEFAULT_BUDGET_BYTES) -> None:
        self._budget_bytes = budget_bytes
        self._images: OrderedDict[str, Image] = OrderedDict()  # the one used last is at the end

    @property
    def held_bytes(self) -> int:
        """Bytes of the voxels that are held."""
        return sum(image.array.nbytes for image in self._images.values())

    def find(self, fingerprint: str) -> Image | None:
        """Return an image and count it as used; None if it is not held."""
        image = self._images.get(fingerprint)
        if image is not None:
            self._images.move_to_end(fingerprint)
        return image

    def add(self, fingerprint: str, image: Image) -> None:
        """Hold an image, and let go of those that were not used for the longest time."""
        self._images[fingerprint] = image
        self._images.move_to_end(fingerprint)
        while self.held_bytes > self._budget_bytes and len(self._images) > 1:
            self._images.popitem(last=False)
