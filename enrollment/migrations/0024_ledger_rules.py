"""Minimums of categories, late records with an end, and guards that the database keeps itself.

Exemptions of one person never overlap; nothing reverses a reversal; a closed year takes only entries that carry
the mark, and only in time. On SQLite the ledger's table was rebuilt for its new column, so its triggers return.
"""

import datetime as dt
import importlib
from decimal import Decimal

from django.db import migrations, models

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


def part_exemptions(apps, schema_editor):
    """Cut what overlaps: the later begins after the earlier ends, or goes. The days that are exempt stay so."""
    exemptions = apps.get_model("enrollment", "Exemption")
    one_day = dt.timedelta(days=1)
    until: dict[int, dt.date] = {}
    for row in exemptions.objects.order_by("trainee_id", "starts_on", "pk"):
        last = until.get(row.trainee_id)
        ends_on = row.ends_on or dt.date.max
        if last is not None and row.starts_on <= last:
            if ends_on <= last:
                row.delete()
                continue
            row.starts_on = last + one_day
            row.save(update_fields=["starts_on"])
        until[row.trainee_id] = ends_on


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


def guard_again(apps, schema_editor):
    """On the way back the column goes, and on SQLite the triggers of the ledger with its table."""
    ledger_guards.guard(apps, schema_editor)


def count(apps, schema_editor):
    """Without a cap everything counts; where there is one, `rebuild_ledger` puts it right."""
    apps.get_model("enrollment", "Standing").objects.update(counted_quarters=models.F("earned_quarters"))


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
        ('enrollment', '0023_class_archives'),
    ]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, guard_again),
        migrations.RunPython(part_exemptions, migrations.RunPython.noop),
        migrations.AddField(
            model_name='hourentry',
            name='dimension',
            field=models.CharField(blank=True, default='', help_text='What the evidence taught when the hours were posted: category/module; empty for none.', max_length=80, verbose_name='category and module'),
        ),
        migrations.AddField(
            model_name='standing',
            name='counted_quarters',
            field=models.IntegerField(default=0, help_text='Of the earned ones: online hours only up to the cap, where there is one.', verbose_name='quarter hours that count'),
        ),
        migrations.AddField(
            model_name='yearclosure',
            name='late_until',
            field=models.DateTimeField(blank=True, help_text='From the rule in force when the year was closed; empty means without end.', null=True, verbose_name='late records until'),
        ),
        migrations.AlterField(
            model_name='hourrule',
            name='code',
            field=models.CharField(choices=[('target_member', 'Annual target of members (hours)'), ('target_committee', 'Annual target of secretaries and committee members (hours)'), ('centralized_committee', 'Centralized trainings a year for committee members (times)'), ('new_secretary_months', 'New secretaries are trained within (months)'), ('hour_minutes', 'Length of one study hour (minutes)'), ('half_day', 'Half a day (hours)'), ('day', 'A day (hours)'), ('online_long', 'Online lesson of 30 minutes or more (hours)'), ('online_medium', 'Online lesson of 15 to 30 minutes (hours)'), ('online_short', 'Online lesson under 15 minutes (hours)'), ('quiz_passed', 'A passed test (hours)'), ('online_cap', 'Highest share of online hours (percent; 0 means no cap)'), ('late_days', 'Late records are taken after a year is closed for (days)'), ('branch_hours', 'A branch activity needs no approval up to (hours; 0: all need it)'), ('branch_days', 'A branch activity needs no approval if recorded within (days; 0: ever)'), ('branch_checks', 'Share of branch activities drawn for a check (percent)')], max_length=30, verbose_name='rule'),
        ),
        migrations.CreateModel(
            name='HourMinimum',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dimension', models.CharField(max_length=80, verbose_name='category or module')),
                ('cohort', models.CharField(blank=True, choices=[('secretary', 'Secretaries'), ('affairs_worker', 'Affairs workers'), ('member', 'Members')], default='', help_text='Empty: asked of all three.', max_length=20, verbose_name='cohort')),
                ('hours', models.DecimalField(decimal_places=2, max_digits=6, verbose_name='least hours a year')),
                ('effective_from', models.DateField(verbose_name='effective from')),
                ('effective_to', models.DateField(blank=True, null=True, verbose_name='effective to')),
                ('source', models.CharField(help_text='Document, level and year it comes from.', max_length=300, verbose_name='source')),
            ],
            options={
                'verbose_name': 'least hours of a category',
                'verbose_name_plural': 'least hours of categories',
                'ordering': ['dimension', 'cohort', '-effective_from'],
                'constraints': [models.UniqueConstraint(fields=('dimension', 'cohort', 'effective_from'), name='enrollment_hourminimum_one_version_a_day', violation_error_message='This minimum already has a version from that day.'), models.CheckConstraint(condition=models.Q(('effective_to__isnull', True), ('effective_to__gte', models.F('effective_from')), _connector='OR'), name='enrollment_hourminimum_dates_in_order', violation_error_message='A rule cannot end before it takes effect.'), models.CheckConstraint(condition=models.Q(('hours__gt', Decimal('0'))), name='enrollment_hourminimum_hours_positive', violation_error_message='A minimum is above zero; end it instead.')],
            },
        ),
        migrations.RunPython(count, migrations.RunPython.noop),
        migrations.RunPython(establish, migrations.RunPython.noop),
        migrations.RunPython(guard, unguard),
    ]
