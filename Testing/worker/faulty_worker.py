"""A worker with tasks that misbehave; run as a script it is the worker process of the tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import warnings

import numpy as np

from AutoLabelLib.core.errors import InputError
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.core.labelmap import Labelmap, Segment
from AutoLabelLib.worker.context import TaskContext


def echo(job: Job, context: TaskContext) -> Result:
    """Give everything back; the first image thresholded at zero, too."""
    with context.phase("network"):
        context.warn("a warning")
    segments = (Segment("positive", 3),)
    masks = tuple(Labelmap((image.array > 0) * np.uint8(3), image.affine, segments) for image in job.images[:1])
    values = {
        "options": dict(job.options),
        "prompts": job.prompts.to_json(),
        "thread": threading.get_ident(),
        "pid": os.getpid(),
        "fingerprints": [image.fingerprint for image in job.images],
        "cores": os.environ.get("OMP_NUM_THREADS"),
        "key": os.environ.get("AUTOLABEL_WORKER_KEY"),
    }
    return Result(job.id, (*masks, *job.labelmaps), job.images, values)


def slow(job: Job, context: TaskContext) -> Result:
    """Take one second (or "steps" of 0.01 s), with progress all the way."""
    steps = int(job.options.get("steps", 100))
    for step in range(steps):
        context.progress(step / steps, f"tile {step}")
        time.sleep(0.01)
    return Result(job.id)


def hang(job: Job, context: TaskContext) -> Result:
    """Do nothing, for long, and hear nothing."""
    context.progress(0.5, "now I hang")
    time.sleep(float(job.options.get("seconds", 3600)))
    return Result(job.id)


def freeze(job: Job, context: TaskContext) -> Result:
    """Stop the whole process, so that not even its other thread answers."""
    os.kill(os.getpid(), signal.SIGSTOP)
    return Result(job.id)


def crash(job: Job, context: TaskContext) -> Result:
    """Die like a process that the system kills when memory runs out."""
    context.progress(0.5, "half way")
    os.kill(os.getpid(), job.options.get("signal", signal.SIGKILL))
    time.sleep(60)
    return Result(job.id)


def noise(job: Job, context: TaskContext) -> Result:
    """Print by every way there is."""
    print("noise by print")
    print("noise on stderr", file=sys.stderr)
    os.write(1, b"\0\1\2 noise by os.write\n" * 1000)
    subprocess.run([sys.executable, "-S", "-c", "print('noise of a child process')"], check=True)
    warnings.warn("noise by warning", stacklevel=1)
    return Result(job.id, values={"quiet": False})


def family(job: Job, context: TaskContext) -> Result:
    """Start a process that would outlive us, tell its id, and hang."""
    child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(3600)"])
    context.progress(0.5, str(child.pid))
    time.sleep(3600)
    return Result(job.id)


def fail(job: Job, context: TaskContext) -> Result:
    """Raise what the options ask for."""
    kinds = {
        "input": InputError("The input is wrong.", "Take another."),
        "value": ValueError("patient Miller is not a number"),
        "memory": MemoryError(),
        "torch": RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        "module": ModuleNotFoundError("No module named 'torch'", name="torch"),
        "eof": EOFError("truncated file of Miller"),
        "disk": OSError(28, "No space left on device", "/data/Miller.nii"),
        "exit": SystemExit(3),
    }
    raise kinds[str(job.options["kind"])]


def unsendable(job: Job, context: TaskContext) -> Result:
    """Return something that is not JSON."""
    return Result(job.id, values={"thing": object()})


TASKS = {
    "echo": echo,
    "slow": slow,
    "hang": hang,
    "freeze": freeze,
    "crash": crash,
    "noise": noise,
    "family": family,
    "fail": fail,
    "unsendable": unsendable,
}

if __name__ == "__main__":
    from AutoLabelLib.worker.__main__ import main

    sys.exit(main(TASKS, seconds_to_finish=1.0))
