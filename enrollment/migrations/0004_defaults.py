"""What an empty academy begins with: the three cohorts, the hour rules in force, and a group for each role.

The figures come from the national work plans for members' education; what no document fixes is marked as the
academy's own default, to be confirmed by its administrators. All of it is data and can be changed in the admin.
"""

import datetime as dt
from decimal import Decimal

from django.db import migrations

from enrollment.models.accounts import Role
from enrollment.roles import EVERYTHING, GROUP_NAMES, permit, permit_admin

COHORTS = [("secretary", "书记"), ("affairs_worker", "党务工作者"), ("member", "党员")]

PLAN_2019 = "《2019—2023年全国党员教育培训工作规划》（中共中央办公厅，2019年）"
PLAN_2024 = "《2024—2028年全国党员教育培训工作规划》（中共中央办公厅，2024年）"
OWN = "学院默认值（无上级文件规定，由学院管理员核定）"

#: code, value, from, to, source, note
RULES = [
    ("target_member", "32", (2019, 1, 1), (2023, 12, 31), PLAN_2019, ""),
    ("target_member", "32", (2024, 1, 1), None, PLAN_2024, ""),
    ("target_committee", "56", (2019, 1, 1), (2023, 12, 31), PLAN_2019, ""),
    ("target_committee", "56", (2024, 1, 1), None, PLAN_2024, ""),
    ("centralized_committee", "1", (2019, 1, 1), (2023, 12, 31), PLAN_2019, ""),
    ("centralized_committee", "1", (2024, 1, 1), None, PLAN_2024, ""),
    ("new_secretary_months", "6", (2019, 1, 1), (2023, 12, 31), PLAN_2019, "新任书记一般半年内接受任职培训"),
    ("new_secretary_months", "6", (2024, 1, 1), None, PLAN_2024, "新任书记一般半年内接受任职培训"),
    ("hour_minutes", "45", (2019, 1, 1), None, OWN, "一学时按45分钟计"),
    ("half_day", "4", (2019, 1, 1), None, OWN, "集中培训半天计4学时"),
    ("day", "8", (2019, 1, 1), None, OWN, "集中培训一天计8学时"),
    ("online_long", "1", (2019, 1, 1), None, OWN, "30分钟及以上的网络课程计1学时"),
    ("online_medium", "0.5", (2019, 1, 1), None, OWN, "15至30分钟的网络课程计0.5学时"),
    ("online_short", "0.25", (2019, 1, 1), None, OWN, "不足15分钟的网络课程计0.25学时"),
    ("quiz_passed", "0.5", (2019, 1, 1), None, OWN, "测验合格计0.5学时"),
    ("online_cap", "0", (2019, 1, 1), None, OWN, "网络学时占比上限，0表示不设上限"),
]

#: Everything of this app that an administrator works on. The ledger and its projections are only read.
ADMINISTERED = [
    "area", "demonstrationtitle", "exemption", "guide", "hourrule", "industrytag", "organization",
    "servicegroup", "trainee", "trainingclass", "yearclosure",
]  # fmt: skip
READ = ["branchactivity", "certificate", "enrollment", "hourentry", "quota", "rosterimport", "standing"]


def establish(apps, schema_editor):
    cohorts = apps.get_model("enrollment", "Cohort")
    for position, (code, name) in enumerate(COHORTS):
        cohorts.objects.get_or_create(code=code, defaults={"name": name, "sort_order": position})
    rules = apps.get_model("enrollment", "HourRule")
    for code, value, since, until, source, note in RULES:
        rules.objects.get_or_create(
            code=code,
            effective_from=dt.date(*since),
            defaults={
                "value": Decimal(value),
                "effective_to": dt.date(*until) if until else None,
                "source": source,
                "note": note,
            },
        )
    groups = apps.get_model("auth", "Group")
    for name in GROUP_NAMES.values():
        groups.objects.get_or_create(name=name)
    for role in (Role.INSTRUCTOR, Role.ADMINISTRATOR):
        permit_admin(apps, role)
    permit(apps, Role.ADMINISTRATOR, "enrollment", dict.fromkeys(ADMINISTERED, EVERYTHING))
    permit(apps, Role.ADMINISTRATOR, "enrollment", dict.fromkeys(READ, ["view"]))
    permit(apps, Role.ADMINISTRATOR, "enrollment", {"user": ["view", "change"], "rolegrant": EVERYTHING})
    permit(apps, Role.INSTRUCTOR, "enrollment", {"trainingclass": ["view", "change"]})


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0003_ledger_guards"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("wagtailadmin", "0001_create_admin_access_permissions"),
    ]

    operations = [
        migrations.RunPython(establish, migrations.RunPython.noop),
    ]
