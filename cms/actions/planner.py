"""What the database's planner knows of the tables: PostgreSQL keeps it by itself, SQLite is told."""

from __future__ import annotations

from django.db import connection

#: So many rows of an index are looked at: a look takes milliseconds, however large the table is.
ROWS_LOOKED_AT = 400


def refresh_statistics() -> bool:
    """Look at every index; whether there was anything to do.

    Without it SQLite takes all indexes for equally good, and reads the whole ledger for one person's entries.
    """
    if connection.vendor != "sqlite":
        return False
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA analysis_limit={ROWS_LOOKED_AT}")
        cursor.execute("ANALYZE")
    return True
