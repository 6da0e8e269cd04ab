"""Every night: whoever has no standing in this year gets one; on 1 January that is everybody."""

import datetime as dt

from django.db import migrations
from django.utils import timezone

BEGINNING = "enrollment.tasks.begin_year"


def schedule(apps, schema_editor):
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        func=BEGINNING,
        defaults={
            "name": "Begin the year",
            "schedule_type": "D",
            "repeats": -1,
            "next_run": timezone.make_aware(dt.datetime.combine(tomorrow, dt.time(0, 5))),
        },
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(func=BEGINNING).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0006_account_office"),
        ("django_q", "0018_task_success_index"),
    ]

    operations = [
        migrations.RunPython(schedule, unschedule),
    ]
