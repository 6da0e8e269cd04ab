"""The database itself keeps the ledger: entries are never changed, and a person's records never overlap.

On SQLite a change of the table's columns rebuilds it without its triggers: such a migration ends with
`guard` of this one. A test looks for them.
"""

from django.db import migrations

REFUSALS = {"update": "Ledger entries are never updated.", "delete": "Ledger entries are never deleted."}


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for verb, sentence in REFUSALS.items():
            schema_editor.execute(
                f"CREATE TRIGGER IF NOT EXISTS enrollment_hourentry_no_{verb} "
                f"BEFORE {verb.upper()} ON enrollment_hourentry "
                f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
            )
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            """
            CREATE OR REPLACE FUNCTION enrollment_refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'Ledger entries are never %%d.', lower(TG_OP) USING ERRCODE = 'integrity_constraint_violation';
            END $$
            """
        )
        schema_editor.execute(
            "CREATE OR REPLACE TRIGGER enrollment_hourentry_append_only BEFORE UPDATE OR DELETE "
            "ON enrollment_hourentry FOR EACH ROW EXECUTE FUNCTION enrollment_refuse_ledger_change()"
        )


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for verb in REFUSALS:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS enrollment_hourentry_no_{verb}")
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER IF EXISTS enrollment_hourentry_append_only ON enrollment_hourentry")
        schema_editor.execute("DROP FUNCTION IF EXISTS enrollment_refuse_ledger_change()")


def separate_spans(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        schema_editor.execute(
            "ALTER TABLE enrollment_hourspan ADD CONSTRAINT enrollment_hourspan_no_overlap "
            "EXCLUDE USING gist (trainee_id WITH =, tstzrange(starts_at, ends_at) WITH &&)"
        )


def allow_overlaps(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "ALTER TABLE enrollment_hourspan DROP CONSTRAINT IF EXISTS enrollment_hourspan_no_overlap"
        )


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0002_people_and_hours"),
    ]

    operations = [
        migrations.RunPython(guard, unguard),
        migrations.RunPython(separate_spans, allow_overlaps),
    ]
