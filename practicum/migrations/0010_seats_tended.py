"""Seats without names lapse, and whoever waits moves up."""

from django.db import migrations

TASK = "practicum.tasks.tend_seats"


def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        func=TASK, defaults={"name": TASK, "schedule_type": "I", "minutes": 5, "repeats": -1}
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(func=TASK).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("practicum", "0009_seats"),
        ("django_q", "0018_task_success_index"),
    ]

    operations = [
        migrations.RunPython(schedule, unschedule),
    ]
