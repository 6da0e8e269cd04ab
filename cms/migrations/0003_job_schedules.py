"""Work that lost its worker is found every minute; old results go every night."""

import datetime as dt

from django.db import migrations
from django.utils import timezone

TENDING, CLEARING = "cms.tasks.tend_jobs", "cms.tasks.clear_jobs"


def schedule(apps, schema_editor):
    model = apps.get_model("django_q", "Schedule")
    model.objects.get_or_create(
        func=TENDING,
        defaults={"name": "Tend background work", "schedule_type": "I", "minutes": 1, "repeats": -1},
    )
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    model.objects.get_or_create(
        func=CLEARING,
        defaults={
            "name": "Clear old results",
            "schedule_type": "D",
            "repeats": -1,
            "next_run": timezone.make_aware(dt.datetime.combine(tomorrow, dt.time(2, 40))),
        },
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(func__in=[TENDING, CLEARING]).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0002_site"),
        ("django_q", "0018_task_success_index"),
    ]

    operations = [
        migrations.RunPython(schedule, unschedule),
    ]
