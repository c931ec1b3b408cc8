"""How long the client waits before it gives a worker up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Times in seconds, generous by default: a worker that is only slow must not be killed.

    They are counted in turns of the watchdog, not on the clock, so that a laptop that slept has not waited.

    Attributes:
        start_seconds: From the start of the process to its hello.
        cancel_grace_seconds: From a cancel to the end of the job; then the worker is killed.
        silence_seconds: Without any sign of life; a worker answers even while it computes.
        stall_seconds: A job without progress; None waits for ever.
        stop_seconds: From a stop to the end of the process; then it is killed.
    """

    start_seconds: float = 90.0
    cancel_grace_seconds: float = 10.0
    silence_seconds: float = 120.0
    stall_seconds: float | None = 1800.0
    stop_seconds: float = 3.0
