from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from AutoLabelLib.core import catalogue
from AutoLabelLib.core.bundle import read_spec
from AutoLabelLib.core.errors import InputError, MissingDependency
from AutoLabelLib.core.labelmap import Segment
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks import bundle, engine_choice, engines
from AutoLabelLib.worker.networks.engine_choice import agreement_dice, candidates, engine_for
from AutoLabelLib.worker.networks.model_cache import LoadedModel
from AutoLabelLib.worker.networks.outputs import Outputs
from Testing.tiny_bundles import TinyBundle, write_bundle

SHAPE = (1, 12, 8, 8)
OUTPUTS = Outputs((Segment("a", 1), Segment("b", 2)), (1, 2))


@pytest.fixture
def model(tmp_path: Path) -> LoadedModel:
    return LoadedModel(bundle.load(read_spec(write_bundle(tmp_path / "tiny", TinyBundle(classes=3)))))


def network(seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    layers = [
        torch.nn.Conv3d(1, 8, 3, padding=1),
        torch.nn.InstanceNorm3d(8),
        torch.nn.ReLU(),
        torch.nn.Conv3d(8, 3, 1),
    ]
    return torch.nn.Sequential(*layers).eval().requires_grad_(False)


def available(name: str) -> bool:
    return not name.startswith("openvino") or engines.has_openvino()


@pytest.mark.parametrize("name", ["fp32", "bf16", "openvino", "openvino_bf16"])
def test_every_engine_agrees_with_torch_and_with_itself(name: str) -> None:
    if not available(name):
        pytest.skip("OpenVINO is not installed")
    windows = torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(1))
    exact = network()(windows)
    engine = engines.make(network(), "cpu", name, SHAPE)
    values = engine(windows)
    assert values.dtype == torch.float32
    assert torch.equal(values, engine(windows))
    torch.testing.assert_close(values, exact, rtol=0, atol=0.1 if name.endswith("bf16") else 1e-4)


def test_an_engine_leaves_the_network_as_it_is() -> None:
    own = network()
    before = {key: value.clone() for key, value in own.state_dict().items()}
    engines.make(own, "cpu", "bf16", SHAPE)(torch.zeros(1, *SHAPE))
    assert all(torch.equal(value, before[key]) for key, value in own.state_dict().items())
    assert all(parameter.is_contiguous() for parameter in own.parameters())


def test_what_openvino_made_is_kept_for_the_next_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openvino = pytest.importorskip("openvino")
    windows = torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(1))
    first = engines.make(network(), "cpu", "openvino", SHAPE, tmp_path)(windows)
    convert = openvino.convert_model
    monkeypatch.setattr(openvino, "convert_model", lambda *args, **kwargs: pytest.fail("it is there already"))
    assert torch.equal(engines.make(network(), "cpu", "openvino", SHAPE, tmp_path)(windows), first)
    (file,) = tmp_path.rglob("model.xml")
    file.write_text(file.read_text(encoding="utf-8")[:100], encoding="utf-8")
    monkeypatch.setattr(openvino, "convert_model", convert)
    assert torch.equal(engines.make(network(), "cpu", "openvino", SHAPE, tmp_path)(windows), first)


class _Heads(torch.nn.Module):
    def forward(self, windows: torch.Tensor) -> list[torch.Tensor]:
        return [windows + 1, windows]


def test_of_several_outputs_the_first_counts() -> None:
    windows = torch.zeros(1, *SHAPE)
    for name in filter(available, ("fp32", "openvino")):
        assert torch.equal(engines.make(_Heads(), "cpu", name, SHAPE)(windows), windows + 1)


def test_an_engine_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError):
        engines.make(network(), "cpu", "fp16", SHAPE)
    with pytest.raises(InputError):
        engines.make(network(), "cuda", "openvino", SHAPE)
    monkeypatch.setattr(engines, "has_openvino", lambda: False)
    with pytest.raises(MissingDependency):
        engines.make(network(), "cpu", "openvino", SHAPE)


def test_what_is_tried_depends_on_the_work_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "has_openvino", lambda: True)
    monkeypatch.setattr(engines, "has_fast_bf16", lambda: True)
    assert candidates("cpu", 1) == ["fp32"]
    assert candidates("cpu", 8) == ["openvino", "fp32"]
    assert candidates("cpu", 99) == ["openvino_bf16", "openvino", "bf16", "fp32"]
    assert candidates("cuda", 99) == ["fp16", "fp32"]
    assert candidates("mps", 99) == ["fp32"]
    monkeypatch.setattr(engines, "has_openvino", lambda: False)
    assert candidates("cpu", 99) == ["bf16", "fp32"]
    monkeypatch.setattr(engines, "has_fast_bf16", lambda: False)
    assert candidates("cpu", 99) == ["fp32"]


def test_agreement_is_that_of_the_worst_segment() -> None:
    exact = torch.zeros(3, 40, 10, 10)
    exact[1, :20] = exact[2, 20:30] = 1
    values = exact.clone()
    assert agreement_dice(values, exact, OUTPUTS) == (1.0, 1000)
    values[2, 20] = 0
    values[0, 20] = 2
    dice, smallest = agreement_dice(values, exact, OUTPUTS)
    assert dice == pytest.approx(2 * 900 / 1900)
    assert smallest == 950
    assert agreement_dice(exact * 0, exact * 0, OUTPUTS) == (1.0, 0)
    assert agreement_dice(values * float("nan"), exact, OUTPUTS)[0] == 0.0


@pytest.fixture
def no_openvino(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "has_openvino", lambda: False)
    monkeypatch.setattr(engines, "has_fast_bf16", lambda: True)


def chosen(model: LoadedModel, window: torch.Tensor, windows: int = 99, key: str = "image") -> str:
    return engine_for(model, "cpu", "auto", windows, lambda: window, key, TaskContext()).name


@pytest.mark.usefixtures("no_openvino")
def test_a_reduced_precision_must_show_itself_on_the_image(model: LoadedModel) -> None:
    easy = torch.zeros(1, 1, 40, 40, 30)
    easy[..., :10], easy[..., 10:20] = 1, 2
    assert chosen(model, easy) == "bf16"
    assert chosen(model, easy, windows=3) == "fp32"
    # Values so near to the border between two classes that bfloat16 cannot tell them apart.
    hard = 0.5 + torch.randn(1, 1, 40, 40, 30, generator=torch.Generator().manual_seed(0)) * 1e-3
    assert chosen(model, hard, key="another") == "fp32"
    assert chosen(model, easy) == "bf16"


@pytest.mark.usefixtures("no_openvino")
def test_too_little_to_judge_by_is_no_agreement(model: LoadedModel) -> None:
    small = torch.zeros(1, 1, 20, 20, 20)
    small[..., :3] = 1
    assert chosen(model, small) == "fp32"
    assert chosen(model, torch.zeros(1, 1, 40, 40, 30), key="empty") == "fp32"


def test_a_compiled_network_that_differs_is_not_used(model: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(engines.TorchEngine):
        def __call__(self, windows: torch.Tensor) -> torch.Tensor:
            return super().__call__(windows) * 1.5

    make = engines.make
    monkeypatch.setattr(engines, "has_openvino", lambda: True)
    monkeypatch.setattr(engines, "has_fast_bf16", lambda: False)

    def make_wrong(net: torch.nn.Module, device: str, name: str, *rest: Any) -> engines.Engine:
        return Wrong(net, device, name) if name == "openvino" else make(net, device, name, *rest)

    monkeypatch.setattr(engines, "make", make_wrong)
    context = TaskContext()
    for _ in range(2):
        engine = engine_for(model, "cpu", "auto", 99, lambda: torch.zeros(1, *SHAPE), "image", context)
        assert engine.name == "fp32"
    assert len(context.warnings) == 1


def test_a_network_that_cannot_be_compiled_runs_in_torch(model: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "has_openvino", lambda: True)
    monkeypatch.setattr(engines, "has_fast_bf16", lambda: False)

    def broken(*arguments: object) -> None:
        raise RuntimeError("no such operation")

    monkeypatch.setattr(engines, "OpenVinoEngine", broken)
    context = TaskContext()
    assert engine_for(model, "cpu", "auto", 99, lambda: torch.zeros(1, *SHAPE), "image", context).name == "fp32"
    assert "OpenVINO" in context.warnings[0]


def test_a_named_engine_is_taken_as_it_is(model: LoadedModel) -> None:
    assert engine_for(model, "cpu", "bf16", 1, lambda: torch.zeros(1, *SHAPE), "", TaskContext()).name == "bf16"
    assert engine_choice.LEAST_DICE > 0.999


def test_engines_agree_on_real_images(test_data: Path) -> None:
    """What is promised: the default engine gives what plain float32 gives, within a Dice of 0.999."""
    from AutoLabelLib.core.job import Job
    from AutoLabelLib.core.locations import resources
    from AutoLabelLib.files.images import read_image
    from AutoLabelLib.worker.tasks import segmentation

    folder = resources() / "Models" / "hippocampus_mr"
    if not folder.is_dir():
        pytest.skip("the model hippocampus_mr is not there")
    assert catalogue.is_trusted(folder)
    for file in sorted((test_data / "hippocampus_mr" / "images").glob("*.nii.gz"))[::90]:
        image = read_image(file)
        found = {}
        for name in filter(available, ("fp32", "openvino", "auto")):
            job = Job("segmentation", str(folder), (image,), options={"engine": name, "device": "cpu"})
            found[name] = segmentation.run(job, TaskContext()).labelmaps[0]
        for segment in found["fp32"].segments:
            exact = found["fp32"].mask(segment)
            for labelmap in found.values():
                mask = labelmap.mask(segment)
                assert 2 * int(np.sum(mask & exact)) / (int(mask.sum()) + int(exact.sum())) >= 0.999
