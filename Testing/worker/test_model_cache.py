from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from AutoLabelLib.core import catalogue
from AutoLabelLib.core.bundle import read_spec
from AutoLabelLib.core.errors import ChecksumError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks import model_cache, preprocessing
from AutoLabelLib.worker.networks.model_cache import LruCache
from AutoLabelLib.worker.tasks import segmentation
from Testing.tiny_bundles import TinyBundle, rounding_weights, write_bundle


def test_what_was_not_used_for_longest_goes_first() -> None:
    cache: LruCache[bytes] = LruCache(10, len)
    for key in "abc":
        cache.get(key, lambda: b"1234")
    assert "a" not in cache
    cache.get("b", lambda: pytest.fail("b is there"))
    cache.get("d", lambda: b"1234")
    assert "b" in cache
    assert "c" not in cache


def test_the_last_one_stays_even_if_it_is_too_large() -> None:
    cache: LruCache[bytes] = LruCache(10, len)
    cache.get("small", lambda: b"1")
    assert cache.get("large", lambda: b"1" * 99) == b"1" * 99
    assert len(cache) == 1
    assert cache.size_bytes == 99
    cache.clear()
    assert len(cache) == 0


def test_a_model_is_loaded_once(tmp_path: Path) -> None:
    spec = read_spec(write_bundle(tmp_path / "tiny"))
    assert model_cache.load(spec) is model_cache.load(spec)


def test_a_model_whose_files_change_is_checked_again(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "tiny")
    spec = read_spec(folder)
    model_cache.load(spec)
    save_file(rounding_weights(2), folder / "models" / "model.safetensors")
    with pytest.raises(ChecksumError):
        model_cache.load(spec)


def test_a_copy_elsewhere_is_another_model(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "tiny")
    shutil.copytree(folder, tmp_path / "copy")
    first, second = (model_cache.load(read_spec(f)) for f in (folder, tmp_path / "copy"))
    assert first is not second
    assert first.bundle.sha256 == second.bundle.sha256


def test_engines_count_as_part_of_their_model(tmp_path: Path) -> None:
    from AutoLabelLib.worker.networks import engines

    model = model_cache.load(read_spec(write_bundle(tmp_path / "tiny")))
    before = model.size_bytes
    model.engines["a"] = engines.make(model.bundle.network, "cpu", "fp32", (1, 8, 8, 8))
    assert model.size_bytes == before
    model.engines["b"] = engines.make(model.bundle.network, "cpu", "bf16", (1, 8, 8, 8))
    assert model.size_bytes == 2 * before


def test_a_second_job_on_an_image_finds_it_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[torch.Size] = []
    normalise = preprocessing.Preprocessing.normalise

    def counting(self: preprocessing.Preprocessing, image: torch.Tensor) -> torch.Tensor:
        calls.append(image.shape)
        return normalise(self, image)

    monkeypatch.setattr(preprocessing.Preprocessing, "normalise", counting)
    folder = write_bundle(tmp_path / "tiny", TinyBundle(classes=3))
    catalogue.trust(folder)
    array = np.random.default_rng(5).integers(0, 3, (1, 9, 10, 11), dtype=np.int16)
    for _ in range(3):
        image = Image(array.copy(), np.eye(4), "MR")
        segmentation.run(Job("segmentation", str(folder), (image,), options={"engine": "fp32"}), TaskContext())
    assert len(calls) == 1
