"""The queue grades tests whose time is up."""

from django.db import migrations

SCHEDULES = [("courses.tasks.grade_overdue", 5)]


def schedule(apps, schema_editor):
    model = apps.get_model("django_q", "Schedule")
    for function, minutes in SCHEDULES:
        model.objects.get_or_create(
            func=function,
            defaults={"name": function, "schedule_type": "I", "minutes": minutes, "repeats": -1},
        )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(func__in=[name for name, _ in SCHEDULES]).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0002_catalogue"),
        ("django_q", "0018_task_success_index"),
    ]

    operations = [
        migrations.RunPython(schedule, unschedule),
    ]
