"""The people who can sign in to the demo: one for each role."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.contrib.auth.hashers import make_password

from academy.demo.plan import PASSWORD
from enrollment.actions.roles import grant_role
from enrollment.models import Guide, GuideKind, Organization, Role, Trainee, User


@dataclass(frozen=True)
class SignIn:
    """One line of the table that ``make demo`` prints."""

    username: str
    name: str
    role: str
    sees: str


SIGN_INS = [
    SignIn("zhang", "张学员", "学员（党员）", "/"),
    SignIn("wang", "王书记", "学员（党组织书记）", "/"),
    SignIn("li", "李干事", "党务工作者", "/workbench/"),
    SignIn("chen", "陈讲师", "讲师", "/admin/"),
    SignIn("zhao", "赵管理员", "学院管理员", "/admin/"),
    SignIn("sun", "孙主任", "基地联系人", "/practicum/host/"),
    SignIn("qian", "钱顾问", "党建指导员", "/guide/"),
    SignIn("zhou", "周主任", "园区领导", "/zone/"),
]

#: The codes of the organizations that 李干事 looks after.
LOOKED_AFTER = ("F001", "F002", "F003")


def create_staff() -> dict[str, User]:
    """Those who are not on the roster: the administrator first, who enters everything else."""
    zhao = _user("zhao")
    grant_role(user=zhao, role=Role.ADMINISTRATOR)
    chen, sun = _user("chen"), _user("sun")
    grant_role(user=chen, role=Role.INSTRUCTOR, actor=zhao)
    grant_role(user=sun, role=Role.BASE_HOST, actor=zhao)
    return {"zhao": zhao, "chen": chen, "sun": sun}


def create_people(actor: User) -> None:
    """Accounts of three people on the roster, and what 李干事 looks after."""
    for username in ("zhang", "wang", "li"):
        user = _user(username)
        trainee = Trainee.objects.get(name=user.name, home_organization__code=LOOKED_AFTER[0])
        user.phone = trainee.phone
        user.save(update_fields=["phone"])
        trainee.user = user
        trainee.save(update_fields=["user"])
    li = User.objects.get(username="li")
    for code in LOOKED_AFTER:
        grant_role(
            user=li, role=Role.AFFAIRS_WORKER, organization=Organization.objects.get(code=code), actor=actor
        )


def create_guide() -> None:
    """An adviser of the service group that looks after 李干事's first organization."""
    group = Organization.objects.get(code=LOOKED_AFTER[0]).service_group
    adviser = Guide.objects.filter(group=group, kind=GuideKind.ADVISER).order_by("pk")[:1].get()
    adviser.user = _user("qian")
    adviser.name = adviser.user.name
    adviser.save(update_fields=["user", "name"])


def create_leader(actor: User) -> None:
    """The zone's leader, who is written last: the demo is complete then."""
    zone = Organization.objects.get(depth=1)
    grant_role(user=_user("zhou"), role=Role.ZONE_LEADER, organization=zone, actor=actor)


@cache
def _hashed() -> str:
    """The password as it is kept: all have the same, and hashing takes its time on purpose."""
    return make_password(PASSWORD)


def _user(username: str) -> User:
    sign_in = next(row for row in SIGN_INS if row.username == username)
    user, _is_new = User.objects.get_or_create(
        username=username, defaults={"name": sign_in.name, "password": _hashed()}
    )
    return user
