"""Every morning: courses whose day comes within a week are called to mind, once."""

import datetime as dt

from django.db import migrations
from django.utils import timezone

REMINDING = "courses.tasks.tell_due"


def schedule(apps, schema_editor):
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        func=REMINDING,
        defaults={
            "name": "Call courses to mind",
            "schedule_type": "D",
            "repeats": -1,
            "next_run": timezone.make_aware(dt.datetime.combine(tomorrow, dt.time(7, 40))),
        },
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(func=REMINDING).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0003_schedules"),
        ("django_q", "0018_task_success_index"),
    ]

    operations = [
        migrations.RunPython(schedule, unschedule),
    ]
