from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from AutoLabelLib.core import catalogue
from AutoLabelLib.core.bundle import read_spec
from AutoLabelLib.core.errors import ChecksumError, ContractError, MissingDependency, ModelError, UntrustedModelError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks import bundle
from AutoLabelLib.worker.networks.window import Window
from AutoLabelLib.worker.tasks import segmentation
from Testing.tiny_bundles import TinyBundle, rounding_weights, write_bundle

DYNUNET = {
    "_target_": "monai.networks.nets.DynUNet",
    "spatial_dims": 3,
    "in_channels": 1,
    "out_channels": 2,
    "kernel_size": [3, 3, 3],
    "strides": [1, 2, 2],
    "upsample_kernel_size": [2, 2],
    "filters": [4, 8, 8],
    "norm_name": "instance",
}


def load(folder: Path) -> bundle.Bundle:
    return bundle.load(read_spec(folder))


def edit(path: Path, **entries: Any) -> None:
    """Change entries of a JSON file, and have the bundle approved as it is now, without checksums."""
    content = json.loads(path.read_text(encoding="utf-8"))
    content.update(entries)
    path.write_text(json.dumps(content), encoding="utf-8")
    metadata = path.with_name("metadata.json")
    content = json.loads(metadata.read_text(encoding="utf-8"))
    content.setdefault("autolabel", {})["sha256"] = {}
    metadata.write_text(json.dumps(content), encoding="utf-8")
    catalogue.trust(path.parents[1])


def labels(folder: Path, array: np.ndarray) -> np.ndarray:
    job = Job("segmentation", str(folder), (Image(array, np.eye(4), "MR"),), options={"engine": "fp32"})
    return segmentation.run(job, TaskContext()).labelmaps[0].array


# What must be refused


def test_a_bundle_that_nobody_approved_is_not_run(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "tiny", is_trusted=False)
    with pytest.raises(UntrustedModelError) as caught:
        load(folder)
    assert "trust" in caught.value.hint
    catalogue.trust(folder)
    load(folder)


def test_nothing_is_executed_before_the_approval(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    folder = write_bundle(tmp_path / "tiny")
    edit(folder / "configs" / "inference.json", network_def=f"$__import__('pathlib').Path({str(trap)!r}).touch()")
    catalogue._approvals_path().unlink()
    with pytest.raises(UntrustedModelError):
        load(folder)
    assert not trap.exists()


def test_altered_or_missing_weights_are_noticed(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "tiny")
    weights = folder / "models" / "model.safetensors"
    save_file(rounding_weights(3), weights, metadata={"changed": "yes"})
    with pytest.raises(ChecksumError, match=r"model\.safetensors"):
        load(folder)
    weights.unlink()
    with pytest.raises(ChecksumError, match="missing"):
        load(folder)
    edit(folder / "configs" / "inference.json")
    with pytest.raises(ChecksumError, match="no weights"):
        load(folder)


def test_cut_off_weights_are_one_readable_error(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "tiny")
    weights = folder / "models" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-7])
    edit(folder / "configs" / "inference.json")
    with pytest.raises(ModelError, match="cannot be read"):
        load(folder)


class _Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("executed",)


def test_a_pickle_with_code_is_not_executed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_bundle(tmp_path / "tiny")
    (folder / "models" / "model.safetensors").unlink()
    torch.save({"weight": _Trap()}, folder / "models" / "model.pt")
    edit(folder / "configs" / "inference.json")
    with pytest.raises(ModelError, match="more than weights"):
        load(folder)
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda state: state.pop("bias"), "lack bias"),
        (lambda state: state.update(extra=torch.zeros(1)), "unknown extra"),
        (lambda state: state.update(bias=torch.zeros(9)), "another shape for bias"),
    ],
)
def test_weights_must_fit_the_network(change: Any, problem: str, tmp_path: Path) -> None:
    state = rounding_weights(3)
    change(state)
    folder = write_bundle(tmp_path / "tiny", TinyBundle(state=state))
    with pytest.raises(ModelError, match=problem):
        load(folder)


@pytest.mark.parametrize(
    "entries",
    [
        {"network_def": {"_target_": "monai.networks.nets.NoSuchNet"}},
        {"network_def": {"_target_": "torch.nn.Conv3d", "flavour": "sweet"}},
        {"network_def": 7},
        {"preprocessing": {"_target_": "Compose", "transforms": [{"_target_": "NoSuchd", "keys": "image"}]}},
        {"inferer": {"_target_": "SlidingWindowInferer", "roi_size": "@nowhere"}},
        {"postprocessing": {"_target_": "Compose", "transforms": [{"_target_": "AsDiscreted", "argmax": True}]}},
    ],
    ids=str,
)
def test_a_config_that_makes_no_sense_is_one_readable_error(entries: dict[str, Any], tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "tiny")
    edit(folder / "configs" / "inference.json", **entries)
    with pytest.raises(ModelError):
        load(folder)


def test_a_network_that_needs_a_package_says_so(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "tiny")
    edit(folder / "configs" / "inference.json", network_def={"_target_": "no_such_package.Net"})
    with pytest.raises((MissingDependency, ModelError), match="no_such_package"):
        load(folder)


def test_a_bundle_needs_its_config(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "tiny")
    (folder / "configs" / "inference.json").unlink()
    catalogue.trust(folder)
    with pytest.raises(ModelError):
        load(folder)


def test_a_network_with_too_few_channels_is_refused(tmp_path: Path) -> None:
    tiny = TinyBundle(classes=3, label_values=(1, 2, 3, 4))
    array = np.arange(1000, dtype=np.int16).reshape(1, 10, 10, 10) % 3
    with pytest.raises(ContractError, match="too few"):
        labels(write_bundle(tmp_path / "tiny", tiny), array)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_network_that_returns_no_numbers_is_refused(value: float, tmp_path: Path) -> None:
    state = rounding_weights(3)
    state["bias"][1] = value
    with pytest.raises(ModelError, match="NaN"):
        labels(write_bundle(tmp_path / "tiny", TinyBundle(state=state)), np.arange(1000).reshape(1, 10, 10, 10))


# What must be understood


def test_the_repeated_tensors_of_a_dynunet_are_stored_once(tmp_path: Path) -> None:
    from monai.networks.nets import DynUNet

    torch.manual_seed(0)
    network = DynUNet(**{key: value for key, value in DYNUNET.items() if key != "_target_"}).eval()
    state = {key: value.half() for key, value in network.state_dict().items() if not key.startswith("skip_layers")}
    folder = write_bundle(tmp_path / "tiny", TinyBundle(classes=2, network_def=DYNUNET, state=state))
    loaded = load(folder).network
    window = torch.randn(1, 1, 8, 8, 8)
    network.half().float()
    with torch.no_grad():
        torch.testing.assert_close(loaded(window), network(window))
    assert next(loaded.parameters()).dtype == torch.float32
    # One that is stored nowhere is not tolerated.
    del state["input_block.conv1.conv.weight"]
    save_file(state, folder / "models" / "model.safetensors")
    edit(folder / "configs" / "inference.json")
    with pytest.raises(ModelError, match="lack"):
        load(folder)


@pytest.mark.parametrize("wrapper", [None, "state_dict", "model"])
def test_torch_files_are_read_as_weights_only(wrapper: str | None, tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "tiny")
    weights = folder / "models" / "model.safetensors"
    state = load_file(weights)
    weights.unlink()
    torch.save({wrapper: state, "epoch": 3} if wrapper else state, folder / "models" / "model.pt")
    edit(folder / "configs" / "inference.json")
    torch.testing.assert_close(load(folder).network.state_dict()["bias"], state["bias"])


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_a_torchscript_network_is_the_network(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "tiny")
    network = load(folder).network
    (folder / "models" / "model.safetensors").unlink()
    torch.jit.trace(network, torch.zeros(1, 1, 8, 8, 8)).save(folder / "models" / "model.ts")
    edit(folder / "configs" / "inference.json")
    array = np.arange(1000, dtype=np.int16).reshape(1, 10, 10, 10) % 3
    np.testing.assert_array_equal(labels(folder, array), array)


ZOO_INFERENCE = {
    "imports": ["$import torch", "$import os"],
    "bundle_root": "/nowhere/at/all",
    "output_dir": "$@bundle_root + '/eval'",
    "device": "$torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')",
    "spacing": [1.0, 1.0, 1.5],
    "network_def": {
        "_target_": "UNet",
        "spatial_dims": 3,
        "in_channels": 1,
        "out_channels": 2,
        "channels": [4, 8],
        "strides": [2],
        "norm": "$'batch'",
    },
    "network": "$@network_def.to(@device)",
    "deterministic_transforms": [
        {"_target_": "LoadImaged", "keys": "image", "reader": "$no_such_reader"},
        {"_target_": "EnsureChannelFirstd", "keys": "image"},
        {"_target_": "Orientationd", "keys": "image", "axcodes": "RAS"},
        {"_target_": "Spacingd", "keys": "image", "pixdim": "@spacing", "mode": "bilinear"},
        {
            "_target_": "monai.transforms.ScaleIntensityRanged",
            "keys": "image",
            "a_min": -57,
            "a_max": "$100 + 64",
            "b_min": 0,
            "b_max": 1,
            "clip": True,
        },
        {"_target_": "CropForegroundD", "keys": "image", "source_key": "image"},
        {"_target_": "EnsureTypeDict", "keys": "image", "device": "@device"},
    ],
    "preprocessing": {"_target_": "Compose", "transforms": "$@deterministic_transforms"},
    "inferer": {"_target_": "SlidingWindowInferer", "roi_size": [16, 16, 16], "sw_batch_size": 4, "overlap": 0.5},
    "postprocessing": {
        "_target_": "Compose",
        "transforms": [
            {"_target_": "Activationsd", "keys": "pred", "softmax": True},
            {"_target_": "Invertd", "keys": "pred", "transform": "@preprocessing", "orig_keys": "image"},
            {"_target_": "AsDiscreted", "keys": "pred", "argmax": True},
            {"_target_": "SaveImaged", "keys": "pred", "output_dir": "@output_dir"},
        ],
    },
}


def zoo_bundle(folder: Path, preprocessing: Any = None) -> Path:
    """Write a bundle as MONAI's model zoo has them: nothing of ours in it."""
    from monai.networks.nets import UNet

    torch.manual_seed(0)
    network = UNet(3, 1, 2, (4, 8), (2,), norm="batch")
    for name in ("configs", "models"):
        (folder / name).mkdir(parents=True)
    torch.save(network.state_dict(), folder / "models" / "model.pt")
    metadata = {
        "version": "0.4.1",
        "network_data_format": {
            "inputs": {"image": {"num_channels": 1, "modality": "CT", "channel_def": {"0": "image"}}},
            "outputs": {"pred": {"num_channels": 2, "channel_def": {"0": "background", "1": "spleen"}}},
        },
    }
    (folder / "configs" / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    config = {**ZOO_INFERENCE, **({"preprocessing": preprocessing} if preprocessing else {})}
    (folder / "configs" / "inference.json").write_text(json.dumps(config), encoding="utf-8")
    catalogue.trust(folder)
    return folder


@pytest.mark.filterwarnings("ignore:Orientationd:FutureWarning")
def test_a_bundle_of_the_zoo_runs_as_it_is(tmp_path: Path) -> None:
    listed = [step for step in ZOO_INFERENCE["deterministic_transforms"] if "reader" not in step]
    folder = zoo_bundle(tmp_path / "spleen", {"_target_": "Compose", "transforms": listed})
    loaded = load(folder)
    assert loaded.preprocessing.axcodes == "RAS"
    assert loaded.preprocessing.spacing_mm == (1.0, 1.0, 1.5)
    assert [type(t).__name__ for t in loaded.preprocessing.transforms] == ["ScaleIntensityRanged"]
    assert loaded.preprocessing.left_out == ("CropForegroundd",)
    assert loaded.preprocessing.is_local
    assert loaded.window == Window((16, 16, 16), 0.5, "constant")
    assert loaded.outputs.channels == (1,)
    array = np.random.default_rng(0).normal(0, 100, (1, 20, 21, 22)).astype(np.float32)
    job = Job("segmentation", str(folder), (Image(array, np.diag([-1, -1, 1.5, 1]), "CT", unit="HU"),))
    result = segmentation.run(job, TaskContext())
    assert result.labelmaps[0].segments[0].name == "spleen"
    assert set(np.unique(result.labelmaps[0].array)) <= {0, 1}
    assert result.provenance["left_out"] == ["CropForegroundd"]


def test_values_of_a_zoo_bundle_are_those_of_monai(tmp_path: Path) -> None:
    from monai.inferers import SlidingWindowInferer

    loaded = load(zoo_bundle(tmp_path / "spleen", {"_target_": "Compose", "transforms": []}))
    array = np.random.default_rng(0).normal(0, 1, (1, 20, 21, 22)).astype(np.float32)
    expected = SlidingWindowInferer((16, 16, 16), 1, 0.5)(torch.from_numpy(array)[None], loaded.network)[0].max(0)[1]
    job = Job("segmentation", str(tmp_path / "spleen"), (Image(array, np.eye(4), "CT", unit="HU"),))
    found = segmentation.run(job, TaskContext()).labelmaps[0].array[0]
    assert (found != expected.numpy()).mean() < 1e-3


def test_a_reference_is_resolved_as_a_whole(tmp_path: Path) -> None:
    config = json.loads(json.dumps(ZOO_INFERENCE))
    config["deterministic_transforms"] = [
        step for step in config["deterministic_transforms"] if step["_target_"] != "LoadImaged"
    ]
    folder = zoo_bundle(tmp_path / "spleen")
    (folder / "configs" / "inference.json").write_text(json.dumps(config), encoding="utf-8")
    catalogue.trust(folder)
    loaded = load(folder)
    assert loaded.preprocessing.spacing_mm == (1.0, 1.0, 1.5)
    assert [type(t).__name__ for t in loaded.preprocessing.transforms] == ["ScaleIntensityRanged"]


def test_a_yaml_config_is_read(tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    folder = write_bundle(tmp_path / "tiny")
    path = folder / "configs" / "inference.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    edit(path)
    path.unlink()
    path.with_suffix(".yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    catalogue.trust(folder)
    assert load(folder).window.patch_voxels == (8, 8, 8)


def test_a_bundle_may_bring_its_own_scripts(tmp_path: Path) -> None:
    for name, factor in (("one", 1), ("two", 2)):
        folder = write_bundle(tmp_path / name)
        (folder / "scripts").mkdir()
        (folder / "scripts" / "__init__.py").write_text("", encoding="utf-8")
        code = f"import torch\n\n\nclass Net(torch.nn.Conv3d):\n    factor = {factor}\n"
        (folder / "scripts" / "net.py").write_text(code, encoding="utf-8")
        network = {"_target_": "scripts.net.Net", "in_channels": 1, "out_channels": 3, "kernel_size": 1}
        edit(folder / "configs" / "inference.json", network_def=network)
        assert load(folder).network.factor == factor


def test_without_an_inferer_the_metadata_says_the_window(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "tiny", TinyBundle(patch_voxels=(8, 12, 16)))
    edit(folder / "configs" / "inference.json", inferer=None)
    assert load(folder).window.patch_voxels == (8, 12, 16)
    edit(folder / "configs" / "inference.json", inferer={"_target_": "SimpleInferer"})
    assert load(folder).window.patch_for((5, 6, 7)) == (5, 6, 7)


def test_identity_does_not_depend_on_the_place(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "tiny")
    shutil.copytree(folder, tmp_path / "copy")
    assert bundle.identity(folder) == bundle.identity(tmp_path / "copy")
