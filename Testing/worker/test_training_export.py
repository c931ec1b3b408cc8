from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from AutoLabelLib.core.bundle import read_spec, verify
from AutoLabelLib.core.errors import ChecksumError
from AutoLabelLib.files.images import read_image
from AutoLabelLib.worker.training import card, export, network
from AutoLabelLib.worker.training.cases import read_cases
from AutoLabelLib.worker.training.split import Split, split_cases
from Testing.tiny_training import recipe, write_cases


@pytest.fixture
def split(tmp_path: Path) -> Split:
    return split_cases(read_cases(write_cases(tmp_path / "cases")), {"every": 4})


@pytest.fixture
def bundle(tmp_path: Path, split: Split) -> Path:
    torch.manual_seed(3)
    model = network.build(recipe().network_def)
    return export.export_bundle(recipe(), [model.state_dict()], tmp_path / "tiny", [split])


def test_the_contract_can_be_read_and_verified(bundle: Path) -> None:
    spec = read_spec(bundle)
    verify(spec)
    assert (spec.name, spec.task, spec.modality) == ("tiny", "segmentation", "MR")
    assert [(segment.name, segment.label_value) for segment in spec.segments] == [("box", 3), ("lid", 7)]
    assert spec.spacing_mm == (1.0, 1.0, 1.0)
    assert spec.patch_voxels == (16, 16, 16)
    assert json.loads((bundle / "configs" / "metadata.json").read_text())["autolabel"]["mirror_axes"] == [0]
    (bundle / export.WEIGHTS).write_bytes(b"other")
    with pytest.raises(ChecksumError, match="not the published one"):
        verify(spec)


def test_weights_are_stored_once_and_read_back(bundle: Path, split: Split) -> None:
    from safetensors.torch import load_model

    torch.manual_seed(3)
    model = network.build(recipe().network_def)
    expected = {name: tensor.half().float() for name, tensor in model.state_dict().items()}
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    load_model(model, bundle / export.WEIGHTS)
    assert all(torch.equal(tensor, expected[name]) for name, tensor in model.state_dict().items())
    again = export.export_bundle(recipe(), [model.state_dict()], bundle.with_name("again"), [split])
    assert (again / export.WEIGHTS).read_bytes() == (bundle / export.WEIGHTS).read_bytes()
    count = sum(parameter.numel() for parameter in model.parameters())
    assert (bundle / export.WEIGHTS).stat().st_size < 2 * count + 20_000


@pytest.mark.filterwarnings("ignore")  # MONAI's own
def test_monai_itself_runs_the_bundle(bundle: Path, tmp_path: Path, split: Split) -> None:
    from monai.bundle import ConfigParser
    from safetensors.torch import load_model

    parser = ConfigParser()
    parser.read_config(bundle / export.INFERENCE)
    parser["bundle_root"], parser["output_dir"] = str(bundle), str(tmp_path / "out")
    parser["files"], parser["device"] = [str(split.test[0].images[0])], "$torch.device('cpu')"
    try:
        parser.get_parsed_content("initialize")
        predicted = parser.get_parsed_content("predict")(
            parser.get_parsed_content("preprocessing")({"image": str(split.test[0].images[0])})
        )
        parser.get_parsed_content("run")
    finally:
        torch.set_grad_enabled(True)
    model = network.build(recipe().network_def).eval()
    load_model(model, bundle / export.WEIGHTS)
    with torch.no_grad():
        direct = parser.get_parsed_content("inferer")(predicted["image"][None], model)[0]
    assert torch.equal(torch.as_tensor(predicted["pred"]), torch.as_tensor(direct))
    written = read_image(next((tmp_path / "out").rglob("*.nii.gz")))
    assert written.same_grid(read_image(split.test[0].images[0]))
    assert set(np.unique(written.array)) <= {0, 1, 2}


def test_the_card_names_data_split_and_figures(bundle: Path, tmp_path: Path) -> None:
    text = (bundle / "docs" / "README.md").read_text()
    assert "3 cases for training, 0 for validation, 1 held out" in text
    assert "Not measured yet" in text
    figure = {"mean": 0.8754, "low": 0.8, "high": 0.9, "n": 12}
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"summary": {"box": {"dice": figure, "hd95_mm": {**figure, "mean": None}}}}))
    card.main([str(bundle), f"Held out={report}"])
    text = (bundle / "docs" / "README.md").read_text()
    assert "**Held out**" in text
    assert "| box | 12 | 0.875 [0.800, 0.900] | – |" in text
    assert "autolabel train --recipe tiny" in text
    verify(read_spec(bundle))  # figures are no part of what is hashed


def test_a_new_export_replaces_the_old_one_whole(bundle: Path, split: Split) -> None:
    (bundle / "stray.txt").write_text("old")
    export.export_bundle(recipe(), [network.build(recipe().network_def).state_dict()], bundle, [split])
    assert not (bundle / "stray.txt").exists()
    assert not bundle.with_name("tiny.part").exists()
