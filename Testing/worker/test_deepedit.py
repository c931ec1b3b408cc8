"""DeepEdit bundles of the zoo's form: clicks become one channel per label."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from AutoLabelLib.core import catalogue
from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.bundle import read_spec
from AutoLabelLib.core.errors import ContractError, JobCancelled, UntrustedModelError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.prompt import Box, Point, Prompts, Scribble
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks import bundle
from AutoLabelLib.worker.tasks import segmentation
from Testing.grids import ORIENTATIONS, make_affine
from Testing.zoo_bundles import DEEPEDIT_SIZE, write_deepedit

SHAPE = (24, 16, 20)
THREE = ("liver", "spleen", "background")


def drawing(labels: int) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Return a network that finds a label where its guidance is high, and its weights: it ignores the image."""
    network = {"_target_": "torch.nn.Conv3d", "in_channels": labels + 1, "out_channels": labels, "kernel_size": 1}
    weight = torch.zeros(labels, labels + 1, 1, 1, 1)
    # Guidance channels come in the order of label_names, foreground first; outputs begin with the background.
    for label in range(labels):
        weight[(label + 1) % labels, label + 1] = 1.0
    bias = torch.zeros(labels)
    bias[0] = 0.3
    return network, {"weight": weight, "bias": bias}


def model(folder: Path, labels: tuple[str, ...] = ("spleen", "background")) -> Path:
    return write_deepedit(folder / "any_name", labels, *drawing(len(labels)))


def volume(affine: NDArray[np.float64], shape: tuple[int, ...] = SHAPE) -> Image:
    array = np.random.default_rng(0).normal(0, 80, (1, *shape)).astype(np.float32)
    array[0, 0, 0, 0] = -1000
    return Image(array, affine, "CT", unit="HU")


def click(affine: NDArray[np.float64], *index: float, positive: bool = True) -> Point:
    x, y, z = ras_from_index(affine, index)
    return Point((float(x), float(y), float(z)), positive)


def run(folder: Path, image: Image, prompts: Prompts = Prompts(), **options: Any) -> Result:  # noqa: B008
    job = Job("segmentation", str(folder), (image,), prompts=prompts, options={"device": "cpu", **options})
    return segmentation.run(job, TaskContext())


def test_its_contract_is_read_without_running_it(tmp_path: Path) -> None:
    spec = read_spec(write_deepedit(tmp_path / "edit", THREE, is_trusted=False))
    assert (spec.prompting, spec.prompts, spec.needs_prompt) == ("deepedit", ("point",), False)
    assert [channel.name for channel in spec.channels] == ["image"]
    assert [(segment.name, segment.label_value) for segment in spec.segments] == [("liver", 1), ("spleen", 2)]
    with pytest.raises(UntrustedModelError):
        bundle.load(spec)


def test_the_zoo_network_gives_what_monai_gives(tmp_path: Path) -> None:
    affine = np.diag([1.5, 1.5, 2.0, 1.0])
    folder = write_deepedit(tmp_path / "edit")
    image = volume(affine, DEEPEDIT_SIZE)
    network = bundle.load(read_spec(folder)).network
    prompts = Prompts((click(affine, 4, 5, 6), click(affine, 12, 3, 9, positive=False)))
    found = run(folder, image, prompts, engine="fp32").labelmaps[0]
    scaled = np.clip((image.array[0] + 175) / 425, 0, 1)
    channels = [torch.from_numpy(scaled)]
    for place in ((4, 5, 6), (12, 3, 9)):
        squared = sum((axis - centre) ** 2 for axis, centre in zip(np.ogrid[:16, :16, :16], place, strict=True))
        channels.append(torch.from_numpy(np.exp(-squared / 18)))
    with torch.inference_mode():
        expected = network(torch.stack(channels)[None].float())[0].argmax(0)
    assert (found.array[0] == expected.numpy()).mean() > 0.99  # MONAI cuts its Gaussian off


def test_clicks_go_into_the_channel_of_their_label(tmp_path: Path) -> None:
    affine = np.diag([1.0, 1.0, 1.0, 1.0])
    folder = model(tmp_path, THREE)
    prompts = Prompts((click(affine, 5, 6, 7), click(affine, 18, 9, 12, positive=False)))
    for name, value in (("liver", 1), ("spleen", 2)):
        labelmap = run(folder, volume(affine), prompts, structures=[name]).labelmaps[0]
        assert [segment.name for segment in labelmap.segments] == [name]
        assert np.unique(labelmap.array).tolist() == [0, value]
        assert labelmap.array[0, 5, 6, 7] == value and labelmap.array[0, 18, 9, 12] == 0


def test_it_must_be_said_which_structure_is_clicked(tmp_path: Path) -> None:
    affine = np.eye(4)
    folder = model(tmp_path, THREE)
    with pytest.raises(ContractError, match=r"not clear which structure.*liver, spleen"):
        run(folder, volume(affine), Prompts((click(affine, 5, 6, 7),)))
    with pytest.raises(ContractError, match='no structure "heart"'):
        run(folder, volume(affine), structures=["heart"])


def test_a_negative_click_takes_away(tmp_path: Path) -> None:
    affine = np.eye(4)
    folder, image = model(tmp_path), volume(affine)
    one = run(folder, image, Prompts((click(affine, 8, 8, 8),))).labelmaps[0].array[0]
    two = run(folder, image, Prompts((click(affine, 8, 8, 8), click(affine, 14, 8, 8, positive=False))))
    assert one[14, 8, 8] and not two.labelmaps[0].array[0, 14, 8, 8] and two.labelmaps[0].array[0, 8, 8, 8]


def test_a_model_without_background_refuses_a_negative_click(tmp_path: Path) -> None:
    folder = model(tmp_path, ("liver", "spleen"))
    outside = Prompts((click(np.eye(4), 11, 8, 8, positive=False),))
    with pytest.raises(ContractError, match="no label for that"):
        run(folder, volume(np.eye(4)), outside)


@pytest.mark.parametrize("code", ORIENTATIONS)
def test_a_click_is_found_again_in_every_orientation(code: str, deepedit: Path) -> None:
    affine = make_affine(code, (0.8, 1.0, 1.6), (15, -8, 12), (0.1, 0.0, 0.1), (-40, 30, 20))
    found = run(deepedit, volume(affine), Prompts((click(affine, 15, 6, 11),))).labelmaps[0]
    np.testing.assert_allclose(np.argwhere(found.array[0]).mean(axis=0), (15, 6, 11), atol=1.3)


@pytest.fixture(scope="module")
def deepedit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_deepedit(tmp_path_factory.mktemp("bundles") / "edit", ("spleen", "background"), *drawing(2))


@pytest.fixture(autouse=True)
def _trusted(request: pytest.FixtureRequest) -> None:
    if "deepedit" in request.fixturenames:
        catalogue.trust(request.getfixturevalue("deepedit"))


def test_it_segments_without_a_click(tmp_path: Path) -> None:
    folder = write_deepedit(tmp_path / "edit")
    found = run(folder, volume(np.eye(4)))
    assert found.labelmaps[0].segments[0].name == "spleen" and found.provenance["windows"] == 1


@pytest.mark.parametrize("prompt", [Box((0, 0, 0), (3, 3, 3)), Scribble(((1, 1, 1), (4, 4, 4)))])
def test_other_prompts_are_refused(prompt: Box | Scribble, deepedit: Path) -> None:
    with pytest.raises(ContractError, match=r"does not understand a (box|scribble); it takes: point"):
        run(deepedit, volume(np.eye(4)), Prompts().adding(prompt))


def test_it_can_be_cancelled(deepedit: Path) -> None:
    job = Job("segmentation", str(deepedit), (volume(np.eye(4)),))
    with pytest.raises(JobCancelled):
        segmentation.run(job, TaskContext(is_cancelled=lambda: True))


def test_several_images_are_its_channels(tmp_path: Path) -> None:
    folder = write_deepedit(tmp_path / "edit", images=2)
    assert len(read_spec(folder).channels) == 2
    image = volume(np.eye(4))
    double = Image(np.repeat(image.array, 2, axis=0), image.affine, "CT", unit="HU")
    assert run(folder, double).labelmaps[0].array.shape == (1, *SHAPE)
