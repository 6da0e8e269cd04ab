"""Minimums of categories, late records with an end, and guards that the database keeps itself.

Exemptions of one person never overlap; nothing reverses a reversal; a closed year takes only entries that carry
the mark, and only in time. On SQLite the ledger's table was rebuilt for its new column, so its triggers return.
"""

import datetime as dt
import importlib
from decimal import Decimal

from django.db import migrations

from enrollment.models.accounts import Role
from enrollment.roles import EVERYTHING, permit

ledger_guards = importlib.import_module("enrollment.migrations.0003_ledger_guards")

OWN = "学院默认值（无上级文件规定，由学院管理员核定）"
#: code, value, note
RULES = [
    ("late_days", "90", "年度关闭后90日内可补记并加标记，逾期须重新开启年度"),
    ("branch_hours", "6", "不超过6学时的支部活动按规则自动认定，超过的由他人审核"),
    ("branch_days", "0", "0表示不限补录时间；设为天数后，逾期补录的由他人审核"),
    ("branch_checks", "5", "按比例抽查，抽中的由他人核查"),
]

#: name of the trigger: (table, verb, when, sentence)
SQLITE = {
    "enrollment_exemption_no_overlap_insert": (
        "enrollment_exemption",
        "INSERT",
        ("EXISTS (SELECT 1 FROM enrollment_exemption other WHERE other.trainee_id = NEW.trainee_id"
        " AND (other.ends_on IS NULL OR other.ends_on >= NEW.starts_on)"
        " AND (NEW.ends_on IS NULL OR other.starts_on <= NEW.ends_on))"),
        "enrollment_exemption_no_overlap",
    ),
    "enrollment_exemption_no_overlap_update": (
        "enrollment_exemption",
        "UPDATE",
        ("EXISTS (SELECT 1 FROM enrollment_exemption other WHERE other.trainee_id = NEW.trainee_id"
        " AND other.id <> NEW.id"
        " AND (other.ends_on IS NULL OR other.ends_on >= NEW.starts_on)"
        " AND (NEW.ends_on IS NULL OR other.starts_on <= NEW.ends_on))"),
        "enrollment_exemption_no_overlap",
    ),
    "enrollment_hourentry_no_double_reversal": (
        "enrollment_hourentry",
        "INSERT",
        ("EXISTS (SELECT 1 FROM enrollment_hourentry other WHERE other.id = NEW.reverses_id"
        " AND other.reverses_id IS NOT NULL)"),
        "enrollment_hourentry_no_double_reversal",
    ),
    "enrollment_hourentry_frozen_year": (
        "enrollment_hourentry",
        "INSERT",
        ("EXISTS (SELECT 1 FROM enrollment_yearclosure closed WHERE closed.year = NEW.year"
        " AND (NOT NEW.is_late OR closed.late_until < NEW.recorded_at))"),
        "enrollment_hourentry_frozen_year",
    ),
}

POSTGRESQL = """
CREATE OR REPLACE FUNCTION enrollment_refuse_ledger_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.reverses_id IS NOT NULL AND EXISTS (
        SELECT 1 FROM enrollment_hourentry other
        WHERE other.id = NEW.reverses_id AND other.reverses_id IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'enrollment_hourentry_no_double_reversal'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (
        SELECT 1 FROM enrollment_yearclosure closed
        WHERE closed.year = NEW.year AND (NOT NEW.is_late OR closed.late_until < NEW.recorded_at)
    ) THEN
        RAISE EXCEPTION 'enrollment_hourentry_frozen_year' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""



def guard(apps, schema_editor):
    ledger_guards.guard(apps, schema_editor)
    if schema_editor.connection.vendor == "sqlite":
        for name, (table, verb, when, sentence) in SQLITE.items():
            schema_editor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {verb} ON {table} "
                f"WHEN {when} BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
            )
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        schema_editor.execute(
            "ALTER TABLE enrollment_exemption DROP CONSTRAINT IF EXISTS enrollment_exemption_no_overlap"
        )
        schema_editor.execute(
            "ALTER TABLE enrollment_exemption ADD CONSTRAINT enrollment_exemption_no_overlap "
            "EXCLUDE USING gist (trainee_id WITH =, daterange(starts_on, ends_on, '[]') WITH &&)"
        )
        schema_editor.execute(POSTGRESQL)
        schema_editor.execute(
            "CREATE OR REPLACE TRIGGER enrollment_hourentry_sound BEFORE INSERT "
            "ON enrollment_hourentry FOR EACH ROW EXECUTE FUNCTION enrollment_refuse_ledger_entry()"
        )


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name in SQLITE:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER IF EXISTS enrollment_hourentry_sound ON enrollment_hourentry")
        schema_editor.execute("DROP FUNCTION IF EXISTS enrollment_refuse_ledger_entry()")
        schema_editor.execute(
            "ALTER TABLE enrollment_exemption DROP CONSTRAINT IF EXISTS enrollment_exemption_no_overlap"
        )




def establish(apps, schema_editor):
    rules = apps.get_model("enrollment", "HourRule")
    for code, value, note in RULES:
        rules.objects.get_or_create(
            code=code,
            effective_from=dt.date(2019, 1, 1),
            defaults={"value": Decimal(value), "source": OWN, "note": note},
        )
    permit(apps, Role.ADMINISTRATOR, "enrollment", {"hourminimum": EVERYTHING})


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0014_needs"),
    ]

    operations = [
        migrations.RunPython(establish, migrations.RunPython.noop),
        migrations.RunPython(guard, unguard),
    ]
