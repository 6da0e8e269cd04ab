"""What the sessions of a class count for. The new column rebuilds the table on SQLite, without its guards."""

import importlib

from django.db import migrations, models

guards = importlib.import_module("enrollment.migrations.0022_classes_sealed")


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0022_classes_sealed")]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, guards.guard),
        migrations.AddField(
            model_name="trainingclass",
            name="dimension",
            field=models.CharField(
                blank=True,
                default="",
                help_text="What its sessions count for, unless a session says otherwise.",
                max_length=80,
                verbose_name="category or module",
            ),
        ),
        migrations.RunPython(guards.guard, migrations.RunPython.noop),
    ]
