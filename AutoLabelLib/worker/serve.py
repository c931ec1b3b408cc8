"""The worker's loop: take a job, run its task, send the result or one readable error; for ever.

Tasks run on the thread that calls `serve`, always the same one: torch is slow when it is called from changing threads
(a click took 1.2 s instead of 0.11 s).
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import platform
from collections.abc import Callable, Mapping

import AutoLabelLib
from AutoLabelLib.core.errors import AutoLabelError, ProtocolError
from AutoLabelLib.core.job import Job, Result
from AutoLabelLib.protocol.channel import Channel
from AutoLabelLib.protocol.messages import Done, Failed, Hello, Message
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.inbox import Inbox
from AutoLabelLib.worker.plain_words import readable
from AutoLabelLib.worker.reports import Reports
from AutoLabelLib.worker.residency import ResidentImages
from AutoLabelLib.worker.tasks import RunTask, load_task

_log = logging.getLogger(__name__)


def serve(
    channel: Channel,
    tasks: Mapping[str, RunTask] | None = None,
    images: ResidentImages | None = None,
    on_close: Callable[[], None] = lambda: None,
) -> None:
    """Run the jobs of one client, one after the other, until it says Shutdown or goes.

    Args:
        channel: The link to the client.
        tasks: Tasks by name beside those of worker/tasks.
        images: Where images are kept from one job to the next.
        on_close: Called on another thread as soon as the client has gone, perhaps in the middle of a job.
    """
    try:
        _shake_hands(channel)
    except (EOFError, ProtocolError) as problem:
        _log.error("No handshake: %s", problem)
        channel.close()
        return
    inbox = Inbox(channel, images or ResidentImages(), on_close)
    inbox.start()
    while _serve_next(channel, inbox, tasks or {}):
        pass


def _shake_hands(channel: Channel) -> None:
    versions = {"autolabel": AutoLabelLib.__version__, "python": platform.python_version()}
    channel.send(Hello(os.getpid(), versions))
    try:
        answer = channel.receive()
        if not isinstance(answer, Hello):
            raise ProtocolError(f"Expected a Hello from the client, got a {type(answer).__name__}.")
        answer.check_version()
    except ProtocolError as problem:
        channel.send(Failed("", problem))
        raise


def _serve_next(channel: Channel, inbox: Inbox, tasks: Mapping[str, RunTask]) -> bool:
    """Wait for a job and run it; return False when there will be none."""
    ticket = inbox.next_ticket()
    if ticket is None:
        return False
    reports = Reports(channel, ticket)
    job, context = ticket.job(), TaskContext(reports.progress, reports.is_cancelled, reports.log)
    with contextlib.suppress(EOFError):  # nobody is left to hear the outcome
        outcome = _outcome(job, context, tasks)
        try:
            channel.send(outcome)
        except ProtocolError as problem:
            channel.send(Failed(job.id, problem))
    return True


def _outcome(job: Job, context: TaskContext, tasks: Mapping[str, RunTask]) -> Message:
    """Run a job; whatever happens in it becomes a message."""
    try:
        context.check_cancelled()  # also says that the job has begun
        run = tasks[job.task] if job.task in tasks else load_task(job.task)
        return Done(_completed(run(job, context), job, context))
    except AutoLabelError as problem:
        return Failed(job.id, problem)
    except (Exception, SystemExit) as problem:
        _log.exception("The task %s failed", job.task)
        return Failed(job.id, readable(problem, job.task))


def _completed(result: Result, job: Job, context: TaskContext) -> Result:
    """Return a task's result with what only the loop and the context know."""
    warnings = dict.fromkeys((*context.warnings, *result.warnings))  # in order, each once
    return dataclasses.replace(
        result,
        job_id=job.id,
        warnings=tuple(warnings),
        phase_seconds={**context.phase_seconds, **result.phase_seconds},
        provenance={"autolabel": AutoLabelLib.__version__, "task": job.task, **result.provenance},
    )
