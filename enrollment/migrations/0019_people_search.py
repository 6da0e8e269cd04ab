"""On PostgreSQL people are found by any part of a name or phone from an index (`enrollment.name_pairs`); new secretaries by one of theirs."""

from django.db import migrations, models

# Every character and every pair of neighbours; of the last one the pair is the character itself.
PAIRS = """
CREATE OR REPLACE FUNCTION enrollment_pairs(value text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(upper(value), place, size)), '{}')
    FROM generate_series(1, length(value)) AS place, (VALUES (1), (2)) AS sizes(size)
$$
"""
INDEXES = {
    "enrollment_trainee_name_pairs": "(enrollment_pairs(name))",
    "enrollment_trainee_phone_part": "(upper(phone::text) gin_trgm_ops)",
}


def index(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    schema_editor.execute(PAIRS, params=None)
    for name, expression in INDEXES.items():
        schema_editor.execute(f"CREATE INDEX IF NOT EXISTS {name} ON enrollment_trainee USING gin {expression}")


def drop(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for name in INDEXES:
        schema_editor.execute(f"DROP INDEX IF EXISTS {name}")
    schema_editor.execute("DROP FUNCTION IF EXISTS enrollment_pairs(text)")


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0018_park_figures")]

    operations = [
        migrations.RunPython(index, drop),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("ended_on__isnull", True), ("post", "secretary")),
                fields=["started_on"],
                name="enrollment_secretary_since",
            ),
        ),
        migrations.AddIndex(
            model_name="organization",
            index=models.Index(fields=["depth", "path"], name="enrollment_org_level"),
        ),
    ]
