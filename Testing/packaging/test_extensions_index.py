"""The file for Slicer's Extensions Index keeps to its schema and says the same as CMakeLists.txt."""

from __future__ import annotations

import json
import re

from Testing.packaging.conftest import ROOT

FILE = ROOT / "Resources" / "ExtensionsIndex" / "AutoLabel.json"
# Source: slicer-extension-catalog-entry-schema-v1.0.2.json of 3D Slicer: each key and its type; others are refused.
SCHEMA = {
    "$schema": str,
    "category": str,
    "scm_url": str,
    "scm_revision": str,
    "scm_type": str,
    "build_dependencies": list,
    "dicom_support_rule": str,
    "build_subdirectory": str,
    "enabled": bool,
    "tier": int,
}
REQUIRED = {"$schema", "category", "scm_url"}


def entry() -> dict[str, object]:
    loaded: dict[str, object] = json.loads(FILE.read_text(encoding="utf-8"))
    return loaded


def variable(name: str) -> str:
    """Return what the top-level CMakeLists.txt sets, found as the index's own check finds it."""
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    found = re.search(rf'set\s*\({name}\s*"([^"]+)"[ ]*\)', text)
    assert found is not None, name
    return found.group(1)


def test_it_keeps_to_the_schema() -> None:
    assert entry().keys() >= REQUIRED
    assert all(isinstance(value, SCHEMA[key]) for key, value in entry().items())
    assert str(entry()["$schema"]).endswith("/slicer-extension-catalog-entry-schema-v1.0.2.json#")
    assert entry()["tier"] in range(1, 6)
    assert b"\r" not in FILE.read_bytes()


def test_it_says_the_same_as_cmake() -> None:
    assert entry()["category"] == variable("EXTENSION_CATEGORY")
    assert entry()["build_dependencies"] == variable("EXTENSION_DEPENDS").split()
    project = re.search(r"project\((\w+)\)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))
    assert project is not None and project.group(1) == FILE.stem
    repository = str(entry()["scm_url"]).removesuffix(".git")
    assert variable("EXTENSION_HOMEPAGE").startswith(repository)
    pictures = [variable("EXTENSION_ICONURL"), *variable("EXTENSION_SCREENSHOTURLS").split()]
    raw = repository.replace("github.com", "raw.githubusercontent.com") + f"/{entry()['scm_revision']}/"
    assert all(url.startswith(raw) and (ROOT / url.removeprefix(raw)).is_file() for url in pictures)


def test_the_repository_is_named_as_the_index_wants() -> None:
    assert str(entry()["scm_url"]).rsplit("/", 1)[-1].startswith("Slicer")
    assert not FILE.stem.lower().startswith("slicer")
    assert (ROOT / "LICENSE").is_file()
