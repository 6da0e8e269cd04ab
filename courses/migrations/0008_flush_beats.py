"""What waits in Redis is written once a minute; without Redis there is nothing to write."""

from django.db import migrations

FLUSHING = "courses.tasks.flush_beats"


def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        func=FLUSHING,
        defaults={"name": "Write beats that wait", "schedule_type": "I", "minutes": 1, "repeats": -1},
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(func=FLUSHING).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0007_presence"),
        ("django_q", "0018_task_success_index"),
    ]

    operations = [
        migrations.RunPython(schedule, unschedule),
    ]
