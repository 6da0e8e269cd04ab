"""Who had another post before is found by an index, and SQLite's planner learns every night how tables have grown."""

import datetime as dt

from django.db import migrations, models
from django.utils import timezone

#: Of a lower app, named as a text.
TASK = "cms.tasks.refresh_statistics"


def schedule(apps, schema_editor):
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        func=TASK,
        defaults={
            "name": "Refresh what the planner of SQLite knows",
            "schedule_type": "D",
            "repeats": -1,
            "next_run": timezone.make_aware(dt.datetime.combine(tomorrow, dt.time(0, 50))),
        },
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(func=TASK).delete()


class Migration(migrations.Migration):

    dependencies = [
        ("enrollment", "0026_kept_once"),
        ("django_q", "0018_task_success_index"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("ended_on__isnull", False)),
                fields=["trainee"],
                name="enrollment_appointment_over",
            ),
        ),
        migrations.RunPython(schedule, unschedule),
    ]
