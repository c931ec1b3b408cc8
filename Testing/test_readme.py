"""The README's code runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_console_session_runs(test_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slicer = pytest.importorskip("slicer", reason="needs the Slicer libraries: pip install 'autolabel[slicer]'")
    from AutoLabelLib.scene.headless import headless_scene

    headless_scene()
    source = sorted((test_data / "hippocampus_mr" / "images").glob("*.nii.gz"))[0]
    volume_node = slicer.modules.volumes.logic().AddArchetypeVolume(str(source), "MR")
    volume_node.SetAttribute("DICOM.Modality", "MR")
    block = re.search(r"<!-- code: console -->\n```python\n(.*?)```", README, re.DOTALL)
    assert block is not None

    names = {"volumeNode": volume_node}
    exec(compile(block.group(1), "README.md", "exec"), names)

    segmentation = names["segmentationNode"].GetSegmentation()
    assert segmentation.GetNumberOfSegments() == 2
    assert "100%" in capsys.readouterr().out
    dice = names["table"].GetTable().GetColumnByName("dice")
    assert dice.GetValue(0) == pytest.approx(1.0)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!http)([^)#]+)\)", README))))
def test_what_the_readme_links_to_is_there(target: str) -> None:
    assert (Path(__file__).parents[1] / target).exists()
