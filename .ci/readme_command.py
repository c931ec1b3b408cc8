"""Print a command of the README, so that what CI runs and what a reader copies are the same.

Usage: python .ci/readme_command.py NAME, where the README marks the code block with <!-- command: NAME -->.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path


def readme_command(name: str) -> str:
    """Return the code block that follows the marker of a name."""
    readme = Path(__file__).resolve().parents[1] / "README.md"
    block = re.search(rf"<!-- command: {re.escape(name)} -->\n```sh\n(.*?)```", readme.read_text("utf-8"), re.DOTALL)
    if block is None:
        raise SystemExit(f"README.md has no command named {name}.")
    return block.group(1)


if __name__ == "__main__":
    sys.stdout.write(readme_command(sys.argv[1]))
