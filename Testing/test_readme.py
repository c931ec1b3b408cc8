"""The README's code runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import AutoLabelLib

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def ras_bounds(volume_node: Any) -> list[float]:
    """Return the lowest and highest R, A and S of a volume, in mm."""
    bounds = [0.0] * 6
    volume_node.GetRASBounds(bounds)
    return bounds


def test_console_session_runs(test_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slicer = pytest.importorskip("slicer", reason="needs the Slicer libraries: pip install 'autolabel[slicer]'")
    from AutoLabelLib.scene.headless import headless_scene

    headless_scene()
    source = sorted((test_data / "hippocampus_mr" / "images").glob("*.nii.gz"))[0]
    volume_node = slicer.modules.volumes.logic().AddArchetypeVolume(str(source), "MR")
    volume_node.SetAttribute("DICOM.Modality", "MR")
    block = re.search(r"<!-- code: console -->\n```python\n(.*?)```", README, re.DOTALL)
    assert block is not None

    low, high = np.reshape(ras_bounds(volume_node), (3, 2)).T
    names = {"volumeNode": volume_node, "insideRas": tuple((low + high) / 2), "outsideRas": tuple(low + 5.0)}
    exec(compile(block.group(1), "README.md", "exec"), names)

    segmentation = names["segmentationNode"].GetSegmentation()
    assert segmentation.GetNumberOfSegments() == 2
    assert "100%" in capsys.readouterr().out
    dice = names["table"].GetTable().GetColumnByName("dice")
    assert dice.GetValue(0) == pytest.approx(1.0)
    assert names["interaction"].segmentation_node.GetSegmentation().GetNumberOfSegments() == 1


def test_findings_session_runs(test_data: Path) -> None:
    slicer = pytest.importorskip("slicer", reason="needs the Slicer libraries: pip install 'autolabel[slicer]'")
    from AutoLabelLib.core.affine import ras_from_index
    from AutoLabelLib.files.images import read_voxels
    from AutoLabelLib.scene.headless import headless_scene

    headless_scene()
    name = "LIDC-IDRI-0003_R_2.nii.gz"
    ct_node = slicer.modules.volumes.logic().AddArchetypeVolume(
        str(test_data / "lung_nodule_ct" / "images" / name), "CT"
    )
    ct_node.SetAttribute("DICOM.Modality", "CT")
    mask = read_voxels(test_data / "lung_nodule_ct" / "masks" / name)
    middle = np.argwhere(mask.array[0] > 0).mean(axis=0)
    block = re.search(r"<!-- code: findings -->\n```python\n(.*?)```", README, re.DOTALL)
    assert block is not None
    names = {"al": AutoLabelLib, "ctNode": ct_node, "noduleRas": tuple(ras_from_index(mask.affine, middle))}
    exec(compile(block.group(1), "README.md", "exec"), names)

    (finding,) = names["found"].findings
    assert set(names["found"].probabilities) == {"benign", "malignant"}
    assert finding.segment
    assert slicer.util.arrayFromVolume(names["heatNode"]).max() > 0.5
    assert names["findings"][0].measurements["volume_ml"] > 1
    assert names["features"].GetNumberOfRows() > 90


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!http)([^)#]+)\)", README))))
def test_what_the_readme_links_to_is_there(target: str) -> None:
    assert (Path(__file__).parents[1] / target).exists()
