"""The benchmarks' models can still be made; what they measure is not tested here."""

from __future__ import annotations

from pathlib import Path

from AutoLabelLib.core import bundle
from Testing.benchmarks import inputs


def test_a_model_of_many_classes_is_made(tmp_path: Path) -> None:
    spec = bundle.read_spec(inputs.automatic_bundle(tmp_path, 5, 32))
    bundle.verify(spec)
    assert len(spec.segments) == 5
    assert spec.patch_voxels == (32, 32, 32)


def test_a_model_that_is_clicked_is_made(tmp_path: Path) -> None:
    spec = bundle.read_spec(inputs.click_bundle(tmp_path))
    bundle.verify(spec)
    assert spec.needs_prompt
