"""A private PostgreSQL and Redis for tests and benchmarks: on loopback, in a temporary folder, then gone.

As a command it runs another one beside them:

    bin/private_services.py --postgres --redis -- pytest tests/enrollment

which then finds DATABASE_URL and REDIS_URL in its environment.
"""

import argparse
import contextlib
import os
import pwd
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from processes import free_port, start, stop

OWNER = "academy"


class UnavailableError(Exception):
    """The machine does not have the server; the message says which."""


def postgresql_programs() -> Path:
    """Return the folder that holds `initdb` and `postgres`: Debian's newest, else the one on the PATH."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name.split(".")[0])
    )
    on_path = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    for folder in [*reversed(debian), *on_path]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise UnavailableError("PostgreSQL is not installed")


def unprivileged() -> tuple[list[str], pwd.struct_passwd | None]:
    """Return how to run a command as someone other than root (PostgreSQL refuses root), and who that is."""
    if os.geteuid() != 0:
        return [], None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            who = pwd.getpwnam(name)
            # The kernel forgets "die with your parent" when the user changes, so setpriv asks again.
            return ["setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups"], who
    raise UnavailableError("there is no user other than root to run PostgreSQL")


@contextlib.contextmanager
def folder(owner: pwd.struct_passwd | None) -> Iterator[Path]:
    """Yield a temporary folder that belongs to the server's user."""
    path = Path(tempfile.mkdtemp(prefix="academy-"))
    try:
        if owner:
            os.chown(path, owner.pw_uid, owner.pw_gid)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def postgresql(*, durable: bool = False) -> Iterator[str]:
    """Run a private PostgreSQL; yield the URL of an empty database named `academy`.

    Tests forgo durability; a benchmark keeps it, as a real installation does.

    Raises:
        UnavailableError: PostgreSQL is not installed, or did not start (with what it said).
    """
    programs = postgresql_programs()
    as_someone, who = unprivileged()
    # Two runs on one machine begin at different ports, so that they do not race for the same one.
    port = free_port(random.randint(20_000, 31_000))
    with folder(who) as home:
        data, log = home / "data", home / "log"
        made = subprocess.run(
            [
                *as_someone,
                programs / "initdb",
                "--pgdata",
                data,
                "--username",
                OWNER,
                "--auth",
                "trust",
                "--encoding",
                "UTF8",
                "--locale",
                "C.UTF-8",
                "--no-sync",
            ],
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise UnavailableError(f"initdb failed: {made.stderr.strip()}")
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": home,
            "max_connections": 100,
            "shared_buffers": "256MB",
            "timezone": "UTC",
        }
        if not durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            # Tests live for milliseconds: nothing is worth compiling, tidying up or archiving for them.
            settings |= {"jit": "off", "autovacuum": "off", "wal_level": "minimal", "max_wal_senders": 0}
            settings |= {"checkpoint_timeout": "1h", "max_wal_size": "4GB"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        ending = ["--pdeathsig", "QUIT"] if as_someone else []
        with log.open("w") as output:
            server = start(
                [*as_someone, *ending, programs / "postgres", "-D", data, *options],
                output=output.fileno(),
                death=signal.SIGQUIT,
            )
        try:
            url = f"postgres://{OWNER}@127.0.0.1:{port}"
            wait_for_postgresql(f"{url}/postgres", server, log)
            yield f"{url}/{OWNER}"
        finally:
            # SIGINT is PostgreSQL's "fast": it ends connections and leaves.
            stop(server, sign=signal.SIGINT)


def wait_for_postgresql(url: str, server: "subprocess.Popen[str]", log: Path) -> None:
    """Wait until the server answers, then create the database."""
    import psycopg

    deadline = time.monotonic() + 30
    while True:
        try:
            with psycopg.connect(url.replace("postgres://", "postgresql://"), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {OWNER}")
            return
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise UnavailableError(
                    f"PostgreSQL did not start: {log.read_text().strip() or error}"
                ) from error
            time.sleep(0.05)


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """Run a private Redis (or Valkey) that keeps nothing; yield its URL.

    Raises:
        UnavailableError: it is not installed, or did not start.
    """
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if not program:
        raise UnavailableError("Redis is not installed")
    port = free_port(random.randint(16_000, 19_000))
    with folder(None) as home:
        server = start(
            [
                program,
                "--port",
                port,
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
                "--dir",
                home,
                "--logfile",
                home / "log",
            ]
        )
        try:
            deadline = time.monotonic() + 10
            while not answers(port):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise UnavailableError("Redis did not start")
                time.sleep(0.02)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            stop(server)


def answers(port: int) -> bool:
    """Return whether something accepts connections on the port."""
    import socket

    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def main() -> int:
    """Run a command beside the services that were asked for; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--postgres", action="store_true", help="start PostgreSQL and set DATABASE_URL")
    parser.add_argument("--redis", action="store_true", help="start Redis and set REDIS_URL")
    parser.add_argument(
        "--durable", action="store_true", help="PostgreSQL writes through to disk, as in production"
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, help="after --")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.ExitStack() as services:
        environment = {}
        try:
            if asked.postgres:
                environment["DATABASE_URL"] = services.enter_context(postgresql(durable=asked.durable))
            if asked.redis:
                environment["REDIS_URL"] = services.enter_context(redis())
        except UnavailableError as error:
            print(error, file=sys.stderr)
            return 1
        words = asked.command[1:] if asked.command[:1] == ["--"] else asked.command
        return subprocess.run(words, env={**os.environ, **environment}, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
