"""Bring the database that DATABASE_URL names to the demo academy of this version, in one process.

A first load goes into a file beside the database and takes its name when it is whole: a load that was broken
off leaves nothing half-done, and the next start begins again.

    --sign-ins    print who can sign in
    --current     load anew unless it was loaded today from the sources as they are (what tests want)
"""

import datetime as dt
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from workplace import ROOT, Stamp, Stop


def of_sqlite(url: str) -> Path | None:
    """Return the file of a SQLite database, or nothing for another one."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def migrations_are_pending() -> bool:
    """Return whether `migrate` has anything to do; asking is quicker than letting it find nothing."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    executor.loader.check_consistent_history(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def fill() -> None:
    """Migrate and load what is not loaded yet, in this process."""
    sys.path.insert(0, str(ROOT))
    import django
    from django.core.management import CommandError, call_command
    from django.db.migrations.exceptions import InconsistentMigrationHistory

    django.setup()
    try:
        if migrations_are_pending():
            call_command("migrate", verbosity=0)
        call_command("demo", ensure=True)
    except CommandError as error:
        raise Stop(str(error)) from None
    except InconsistentMigrationHistory:
        raise Stop(
            f"{os.environ['DATABASE_URL']} was made by a version whose tables cannot be brought to this one; "
            "move it away or name another in DATABASE_URL."
        ) from None


def make(database: Path, migrated: Path | None = None) -> None:
    """Load a new SQLite database aside (in a copy of ``migrated``), then give it its name."""
    print("Loading the demo academy; this happens once and takes a minute or two …", flush=True)
    fresh = database.with_name(f"{database.name}.being-made")
    for leftover in database.parent.glob(f"{fresh.name}*"):
        leftover.unlink()
    if migrated is not None:
        shutil.copyfile(migrated, fresh)
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{fresh}"}
    done = subprocess.run([sys.executable, __file__, "--fill"], env=environment, check=False)
    if done.returncode:
        raise Stop("The demo academy could not be loaded; the reason stands above.")
    with sqlite3.connect(fresh) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    fresh.rename(database)


def loaded_from(database: Path) -> Stamp:
    """Return the mark of what a database was loaded from: the code, and the day the demo revolves around."""
    apps = ("academy", "cms", "courses", "enrollment", "practicum")
    sources = [
        path for app in apps for path in (ROOT / app).rglob("*") if path.suffix in {".py", ".json", ".md"}
    ]
    stamp = Stamp(database.with_suffix(".loaded"), sources)
    stamp.digest += f" {dt.datetime.now(ZoneInfo('Asia/Shanghai')).date()}"
    return stamp


def make_current(database: Path) -> None:
    """Load anew what is of another day or other sources, its files included."""
    stamp = loaded_from(database)
    if database.exists() and stamp.is_current():
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    stamp.path.unlink(missing_ok=True)
    shutil.rmtree(os.environ["MEDIA_ROOT"], ignore_errors=True)
    # Its journal too: one of another database must not be found beside the new one.
    for leftover in database.parent.glob(f"{database.name}*"):
        leftover.unlink()
    sys.path.insert(0, str(ROOT))
    from tests.template_database import sqlite_template

    # The tests begin with the same empty database: it is migrated once for both.
    make(database, migrated=sqlite_template())
    stamp.write()


def main() -> None:
    """Make the database or bring it up to date, then print who can sign in."""
    database = of_sqlite(os.environ["DATABASE_URL"])
    if "--fill" in sys.argv[1:]:
        fill()
        return
    if database is not None and "--current" in sys.argv[1:]:
        make_current(database)
        return
    if database is not None and not database.exists():
        make(database)
    fill()
    if "--sign-ins" in sys.argv[1:]:
        from django.core.management import call_command

        call_command("demo", sign_ins=True)


if __name__ == "__main__":
    main()
