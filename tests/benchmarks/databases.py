"""The demo academy for a benchmark: a copy of the SQLite one, and the same rows in a private PostgreSQL.

Copying rows instead of loading the demo twice makes both runs measure the same academy.
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "var" / "demo" / "academy.sqlite3"
CACHE = ROOT / "var" / "bench"


def run(url: str, *command: object) -> None:
    """Run one of our programs against a database; stop when it fails."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "academy.settings.dev",
        "DATABASE_URL": url,
        "MEDIA_ROOT": str(ROOT / "var" / "demo" / "media"),
        "LOG_LEVEL": "WARNING",
    }
    subprocess.run([sys.executable, *map(str, command)], cwd=ROOT, env=environment, check=True)


@cache
def demo() -> Path:
    """Return the demo academy's database, loaded and migrated once for the whole run."""
    DEMO.parent.mkdir(parents=True, exist_ok=True)
    run(f"sqlite:///{DEMO}", ROOT / "bin" / "prepare_demo.py")
    return DEMO


def sqlite_academy(folder: Path) -> str:
    """Return the URL of a fresh copy of the demo academy."""
    target = folder / "academy.sqlite3"
    with sqlite3.connect(demo()) as source, sqlite3.connect(target) as copy:
        source.backup(copy)
    return f"sqlite:///{target}"


def fingerprint() -> str:
    """Return what the cached dump depends on: the demo's database and the migrations."""
    migrations = sorted(ROOT.glob("*/migrations/*.py"))
    newest = max(path.stat().st_mtime_ns for path in migrations)
    return f"{len(migrations)} {newest} {DEMO.stat().st_mtime_ns} {DEMO.stat().st_size}"


def postgresql_academy(url: str, programs: Path, sqlite_file: Path) -> None:
    """Fill the empty database at `url` from `sqlite_file`, or from the dump of an earlier run."""
    CACHE.mkdir(parents=True, exist_ok=True)
    dump, stamp = CACHE / "academy.dump", CACHE / "academy.dump.stamp"
    if dump.exists() and stamp.exists() and stamp.read_text() == fingerprint():
        command = [programs / "pg_restore", "--no-owner", "--jobs", "2", "--dbname", url, dump]
    else:
        run(url, ROOT / "manage.py", "migrate", "--verbosity", "0")
        copy_rows(sqlite_file, url)
        command = [programs / "pg_dump", "--format", "custom", "--compress", "1", "--file", dump, url]
        stamp.write_text(fingerprint())
    subprocess.run([str(part) for part in command], check=True)
    with psycopg.connect(libpq(url), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def libpq(url: str) -> str:
    """Return Django's form of a PostgreSQL address in the form of its client library."""
    return url.replace("postgres://", "postgresql://", 1)


def copy_rows(sqlite_file: Path, url: str) -> None:
    """Replace the rows of every table by those of the SQLite database; search indexes are left out."""
    with sqlite3.connect(sqlite_file) as source, psycopg.connect(libpq(url)) as target:
        target.execute(
            "SET session_replication_role = replica"
        )  # neither foreign keys nor triggers on the way
        target.execute("SET timezone = 'UTC'")
        names = [name for (name,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        tables = {name: columns for name in names if (columns := columns_of(target, name))}
        target.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(map(sql.Identifier, tables))))
        for table, types in tables.items():
            present = [row[1] for row in source.execute(f'PRAGMA table_info("{table}")')]
            shared = [column for column in present if column in types]
            copy_table(source, target, table, {column: types[column] for column in shared})
        reset_sequences(target)


def columns_of(target: "psycopg.Connection[tuple[str, ...]]", table: str) -> dict[str, str]:
    """Return the columns of a PostgreSQL table that can be written, with their types."""
    if "search" in table and "index" in table:
        return {}
    rows = target.execute(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'",
        [table],
    )
    return dict(rows.fetchall())


def copy_table(
    source: sqlite3.Connection,
    target: "psycopg.Connection[tuple[str, ...]]",
    table: str,
    types: dict[str, str],
) -> None:
    """Stream one table; SQLite's texts and numbers are what PostgreSQL reads, but for a few types."""
    quoted = ", ".join(f'"{column}"' for column in types)
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, types))
    )
    with target.cursor().copy(into) as copy:
        for row in source.execute(f'SELECT {quoted} FROM "{table}"'):
            copy.write_row(list(converted(row, types.values())))


def converted(row: tuple[object, ...], types: Iterator[str] | object) -> Iterator[object]:
    """Yield the values of a row as PostgreSQL's COPY reads them."""
    for value, kind in zip(row, types, strict=True):  # type: ignore[call-overload]
        if value is None or isinstance(value, bytes):
            yield value
        elif kind == "boolean":
            yield "t" if value else "f"
        elif kind == "interval":
            yield f"{value} microseconds"
        else:
            yield str(value)


def reset_sequences(target: "psycopg.Connection[tuple[str, ...]]") -> None:
    """Let each table number its next row after the copied ones."""
    rows = target.execute(
        "SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name)"
        " FROM information_schema.columns WHERE table_schema = 'public'"
        " AND (is_identity = 'YES' OR column_default LIKE 'nextval%')"
    ).fetchall()
    for table, column, sequence in rows:
        target.execute(
            sql.SQL("SELECT setval(%s, (SELECT max({}) FROM {}))").format(
                sql.Identifier(column), sql.Identifier(table)
            ),
            [sequence],
        )
