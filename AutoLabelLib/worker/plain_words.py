"""Python's and torch's exceptions in words for someone who does not know the code.

The exception's own text is left out: it may quote a path or a name from the image. It is in the worker's log.
"""

from __future__ import annotations

from AutoLabelLib.core.errors import AutoLabelError, FileError, MissingDependency, OutOfMemory, WorkerError

_TORCH_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


def readable(problem: BaseException, task: str) -> AutoLabelError:
    """Return an unforeseen exception of a task as one of our errors."""
    if is_out_of_memory(problem):
        return OutOfMemory(
            "The computation does not fit into memory.",
            "Crop the volume, close other programs, or choose a smaller model.",
        )
    if isinstance(problem, ModuleNotFoundError) and problem.name:
        package = problem.name.partition(".")[0]
        return MissingDependency(
            f'The Python package "{package}" is not installed where the worker runs.',
            f"Install it there (pip install {package}), then try again.",
        )
    if isinstance(problem, OSError) and problem.strerror:
        return FileError(f"The worker could not read or write a file: {problem.strerror}.", "Check disk and folder.")
    return WorkerError(
        f'The task "{task}" failed in a way that nobody foresaw ({type(problem).__name__}).',
        "The worker's log tells where; please report it.",
    )


def is_out_of_memory(problem: BaseException) -> bool:
    """Return whether an exception says that memory, of the computer or of a GPU, is exhausted."""
    if isinstance(problem, MemoryError) or type(problem).__name__ == "OutOfMemoryError":
        return True
    text = str(problem).lower()
    return isinstance(problem, RuntimeError) and any(words in text for words in _TORCH_OUT_OF_MEMORY)
