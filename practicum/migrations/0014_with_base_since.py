"""Since when a base has been asked; until now only the last change of a visit was known."""

from django.db import migrations, models
from django.db.models import F


def fill(apps, schema_editor):
    waiting = apps.get_model("practicum", "Visit").objects.filter(status="with_base")
    waiting.update(with_base_since=F("updated_at"))


class Migration(migrations.Migration):
    dependencies = [("practicum", "0013_reminded")]

    operations = [
        migrations.AddField(
            model_name="visit",
            name="with_base_since",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="with the base since"
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
