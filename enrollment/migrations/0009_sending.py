"""Messages to people, what they chose to hear, and how it went out; a sender looks every minute."""

from django.db import migrations


SENDING = "enrollment.message_tasks.send_messages"


def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        func=SENDING,
        defaults={"name": "Send messages", "schedule_type": "I", "minutes": 1, "repeats": -1},
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(func=SENDING).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0008_organization_history"),
        ("django_q", "0018_task_success_index"),
    ]

    operations = [
        migrations.RunPython(schedule, unschedule),
    ]
