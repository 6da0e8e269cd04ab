"""Uploads that nobody confirms, and documents of visits, are kept for a time."""

import datetime as dt

from django.db import migrations, models
from django.utils import timezone

OWN = "学院默认值（无上级文件规定，由学院管理员核定）"
#: subject, months, note
PERIODS = [
    ("uploads", 1, "未确认的花名册和组织信息表到期清除；已导入的只清除原文件，导入结果保留"),
    ("papers", 36, "现场教学的名单、保险单等材料，自教学之日起；到期清除"),
]
#: Task, its name, the minute after midnight at which it runs. The second is of a higher app, named as a text.
NIGHTLY = [
    ("enrollment.tasks.clear_uploads", "Clear uploads that nobody confirmed", 30),
    ("practicum.tasks.clear_papers", "Clear old documents of visits", 35),
]


def establish(apps, schema_editor):
    periods = apps.get_model("enrollment", "RetentionPeriod")
    for subject, months, note in PERIODS:
        periods.objects.get_or_create(
            subject=subject,
            effective_from=dt.date(2019, 1, 1),
            defaults={"months": months, "source": OWN, "note": note},
        )
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    for task, name, minute in NIGHTLY:
        apps.get_model("django_q", "Schedule").objects.get_or_create(
            func=task,
            defaults={
                "name": name,
                "schedule_type": "D",
                "repeats": -1,
                "next_run": timezone.make_aware(dt.datetime.combine(tomorrow, dt.time(0, minute))),
            },
        )


def unschedule(apps, schema_editor):
    tasks = [task for task, _name, _minute in NIGHTLY]
    apps.get_model("django_q", "Schedule").objects.filter(func__in=tasks).delete()
    subjects = [subject for subject, _months, _note in PERIODS]
    apps.get_model("enrollment", "RetentionPeriod").objects.filter(subject__in=subjects).delete()


class Migration(migrations.Migration):

    dependencies = [
        ("enrollment", "0015_ledger_rules"),
        ("django_q", "0018_task_success_index"),
    ]

    operations = [
        migrations.AlterField(
            model_name="retentionperiod",
            name="subject",
            field=models.CharField(
                choices=[
                    ("people", "People who have left, from the day they left"),
                    ("log", "The audit log"),
                    ("messages", "Messages and what became of their delivery"),
                    ("uploads", "Uploaded rosters and tables, from the day they were sent"),
                    ("papers", "Documents of visits (rosters, insurance), from the day of the visit"),
                ],
                max_length=10,
                verbose_name="what is kept",
            ),
        ),
        migrations.RunPython(establish, unschedule),
    ]
