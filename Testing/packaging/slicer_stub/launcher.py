"""Stands for Slicer's executable in the stub: loads the modules of a folder into the test host and runs some code.

    python launcher.py --additional-module-paths FOLDER ... (--python-code CODE | --python-script FILE ARGUMENT ...)

Other options of Slicer are accepted and have no effect. Exit code 77, which CTest can call "skipped", where the test
host cannot run.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import runpy
import sys
import tempfile
import types
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SKIPPED = 77


def run_unit_test(folders: list[str], name: str) -> None:
    """Do what slicer.testing.runUnitTest does.

    Raises:
        SystemExit: If a test fails.
    """
    sys.path.extend(folders)
    suite = unittest.TestLoader().loadTestsFromName(name)
    if not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful():
        raise SystemExit(1)


def main() -> int:
    """Start, run what was asked for, end."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--additional-module-paths", nargs="+", default=[])
    parser.add_argument("--python-code")
    parser.add_argument("--python-script", nargs=argparse.REMAINDER)
    arguments, _unused = parser.parse_known_args()
    if any(importlib.util.find_spec(package) is None for package in ("slicer", "PySide6")):
        print("The test host needs slicer-core and PySide6-Essentials.")
        return SKIPPED
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.path[:1] = arguments.additional_module_paths  # instead of this file's folder
    sys.path.append(str(ROOT))  # last: the package is to come from the build tree
    from Testing.host.session import running_host

    with tempfile.TemporaryDirectory() as folder, running_host(Path(folder)) as host:
        testing = types.ModuleType("slicer.testing")
        testing.runUnitTest = run_unit_test  # type: ignore[attr-defined]
        sys.modules["slicer.testing"] = host.slicer.testing = testing
        for module_folder in arguments.additional_module_paths:
            for path in sorted(Path(module_folder).glob("*.py")):
                host.load_module(path)
        host.start_up()
        if arguments.python_code:
            exec(arguments.python_code, {"__name__": "__main__"})
        else:
            sys.argv = arguments.python_script
            runpy.run_path(sys.argv[0], run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main())
