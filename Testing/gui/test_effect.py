"""The effect, used as a user does: the segment follows what is pointed at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from Testing.gui.interacting import FakeModel, User
from Testing.slicer_scene import GRIDS

pytestmark = pytest.mark.usefixtures("host")


@pytest.fixture
def model(host: Any, monkeypatch: pytest.MonkeyPatch) -> FakeModel:
    from Testing.gui import interacting

    model = FakeModel()
    specs = [interacting.AUTOMATIC, interacting.CLICKS_ON_CT, interacting.ANYTHING]
    monkeypatch.setattr("AutoLabelLib.api.interaction.interact", model.interact)
    monkeypatch.setattr("AutoLabelLib.gui.slicer_worker.use_slicer_worker", lambda settings: None)
    monkeypatch.setattr("AutoLabelLib.core.catalogue.models", lambda *filters: specs)
    return model


@pytest.fixture
def user(host: Any, model: FakeModel) -> Iterator[User]:
    yield User(host, model, GRIDS["oblique"])


def test_a_click_makes_the_segment(user: User) -> None:
    user.click(20, 18, 12)

    found = user.mask()
    assert found.any()
    np.testing.assert_array_equal(found, user.expected(*user.conversation.prompts))
    assert not user.mask("other").any()
    assert len(user.marks()) == 1
    assert user.listed()[0].startswith("1.  ＋ Point, inside")
    assert "ml" in user.text
