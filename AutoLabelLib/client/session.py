"""One life of a worker, from its start to its end, with the jobs that were given to it.

Three threads, none of which runs a callback of the user:

- the reader starts the worker, then takes note of what it says, until it ends;
- the writer sends, because a large image may take a second;
- the watchdog ends a worker that gives no sign of life.
"""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable

import AutoLabelLib
from AutoLabelLib.client.endpoint import Endpoint, Launch
from AutoLabelLib.client.job_handle import JobHandle
from AutoLabelLib.client.limits import Limits
from AutoLabelLib.client.outbox import Outbox
from AutoLabelLib.client.watchdog import Watchdog
from AutoLabelLib.core.errors import AutoLabelError, JobCancelled, ProtocolError, WorkerCrashed, WorkerTimeout
from AutoLabelLib.core.job import Result
from AutoLabelLib.protocol.channel import Channel
from AutoLabelLib.protocol.messages import Cancel, Done, Failed, Hello, Log, Message, NeedImages, Ping, Pong, Progressed

_SECONDS_TO_DIE = 1.0  # from the end of the connection to the end of the process


class Session:
    """Runs jobs until the worker ends; a session that has ended takes no more.

    Args:
        launch: Starts the worker.
        limits: When to give it up.
        take_back: Receives jobs that had not begun when the worker was ended because another job did not cancel.
    """

    def __init__(self, launch: Launch, limits: Limits, take_back: Callable[[list[JobHandle]], None]) -> None:
        self._launch = launch
        self._limits = limits
        self._take_back = take_back
        self._lock = threading.Lock()
        self._jobs: dict[str, JobHandle] = {}  # those that have not ended, in the order of their submission
        self._outbox = Outbox(self._jobs_now, self._finish)
        self._has_ended = False
        self._verdict: AutoLabelError | None = None  # why we ended the worker, if we did
        self._endpoint: Endpoint | None = None
        self.hello: Hello | None = None
        self._reader = threading.Thread(target=self._live, name="autolabel-reader", daemon=True)

    def start(self) -> None:
        """Start the worker, in the background."""
        self._reader.start()

    @property
    def has_ended(self) -> bool:
        """Whether it takes no more jobs."""
        return self._has_ended

    @property
    def sent_bytes(self) -> int:
        """Bytes that went to the worker so far."""
        return self._endpoint.channel.sent_bytes if self._endpoint else 0

    @property
    def log_path(self) -> str:
        """File of what the worker prints; "" while there is none."""
        return self._endpoint.log_path if self._endpoint else ""

    def submit(self, handle: JobHandle) -> bool:
        """Queue a job; return False if the session has ended."""
        with self._lock:
            if self._has_ended:
                return False
            self._jobs[handle.id] = handle
            self._outbox.put(handle)
        if handle.cancel_requested:  # while it was on its way from a session that has ended
            self.cancel(handle)
        return True

    def cancel(self, handle: JobHandle) -> None:
        """Stop a job: at once if it was not sent yet, else by a message."""
        if self._outbox.withdraw(handle):
            self._finish(handle.id, JobCancelled())
        else:
            self._outbox.put(Cancel(handle.id))

    def stop(self) -> None:
        """Cancel every job and end the worker; return when it has ended."""
        for handle in self._jobs_now():
            self._finish(handle.id, JobCancelled("The worker was stopped."))
        self._end(JobCancelled("The worker was stopped."), self._limits.stop_seconds)
        self._reader.join(self._limits.stop_seconds + _SECONDS_TO_DIE)

    def _jobs_now(self) -> list[JobHandle]:
        with self._lock:
            return list(self._jobs.values())

    def _finish(self, job_id: str, outcome: Result | AutoLabelError) -> None:
        with self._lock:
            handle = self._jobs.pop(job_id, None)
        if handle is not None:
            handle.finish(outcome)

    def _end(self, verdict: AutoLabelError | None, timeout_seconds: float = 0.0) -> None:
        """End the worker, by a message if it listens within a time, else by force; the reader then sees it end."""
        self._close(verdict)
        if self._endpoint is not None:
            self._endpoint.end(timeout_seconds)

    def _close(self, verdict: AutoLabelError | None = None) -> None:
        """Take no more jobs: the next one goes to a new worker."""
        with self._lock:
            self._has_ended = True
            self._verdict = self._verdict or verdict
        self._outbox.close()

    # The reader's thread

    def _live(self) -> None:
        cause: AutoLabelError | None = None
        watchdog: Watchdog | None = None
        try:
            self._endpoint = endpoint = self._launch(self._limits.start_seconds)
            self.hello = self._shake_hands(endpoint.channel)
            self._outbox.start(endpoint.channel)
            watchdog = Watchdog(
                self._limits, self._jobs_now, endpoint.is_alive, lambda: self._outbox.put(Ping()), self._end
            )
            watchdog.start()
            while self._verdict is None:
                message = endpoint.channel.receive()
                watchdog.heard()
                self._note(message)
        except EOFError:
            pass
        except AutoLabelError as problem:
            cause = problem
        finally:
            if watchdog is not None:
                watchdog.stop()
            self._conclude(cause)

    def _shake_hands(self, channel: Channel) -> Hello:
        if not channel.wait(self._limits.start_seconds):
            raise WorkerTimeout(
                f"The worker did not say hello within {self._limits.start_seconds:g} seconds.", self._see_log()
            )
        hello = channel.receive()
        if not isinstance(hello, Hello):
            raise ProtocolError(f"Expected a Hello from the worker, got a {type(hello).__name__}.")
        hello.check_version()
        versions = {"autolabel": AutoLabelLib.__version__, "python": platform.python_version()}
        channel.send(Hello(os.getpid(), versions))
        return hello

    def _note(self, message: Message) -> None:
        match message:
            case Progressed() | Log():
                self._report(message)
            case Done():
                self._finish(message.result.job_id, message.result)
            case Failed(job_id=""):
                raise message.error  # it did not understand us
            case Failed():
                self._finish(message.job_id, message.error)
            case NeedImages():
                self._outbox.put(message)
            case Pong():
                pass
            case _:
                raise ProtocolError(f"A client does not expect a message of the kind {type(message).__name__}.")

    def _report(self, message: Progressed | Log) -> None:
        with self._lock:
            handle = self._jobs.get(message.job_id)
        if handle is None:
            return
        if isinstance(message, Progressed):
            handle.report_progress(message.progress)
        else:
            handle.report_log(message.line)

    def _conclude(self, cause: AutoLabelError | None) -> None:
        """Make sure that the worker is gone, then tell every job that has not ended why."""
        self._close()
        how = self._endpoint.end(_SECONDS_TO_DIE if cause is None else 0.0) if self._endpoint else "could not start"
        if self._endpoint:
            self._endpoint.channel.close()
        error = self._verdict or cause or WorkerCrashed(f"The worker {how}.", self._see_log())
        with self._lock:
            handles = list(self._jobs.values())
            self._jobs.clear()
        taken_back = []
        for handle in handles:
            if handle.cancel_requested:
                handle.finish(JobCancelled())
            elif isinstance(error, JobCancelled) and handle.state == "queued":
                taken_back.append(handle)
            else:
                handle.finish(error)
        if taken_back:
            self._take_back(taken_back)

    def _see_log(self) -> str:
        advice = "The next job starts a new one."
        return f"{advice} Its log may tell more: {self.log_path}" if self.log_path else advice
