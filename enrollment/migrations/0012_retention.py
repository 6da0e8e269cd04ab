"""People who left are erased after a time, the log and messages are kept for a time; an auditor reads the log."""

import datetime as dt

from django.db import migrations
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
        ("enrollment", "0011_duplicates"),
        ("django_q", "0018_task_success_index"),
        ("wagtailcore", "0098_apitoken"),
    ]

    operations = [
        migrations.RunPython(establish, unschedule),
    ]
