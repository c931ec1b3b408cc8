"""A user at work with the effect, and the model that answers."""

from __future__ import annotations

from typing import Any

import pytest

from Testing.gui.autolabel_effect.interacting import ANYTHING, AUTOMATIC, CLICKS_ON_CT, FakeModel, User
from Testing.slicer_scene import GRIDS


@pytest.fixture
def model(host: Any, monkeypatch: pytest.MonkeyPatch) -> FakeModel:
    """The model: it answers at once, unless a test says otherwise."""
    model = FakeModel()
    specs = [AUTOMATIC, CLICKS_ON_CT, ANYTHING]
    monkeypatch.setattr("AutoLabelLib.api.interaction.interact", model.interact)
    monkeypatch.setattr("AutoLabelLib.gui.slicer_worker.use_slicer_worker", lambda settings: None)
    monkeypatch.setattr("AutoLabelLib.core.catalogue.models", lambda *filters: specs)
    return model


@pytest.fixture
def user(host: Any, model: FakeModel) -> User:
    """A user on a volume whose axes are those of the views."""
    return User(host, model, GRIDS["anisotropic"])
