"""What only PostgreSQL can guard by itself: no two occupations overlap, and check-in events never change."""

from django.db import migrations

OVERLAP = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE practicum_occupation ADD CONSTRAINT practicum_occupation_never_overlaps
    EXCLUDE USING gist (
        resource_type WITH =,
        resource_id WITH =,
        tstzrange(starts_at, ends_at, '[)') WITH &&
    );
"""
APPEND_ONLY = """
CREATE FUNCTION practicum_events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Check-in events are never changed or deleted.' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER practicum_checkinevent_append_only BEFORE UPDATE OR DELETE ON practicum_checkinevent
    FOR EACH ROW EXECUTE FUNCTION practicum_events_are_append_only();
"""
# Django checks foreign keys at commit. A check-in must meet its session's row when it writes its event: settling, which
# takes that row whole, then waits for it or keeps it out. At commit it would be too late: the two would wait for each
# other.
MEET_EARLY = """
DO $$
DECLARE
    key text;
BEGIN
    SELECT conname INTO key FROM pg_constraint
        WHERE contype = 'f' AND conrelid = 'practicum_checkinevent'::regclass
        AND confrelid = 'practicum_session'::regclass;
    EXECUTE format('ALTER TABLE practicum_checkinevent ALTER CONSTRAINT %I DEFERRABLE INITIALLY IMMEDIATE', key);
END $$;
"""
UNDO = """
DROP TRIGGER IF EXISTS practicum_checkinevent_append_only ON practicum_checkinevent;
DROP FUNCTION IF EXISTS practicum_events_are_append_only();
ALTER TABLE practicum_occupation DROP CONSTRAINT IF EXISTS practicum_occupation_never_overlaps;
"""


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(OVERLAP)
        schema_editor.execute(APPEND_ONLY)
        schema_editor.execute(MEET_EARLY, params=None)


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(UNDO)


class Migration(migrations.Migration):
    dependencies = [
        ("practicum", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(guard, unguard),
    ]
