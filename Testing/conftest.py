"""What all tests share: the real images, and one quiet thread for torch."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

# Two OpenMP threads beside another busy process spin instead of working; set before torch is imported anywhere.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

# A busy machine is no failure, and a red run must be red again the next time.
hypothesis.settings.register_profile("autolabel", deadline=None, derandomize=True)
hypothesis.settings.load_profile("autolabel")


@pytest.fixture(autouse=True)
def own_user_data(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests away from the user's own models, approvals and logs."""
    monkeypatch.setenv("AUTOLABEL_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Folder of the real images; skips where they are not."""
    folder = os.environ.get("AUTOLABEL_TEST_DATA")
    if not folder:
        pytest.skip("AUTOLABEL_TEST_DATA does not name the folder of the real images")
    return Path(folder)
