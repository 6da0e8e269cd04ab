"""The named people of every test; each stands for one role, and the outsider for a stranger.

They live in one small tree, written through the actions that users use:

    示例高新区综合党委 (ZONE)                    周主任 leads it
    ├── 示例软件园区党委 (PARK-A)
    │   ├── 中共示例软件有限公司支部委员会 (SOFT)   王书记, 李干事, 张学员
    │   └── 中共示例制造有限公司支部委员会 (MAKE)
    └── 示例生物园区党委 (PARK-B)
        └── 中共示例生物有限公司支部委员会 (BIO)    the outsider

陈讲师, 赵管理员 and 孙主任 have accounts and no roster record.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.test import Client

from enrollment.actions.organizations import Founding, found_in_bulk
from enrollment.actions.people import admit
from enrollment.actions.roles import grant_role
from enrollment.models import Organization, OrganizationKind, Post, Role, Trainee, User

PASSWORD = "Academy-test-2026"


@dataclass(frozen=True)
class Tree:
    """The small tree of organizations."""

    zone: Organization
    park_a: Organization
    park_b: Organization
    soft: Organization
    make: Organization
    bio: Organization


def plant() -> Tree:
    """Found the tree, in one go: nearly every test begins with it."""
    kinds = OrganizationKind
    rows = (
        # code, above it, name, short name, kind
        ("ZONE", None, "中共示例高新区综合委员会", "示例高新区综合党委", kinds.ZONE),
        ("PARK-A", "ZONE", "中共示例软件园区委员会", "示例软件园区党委", kinds.PARK),
        ("PARK-B", "ZONE", "中共示例生物园区委员会", "示例生物园区党委", kinds.PARK),
        ("SOFT", "PARK-A", "中共示例软件有限公司支部委员会", "示例软件支部", kinds.BRANCH),
        ("MAKE", "PARK-A", "中共示例制造有限公司支部委员会", "示例制造支部", kinds.BRANCH),
        ("BIO", "PARK-B", "中共示例生物有限公司支部委员会", "示例生物支部", kinds.BRANCH),
    )
    return Tree(
        *found_in_bulk(
            rows=[
                Founding(code=code, parent_code=above, name=name, short_name=short, kind=kind)
                for code, above, name, short, kind in rows
            ],
            actor=None,
        )
    )


def account(username: str, name: str, phone: str) -> User:
    """An account with the tests' password."""
    return User.objects.create_user(username, password=PASSWORD, name=name, phone=phone)


def make_wang(tree: Tree) -> User:
    """王书记: secretary of SOFT."""
    user = account("wang", "王书记", "13800000001")
    enrol_on_roster(user, tree.soft, post=Post.SECRETARY)
    return user


def make_li(tree: Tree) -> User:
    """李干事: affairs worker of SOFT, who looks after its people."""
    user = account("li", "李干事", "13800000002")
    enrol_on_roster(user, tree.soft, post=Post.AFFAIRS_WORKER)
    grant_role(user=user, role=Role.AFFAIRS_WORKER, organization=tree.soft)
    return user


def make_zhang(tree: Tree) -> User:
    """张学员: a member of SOFT."""
    user = account("zhang", "张学员", "13800000003")
    enrol_on_roster(user, tree.soft)
    return user


def make_chen(tree: Tree) -> User:
    """陈讲师: instructor."""
    user = account("chen", "陈讲师", "13800000004")
    grant_role(user=user, role=Role.INSTRUCTOR)
    return user


def make_zhao(tree: Tree) -> User:
    """赵管理员: runs the academy."""
    user = account("zhao", "赵管理员", "13800000005")
    grant_role(user=user, role=Role.ADMINISTRATOR)
    return user


def make_sun(tree: Tree) -> User:
    """孙主任: host of a training base."""
    user = account("sun", "孙主任", "13800000006")
    grant_role(user=user, role=Role.BASE_HOST)
    return user


def make_zhou(tree: Tree) -> User:
    """周主任: leads the zone."""
    user = account("zhou", "周主任", "13800000007")
    grant_role(user=user, role=Role.ZONE_LEADER, organization=tree.zone)
    return user


def make_outsider(tree: Tree) -> User:
    """Somebody of another park, with no role and no business here."""
    user = account("outsider", "外人", "13800000008")
    enrol_on_roster(user, tree.bio)
    return user


def enrol_on_roster(user: User, organization: Organization, **details: Any) -> Trainee:
    """Put ``user`` on the roster of ``organization`` since years ago."""
    details.setdefault("started_on", dt.date(2020, 1, 1))
    return admit(
        name=user.name, organization=organization, user=user, phone=user.phone, actor=None, **details
    )


MAKERS = {
    "wang": make_wang,
    "li": make_li,
    "zhang": make_zhang,
    "chen": make_chen,
    "zhao": make_zhao,
    "sun": make_sun,
    "zhou": make_zhou,
    "outsider": make_outsider,
}


def sign_in(client: Client, user: User) -> Client:
    """Sign ``user`` in on ``client`` as the sign-in page would, second factor included; return the client."""
    client.force_login(user, backend="enrollment.authentication.UsernameOrPhoneBackend")
    return client
