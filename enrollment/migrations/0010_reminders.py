"""Every morning: whoever is short of the year's hours is reminded, at most once a month."""

import datetime as dt

from django.db import migrations
from django.utils import timezone

REMINDING = "enrollment.message_tasks.remind"


def schedule(apps, schema_editor):
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        func=REMINDING,
        defaults={
            "name": "Remind of study hours",
            "schedule_type": "D",
            "repeats": -1,
            "next_run": timezone.make_aware(dt.datetime.combine(tomorrow, dt.time(9, 10))),
        },
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(func=REMINDING).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0009_sending"),
        ("django_q", "0018_task_success_index"),
    ]

    operations = [
        migrations.RunPython(schedule, unschedule),
    ]
