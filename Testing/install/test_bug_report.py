from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from AutoLabelLib.client.logs import log_folder
from AutoLabelLib.install.bug_report import bug_report, without_names, worker_log_end
from AutoLabelLib.install.checks import FAILED, Check
from AutoLabelLib.install.packages import needed_packages
from Testing.install.test_packages import VERSIONS


@pytest.fixture(autouse=True)
def user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "jdoe")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('File "/opt/x/jdoe/lib/site-packages/torch/nn.py", line 3', 'File "…/site-packages/torch/nn.py", line 3'),
        ("cannot read /data/SMITH_ANNA/ct.nii.gz.", "cannot read <path>.nii.gz."),
        ('"/data/Smith Anna/1.dcm" is broken', '"<path>.dcm" is broken'),
        (r"in 'D:\Patients\Smith\brain.nrrd'", "in '<path>.nrrd'"),
        (r"C:\Slicer\lib\Python\Lib\site-packages\monai\x.py", "…/site-packages\\monai\\x.py"),
        (f"{Path.home()}/Smith/ct.nrrd", "<path>.nrrd"),
        ("logged in as jdoe on 3/4 of 5 GB", "logged in as <user> on 3/4 of 5 GB"),
        ("see https://pytorch.org/get-started/locally", "see https://pytorch.org/get-started/locally"),
        ("0.5 / 1.0 done, and/or", "0.5 / 1.0 done, and/or"),
    ],
)
def test_names_and_folders_are_left_out(text: str, kept: str) -> None:
    assert without_names(text) == kept


def test_the_report_holds_facts_and_the_end_of_the_log() -> None:
    log_folder().mkdir(parents=True)
    lines = [f"line {number}" for number in range(500)]
    (log_folder() / "worker-1.log").write_text("of another day\n")
    (log_folder() / "worker-2.log").write_text("\n".join(lines) + "\nread /data/SMITH^ANNA/ct.nrrd\n")
    text = bug_report(
        {"Slicer": "5.12.3 revision 34000"},
        needed_packages(VERSIONS),
        [Check("worker", FAILED, "did not start", "See /srv/jdoe/.local/share/AutoLabel/logs/worker-2.log")],
        ["Collecting monai"],
    )
    for fact in ("Slicer: 5.12.3", "torch - (missing)", "numpy 2.0.2 (ok)", "did not start", "Collecting", "line 499"):
        assert fact in text
    for name in ("SMITH", "jdoe", "line 100\n", "another day"):
        assert name not in text


def test_without_a_log_there_is_a_report() -> None:
    assert worker_log_end() == []
    assert "none was run" in bug_report({}, [], [])
