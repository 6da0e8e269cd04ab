"""Suspensions of bases, and the daily look at them and at titles."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


TASK = "practicum.tasks.tend_bases"


def schedule(apps, schema_editor):
    """Once a day, in the small hours."""
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        func=TASK, defaults={"name": TASK, "schedule_type": "D", "repeats": -1}
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(func=TASK).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('practicum', '0007_shared_feeds'),
        ('django_q', '0018_task_success_index'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Suspension',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('party', models.CharField(choices=[('academy', 'The academy'), ('base', 'The training base')], max_length=10, verbose_name='suspended by')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('begun_on', models.DateField(verbose_name='since')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='until')),
                ('lifted_at', models.DateTimeField(blank=True, null=True, verbose_name='lifted at')),
                ('base', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='suspensions', to='practicum.trainingbase', verbose_name='training base')),
                ('begun_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by')),
                ('lifted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='lifted by')),
            ],
            options={
                'verbose_name': 'suspension',
                'verbose_name_plural': 'suspensions',
                'ordering': ['-pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('lifted_at__isnull', True)), fields=('base',), name='practicum_suspension_one_stands', violation_error_message='The base is suspended already.'), models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('ends_on__gte', models.F('begun_on')), _connector='OR'), name='practicum_suspension_days_in_order', violation_error_message='A suspension cannot end before it begins.'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='practicum_suspension_has_reason', violation_error_message='Say why the base is suspended.')],
            },
        ),
        migrations.RunPython(schedule, unschedule),
    ]
