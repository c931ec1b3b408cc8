"""The verb explain: one job, then a volume node for a node, and heat for anything else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import AutoLabelLib as al
from AutoLabelLib.client import InProcess, Worker, set_default_worker
from AutoLabelLib.core.affine import ras_from_index
from AutoLabelLib.core.errors import ContractError, InputError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.core.prompt import Box
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.serve import serve
from Testing.slicer_scene import GRIDS, SHAPE, add_volume

JOBS: list[Job] = []


FEATURES = ({"feature": "f", "effect": 0.5, "value": 1.0, "typical": 0.5, "words": "It is f."},)


def bright_is_hot(job: Job, context: TaskContext) -> Result:
    """An explanation that anyone can check: what is brighter, is hotter."""
    JOBS.append(job)
    context.progress(1.0, "warming")
    context.warn("Brightness is no reason.")
    image = job.images[0]
    heat = Image((image.array / image.array.max()).astype(np.float32), image.affine, channel_names=("heat",))
    values = {"target": "Bright", "probability": 0.9, "method": job.options["method"], "layer": ""}
    values |= {"deletion": {"area": 0.1}, "contributions": []}
    if job.options.get("layer") == "features":  # stands for a classifier of features alone
        return Result(job.id, values={**values, "method": "contributions", "contributions": list(FEATURES)})
    return Result(job.id, images=(heat,), values=values, provenance={"options": dict(job.options)})


@pytest.fixture(autouse=True)
def twin() -> Iterator[None]:
    JOBS.clear()
    with Worker(InProcess(partial(serve, tasks={"explanation": bright_is_hot}))) as worker:
        set_default_worker(worker)
        yield
    set_default_worker(Worker())


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    own: dict[str, Any] = {"name": "bright", "task": "segmentation", "prompts": ["point"]}
    own["channels"] = [{"name": "MR", "modality": "MR"}]
    metadata = {"version": "2.0", "network_data_format": {"inputs": {"image": {"num_channels": 1}}}, "autolabel": own}
    (tmp_path / "bundle" / "configs").mkdir(parents=True)
    (tmp_path / "bundle" / "configs" / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    return tmp_path / "bundle"


def image() -> Image:
    return Image(np.arange(np.prod(SHAPE), dtype=np.int16).reshape(1, *SHAPE), GRIDS["oblique"], "MR")


def test_an_image_gives_heat(bundle: Path) -> None:
    heat = al.explain(image(), bundle, "occlusion", prompts=[(1, 2, 3)], target="Bright", seed=4)
    assert heat.same_grid(image())
    assert heat.array.max() == 1
    assert (heat.target, heat.probability, heat.method, heat.deletion) == ("Bright", 0.9, "occlusion", {"area": 0.1})
    assert JOBS[0].options == {"method": "occlusion", "target": "Bright", "seed": 4}
    assert len(JOBS[0].prompts.points) == 1


def test_a_region_gives_heat_on_the_whole_grid(bundle: Path) -> None:
    low, high = (tuple(ras_from_index(GRIDS["oblique"], index)) for index in ((2, 2, 1), (5, 4, 3)))
    heat = al.explain(image(), bundle, roi=Box(low, high))  # type: ignore[arg-type]
    assert JOBS[0].images[0].spatial_shape < SHAPE
    assert heat.same_grid(image())
    assert heat.array[0, 0, 0, 0] == 0
    assert heat.array.max() == 1


def test_a_segment_goes_along_alone(bundle: Path) -> None:
    array = np.zeros((1, *SHAPE), np.uint8)
    array[0, 3, 3, 2], array[0, 4, 4, 2] = 1, 2
    labelmap = Labelmap(array, GRIDS["oblique"], (Segment("one", 1), Segment("two", 2)))
    al.explain(image(), bundle, segmentation=labelmap, segment="two")
    assert [segment.name for segment in JOBS[0].labelmaps[0].segments] == ["two"]
    with pytest.raises(InputError, match="one, two"):
        al.explain(image(), bundle, segmentation=labelmap, segment="three")


def test_a_form_that_cannot_fit_is_refused_at_once(bundle: Path) -> None:
    with pytest.raises(ContractError, match="2"):
        al.explain(Image(np.zeros((2, *SHAPE), np.int16), np.eye(4), "MR"), bundle)
    assert not JOBS


def test_a_node_gives_a_heatmap_over_it(scene: Any, bundle: Path) -> None:
    from AutoLabelLib.scene.heatmaps import heatmaps_of
    from AutoLabelLib.scene.volumes import image_from_volume

    volume_node = add_volume(GRIDS["left-handed"])
    volume_node.SetAttribute("DICOM.Modality", "MR")
    pending = al.explain(volume_node, bundle, "gradcam", wait=False)
    node = pending.wait()
    assert heatmaps_of(volume_node) == [node]
    assert node.GetName() == "CT: Bright (gradcam)"
    assert image_from_volume(node).same_grid(image_from_volume(volume_node))
    assert node.GetAttribute("AutoLabel.Model") == "bright"
    assert json.loads(node.GetAttribute("AutoLabel.Options"))["method"] == "gradcam"
    assert pending.warnings == ("Brightness is no reason.",)
    late = al.explain(volume_node, bundle, wait=False)
    scene.RemoveNode(volume_node)
    with pytest.raises(InputError, match="no longer in the scene"):
        late.wait()


def test_a_classifier_of_features_gives_contributions(scene: Any, bundle: Path) -> None:
    assert al.explain(image(), bundle, layer="features") == FEATURES
    volume_node = add_volume(GRIDS["oblique"])
    volume_node.SetAttribute("DICOM.Modality", "MR")
    chart = al.explain(volume_node, bundle, layer="features")
    assert chart.IsA("vtkMRMLPlotChartNode")
    assert chart.GetName() == "CT: features"
