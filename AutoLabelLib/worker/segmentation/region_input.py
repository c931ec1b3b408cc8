"""What a network that is told prompts reads of one region: the image, the prompts, and what it answered before."""

from __future__ import annotations

import numpy as np
import torch

from AutoLabelLib.core.image import Image
from AutoLabelLib.core.prompt import Prompts
from AutoLabelLib.worker.networks.bundle import Bundle
from AutoLabelLib.worker.networks.grid import Region, reordered
from AutoLabelLib.worker.networks.model_cache import IMAGES
from AutoLabelLib.worker.segmentation.guidance import guidance_channels


def region_input(
    image: Image, bundle: Bundle, part: Region, prompts: Prompts, before: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the network's input (C, *region.shape): the image's channels, then those beside it.

    Args:
        image: The whole image.
        bundle: The model.
        part: The region, in the model's orientation.
        prompts: What was pointed at.
        before: (C', ...), what stood before in the voxels that the region covers; None at first.
    """
    guidance = guidance_channels(prompts, part.affine, part.shape, bundle.guidance_sigma_mm)
    channels = [_image_in(image, bundle, part), torch.from_numpy(guidance)]
    if bundle.reads_previous:
        known = (
            torch.zeros(part.shape) if before is None else part.from_source(bundle.outputs.foreground(before)[None])[0]
        )
        channels.append(known[None])
    return torch.cat(channels)


def _image_in(image: Image, bundle: Bundle, part: Region) -> torch.Tensor:
    """Return the image in a region, with the intensities that the network wants: (C, *region.shape).

    Beyond the image lies its lowest value, as in training.
    """
    wishes, order = bundle.preprocessing, part.grid.order
    if wishes.is_local:  # then the rest of the image does not matter
        crop = order.apply(image.array)[(slice(None), *part.support)]
        values = wishes.normalise(torch.from_numpy(np.array(crop, dtype=np.float32, order="C")))
        lowest = torch.tensor([low for low, _ in image.value_ranges], dtype=torch.float32)
        beyond = wishes.normalise(lowest.reshape(-1, 1, 1, 1)).flatten().tolist()
    else:
        key = (image.fingerprint, bundle.sha256)
        whole = IMAGES.get(key, lambda: wishes.normalise(reordered(image.array, order)))
        values = whole[(slice(None), *part.support)]
        beyond = whole.flatten(1).amin(1).tolist()
    return part.sample(values, beyond)
