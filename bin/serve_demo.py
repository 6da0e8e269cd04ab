"""Serve the demo academy: prepare its database, then look after the web server and the background worker.

Both end when this ends, whatever ends it: Ctrl-C, SIGTERM, a closed terminal, or the death of `make`.
PORT chooses the first port to try, HOST the address to listen on, DATABASE_URL another database.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

import processes
from workplace import PYTHON, ROOT, VENV, Stop

HOME = ROOT / "var" / "demo"
WORKER_RESTARTS = 5


def environment() -> dict[str, str]:
    """Return the environment of the demo: its own database and files unless the caller names others."""
    return {
        "DJANGO_SETTINGS_MODULE": "academy.settings.dev",
        "DATABASE_URL": os.environ.get("DATABASE_URL", f"sqlite:///{HOME / 'academy.sqlite3'}"),
        "MEDIA_ROOT": os.environ.get("MEDIA_ROOT", str(HOME / "media")),
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
        "PYTHONUNBUFFERED": "1",
    }


def require_writable(url: str) -> None:
    """Stop with a sentence when SQLite could not write its database or the files beside it."""
    if not url.startswith("sqlite:///"):
        return
    database = Path(url.removeprefix("sqlite:///"))
    folder = database.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Stop(
            f"The folder {folder} cannot be made ({error.strerror}); set DATABASE_URL to another place."
        ) from None
    # SQLite writes its journal beside the database, so the folder matters as much as the file.
    for path in (folder, database):
        if path.exists() and not os.access(path, os.W_OK):
            raise Stop(f"{path} cannot be written by this user; correct its permissions or set DATABASE_URL.")


def choose_port(host: str) -> int:
    """Return the wished port, or the next free one after saying so."""
    wished = os.environ.get("PORT", "8000")
    if not wished.isdigit() or not 0 < int(wished) < 65536:
        raise Stop(f"PORT is {wished!r}; it must be a number from 1 to 65535.")
    if processes.is_free(int(wished), host):
        return int(wished)
    port = processes.free_port(int(wished) + 1, host)
    print(f"Port {wished} is in use; the academy takes {port}.", flush=True)
    return port


def prepare(*options: str) -> None:
    """Migrate and load the demo in a process of its own, which says why when it cannot."""
    done = subprocess.run(
        [PYTHON, ROOT / "bin" / "prepare_demo.py", *options],
        cwd=ROOT,
        env={**os.environ, **environment()},
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.returncode)


def wait_until_served(url: str, server: "subprocess.Popen[str]") -> None:
    """Return once the web server answers, whatever it answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise Stop("The web server did not start; the reason stands above.")
        try:
            urllib.request.urlopen(url, timeout=10).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise Stop("The web server did not answer within a minute.")


def ended(sign: int, _frame: FrameType | None) -> None:
    """Leave the waiting loop through its `finally`."""
    raise SystemExit(0 if sign == signal.SIGINT else 128 + sign)


def supervise(host: str, port: int) -> None:
    """Run the web server and the worker until told to stop; start a worker again that was killed."""
    settings = environment() | {"BIND": f"{host}:{port}"}
    start_worker = lambda: processes.start([PYTHON, ROOT / "manage.py", "qcluster"], environment=settings)  # noqa: E731
    web = processes.start(
        [
            VENV / "bin" / "gunicorn",
            "--chdir",
            ROOT,
            "-c",
            ROOT / "deploy" / "gunicorn.conf.py",
            "academy.wsgi",
        ],
        environment=settings,
    )
    worker = None
    try:
        address = f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0') else host}:{port}/"
        # The worker begins when pages are served: the two would only slow each other down.
        wait_until_served(address, web)
        worker = start_worker()
        print(f"\nThe academy is at {address}   (Ctrl-C stops it)", flush=True)
        restarts = 0
        while True:
            if web.poll() is not None:
                raise Stop(f"The web server ended with status {web.returncode}.")
            if worker.poll() is not None:
                restarts += 1
                if restarts > WORKER_RESTARTS:
                    raise Stop("The background worker keeps ending; its reasons stand above.")
                print(
                    f"The background worker ended with status {worker.returncode}; it is started again.",
                    flush=True,
                )
                processes.stop(worker)
                time.sleep(restarts)
                worker = start_worker()
            time.sleep(0.5)
    finally:
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, signal.SIG_IGN)
        print("\nStopping …", flush=True)
        processes.stop(web)
        if worker is not None:
            processes.stop(worker)


def main() -> None:
    """Prepare and serve."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, ended)
    processes.die_with_parent()
    host = os.environ.get("HOST", "127.0.0.1")
    require_writable(environment()["DATABASE_URL"])
    prepare("--sign-ins")
    port = choose_port(host)
    supervise(host, port)


if __name__ == "__main__":
    sys.exit(main())
