"""Child processes that never outlive their parent."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(sign: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel to send this process a signal when the process that started it ends, however it ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(sign), 0, 0, 0)


def start(
    command: Sequence[object],
    *,
    environment: Mapping[str, str] | None = None,
    output: int | None = None,
    death: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[str]:
    """Start a command as the leader of a process group of its own that ends with this process."""
    return subprocess.Popen(
        [str(part) for part in command],
        env=None if environment is None else {**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: die_with_parent(death),  # no threads run here, so this is safe
    )


def stop(
    process: subprocess.Popen[str], *, patience: float = 10, sign: signal.Signals = signal.SIGTERM
) -> None:
    """Ask a process to end; after `patience` seconds end its whole group, children included."""
    if process.poll() is None:
        process.send_signal(sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    # The group is ended even when its leader has gone: a killed leader leaves children behind.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            process.poll()
            os.killpg(process.pid, 0)
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether a server can listen on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(first: int, host: str = "127.0.0.1") -> int:
    """Return the first free port from `first` on, below the range that the kernel gives to clients."""
    for port in range(first, 32768):
        if is_free(port, host):
            return port
    raise OSError(f"no port from {first} to 32767 is free")
