"""The database itself keeps the life of a class: no move that is not its next, nothing changed once it is sealed.

On SQLite a change of a table's columns rebuilds it without its triggers: such a migration ends with `guard` of
this one. A test looks for them.
"""

from django.db import migrations

#: As `enrollment.rules.class_life.NEXT` had it when this was written; a test compares them.
MOVES = (
    ("draft", "nominating"),
    ("draft", "running"),
    ("draft", "cancelled"),
    ("nominating", "draft"),
    ("nominating", "running"),
    ("nominating", "cancelled"),
    ("running", "closed"),
    ("running", "cancelled"),
    ("closed", "running"),
    ("closed", "archived"),
)
NOT_NEXT = "A class cannot change to this status from its present one."
SEALED = "An archived class is never changed or deleted."
NOT_SEALED = "A class is archived by sealing its archive."
ARCHIVE = "Archives of classes are never changed or deleted."
#: What the archive says of the class itself.
FACTS = ("code", "title", "year", "starts_on", "ends_on", "capacity", "description", "teacher_id", "cohort_id")


def guard(apps, schema_editor):
    allowed = ", ".join(f"'{before}>{after}'" for before, after in MOVES)
    not_next = f"OLD.status <> NEW.status AND OLD.status || '>' || NEW.status NOT IN ({allowed})"
    not_sealed = (
        "OLD.status = 'closed' AND NEW.status = 'archived' AND NOT EXISTS "
        "(SELECT 1 FROM enrollment_classarchive WHERE training_class_id = NEW.id)"
    )
    if schema_editor.connection.vendor == "sqlite":
        changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in FACTS)
        triggers = {
            "enrollment_trainingclass_moves": (
                f"BEFORE UPDATE ON enrollment_trainingclass WHEN {not_next}",
                NOT_NEXT,
            ),
            "enrollment_trainingclass_archived_sealed": (
                f"BEFORE UPDATE ON enrollment_trainingclass WHEN {not_sealed}",
                NOT_SEALED,
            ),
            "enrollment_trainingclass_stays_archived": (
                f"BEFORE UPDATE ON enrollment_trainingclass WHEN OLD.status = 'archived' AND ({changed})",
                SEALED,
            ),
            "enrollment_trainingclass_archived_stays": (
                "BEFORE DELETE ON enrollment_trainingclass WHEN OLD.status = 'archived'",
                SEALED,
            ),
            "enrollment_classarchive_no_update": ("BEFORE UPDATE ON enrollment_classarchive", ARCHIVE),
            "enrollment_classarchive_no_delete": ("BEFORE DELETE ON enrollment_classarchive", ARCHIVE),
        }
        for name, (when, sentence) in triggers.items():
            schema_editor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {name} {when} BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
            )
    elif schema_editor.connection.vendor == "postgresql":
        changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in FACTS)
        schema_editor.execute(
            f"""
            CREATE OR REPLACE FUNCTION enrollment_guard_class() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'DELETE' THEN
                    IF OLD.status = 'archived' THEN
                        RAISE EXCEPTION '{SEALED}' USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN OLD;
                END IF;
                IF {not_next} THEN
                    RAISE EXCEPTION '{NOT_NEXT}' USING ERRCODE = 'integrity_constraint_violation';
                END IF;
                IF {not_sealed} THEN
                    RAISE EXCEPTION '{NOT_SEALED}' USING ERRCODE = 'integrity_constraint_violation';
                END IF;
                IF OLD.status = 'archived' AND ({changed}) THEN
                    RAISE EXCEPTION '{SEALED}' USING ERRCODE = 'integrity_constraint_violation';
                END IF;
                RETURN NEW;
            END $$
            """
        )
        schema_editor.execute(
            "CREATE OR REPLACE TRIGGER enrollment_trainingclass_moves BEFORE UPDATE OR DELETE "
            "ON enrollment_trainingclass FOR EACH ROW EXECUTE FUNCTION enrollment_guard_class()"
        )
        schema_editor.execute(
            f"""
            CREATE OR REPLACE FUNCTION enrollment_keep_archive() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '{ARCHIVE}' USING ERRCODE = 'integrity_constraint_violation';
            END $$
            """
        )
        schema_editor.execute(
            "CREATE OR REPLACE TRIGGER enrollment_classarchive_written_once BEFORE UPDATE OR DELETE "
            "ON enrollment_classarchive FOR EACH ROW EXECUTE FUNCTION enrollment_keep_archive()"
        )


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name in (
            "enrollment_trainingclass_moves",
            "enrollment_trainingclass_archived_sealed",
            "enrollment_trainingclass_stays_archived",
            "enrollment_trainingclass_archived_stays",
            "enrollment_classarchive_no_update",
            "enrollment_classarchive_no_delete",
        ):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "DROP TRIGGER IF EXISTS enrollment_trainingclass_moves ON enrollment_trainingclass"
        )
        schema_editor.execute(
            "DROP TRIGGER IF EXISTS enrollment_classarchive_written_once ON enrollment_classarchive"
        )
        schema_editor.execute("DROP FUNCTION IF EXISTS enrollment_guard_class()")
        schema_editor.execute("DROP FUNCTION IF EXISTS enrollment_keep_archive()")


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0021_leave_by_session")]

    operations = [migrations.RunPython(guard, unguard)]
