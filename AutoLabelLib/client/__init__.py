"""Start, watch, cancel and restart the worker; submit jobs to it. Knows the worker only by its messages.

    with Worker() as worker:
        handle = worker.submit(Job("segmentation", model_folder, (image,)))
        handle.on_progress(print)
        result = handle.wait()

| file                        | what it does                                                               |
|-----------------------------|----------------------------------------------------------------------------|
| worker.py, shared.py        | `Worker`, to which jobs are given; the one that a whole process shares     |
| job_handle.py               | `JobHandle`: state, progress, result and callbacks of one job              |
| session.py                  | one life of a worker, from its start to its end: what it says              |
| outbox.py                   | what is sent to it                                                         |
| watchdog.py, limits.py      | when it is given up                                                        |
| process.py, process_tree.py | the worker as a process: start, connect, kill                              |
| in_process.py               | its twin on a thread, for tests                                            |
| endpoint.py                 | what a session needs of either                                             |
| logs.py                     | the files that workers print into                                          |
"""

from AutoLabelLib.client.in_process import InProcess
from AutoLabelLib.client.job_handle import JobHandle
from AutoLabelLib.client.limits import Limits
from AutoLabelLib.client.process import ProcessLauncher
from AutoLabelLib.client.shared import default_worker, has_chosen_worker, set_default_worker
from AutoLabelLib.client.worker import Worker

__all__ = [
    "InProcess",
    "JobHandle",
    "Limits",
    "ProcessLauncher",
    "Worker",
    "default_worker",
    "has_chosen_worker",
    "set_default_worker",
]
