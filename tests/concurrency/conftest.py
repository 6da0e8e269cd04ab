"""A database of its own for each race, that every thread reaches by a connection of its own.

Tests that only roll back cannot race: their one transaction is invisible to other threads. Emptying all
tables after each race would take what migrations wrote. So each race gets a copy of the migrated template:
a file of its own on SQLite; on PostgreSQL a database that gets the template's rows back after each.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import psycopg
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
        copy = _copied_sqlite if ours.vendor == "sqlite" else _kept_postgresql
        with copy(ours, tmp_path) as name, _moved_to(name, ours):
            yield


@contextlib.contextmanager
def _copied_sqlite(_ours: Any, folder: Path) -> Iterator[str]:
    path = folder / "race.sqlite3"
    shutil.copyfile(sqlite_template(), path)
    yield str(path)


@contextlib.contextmanager
def _kept_postgresql(_ours: Any, _folder: Path) -> Iterator[str]:
    copy = KeptCopy.of_this_session()
    try:
        yield copy.name
    finally:
        copy.restore()


class KeptCopy:
    """A copy of the template on PostgreSQL that gets its rows back after each race.

    Copying takes more than a second (a thousand files), giving some thirty tables their rows back a tenth of
    that. A race that changed the tables themselves (a control without its constraint) ends the copy.
    """

    _present: ClassVar[KeptCopy | None] = None

    def __init__(self) -> None:
        self.name = f"race_{uuid.uuid4().hex[:12]}"
        template = postgresql_template()
        with connections[ALIAS]._nodb_cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{self.name}" TEMPLATE "{template}"')
        with self._connected() as link:
            tables = link.execute(
                "SELECT quote_ident(relname) FROM pg_class"
                " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
            )
            self.tables = [name for (name,) in tables]
            self.shape = self._shape(link)
            self.counters = self._counters(link)
            self.rows = {name: self._copied_out(link, name) for name in self._filled(link)}

    @classmethod
    def of_this_session(cls) -> KeptCopy:
        """Return the copy at hand, made when there is none."""
        if cls._present is None:
            cls._present = cls()
        return cls._present

    @classmethod
    def drop_the_last(cls) -> None:
        """End with the session."""
        if cls._present is not None:
            cls._present._drop()

    def restore(self) -> None:
        """Give every table and every sequence what the template holds."""
        with self._connected() as link:
            sound = self._shape(link) == self.shape
            if sound:
                # Neither foreign keys nor the ledger's triggers stand in the way of this one connection.
                link.execute("SET session_replication_role = replica")
                for name in {*self._filled(link), *self.rows}:
                    link.execute(f"DELETE FROM {name}")
                for name, rows in self.rows.items():
                    with link.cursor().copy(f"COPY {name} FROM STDIN") as into:
                        into.write(rows)
                for sequence, (value, start) in self._counters(link).items():
                    before = self.counters[sequence][0]
                    if value != before:
                        link.execute("SELECT setval(%s, %s, %s)", [sequence, before or start, bool(before)])
        if not sound:
            self._drop()

    def _connected(self) -> psycopg.Connection[Any]:
        given = connections[ALIAS].settings_dict
        address = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
        return psycopg.connect(
            dbname=self.name, **{name: given[key] for name, key in address.items() if given[key]}
        )

    def _drop(self) -> None:
        KeptCopy._present = None
        given = connections[ALIAS]
        with given._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')

    def _filled(self, link: psycopg.Connection[Any]) -> list[str]:
        asked = " UNION ALL ".join(
            f"SELECT {number} WHERE EXISTS (SELECT 1 FROM {name})" for number, name in enumerate(self.tables)
        )
        return [self.tables[number] for (number,) in link.execute(asked)]

    @staticmethod
    def _shape(link: psycopg.Connection[Any]) -> list[Any]:
        """What a race must not have changed: tables, indexes, constraints, triggers and whether they fire."""
        return link.execute(
            "SELECT relname::text, 'class' FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " UNION ALL SELECT conname::text, 'constraint' FROM pg_constraint"
            " UNION ALL SELECT tgname::text, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal"
            " ORDER BY 2, 1"
        ).fetchall()

    @staticmethod
    def _counters(link: psycopg.Connection[Any]) -> dict[str, tuple[int | None, int]]:
        rows = link.execute(
            "SELECT quote_ident(sequencename), last_value, start_value FROM pg_sequences"
            " WHERE schemaname = 'public'"
        )
        return {name: (value, start) for name, value, start in rows}

    @staticmethod
    def _copied_out(link: psycopg.Connection[Any], name: str) -> bytes:
        with link.cursor().copy(f"COPY {name} TO STDOUT") as out:
            return b"".join(bytes(part) for part in out)


@pytest.fixture(scope="session", autouse=True)
def _no_copy_stays(django_db_blocker: Any) -> Iterator[None]:
    yield
    with django_db_blocker.unblock():
        KeptCopy.drop_the_last()


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
