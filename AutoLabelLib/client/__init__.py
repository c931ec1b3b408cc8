"""Start, watch, cancel and restart the worker; submit jobs to it. Knows the worker only by its messages."""

from AutoLabelLib.client.in_process import InProcess
from AutoLabelLib.client.job_handle import JobHandle
from AutoLabelLib.client.limits import Limits
from AutoLabelLib.client.process import ProcessLauncher
from AutoLabelLib.client.shared import default_worker, set_default_worker
from AutoLabelLib.client.worker import Worker

__all__ = ["InProcess", "JobHandle", "Limits", "ProcessLauncher", "Worker", "default_worker", "set_default_worker"]
