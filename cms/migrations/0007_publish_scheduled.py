"""Pages that are to be published or taken away at a set time are, within five minutes."""

from django.db import migrations

PUBLISHING = "cms.tasks.publish_scheduled"


def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        func=PUBLISHING,
        defaults={"name": "Publish at set times", "schedule_type": "I", "minutes": 5, "repeats": -1},
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(func=PUBLISHING).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0006_caption_versions"),
        ("django_q", "0018_task_success_index"),
    ]

    operations = [
        migrations.RunPython(schedule, unschedule),
    ]
