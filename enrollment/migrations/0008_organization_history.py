"""Organizations keep a dated history that nobody alters, their pairings and their five-one contacts."""

from django.db import migrations


from enrollment.models.accounts import Role
from enrollment.roles import EVERYTHING, permit

TABLE = "enrollment_organizationchange"


def guard(apps, schema_editor):
    """The database itself refuses to alter a line of history, as it does for the ledger (0003)."""
    if schema_editor.connection.vendor == "sqlite":
        for verb in ("update", "delete"):
            schema_editor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {TABLE}_no_{verb} BEFORE {verb.upper()} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, 'The history of organizations is never {verb}d.'); END"
            )
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            """
            CREATE OR REPLACE FUNCTION enrollment_refuse_history_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'The history of organizations is never %%d.', lower(TG_OP)
                    USING ERRCODE = 'integrity_constraint_violation';
            END $$
            """
        )
        schema_editor.execute(
            f"CREATE OR REPLACE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE "
            f"ON {TABLE} FOR EACH ROW EXECUTE FUNCTION enrollment_refuse_history_change()"
        )


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for verb in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_no_{verb}")
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_append_only ON {TABLE}")
        schema_editor.execute("DROP FUNCTION IF EXISTS enrollment_refuse_history_change()")


def let_administrators_work(apps, schema_editor):
    permit(apps, Role.ADMINISTRATOR, "enrollment", dict.fromkeys(["organizationcontact", "pairing"], EVERYTHING))
    permit(apps, Role.ADMINISTRATOR, "enrollment", {"organizationchange": ["view"]})


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0007_begin_year"),
    ]

    operations = [
        migrations.RunPython(guard, unguard),
        migrations.RunPython(let_administrators_work, migrations.RunPython.noop),
    ]
