"""Test databases that are copied, not migrated.

Two hundred migrations take half a minute; copying their result takes a second. The result is kept per state
of the migrations: as a file in `var/test/` for SQLite, as a database beside the others for PostgreSQL. Every
worker of pytest-xdist takes a copy of its own; on SQLite that is a file too, so threads meet on real locks.

`tests/conftest.py` brings these fixtures into every test.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "var" / "test"
#: A file in memory, where the machine has such a place.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def fingerprint() -> str:
    """Return what the migrated database depends on: our migrations, and the packages that bring theirs."""
    total = hashlib.sha256()
    for path in [*sorted(ROOT.glob("*/migrations/*.py")), ROOT / "requirements" / "base.txt"]:
        total.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:16]


@contextmanager
def one_at_a_time(kind: str) -> Iterator[None]:
    """Let one worker build a template of this kind while the others wait for it."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / f".{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def migrate(url: str) -> None:
    """Migrate the database at `url` in a process of its own; show what it says when it fails."""
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "academy.settings.test", "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"The test database could not be migrated:\n{done.stderr}", pytrace=False)


def sqlite_template() -> Path:
    """Return the migrated SQLite file of the present migrations, made first where there is none."""
    with one_at_a_time("sqlite"):
        template = KEPT / f"template-{fingerprint()}.sqlite3"
        if not template.exists():
            fresh = KEPT / f"fresh-{os.getpid()}.sqlite3"
            migrate(f"sqlite:///{fresh}")
            for older in sorted(KEPT.glob("template-*.sqlite3"), key=lambda path: path.stat().st_mtime)[:-2]:
                older.unlink()
            fresh.rename(template)
        return template


def postgresql_template() -> str:
    """Return the name of the migrated database on this server, made first where there is none."""
    import psycopg

    settings = connection.settings_dict
    name = f"academy_template_{fingerprint()}"
    address = {
        "host": settings["HOST"] or None,
        "port": settings["PORT"] or None,
        "user": settings["USER"] or None,
        "password": settings["PASSWORD"] or None,
    }
    with (
        one_at_a_time("postgresql"),
        psycopg.connect(dbname="postgres", autocommit=True, **address) as server,
    ):
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            # Built under another name: one that was broken off is never taken for a whole one.
            server.execute("DROP DATABASE IF EXISTS academy_template_fresh")
            server.execute("CREATE DATABASE academy_template_fresh")
            secret = f":{address['password']}" if address["password"] else ""
            migrate(
                f"postgres://{address['user']}{secret}@{address['host']}:{address['port']}/academy_template_fresh"
            )
            server.execute(f"ALTER DATABASE academy_template_fresh RENAME TO {name}")
    return name


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Use the copy on SQLite as it lies there; PostgreSQL makes its own from the template."""
    return connection.vendor == "sqlite"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> Iterator[None]:
    """Point Django at a copy of the migrated database."""
    test = connection.settings_dict["TEST"]
    test["MIGRATE"] = False
    if connection.vendor == "postgresql":
        test["TEMPLATE"] = postgresql_template()
        yield
        return
    template = sqlite_template()
    with tempfile.TemporaryDirectory(prefix="academy-test-", dir=MEMORY) as folder:
        copy = Path(folder) / "test.sqlite3"
        shutil.copyfile(template, copy)
        test["NAME"] = str(copy)
        yield
        connection.close()
