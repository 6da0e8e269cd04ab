"""The real thing: database, media, web server and background worker, in a folder of their own."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "bin") not in sys.path:
    sys.path.insert(0, str(ROOT / "bin"))

import processes  # noqa: E402

#: Every worker of pytest looks for its own free port from somewhere above this one.
FIRST_PORT = 18_170
START_SECONDS = 120


@dataclass(frozen=True)
class Academy:
    """A running academy."""

    url: str
    folder: Path
    environment: dict[str, str]

    @property
    def database(self) -> Path:
        """The SQLite file that the server writes."""
        return self.folder / "academy.sqlite3"

    def manage(self, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a management command on this academy; whether it succeeded is the caller's to judge."""
        return _manage(self.environment | environment, *arguments)

    def copy_of_database(self, target: Path) -> str:
        """Copy the database as it is now, and return the copy's address."""
        _copy(self.database, target)
        return f"sqlite:///{target}"


def _manage(environment: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def _copy(source: Path, target: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(source)) as original,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        original.backup(copy)


def environment_of(folder: Path) -> dict[str, str]:
    """Settings of the demo, with everything in ``folder``."""
    return {
        "DJANGO_SETTINGS_MODULE": "academy.settings.dev",
        "DATABASE_URL": f"sqlite:///{folder / 'academy.sqlite3'}",
        "MEDIA_ROOT": str(folder / "media"),
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }


def load(folder: Path) -> None:
    """Make the demo academy in ``folder``: from E2E_DATABASE and E2E_MEDIA where they name one, else anew.

    A database that somebody else loaded is taken as it is, copied, and never written to:
    `bin/prepare_demo.py --current` has brought it to this version.
    """
    (folder / "media").mkdir(parents=True, exist_ok=True)
    if given := os.environ.get("E2E_DATABASE"):
        _copy(Path(given), folder / "academy.sqlite3")
        if media := os.environ.get("E2E_MEDIA"):
            shutil.copytree(media, folder / "media", dirs_exist_ok=True)
        return
    environment = environment_of(folder)
    for command in (("migrate", "--verbosity", "0"), ("demo", "--ensure")):
        done = _manage(environment, *command)
        if done.returncode:
            raise RuntimeError(f"manage.py {' '.join(command)}:\n{done.stdout}{done.stderr}")


def copy(source: Path, target: Path) -> None:
    """A second academy like the one in ``source``."""
    target.mkdir(parents=True, exist_ok=True)
    _copy(source / "academy.sqlite3", target / "academy.sqlite3")
    shutil.copytree(source / "media", target / "media", dirs_exist_ok=True)


@contextlib.contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Wait until no other process is inside with the same ``lock``."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[Academy]:
    """Run gunicorn and the queue on the academy in ``folder``; both have ended when this ends."""
    environment = environment_of(folder)
    with contextlib.ExitStack() as stack:
        for attempt in range(3):
            port = processes.free_port(FIRST_PORT + (os.getpid() + attempt) % 400)
            # Two processes of one import: each would else read the whole application for itself.
            served = {"BIND": f"127.0.0.1:{port}", "WEB_WORKERS": "2", "GUNICORN_CMD_ARGS": "--preload"}
            settings = environment | served
            log = stack.enter_context((folder / "web.log").open("a"))
            gunicorn = (Path(sys.executable).parent / "gunicorn", "--chdir", ROOT)
            web = processes.start(
                [*gunicorn, "-c", ROOT / "deploy" / "gunicorn.conf.py", "academy.wsgi"],
                environment=settings,
                output=log.fileno(),
            )
            if _answers(f"http://127.0.0.1:{port}/accounts/login/", web):
                stack.callback(processes.stop, web)
                break
            # Another worker of pytest took the port between the look and the start.
            processes.stop(web)
        else:
            raise RuntimeError(f"The web server did not start:\n{(folder / 'web.log').read_text()}")
        log = stack.enter_context((folder / "queue.log").open("a"))
        queue = processes.start(
            [sys.executable, ROOT / "manage.py", "qcluster"], environment=environment, output=log.fileno()
        )
        stack.callback(processes.stop, queue)
        yield Academy(f"http://127.0.0.1:{port}", folder, environment)


def _answers(url: str, server: subprocess.Popen[str]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=10).close()
            # Somebody else's server on this port would answer as well.
            return server.poll() is None
        time.sleep(0.1)
    return False
