"""Possible duplicates, mergers of records, and the search for duplicates every night."""

import datetime as dt

import django.core.serializers.json
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone


SEARCH = "enrollment.tasks.find_duplicates"


def schedule(apps, schema_editor):
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        func=SEARCH,
        defaults={
            "name": "Find duplicates",
            "schedule_type": "D",
            "repeats": -1,
            "next_run": timezone.make_aware(dt.datetime.combine(tomorrow, dt.time(2, 40))),
        },
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(func=SEARCH).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('enrollment', '0013_corrections'),
        ('django_q', '0018_task_success_index'),
    ]

    operations = [
        migrations.CreateModel(
            name='DuplicatePair',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('score', models.PositiveSmallIntegerField(verbose_name='likeness')),
                ('signs', models.JSONField(default=list, verbose_name='signs')),
                ('state', models.CharField(choices=[('open', 'To be looked at'), ('different', 'Not the same person'), ('merged', 'Merged')], default='open', editable=False, max_length=10, verbose_name='state')),
                ('found_at', models.DateTimeField(auto_now_add=True, verbose_name='found at')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided at')),
            ],
            options={
                'verbose_name': 'possible duplicate',
                'verbose_name_plural': 'possible duplicates',
                'ordering': ['-score', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='PersonMerger',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('changes', models.JSONField(default=list, editable=False, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('ledger', models.JSONField(default=list, editable=False)),
                ('years', models.JSONField(default=dict, editable=False)),
                ('merged_at', models.DateTimeField(auto_now_add=True, verbose_name='merged at')),
                ('undone_at', models.DateTimeField(blank=True, null=True, verbose_name='taken back at')),
            ],
            options={
                'verbose_name': 'merger of two records',
                'verbose_name_plural': 'mergers of records',
                'ordering': ['-merged_at', '-pk'],
            },
        ),
        migrations.AddField(
            model_name='trainee',
            name='merged_into',
            field=models.ForeignKey(blank=True, editable=False, help_text='The record of the same person that stays; what this one held has gone there.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged_records', to='enrollment.trainee', verbose_name='merged into'),
        ),
        migrations.AddConstraint(
            model_name='trainee',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into__isnull', True), models.Q(('left_on__isnull', False), models.Q(('merged_into', models.F('id')), _negated=True)), _connector='OR'), name='enrollment_trainee_merged_is_off_roster', violation_error_message='A record that was merged into another is not on the roster.'),
        ),
        migrations.AddField(
            model_name='duplicatepair',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by'),
        ),
        migrations.AddField(
            model_name='duplicatepair',
            name='one',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='enrollment.trainee', verbose_name='one record'),
        ),
        migrations.AddField(
            model_name='duplicatepair',
            name='other',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='enrollment.trainee', verbose_name='the other record'),
        ),
        migrations.AddField(
            model_name='personmerger',
            name='account',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='account that stays'),
        ),
        migrations.AddField(
            model_name='personmerger',
            name='closed_account',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='account that was closed'),
        ),
        migrations.AddField(
            model_name='personmerger',
            name='keeper',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mergers_kept', to='enrollment.trainee', verbose_name='record that stays'),
        ),
        migrations.AddField(
            model_name='personmerger',
            name='merged_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='merged by'),
        ),
        migrations.AddField(
            model_name='personmerger',
            name='other',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mergers_left', to='enrollment.trainee', verbose_name='record that was merged into it'),
        ),
        migrations.AddField(
            model_name='personmerger',
            name='undone_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='taken back by'),
        ),
        migrations.AddIndex(
            model_name='duplicatepair',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['-score', 'id'], name='enrollment_pair_open_likeness'),
        ),
        migrations.AddConstraint(
            model_name='duplicatepair',
            constraint=models.UniqueConstraint(fields=('one', 'other'), name='enrollment_duplicatepair_once', violation_error_message='These two records are compared already.'),
        ),
        migrations.AddConstraint(
            model_name='duplicatepair',
            constraint=models.CheckConstraint(condition=models.Q(('one__lt', models.F('other'))), name='enrollment_duplicatepair_in_order', violation_error_message='The older record stands first.'),
        ),
        migrations.AddConstraint(
            model_name='personmerger',
            constraint=models.UniqueConstraint(condition=models.Q(('undone_at__isnull', True)), fields=('other',), name='enrollment_personmerger_once', violation_error_message='This record has been merged into another one already.'),
        ),
        migrations.AddConstraint(
            model_name='personmerger',
            constraint=models.CheckConstraint(condition=models.Q(('keeper', models.F('other')), _negated=True), name='enrollment_personmerger_of_two', violation_error_message='A record cannot be merged into itself.'),
        ),
        migrations.RunPython(schedule, unschedule),
    ]
