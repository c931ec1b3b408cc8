"""Slicer's start: loading our modules loads nothing but them, and what they say afterwards only our own light code."""

from __future__ import annotations

from Testing.benchmarks.start_up import MODULES, start

OURS = {path.stem for path in MODULES}


def test_loading_the_modules_loads_nothing_else() -> None:
    assert set(start(MODULES)["load_packages"]) == OURS


def test_announcing_loads_no_package_but_ours() -> None:
    assert set(start(MODULES)["announce_packages"]) - OURS <= {"AutoLabelLib", "AutoLabelEffect"}
