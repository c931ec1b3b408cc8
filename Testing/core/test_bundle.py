from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from AutoLabelLib.core import bundle
from AutoLabelLib.core.errors import ChecksumError, ModelError
from AutoLabelLib.core.model import Channel

# As the bundles of MONAI's model zoo write it.
ZOO = {
    "version": "0.5.9",
    "monai_version": "1.4.0",
    "task": "Decathlon spleen segmentation",
    "description": "A pre-trained model for volumetric (3D) segmentation of the spleen from CT image",
    "data_source": "Task09_Spleen.tar from http://medicaldecathlon.com/",
    "intended_use": "This is an example, not to be used for diagnostic purposes",
    "network_data_format": {
        "inputs": {
            "image": {
                "type": "image",
                "format": "hounsfield",
                "modality": "CT",
                "num_channels": 1,
                "spatial_shape": [96, 96, 96],
                "value_range": [0, 1],
                "channel_def": {"0": "image"},
            }
        },
        "outputs": {
            "pred": {"num_channels": 2, "channel_def": {"0": "background", "1": "spleen"}},
        },
    },
}
OWN = {
    "name": "lung_nodule_ct",
    "task": "segmentation",
    "channels": [{"name": "image", "modality": "CT", "unit": "HU"}],
    "anatomy": "Lung",
    "segments": [{"name": "Nodule", "label_value": 7, "color": [1, 0, 0]}],
    "spacing_mm": [0.7, 0.7, 1.25],
    "patch_voxels": [64, 64, 32],
    "prompts": ["point"],
    "needs_prompt": True,
    "licence": "CC BY 4.0",
}


def write(folder: Path, metadata: Any) -> Path:
    (folder / "configs").mkdir(parents=True, exist_ok=True)
    text = metadata if isinstance(metadata, str) else json.dumps(metadata)
    (folder / "configs" / "metadata.json").write_text(text, encoding="utf-8")
    return folder


def zoo(**changes: Any) -> dict[str, Any]:
    return deepcopy(ZOO) | changes


def zoo_with(inputs: dict[str, Any] | None = None, outputs: dict[str, Any] | None = None, **top: Any) -> dict[str, Any]:
    metadata = zoo(**top)
    metadata["network_data_format"]["inputs"]["image"].update(inputs or {})
    metadata["network_data_format"]["outputs"]["pred"].update(outputs or {})
    return metadata


def named(spec: Any) -> list[tuple[str, int]]:
    return [(segment.name, segment.label_value) for segment in spec.segments]


def test_a_bundle_of_the_zoo(tmp_path: Path) -> None:
    spec = bundle.read_spec(write(tmp_path / "spleen_ct_segmentation", ZOO))
    assert (spec.name, spec.version, spec.task) == ("spleen_ct_segmentation", "0.5.9", "segmentation")
    assert spec.channels == (Channel("image", "CT", "HU"),)
    assert named(spec) == [("spleen", 1)]
    assert spec.patch_voxels == (96, 96, 96)
    assert spec.spacing_mm is None
    assert spec.folder == tmp_path / "spleen_ct_segmentation"


def test_a_bundle_of_this_project(tmp_path: Path) -> None:
    spec = bundle.read_spec(write(tmp_path, zoo(autolabel=OWN)))
    assert spec.name == "lung_nodule_ct"
    assert named(spec) == [("Nodule", 7)]
    assert spec.segments[0].color == (1, 0, 0)
    assert (spec.spacing_mm, spec.patch_voxels) == ((0.7, 0.7, 1.25), (64, 64, 32))
    assert (spec.prompts, spec.needs_prompt) == (("point",), True)


def test_guidance_is_no_input_image(tmp_path: Path) -> None:
    inputs = {"num_channels": 3, "channel_def": {"0": "image", "1": "guidance", "2": "guidance"}}
    assert len(bundle.read_spec(write(tmp_path, zoo_with(inputs))).channels) == 1


@pytest.mark.parametrize(
    ("num_channels", "channel_def", "names"),
    [
        (3, {"0": "image"}, ["image", "channel 1", "channel 2"]),
        (1, {"0": "T1", "1": "T2"}, ["T1"]),
        (2, {}, ["channel 0", "channel 1"]),
        ("1", {"0": "image"}, ["image"]),
    ],
)
def test_the_number_of_input_channels_beats_their_names(
    tmp_path: Path, num_channels: Any, channel_def: dict[str, str], names: list[str]
) -> None:
    inputs = {"num_channels": num_channels, "channel_def": channel_def}
    spec = bundle.read_spec(write(tmp_path, zoo_with(inputs)))
    assert [channel.name for channel in spec.channels] == names


@pytest.mark.parametrize(
    ("num_channels", "channel_def", "segments"),
    [
        (4, None, [("class 1", 1), ("class 2", 2), ("class 3", 3)]),
        (3, {"0": "background", "1": "liver"}, [("liver", 1), ("class 2", 2)]),
        (1, {"0": "background", "1": "liver", "2": "spleen"}, [("liver", 1), ("spleen", 2)]),
        (2, {"0": "everything else", "1": "liver"}, [("liver", 1)]),
        (3, {"0": "core", "1": "whole", "2": "enhancing"}, [("core", 1), ("whole", 2), ("enhancing", 3)]),
        (1, {"0": "tools"}, [("tools", 1)]),
        (11, {str(n): f"organ {n}" for n in range(11)}, [(f"organ {n}", n + 1) for n in range(11)]),
        (None, None, []),
    ],
)
def test_segments_of_foreign_outputs(
    tmp_path: Path, num_channels: Any, channel_def: dict[str, str] | None, segments: list[tuple[str, int]]
) -> None:
    outputs = {"num_channels": num_channels, "channel_def": channel_def}
    assert named(bundle.read_spec(write(tmp_path, zoo_with(outputs=outputs)))) == segments


def test_classes_that_may_overlap_have_layers_of_their_own(tmp_path: Path) -> None:
    outputs = {"num_channels": 3, "channel_def": {"0": "core", "1": "whole", "2": "enhancing"}}
    spec = bundle.read_spec(write(tmp_path, zoo_with(outputs=outputs)))
    assert [segment.layer for segment in spec.segments] == [0, 1, 2]


@pytest.mark.parametrize("modality", ["MRI", "mr", "MR"])
def test_mri_is_dicoms_mr(tmp_path: Path, modality: str) -> None:
    spec = bundle.read_spec(write(tmp_path, zoo_with({"modality": modality})))
    assert (spec.modality, spec.channels[0].unit) == ("MR", None)


def test_an_unknown_modality_is_any(tmp_path: Path) -> None:
    assert bundle.read_spec(write(tmp_path, zoo_with({"modality": "n/a"}))).modality == ""


@pytest.mark.parametrize("shape", ["*", ["8*n", "8*n", "8*n"], [128, 128], None])
def test_a_patch_in_words_is_no_patch(tmp_path: Path, shape: Any) -> None:
    assert bundle.read_spec(write(tmp_path, zoo_with({"spatial_shape": shape}))).patch_voxels is None


def test_a_classifier_has_classes_and_no_segments(tmp_path: Path) -> None:
    outputs = {"num_channels": 2, "channel_def": {"0": "benign", "1": "malignant"}}
    spec = bundle.read_spec(write(tmp_path, zoo_with(outputs=outputs, task="Nodule classification")))
    assert (spec.task, spec.classes, spec.segments) == ("classification", ("benign", "malignant"), ())


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"network_data_format": {}},
        {"network_data_format": {"inputs": {"latent": {}}}},
        {"network_data_format": {"inputs": {"image": {}}}},
        {"network_data_format": {"inputs": {"image": []}}},
        {"network_data_format": None},
        zoo_with({"num_channels": "many"}),
        zoo_with(outputs={"channel_def": {"zero": "background"}}),
        zoo(autolabel=OWN | {"segments": [{"name": "Nodule"}]}),
        zoo(autolabel=OWN | {"channels": [{}]}),
        zoo(autolabel=["a", "list"]),
    ],
)
def test_incomplete_metadata_is_a_readable_error(tmp_path: Path, metadata: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="is incomplete"):
        bundle.read_spec(write(tmp_path, metadata))


@pytest.mark.parametrize(
    ("text", "message"), [("{not json", "cannot be read"), ("[]", "not a JSON object"), ("", "cannot be read")]
)
def test_metadata_that_is_no_json(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        bundle.read_spec(write(tmp_path, text))


def test_metadata_of_wrong_bytes(tmp_path: Path) -> None:
    write(tmp_path, "{}")
    (tmp_path / "configs" / "metadata.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="cannot be read"):
        bundle.read_spec(tmp_path)


def test_a_folder_that_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is not a MONAI bundle"):
        bundle.read_spec(tmp_path)


def with_weights(folder: Path) -> Path:
    (folder / "models").mkdir(parents=True)
    (folder / "models" / "model.safetensors").write_bytes(b"weights")
    hashes = {"models/model.safetensors": bundle.file_sha256(folder / "models" / "model.safetensors")}
    return write(folder, zoo(autolabel=OWN | {"sha256": hashes}))


def test_verify_accepts_the_published_files(tmp_path: Path) -> None:
    bundle.verify(bundle.read_spec(with_weights(tmp_path / "model")))


def test_verify_refuses_an_altered_file(tmp_path: Path) -> None:
    folder = with_weights(tmp_path / "model")
    (folder / "models" / "model.safetensors").write_bytes(b"Weights")
    with pytest.raises(ChecksumError, match=r"model\.safetensors.*is not the published one"):
        bundle.verify(bundle.read_spec(folder))


def test_verify_refuses_a_missing_file(tmp_path: Path) -> None:
    folder = with_weights(tmp_path / "model")
    (folder / "models" / "model.safetensors").unlink()
    with pytest.raises(ChecksumError, match="is missing"):
        bundle.verify(bundle.read_spec(folder))


@pytest.mark.parametrize("path", ["configs/metadata.json", "models/model.safetensors", "vista/net.py", "new/more.py"])
def test_the_identity_covers_whatever_can_run(tmp_path: Path, path: str) -> None:
    folder = with_weights(tmp_path / "model")
    (folder / "vista").mkdir()
    (folder / "vista" / "net.py").write_text("import torch\n")
    before = bundle.bundle_sha256(folder)
    (folder / path).parent.mkdir(exist_ok=True)
    with (folder / path).open("ab") as stream:
        stream.write(b"\n")
    assert bundle.bundle_sha256(folder) != before


def test_the_identity_ignores_documents_and_place(tmp_path: Path) -> None:
    first, second = with_weights(tmp_path / "a"), with_weights(tmp_path / "b")
    for extra in ("docs/README.md", "scripts/__pycache__/net.pyc"):
        (second / extra).parent.mkdir(parents=True)
        (second / extra).write_text("text")
    assert bundle.bundle_sha256(first) == bundle.bundle_sha256(second)


def test_a_renamed_file_is_another_bundle(tmp_path: Path) -> None:
    folder = with_weights(tmp_path / "model")
    before = bundle.bundle_sha256(folder)
    (folder / "models" / "model.safetensors").rename(folder / "models" / "other.safetensors")
    assert bundle.bundle_sha256(folder) != before
