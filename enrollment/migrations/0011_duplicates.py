"""Possible duplicates, mergers of records, and the search for duplicates every night."""

import datetime as dt

from django.db import migrations
from django.utils import timezone


SEARCH = "enrollment.tasks.find_duplicates"


def schedule(apps, schema_editor):
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        func=SEARCH,
        defaults={
            "name": "Find duplicates",
            "schedule_type": "D",
            "repeats": -1,
            "next_run": timezone.make_aware(dt.datetime.combine(tomorrow, dt.time(2, 40))),
        },
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(func=SEARCH).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0010_reminders"),
        ("django_q", "0018_task_success_index"),
    ]

    operations = [
        migrations.RunPython(schedule, unschedule),
    ]
