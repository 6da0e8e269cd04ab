from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0008_organization_history")]

    operations = [
        migrations.AddField(
            model_name="rosterimport",
            name="undone_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="taken back at"),
        ),
        migrations.AlterField(
            model_name="rosterimport",
            name="status",
            field=models.CharField(
                choices=[
                    ("reading", "Being read"),
                    ("ready", "Waiting for confirmation"),
                    ("applying", "Being applied"),
                    ("applied", "Applied"),
                    ("failed", "Failed"),
                    ("discarded", "Discarded"),
                    ("undoing", "Being taken back"),
                    ("undone", "Taken back"),
                ],
                default="reading",
                max_length=12,
                verbose_name="status",
            ),
        ),
    ]
