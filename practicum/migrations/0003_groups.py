"""What each role may work on in the admin."""

from django.db import migrations

from enrollment.models import Role
from enrollment.roles import EVERYTHING, permit

MANAGED = [
    "venue", "room", "vehicle", "lecturer", "calendarday", "trainingbase", "basephoto", "basehost", "blackout",
    "session", "visit", "visitbatch", "booking", "leave",
]  # fmt: skip
LOOKED_AT = ["attendance", "checkinevent", "occupation"]


def grant(apps, schema_editor):
    permit(apps, Role.ADMINISTRATOR, "practicum", dict.fromkeys(MANAGED, EVERYTHING))
    permit(apps, Role.ADMINISTRATOR, "practicum", dict.fromkeys(LOOKED_AT, ("view",)))
    # Instructors find their own sessions in the admin; planning is the administrators'.
    permit(apps, Role.INSTRUCTOR, "practicum", dict.fromkeys(("trainingbase", "session", "visit"), ("view",)))


class Migration(migrations.Migration):
    dependencies = [
        ("practicum", "0002_guards"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("enrollment", "0002_people_and_hours"),
    ]

    operations = [
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
