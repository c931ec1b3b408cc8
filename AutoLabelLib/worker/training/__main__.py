"""Run one training without a client: `python -m AutoLabelLib.worker.training --recipe R --cases C --output O`."""

from __future__ import annotations

import argparse
import sys

from AutoLabelLib.core.errors import AutoLabelError
from AutoLabelLib.core.job import Job
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.tasks import training


def main(arguments: list[str] | None = None) -> int:
    """Train, and return 0, or 1 after a readable error."""
    parser = argparse.ArgumentParser(prog="python -m AutoLabelLib.worker.training", description=__doc__)
    parser.add_argument("--recipe", required=True, help="name of a recipe, or a .json file")
    parser.add_argument("--cases", required=True, help="case list, CSV or JSON")
    parser.add_argument("--output", required=True, help="folder for checkpoint, curves and bundle")
    parser.add_argument("--resume", action="store_true", help="continue from the checkpoint in the output folder")
    parser.add_argument("--start-from", default="", help="bundle with the same network whose weights to start from")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    options = vars(parser.parse_args(arguments))
    context = TaskContext(send_log=lambda line: print(line, flush=True))
    try:
        result = training.run(Job("training", options=options), context)
    except AutoLabelError as problem:
        print(f"{problem.code}: {problem}", file=sys.stderr)
        return 1
    print(f"bundle: {result.values['bundle']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
