"""The worker as the rest of AutoLabel sees it: give it a job, get a handle."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from AutoLabelLib.client.endpoint import Launch
from AutoLabelLib.client.job_handle import JobHandle
from AutoLabelLib.client.limits import Limits
from AutoLabelLib.client.process import ProcessLauncher
from AutoLabelLib.client.session import Session
from AutoLabelLib.core.job import Job
from AutoLabelLib.protocol.messages import Hello

# Inside Slicer, Qt's event loop may hold Python's lock between two polls: let the threads of the session work here.
_YIELD_SECONDS = 0.005


class Worker:
    """Runs jobs one after the other in another process, which stays warm; started when the first job comes.

    If that process crashes, hangs or is killed, its jobs end with a readable error, and the next job starts a new one.

    Args:
        launch: How to start it: a `ProcessLauncher`, or an `InProcess` twin. By default a process of this Python.
        limits: How long to wait before it is given up.
    """

    def __init__(self, launch: Launch | None = None, limits: Limits | None = None) -> None:
        self._launch: Launch = launch or ProcessLauncher()
        self._limits = limits or Limits()
        self._lock = threading.RLock()
        self._session: Session | None = None
        self._handles: list[JobHandle] = []  # those with callbacks still to run

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def hello(self) -> Hello | None:
        """Process and versions of the worker that runs now; None while there is none."""
        session = self._session
        return session.hello if session is not None and not session.has_ended else None

    @property
    def sent_bytes(self) -> int:
        """Bytes that the worker that runs now has been sent."""
        return self._session.sent_bytes if self._session is not None else 0

    @property
    def log_path(self) -> str:
        """File of what the latest worker printed; "" where there is none."""
        return self._session.log_path if self._session is not None else ""

    def start(self) -> None:
        """Start the process now, in the background, so that the first job finds it ready."""
        with self._lock:
            if self._session is None or self._session.has_ended:
                self._session = self._new_session()
                self._session.start()

    def submit(self, job: Job) -> JobHandle:
        """Queue a job and return at once."""
        handle = JobHandle(job, self._cancel)
        with self._lock:
            self._handles = [known for known in self._handles if not known.is_delivered]
            self._handles.append(handle)
        self._place(handle)
        return handle

    def poll(self) -> None:
        """Run the callbacks of all jobs; call it from a timer, in the thread that the callbacks belong to."""
        with self._lock:
            handles = list(self._handles)
        if handles:
            time.sleep(_YIELD_SECONDS)
        for handle in handles:
            handle.poll()
        with self._lock:
            self._handles = [handle for handle in self._handles if not handle.is_delivered]

    def stop(self) -> None:
        """Cancel all jobs and end the process; the next job starts a new one."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.stop()

    def _new_session(self) -> Session:
        return Session(self._launch, self._limits, self._resubmit)

    def _place(self, handle: JobHandle) -> None:
        with self._lock:
            if self._session is not None and self._session.submit(handle):
                return
            self._session = self._new_session()
            self._session.submit(handle)  # before it starts, when it cannot have ended yet
            self._session.start()

    def _resubmit(self, handles: list[JobHandle]) -> None:
        for handle in handles:
            self._place(handle)

    def _cancel(self, handle: JobHandle) -> None:
        with self._lock:
            session = self._session
        if session is not None:
            session.cancel(handle)
