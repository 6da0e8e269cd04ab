"""The audit log in tests: the database refuses to alter it; a test that needs another past lets go of it."""

from __future__ import annotations

from django.db import connection

TABLES = ("wagtailcore_modellogentry", "wagtailcore_pagelogentry")


def let_go_of_the_log() -> None:
    """Drop the guards of the log until this test's transaction is rolled back."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table with checks still to come cannot lose a trigger.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            if connection.vendor == "sqlite":
                for verb in ("update", "delete"):
                    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
            else:
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}")
