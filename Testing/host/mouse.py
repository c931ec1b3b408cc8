"""The user's mouse and keyboard in the views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import slicer

Position = Sequence[float]


def _view(name: str) -> Any:
    return slicer.app.layoutManager().sliceWidget(name).sliceView()


def _pixel(view: Any, position_ras_mm: Position) -> tuple[int, int]:
    x, y, _ = view.convertRASToXYZ(list(position_ras_mm))
    return round(x), round(y)


@contextmanager
def _held(interactor: Any, shift: bool, control: bool) -> Iterator[None]:
    interactor.SetShiftKey(int(shift))
    interactor.SetControlKey(int(control))
    try:
        yield
    finally:
        interactor.SetShiftKey(0)
        interactor.SetControlKey(0)


def _move(interactor: Any, pixel: tuple[int, int]) -> None:
    interactor.SetEventPosition(*pixel)
    interactor.MouseMoveEvent()


def show_slice(name: str, position_ras_mm: Position) -> None:
    """Let a slice view show the slice through a point."""
    slicer.app.layoutManager().sliceWidget(name).mrmlSliceNode().JumpSlice(*position_ras_mm)


def click(name: str, position_ras_mm: Position, shift: bool = False, control: bool = False) -> None:
    """Click at a point in a slice view, which shows the slice through it."""
    drag(name, [position_ras_mm], shift, control)


def drag(name: str, path_ras_mm: Sequence[Position], shift: bool = False, control: bool = False) -> None:
    """Press the left button at the first point, go through the others, and let go at the last."""
    view = _view(name)
    show_slice(name, path_ras_mm[0])
    interactor = view.interactor()
    pixels = [_pixel(view, position) for position in path_ras_mm]
    with _held(interactor, shift, control):
        _move(interactor, pixels[0])
        interactor.LeftButtonPressEvent()
        for pixel in pixels[1:]:
            _move(interactor, pixel)
        interactor.LeftButtonReleaseEvent()


def hover(name: str, position_ras_mm: Position) -> None:
    """Move the mouse to a point in a slice view."""
    _move(_view(name).interactor(), _pixel(_view(name), position_ras_mm))


def press_key(name: str, key: str, shift: bool = False, control: bool = False) -> None:
    """Press and release a key, such as "Delete" or "z", while the mouse is in a slice view."""
    interactor = _view(name).interactor()
    with _held(interactor, shift, control):
        interactor.SetKeySym(key)
        interactor.SetKeyCode(key if len(key) == 1 else "\0")
        interactor.KeyPressEvent()
        interactor.KeyReleaseEvent()
