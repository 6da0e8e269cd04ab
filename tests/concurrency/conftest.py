"""A database of its own for each race, that every thread reaches by a connection of its own.

Tests that only roll back cannot race: their one transaction is invisible to other threads. Emptying all
tables after each race would take what migrations wrote. So each race gets a copy of the migrated template:
a file on SQLite, a database on PostgreSQL.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.utils import ConnectionHandler

from tests.template_database import postgresql_template, sqlite_template

ALIAS = "default"


@pytest.fixture
def race_db(django_db_blocker: Any, tmp_path: Path) -> Iterator[None]:
    """A private, migrated, otherwise empty database; gone afterwards."""
    with django_db_blocker.unblock():
        ours = connections[ALIAS]
        copy = _copied_sqlite if ours.vendor == "sqlite" else _copied_postgresql
        with copy(ours, tmp_path) as name, _moved_to(name, ours):
            yield


@contextlib.contextmanager
def _copied_sqlite(_ours: Any, folder: Path) -> Iterator[str]:
    path = folder / "race.sqlite3"
    shutil.copyfile(sqlite_template(), path)
    yield str(path)


@contextlib.contextmanager
def _copied_postgresql(ours: Any, _folder: Path) -> Iterator[str]:
    name = f"race_{uuid.uuid4().hex[:12]}"
    template = postgresql_template()
    with ours._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield name
    finally:
        with ours._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextlib.contextmanager
def _moved_to(name: str, ours: Any) -> Iterator[None]:
    """Let every connection that is opened from now on, in any thread, lead to the database ``name``."""
    settings = connections.settings[ALIAS]
    before = settings["NAME"]
    settings["NAME"] = name
    handler: ConnectionHandler = connections
    handler[ALIAS] = handler.create_connection(ALIAS)
    try:
        yield
    finally:
        handler[ALIAS].close()
        settings["NAME"] = before
        handler[ALIAS] = ours


@pytest.fixture
def race(race_db: None) -> Callable[..., list[Any]]:
    """``race(work, n)``: run ``work(number)`` in ``n`` threads at once; what each returned or raised."""

    def run(work: Callable[[int], Any], n: int = 8) -> list[Any]:
        barrier = threading.Barrier(n)
        outcomes: list[Any] = [None] * n

        def one(number: int) -> None:
            try:
                connections[ALIAS].ensure_connection()
                barrier.wait(timeout=60)
                outcomes[number] = work(number)
            except Exception as error:
                outcomes[number] = error
            finally:
                connections.close_all()

        threads = [threading.Thread(target=one, args=(number,)) for number in range(n)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)
        assert not any(thread.is_alive() for thread in threads), "a thread hangs: deadlock?"
        return outcomes

    return run


class Meeting:
    """Where the threads of a control wait for one another between their check and their write."""

    def __init__(self, parties: int) -> None:
        self.barrier = threading.Barrier(parties)

    def wait(self) -> None:
        """Wait for everybody."""
        self.barrier.wait(timeout=60)


@pytest.fixture
def meeting() -> type[Meeting]:
    """For controls: shows the race that the lock prevents."""
    return Meeting
