"""People who left are erased after a time, the log and messages are kept for a time; an auditor reads the log."""

import datetime as dt

from django.db import migrations, models
from django.utils import timezone

from enrollment.models.accounts import Role
from enrollment.roles import EVERYTHING, permit, permit_admin

LAW = "《中华人民共和国网络安全法》第二十一条（网络日志留存不少于六个月）"
OWN = "学院默认值（无上级文件规定，由学院管理员核定）"
#: subject, months, source, note
PERIODS = [
    ("people", 24, OWN, "离开满此期限后可清除个人信息；学时记录、历年统计和证书编号不署名保留"),
    ("log", 12, LAW, "法定不少于六个月，学院默认保留十二个月"),
    ("messages", 12, OWN, "站内消息及其发送情况"),
]
#: Task, its name, the minute after midnight at which it runs.
NIGHTLY = [
    ("enrollment.tasks.clear_log", "Clear the old log", 20),
    ("enrollment.message_tasks.clear_messages", "Clear old messages", 25),
]


def establish(apps, schema_editor):
    periods = apps.get_model("enrollment", "RetentionPeriod")
    for subject, months, source, note in PERIODS:
        periods.objects.get_or_create(
            subject=subject,
            effective_from=dt.date(2019, 1, 1),
            defaults={"months": months, "source": source, "note": note},
        )
    permit(apps, Role.ADMINISTRATOR, "enrollment", {"retentionperiod": EVERYTHING})
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        permit(apps, role, "wagtailcore", {"modellogentry": ("view",)})
    permit_admin(apps, Role.AUDITOR)
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    for task, name, minute in NIGHTLY:
        apps.get_model("django_q", "Schedule").objects.get_or_create(
            func=task,
            defaults={
                "name": name,
                "schedule_type": "D",
                "repeats": -1,
                "next_run": timezone.make_aware(dt.datetime.combine(tomorrow, dt.time(0, minute))),
            },
        )


def unschedule(apps, schema_editor):
    tasks = [task for task, _name, _minute in NIGHTLY]
    apps.get_model("django_q", "Schedule").objects.filter(func__in=tasks).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('enrollment', '0017_organization_imports'),
        ("django_q", "0018_task_success_index"),
        ("wagtailcore", "0098_apitoken"),
    ]

    operations = [
        migrations.CreateModel(
            name='RetentionPeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(choices=[('people', 'People who have left, from the day they left'), ('log', 'The audit log'), ('messages', 'Messages and what became of their delivery')], max_length=10, verbose_name='what is kept')),
                ('months', models.PositiveSmallIntegerField(verbose_name='months')),
                ('effective_from', models.DateField(verbose_name='in force from')),
                ('source', models.CharField(max_length=200, verbose_name='source')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
            ],
            options={
                'verbose_name': 'retention period',
                'verbose_name_plural': 'retention periods',
                'ordering': ['subject', '-effective_from'],
            },
        ),
        migrations.AddField(
            model_name="delivery",
            name="forgiven",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="attempts forgiven"),
        ),
        migrations.AddField(
            model_name='trainee',
            name='erased_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='erased at'),
        ),
        migrations.AlterField(
            model_name='rolegrant',
            name='role',
            field=models.CharField(choices=[('affairs_worker', 'Organization affairs worker'), ('instructor', 'Instructor'), ('administrator', 'Academy administrator'), ('base_host', 'Base host'), ('zone_leader', 'Zone leader'), ('auditor', 'Auditor')], max_length=20, verbose_name='role'),
        ),
        migrations.AddConstraint(
            model_name='trainee',
            constraint=models.CheckConstraint(condition=models.Q(('erased_at__isnull', True), models.Q(('born_on__isnull', True), ('identity_digest__isnull', True), ('left_on__isnull', False), ('name', '***'), ('note', ''), ('phone__isnull', True), ('user__isnull', True)), _connector='OR'), name='enrollment_trainee_erased_is_bare', violation_error_message='This person has been erased; nothing can be written about them.'),
        ),
        migrations.AddConstraint(
            model_name='retentionperiod',
            constraint=models.UniqueConstraint(fields=('subject', 'effective_from'), name='enrollment_retentionperiod_one_a_day', violation_error_message='Another period of this begins on the same day; change that one.'),
        ),
        migrations.AddConstraint(
            model_name='retentionperiod',
            constraint=models.CheckConstraint(condition=models.Q(('months__gte', 1)), name='enrollment_retentionperiod_positive', violation_error_message='A period has at least one month.'),
        ),
        migrations.AddConstraint(
            model_name='retentionperiod',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('subject', 'log'), _negated=True), ('months__gte', 6), _connector='OR'), name='enrollment_retentionperiod_log_six_months', violation_error_message='The audit log is kept for at least six months.'),
        ),
        migrations.AddConstraint(
            model_name='retentionperiod',
            constraint=models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='enrollment_retentionperiod_source_named', violation_error_message='Name the source of the figure.'),
        ),
        migrations.RunPython(establish, unschedule),
    ]
