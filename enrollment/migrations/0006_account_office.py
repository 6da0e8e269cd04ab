"""Administrators open accounts; sessions that nobody can use any more are cleared every hour."""

from django.db import migrations

from enrollment.models.accounts import Role
from enrollment.roles import permit

CLEARING = "enrollment.sessions.clear_old"


def establish(apps, schema_editor):
    permit(apps, Role.ADMINISTRATOR, "enrollment", {"user": ["add"]})
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        func=CLEARING, defaults={"name": "Clear sessions", "schedule_type": "H", "repeats": -1}
    )


def withdraw(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(func=CLEARING).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0005_site_permissions"),
        ("django_q", "0018_task_success_index"),
    ]

    operations = [
        migrations.RunPython(establish, withdraw),
    ]
