"""The database itself keeps the audit log: an entry is never altered, and never deleted within six months.

One change is let through: an erased person's name and details go (label ``***``, no data), and nothing else with
them. On SQLite a change of these tables' columns rebuilds them without their triggers; a test looks for them.
"""

from django.db import migrations

TABLES = {
    "wagtailcore_modellogentry": ("object_id",),
    "wagtailcore_pagelogentry": ("page_id",),
}
#: What an erasure leaves as it was.
KEPT = (
    "id", "content_type_id", "action", "timestamp", "uuid", "user_id", "revision_id", "content_changed", "deleted",
)  # fmt: skip
ALTERED, DELETED = "Entries of the log are never altered.", "Entries of the log are kept for six months."
#: The fewest days of six months: what administrators set can only be longer.
DAYS = 181


def _same(columns, is_not):
    return " OR ".join(f"NEW.{column} {is_not} OLD.{column}" for column in columns)


def guard(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for table, more in TABLES.items():
        columns = (*KEPT, *more)
        if vendor == "sqlite":
            schema_editor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {table}_no_update BEFORE UPDATE ON {table} "
                f"WHEN NEW.label <> '***' OR NEW.data <> '{{}}' OR {_same(columns, 'IS NOT')} "
                f"BEGIN SELECT RAISE(ABORT, '{ALTERED}'); END"
            )
            schema_editor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {table}_no_delete BEFORE DELETE ON {table} "
                f"WHEN OLD.timestamp > datetime('now', '-{DAYS} days') "
                f"BEGIN SELECT RAISE(ABORT, '{DELETED}'); END"
            )
        elif vendor == "postgresql":
            schema_editor.execute(
                f"""
                CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF TG_OP = 'UPDATE' THEN
                        IF NEW.label <> '***' OR NEW.data::text <> '{{}}'
                            OR {_same(columns, 'IS DISTINCT FROM')} THEN
                            RAISE EXCEPTION '{ALTERED}' USING ERRCODE = 'integrity_constraint_violation';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF OLD.timestamp > now() - interval '{DAYS} days' THEN
                        RAISE EXCEPTION '{DELETED}' USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN OLD;
                END $$
                """
            )
            schema_editor.execute(
                f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
            )


def unguard(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for table in TABLES:
        if vendor == "sqlite":
            for verb in ("update", "delete"):
                schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
        elif vendor == "postgresql":
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}")
            schema_editor.execute(f"DROP FUNCTION IF EXISTS {table}_refuse()")


class Migration(migrations.Migration):

    dependencies = [
        ("enrollment", "0016_uploads_cleared"),
        ("wagtailcore", "0098_apitoken"),
    ]

    operations = [migrations.RunPython(guard, unguard)]
