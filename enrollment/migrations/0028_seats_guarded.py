"""The database itself keeps the seats of a class: no quota and no class ever has more people than seats.

On PostgreSQL the class row is held while it is counted, so that of two transactions the second counts what the
first has written. On SQLite a change of a table's columns rebuilds it without its triggers: such a migration ends
with `guard` of this one. A test looks for them.
"""

# ruff: noqa: S608 - the statements are made of names of our own columns and statuses.
from django.db import migrations

#: Statuses that hold a seat, as `enrollment.models.SEATED_STATUSES` had it; a test compares them.
SEATED = ("nominated", "enrolled", "completed")
_SEATED = ", ".join(f"'{status}'" for status in SEATED)

WITHIN_QUOTA = "enrollment_enrollment_within_quota"
WITHIN_CLASS = "enrollment_enrollment_within_class"
QUOTA_COVERS_TAKEN = "enrollment_quota_covers_taken"
QUOTAS_WITHIN_CLASS = "enrollment_quota_within_class"
CLASS_COVERS_TAKEN = "enrollment_trainingclass_covers_seats"

UNDER_QUOTA = (
    "(SELECT count(*) FROM enrollment_enrollment held WHERE held.quota_id = {quota}"
    f" AND held.status IN ({_SEATED}))"
)
IN_CLASS = (
    "(SELECT count(*) FROM enrollment_enrollment held WHERE held.training_class_id = {of}"
    f" AND held.status IN ({_SEATED}))"
)
GIVEN = "(SELECT coalesce(sum(given.seats), 0) FROM enrollment_quota given WHERE given.training_class_id = {of})"
CAPACITY = "(SELECT capacity FROM enrollment_trainingclass WHERE id = NEW.training_class_id)"
SEATS = "(SELECT seats FROM enrollment_quota WHERE id = NEW.quota_id)"

JOINS = f"NEW.status IN ({_SEATED})"
WAS_THERE = (
    f"OLD.status IN ({_SEATED}) AND OLD.training_class_id = NEW.training_class_id"
    " AND (NEW.quota_id IS NULL OR NEW.quota_id = OLD.quota_id)"
)
OVER_QUOTA = f"NEW.quota_id IS NOT NULL AND {UNDER_QUOTA.format(quota='NEW.quota_id')} > {SEATS}"
OVER_CLASS = f"{IN_CLASS.format(of='NEW.training_class_id')} > {CAPACITY}"
GROWS = "NEW.seats > OLD.seats OR NEW.training_class_id <> OLD.training_class_id"
TOO_SMALL = (
    f"NEW.capacity < OLD.capacity AND (NEW.capacity < {IN_CLASS.format(of='NEW.id')}"
    f" OR NEW.capacity < {GIVEN.format(of='NEW.id')})"
)

#: name of the trigger: (event, when, constraint that speaks)
SQLITE = {
    f"{WITHIN_QUOTA}_insert": ("INSERT ON enrollment_enrollment", f"{JOINS} AND {OVER_QUOTA}", WITHIN_QUOTA),
    f"{WITHIN_CLASS}_insert": ("INSERT ON enrollment_enrollment", f"{JOINS} AND {OVER_CLASS}", WITHIN_CLASS),
    f"{WITHIN_QUOTA}_update": (
        "UPDATE OF status, quota_id, training_class_id ON enrollment_enrollment",
        f"{JOINS} AND NOT coalesce({WAS_THERE}, 0) AND {OVER_QUOTA}",
        WITHIN_QUOTA,
    ),
    f"{WITHIN_CLASS}_update": (
        "UPDATE OF status, quota_id, training_class_id ON enrollment_enrollment",
        f"{JOINS} AND NOT coalesce({WAS_THERE}, 0) AND {OVER_CLASS}",
        WITHIN_CLASS,
    ),
    QUOTA_COVERS_TAKEN: (
        "UPDATE OF seats ON enrollment_quota",
        f"NEW.seats < OLD.seats AND {UNDER_QUOTA.format(quota='NEW.id')} > NEW.seats",
        QUOTA_COVERS_TAKEN,
    ),
    f"{QUOTAS_WITHIN_CLASS}_insert": (
        "INSERT ON enrollment_quota",
        f"{GIVEN.format(of='NEW.training_class_id')} > {CAPACITY}",
        QUOTAS_WITHIN_CLASS,
    ),
    f"{QUOTAS_WITHIN_CLASS}_update": (
        "UPDATE OF seats, training_class_id ON enrollment_quota",
        f"({GROWS}) AND {GIVEN.format(of='NEW.training_class_id')} > {CAPACITY}",
        QUOTAS_WITHIN_CLASS,
    ),
    CLASS_COVERS_TAKEN: (
        "UPDATE OF capacity ON enrollment_trainingclass",
        TOO_SMALL,
        CLASS_COVERS_TAKEN,
    ),
}

HOLD = "PERFORM 1 FROM enrollment_trainingclass WHERE id = NEW.training_class_id FOR NO KEY UPDATE;"


def _speak(constraint):
    return f"RAISE EXCEPTION '{constraint}' USING ERRCODE = 'check_violation', CONSTRAINT = '{constraint}';"


POSTGRESQL = {
    "enrollment_guard_seats": (
        f"""
        IF NOT ({JOINS}) THEN RETURN NULL; END IF;
        IF TG_OP = 'UPDATE' THEN
            IF coalesce({WAS_THERE}, false) THEN RETURN NULL; END IF;
        END IF;
        {HOLD}
        IF {OVER_QUOTA} THEN {_speak(WITHIN_QUOTA)} END IF;
        IF {OVER_CLASS} THEN {_speak(WITHIN_CLASS)} END IF;
        RETURN NULL;
        """,
        "AFTER INSERT OR UPDATE OF status, quota_id, training_class_id ON enrollment_enrollment",
    ),
    "enrollment_guard_quotas": (
        f"""
        {HOLD}
        IF TG_OP = 'UPDATE' THEN
            IF NEW.seats < OLD.seats AND {UNDER_QUOTA.format(quota="NEW.id")} > NEW.seats THEN
                {_speak(QUOTA_COVERS_TAKEN)}
            END IF;
            IF NOT ({GROWS}) THEN RETURN NULL; END IF;
        END IF;
        IF {GIVEN.format(of="NEW.training_class_id")} > {CAPACITY} THEN {_speak(QUOTAS_WITHIN_CLASS)} END IF;
        RETURN NULL;
        """,
        "AFTER INSERT OR UPDATE OF seats, training_class_id ON enrollment_quota",
    ),
    "enrollment_guard_capacity": (
        f"""
        IF {TOO_SMALL} THEN {_speak(CLASS_COVERS_TAKEN)} END IF;
        RETURN NULL;
        """,
        "AFTER UPDATE OF capacity ON enrollment_trainingclass",
    ),
}


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name, (event, when, constraint) in SQLITE.items():
            schema_editor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {event} WHEN {when} "
                f"BEGIN SELECT RAISE(ABORT, '{constraint}'); END"
            )
    elif schema_editor.connection.vendor == "postgresql":
        for name, (body, event) in POSTGRESQL.items():
            schema_editor.execute(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
            )
            schema_editor.execute(
                f"CREATE OR REPLACE TRIGGER {name} {event} FOR EACH ROW EXECUTE FUNCTION {name}()"
            )


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name in SQLITE:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")
    elif schema_editor.connection.vendor == "postgresql":
        for name, (_body, event) in POSTGRESQL.items():
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name} ON {event.rpartition(' ')[2]}")
            schema_editor.execute(f"DROP FUNCTION IF EXISTS {name}()")


class Migration(migrations.Migration):

    dependencies = [
        ("enrollment", "0027_statistics"),
    ]

    operations = [
        migrations.RunPython(guard, unguard),
    ]
