"""Faults that only a real process can have: killed, frozen, noisy, orphaned, of another version."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from AutoLabelLib.client import Limits, ProcessLauncher, Worker, default_worker, set_default_worker, shared
from AutoLabelLib.client.logs import open_log
from AutoLabelLib.client.process import WorkerProcess
from AutoLabelLib.client.process_tree import ending
from AutoLabelLib.core.errors import JobCancelled, ProtocolError, WorkerCrashed, WorkerTimeout
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.job import Job
from AutoLabelLib.core.locations import user_data
from AutoLabelLib.protocol.messages import Failed, Hello, Ping, Pong, Progressed, Submit
from Testing.client.conftest import process
from Testing.protocol.test_broken_frames import FRAMES, attempt, mutate_bytes, mutate_header

PATIENCE_SECONDS = 60.0
posix_only = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


@pytest.fixture(scope="module")
def shared_worker() -> Iterator[Worker]:
    """One process for the tests that leave it whole."""
    with Worker(process()) as worker:
        yield worker


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A process of its own for a test that breaks it."""
    with Worker(process()) as worker:
        yield worker


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def pid_of(worker: Worker) -> int:
    wait_for(lambda: worker.hello)
    assert worker.hello is not None
    return worker.hello.pid


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def log_text() -> str:
    return "".join(path.read_text(errors="replace") for path in sorted((user_data() / "logs").glob("*.log")))


def script(tmp_path: Path, text: str) -> ProcessLauncher:
    path = tmp_path / "worker_of_this_test.py"
    path.write_text(text)
    return ProcessLauncher(arguments=[str(path)])


@posix_only
def test_kill_9_in_the_middle_fails_all_jobs_and_the_next_one_runs(worker: Worker) -> None:
    running, waiting = worker.submit(Job("slow", options={"steps": 100_000})), worker.submit(Job("echo"))
    wait_for(lambda: running.state == "running")
    os.kill(pid_of(worker), signal.SIGKILL)
    for handle in (running, waiting):
        with pytest.raises(WorkerCrashed, match=r"SIGKILL.*memory") as caught:
            handle.wait(PATIENCE_SECONDS)
        assert str(user_data() / "logs") in caught.value.hint
    assert worker.submit(Job("echo")).wait(PATIENCE_SECONDS)


@posix_only
def test_a_crash_of_a_library_names_the_signal_and_leaves_its_words_in_the_log(worker: Worker) -> None:
    with pytest.raises(WorkerCrashed, match="SIGSEGV"):
        worker.submit(Job("crash", options={"signal": int(signal.SIGSEGV)})).wait(PATIENCE_SECONDS)
    assert "Segmentation fault" in log_text()


@posix_only
def test_a_frozen_process_is_noticed_by_its_silence() -> None:
    with Worker(process(), Limits(silence_seconds=1.0)) as worker:
        with pytest.raises(WorkerTimeout, match="no sign of life"):
            worker.submit(Job("freeze")).wait(PATIENCE_SECONDS)
        assert worker.submit(Job("echo")).wait(PATIENCE_SECONDS)


@posix_only
def test_a_busy_job_is_not_taken_for_a_dead_one() -> None:
    with Worker(process(), Limits(silence_seconds=1.0)) as worker:
        assert worker.submit(Job("hang", options={"seconds": 1.5})).wait(PATIENCE_SECONDS)


@posix_only
def test_the_whole_family_is_killed_when_a_job_does_not_cancel() -> None:
    with Worker(process(), Limits(cancel_grace_seconds=0.2)) as worker:
        handle = worker.submit(Job("family"))
        wait_for(lambda: handle.progress and handle.progress.message)
        assert handle.progress is not None
        parent, child = pid_of(worker), int(handle.progress.message)
        handle.cancel()
        with pytest.raises(JobCancelled):
            handle.wait(PATIENCE_SECONDS)
        wait_for(lambda: not is_running(parent) and not is_running(child))


def test_printing_cannot_reach_the_channel(shared_worker: Worker) -> None:
    assert shared_worker.submit(Job("noise")).wait(PATIENCE_SECONDS).values == {"quiet": False}
    assert shared_worker.submit(Job("echo")).wait(PATIENCE_SECONDS)
    text = Path(shared_worker.log_path).read_text(errors="replace")
    for source in ("by print", "on stderr", "by os.write", "of a child process", "by warning"):
        assert f"noise {source}" in text


def test_an_unforeseen_error_leaves_its_traceback_in_the_log_and_not_in_the_message(shared_worker: Worker) -> None:
    handle = shared_worker.submit(Job("fail", options={"kind": "value"}))
    wait_for(lambda: handle.is_finished)
    assert "Traceback" not in str(handle.error)
    assert "Traceback" in Path(shared_worker.log_path).read_text(errors="replace")


def test_the_key_is_neither_on_the_command_line_nor_left_in_the_environment(shared_worker: Worker) -> None:
    values = shared_worker.submit(Job("echo")).wait(PATIENCE_SECONDS).values
    assert values["key"] is None
    command = psutil.Process(values["pid"]).cmdline()
    key = psutil.Process(values["pid"]).environ().get("AUTOLABEL_WORKER_KEY", "?")
    assert not any(key in argument for argument in command)


def test_a_worker_with_the_wrong_key_is_not_let_in(tmp_path: Path) -> None:
    launch = script(
        tmp_path,
        "import os, sys\n"
        "os.environ['AUTOLABEL_WORKER_KEY'] = '00' * 32\n"
        "from AutoLabelLib.worker.__main__ import main\n"
        "sys.exit(main())\n",
    )
    with Worker(launch) as worker, pytest.raises(WorkerCrashed, match="exit code 1 before it was ready"):
        worker.submit(Job("echo")).wait(PATIENCE_SECONDS)
    assert "AuthenticationError" in log_text()


def test_a_worker_of_another_version_is_refused(tmp_path: Path) -> None:
    launch = script(
        tmp_path,
        "import sys\n"
        "from AutoLabelLib.worker import serve\n"
        "from AutoLabelLib.protocol.messages import Hello\n"
        "serve.Hello = lambda pid, versions: Hello(pid, versions, protocol_version=99)\n"
        "from AutoLabelLib.worker.__main__ import main\n"
        "sys.exit(main())\n",
    )
    with Worker(launch) as worker, pytest.raises(ProtocolError, match="version 99") as caught:
        worker.submit(Job("echo")).wait(PATIENCE_SECONDS)
    assert "same AutoLabel" in caught.value.hint


def test_a_worker_that_speaks_nonsense_is_ended(tmp_path: Path) -> None:
    launch = script(
        tmp_path,
        "import json, os, time\n"
        "from multiprocessing.connection import Client\n"
        "from AutoLabelLib.protocol.channel import Channel\n"
        "from AutoLabelLib.protocol.messages import Hello\n"
        "address = json.loads(os.environ['AUTOLABEL_WORKER_ADDRESS'])\n"
        "connection = Client(address, authkey=bytes.fromhex(os.environ['AUTOLABEL_WORKER_KEY']))\n"
        "Channel(connection).send(Hello(os.getpid()))\n"
        "connection.send_bytes(b'nonsense')\n"
        "time.sleep(3600)\n",
    )
    with Worker(launch) as worker:
        handle = worker.submit(Job("echo"))
        with pytest.raises(ProtocolError):
            handle.wait(PATIENCE_SECONDS)


@pytest.mark.parametrize(
    ("text", "error_class", "words"),
    [
        ("raise ImportError('numpy is missing')", WorkerCrashed, "exit code 1 before it was ready"),
        ("import time; time.sleep(3600)", WorkerTimeout, "not ready within"),
    ],
)
def test_a_process_that_never_connects(tmp_path: Path, text: str, error_class: type[Exception], words: str) -> None:
    limits = Limits(start_seconds=0.5 if error_class is WorkerTimeout else PATIENCE_SECONDS)
    with Worker(script(tmp_path, text), limits) as worker, pytest.raises(error_class, match=words) as caught:
        worker.submit(Job("echo")).wait(PATIENCE_SECONDS)
    assert "log" in caught.value.hint  # type: ignore[attr-defined]


def test_nothing_is_imported_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('not ours')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with Worker() as worker:
        assert worker.submit(Job("diagnosis")).wait(PATIENCE_SECONDS).values["python"]


def test_an_interpreter_that_is_not_there() -> None:
    launch = ProcessLauncher(interpreter="/nowhere/python")
    with pytest.raises(WorkerCrashed, match=r"/nowhere/python.*No such file"):
        Worker(launch).submit(Job("echo")).wait(PATIENCE_SECONDS)


def test_a_worker_ends_itself_when_its_client_is_killed_in_the_middle_of_a_job() -> None:
    program = (
        "import time\n"
        "from AutoLabelLib.client import Worker\n"
        "from AutoLabelLib.core.job import Job\n"
        "from Testing.client.conftest import process\n"
        "worker = Worker(process())\n"
        "handle = worker.submit(Job('slow', options={'steps': 100_000}))\n"
        "while handle.state == 'queued': time.sleep(0.01)\n"
        "print(worker.hello.pid, flush=True)\n"
        "time.sleep(3600)\n"
    )
    root = Path(__file__).resolve().parents[2]
    client = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=root)
    assert client.stdout is not None
    with client.stdout:
        pid = int(client.stdout.readline())
    assert is_running(pid)
    client.kill()
    client.wait()
    wait_for(lambda: not is_running(pid))


@pytest.fixture
def endpoint() -> Iterator[WorkerProcess]:
    """A worker process that is spoken to by hand, greeted."""
    endpoint = process()(PATIENCE_SECONDS)
    assert isinstance(endpoint.channel.receive(), Hello)
    endpoint.channel.send(Hello(1))
    yield endpoint
    endpoint.end(0)
    endpoint.channel.close()


@posix_only
def test_a_stuck_worker_and_its_children_end_when_the_client_goes(endpoint: WorkerProcess) -> None:
    endpoint.channel.send(Submit.from_job(Job("family")))
    child = 0
    while not child:
        message = endpoint.channel.receive()
        assert isinstance(message, Progressed)
        child = int(message.progress.message or 0)
    endpoint.channel.close()
    wait_for(lambda: not endpoint.is_alive() and not is_running(child))


def test_a_live_worker_answers_every_broken_frame_and_goes_on(endpoint: WorkerProcess) -> None:
    rng = random.Random(5)
    raw = endpoint.channel._connection
    frames = [mutate_header(rng.choice(FRAMES), rng) for _ in range(500)]
    frames += [mutate_bytes(rng.choice(FRAMES), rng) for _ in range(500)]
    for frame in frames:
        if not attempt(frame):
            raw.send_bytes(frame)
            message = endpoint.channel.receive()
            assert isinstance(message, Failed)
            assert isinstance(message.error, ProtocolError)
    endpoint.channel.send(Ping())
    assert isinstance(endpoint.channel.receive(), Pong)


@posix_only
def test_jobs_get_on_in_a_host_that_holds_the_interpreter_lock_between_two_polls(shared_worker: Worker) -> None:
    hold_lock_for_microseconds = ctypes.PyDLL(None).usleep  # unlike CDLL, PyDLL keeps the lock during the call
    image = Image(np.zeros((1, 100, 100, 100), np.int16), np.eye(4))
    handle = shared_worker.submit(Job("echo", images=(image,)))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not handle.is_delivered:
        assert time.monotonic() < deadline
        hold_lock_for_microseconds(20_000)
        shared_worker.poll()
    assert handle.state == "done"


def test_only_the_latest_logs_are_kept() -> None:
    for _ in range(13):
        log, path = open_log()
        log.close()
    kept = sorted((user_data() / "logs").iterdir())
    assert len(kept) == 10
    assert str(kept[-1]) == path
    if os.name == "posix":
        assert kept[-1].stat().st_mode & 0o777 == 0o600


def test_a_user_folder_that_cannot_be_written_costs_only_the_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AUTOLABEL_HOME", str(tmp_path / "file"))
    with Worker(process()) as worker:
        assert worker.submit(Job("noise")).wait(PATIENCE_SECONDS)
        with pytest.raises(WorkerCrashed):
            worker.submit(Job("crash")).wait(PATIENCE_SECONDS)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended by itself"),
        (3, "exit code 3"),
        (-9, "SIGKILL"),
        (137, "SIGKILL"),
        (-11, "SIGSEGV"),
        (0xC0000005, "access violation"),
    ],
)
def test_how_a_process_ended_in_plain_words(code: int, words: str) -> None:
    assert words in ending(code)


def test_the_default_worker_is_one_per_process_and_may_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "_shared", {})
    assert default_worker() is default_worker()
    other = Worker(process())
    set_default_worker(other)
    assert default_worker() is other


def test_a_temporary_folder_with_too_long_a_path_does_not_matter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr("multiprocessing.util.get_temp_dir", lambda: str(long))
    with Worker(process()) as worker:
        assert worker.submit(Job("echo")).wait(PATIENCE_SECONDS)
