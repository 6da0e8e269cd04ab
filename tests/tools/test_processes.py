"""What `make demo` and `make test` start must be gone when they are."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import processes
import pytest

pytestmark = pytest.mark.slow

BIN = Path(__file__).resolve().parents[2] / "bin"


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that has ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> bool:
    """Return whether a process ends within a few seconds."""
    deadline = time.monotonic() + 8
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_alive(pid)


def pid_in(path: Path) -> int:
    """Return the number that a child writes into a file once it runs."""
    deadline = time.monotonic() + 8
    while not (path.exists() and path.read_text().strip()):
        assert time.monotonic() < deadline, "the child did not start"
        time.sleep(0.02)
    return int(path.read_text())


def test_stopping_a_process_ends_its_children_too(tmp_path: Path) -> None:
    child = tmp_path / "child"
    parent = processes.start(["sh", "-c", f"sleep 100 & echo $! > {child}; wait"])
    pid = pid_in(child)
    processes.stop(parent)
    assert not is_alive(parent.pid)
    assert wait_until_gone(pid)


def test_a_process_that_ignores_the_polite_signal_is_ended(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    stubborn = processes.start(["sh", "-c", f"trap '' TERM; echo $$ > {ready}; while :; do sleep 0.1; done"])
    pid = pid_in(ready)
    processes.stop(stubborn, patience=0.2)
    assert wait_until_gone(pid)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path, sign: signal.Signals) -> None:
    child = tmp_path / "child"
    program = textwrap.dedent(
        f"""
        import sys; sys.path.insert(0, {str(BIN)!r})
        import processes, time
        started = processes.start(["sleep", "100"])
        open({str(child)!r}, "w").write(str(started.pid))
        time.sleep(100)
        """
    )
    with subprocess.Popen([sys.executable, "-c", program]) as parent:
        pid = pid_in(child)
        os.kill(parent.pid, sign)
        parent.wait()
    assert wait_until_gone(pid)


def test_the_next_free_port_is_found_and_lies_below_the_ports_of_clients() -> None:
    import socket

    first = processes.free_port(19_500)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first))
        taken.listen()
        assert not processes.is_free(first)
        second = processes.free_port(first)
    assert first < second < 32768
