"""A running job in the terminal: its progress as a bar, and Ctrl-C that cancels it cleanly."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from AutoLabelLib.core.errors import AutoLabelError, JobCancelled

if TYPE_CHECKING:
    from AutoLabelLib.api import Pending
    from AutoLabelLib.core.job import Progress, Result

Output = TypeVar("Output")

_STEPS = 1000
_CANCEL_GRACE_SECONDS = 15.0


def follow(pending: Pending[Output], label: str) -> tuple[Output, Result]:
    """Return a job's output and full result when it is done, with a bar on stderr meanwhile if that is a terminal.

    Args:
        pending: The running job.
        label: What stands before the bar until the job says more.

    Raises:
        JobCancelled: If Ctrl-C was pressed; the job has been told to stop.
        AutoLabelError: Whatever else ended the job.
    """
    with progress_bar(label) as show:
        pending.on_progress(show)
        try:
            output = pending.wait()
        except KeyboardInterrupt:
            _stop(pending)
            raise JobCancelled("Cancelled.") from None
    assert pending.result is not None
    return output, pending.result


def _stop(pending: Pending[Any]) -> None:
    """Cancel a job and wait a little, so that it can clean up."""
    pending.cancel()
    # Either it has ended then, or the client ends it together with its process.
    with suppress(AutoLabelError, TimeoutError):
        pending.wait(_CANCEL_GRACE_SECONDS)


@contextmanager
def progress_bar(label: str, stream: TextIO | None = None) -> Iterator[Any]:
    """Give a function that shows a `Progress`; it does nothing where stderr is no terminal.

    Args:
        label: What stands before the bar at first.
        stream: Where to draw; None for stderr.
    """
    stream = stream or sys.stderr
    if not stream.isatty():
        yield lambda progress: None
        return
    from tqdm import tqdm

    layout = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}{postfix}"
    with tqdm(total=_STEPS, desc=label, bar_format=layout, file=stream, leave=False) as bar:

        def show(progress: Progress) -> None:
            if progress.message:
                bar.set_description_str(progress.message, refresh=False)
            if progress.eta_seconds is not None:
                bar.set_postfix_str(f"about {tqdm.format_interval(progress.eta_seconds)} left", refresh=False)
            bar.n = max(bar.n, round(progress.fraction * _STEPS))
            bar.refresh()

        yield show
