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
import time
from collections.abc import Callable, Mapping

import AutoLabelLib
from AutoLabelLib.core.errors import AutoLabelError, JobCancelled, ProtocolError
from AutoLabelLib.core.job import Job, Progress, Result
from AutoLabelLib.protocol.channel import Channel
from AutoLabelLib.protocol.messages import Done, Failed, Hello, Log, Message, Progressed
from AutoLabelLib.worker.context import TaskContext
from AutoLabelLib.worker.inbox import Inbox, Ticket
from AutoLabelLib.worker.plain_words import readable
from AutoLabelLib.worker.residency import ResidentImages
from AutoLabelLib.worker.tasks import RunTask, load_task

_log = logging.getLogger(__name__)
_PROGRESS_INTERVAL_SECONDS = 0.03  # nobody sees more, and a loop of tiny steps would flood the channel


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
    while (ticket := inbox.next_ticket()) is not None:
        _serve_one(channel, ticket, tasks or {})


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


def _serve_one(channel: Channel, ticket: Ticket, tasks: Mapping[str, RunTask]) -> None:
    job = ticket.job()
    with contextlib.suppress(EOFError):  # nobody is left to hear the outcome
        channel.send(Progressed(job.id, Progress(0.0)))
        outcome = _outcome(job, _context(channel, ticket), tasks)
        try:
            channel.send(outcome)
        except ProtocolError as problem:
            channel.send(Failed(job.id, problem))


def _outcome(job: Job, context: TaskContext, tasks: Mapping[str, RunTask]) -> Message:
    """Run a job; whatever happens in it becomes a message."""
    try:
        context.check_cancelled()
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


def _context(channel: Channel, ticket: Ticket) -> TaskContext:
    job_id = ticket.submit.job_id
    last_sent, last_message = float("-inf"), ""

    def send(message: Message) -> None:
        try:
            channel.send(message)
        except EOFError as problem:
            raise JobCancelled("The client has gone.") from problem

    def send_progress(progress: Progress) -> None:
        nonlocal last_sent, last_message
        now = time.monotonic()
        is_new = progress.fraction >= 1.0 or progress.message != last_message
        if is_new or now - last_sent >= _PROGRESS_INTERVAL_SECONDS:
            last_sent, last_message = now, progress.message
            send(Progressed(job_id, progress))

    return TaskContext(send_progress, ticket.cancelled.is_set, lambda line: send(Log(job_id, line)))
