from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from AutoLabelLib.core.errors import OutOfMemory
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.networks import memory_ladder
from AutoLabelLib.worker.networks.memory_ladder import Plan, climb, next_rung
from AutoLabelLib.worker.tasks import segmentation
from Testing.tiny_bundles import TinyBundle, write_bundle


def rungs(plan: Plan, may_shrink_patch: bool = True) -> list[Plan]:
    plans = [plan]
    while (step := next_rung(plans[-1], may_shrink_patch)) is not None:
        plans.append(step[0])
    return plans


def test_a_gpu_gives_up_speed_first_and_itself_last() -> None:
    plans = rungs(Plan("cuda", "auto", (96, 96, 64), batch=4))
    seen = [(p.device, p.batch, p.sums_on_cpu, p.half, p.patch_voxels) for p in plans]
    assert seen == [
        ("cuda", 4, False, False, (96, 96, 64)),
        ("cuda", 1, False, False, (96, 96, 64)),
        ("cuda", 1, True, False, (96, 96, 64)),
        ("cuda", 1, True, True, (96, 96, 64)),
        ("cuda", 1, True, True, (64, 64, 32)),
        ("cpu", 1, False, False, (96, 96, 64)),
        ("cpu", 1, False, True, (96, 96, 64)),
        ("cpu", 1, False, True, (64, 64, 32)),
    ]


def test_the_cpu_leaves_out_what_makes_no_difference() -> None:
    assert len(rungs(Plan("cpu", "auto", (40, 56, 40)))) == 3
    assert len(rungs(Plan("cpu", "auto", (40, 56, 40)), may_shrink_patch=False)) == 2


@pytest.mark.parametrize(
    ("patch", "half"), [((40, 56, 40), (24, 32, 24)), ((96, 80, 32), (64, 48, 32)), ((7, 12, 1), (4, 8, 1))]
)
def test_a_smaller_window_can_be_halved_as_often(patch: tuple[int, int, int], half: tuple[int, int, int]) -> None:
    assert rungs(Plan("cpu", "auto", patch))[-1].patch_voxels == half


ERRORS = (torch.OutOfMemoryError("CUDA"), MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory"))


@pytest.mark.parametrize("rung", range(8))
def test_each_step_is_taken_only_when_memory_runs_out_and_is_told(rung: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_ladder, "release", lambda: None)  # it takes a third of a second
    error = ERRORS[rung % len(ERRORS)]
    first = Plan("cuda", "auto", (96, 96, 64), batch=4)
    tried: list[Plan] = []

    def attempt(plan: Plan) -> str:
        tried.append(plan)
        if len(tried) <= rung:
            raise error
        return "done"

    context = TaskContext()
    answer, plan = climb(first, attempt, context)
    assert answer == "done"
    assert tried == rungs(first)[: rung + 1]
    assert plan == tried[-1]
    assert len(context.warnings) == rung
    assert all(warning.startswith("Memory ran out") for warning in context.warnings)


def test_after_the_last_step_there_is_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_ladder, "release", lambda: None)

    def attempt(plan: Plan) -> None:
        raise MemoryError

    with pytest.raises(OutOfMemory) as caught:
        climb(Plan("cuda", "auto", (32, 32, 32)), attempt, TaskContext())
    assert caught.value.hint


def test_another_error_is_not_a_lack_of_memory() -> None:
    def attempt(plan: Plan) -> None:
        raise RuntimeError("sizes do not fit")

    with pytest.raises(RuntimeError, match="sizes"):
        climb(Plan("cuda", "auto", (32, 32, 32)), attempt, TaskContext())


@pytest.mark.parametrize("rung", [0, 1, 2, 3])
def test_every_step_on_the_cpu_gives_the_right_labels(
    rung: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: list[Plan] = []

    def fault(plan: Plan) -> None:
        if plan not in plans:
            plans.append(plan)
        if len(plans) <= rung:
            raise MemoryError

    monkeypatch.setattr(memory_ladder, "fault", fault)
    array = np.random.default_rng(0).integers(0, 3, (1, 13, 14, 15), dtype=np.int16)
    folder = write_bundle(tmp_path / "tiny", TinyBundle(classes=3, patch_voxels=(12, 12, 12)))
    options = {"engine": "fp32", "batch": 2, "device": "cpu"}
    job = Job("segmentation", str(folder), (Image(array, np.eye(4), "MR"),), options=options)
    result = segmentation.run(job, TaskContext())
    np.testing.assert_array_equal(result.labelmaps[0].array, array)
    assert len(result.warnings) == rung
    assert [p.batch for p in plans] == [2, 1, 1, 1][: rung + 1]
    assert [p.half for p in plans] == [False, False, True, True][: rung + 1]
    assert result.provenance["patch_voxels"] == ([12, 12, 12] if rung < 3 else [8, 8, 8])


def test_a_lack_of_memory_anywhere_is_one_readable_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from AutoLabelLib.worker.segmentation import whole_volume

    def broken(*arguments: object) -> None:
        raise MemoryError

    monkeypatch.setattr(whole_volume, "LabelProjection", broken)
    array = np.random.default_rng(0).integers(0, 3, (1, 13, 14, 15), dtype=np.int16)
    folder = write_bundle(tmp_path / "tiny")
    with pytest.raises(OutOfMemory):
        segmentation.run(Job("segmentation", str(folder), (Image(array, np.eye(4), "MR"),)), TaskContext())
