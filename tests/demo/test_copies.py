"""An academy many times as large is the first one over again: sums, references, and everybody is found."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone
from wagtail.search.backends import get_search_backend

from academy.demo import copies
from academy.demo.plan import Plan
from enrollment.actions.branch import record_activity
from enrollment.actions.hours import credit_hours
from enrollment.actions.people import admit
from enrollment.actions.verification import verify
from enrollment.models import (
    BranchActivity,
    HourBalance,
    HourEntry,
    HourKind,
    HourSpan,
    Standing,
    Trainee,
    User,
)
from tests.factories.enrollment import branches
from tests.people import Tree

SCALE = 3
FIRST = 2
PEOPLE = ("王一", "李二", "张三")


@pytest.fixture
def copied(tree: Tree, zhao: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two organizations of three people with hours of several kinds, and twice as many again made of them."""
    organizations = branches(tree.park_a, FIRST * SCALE)
    noon = timezone.make_aware(dt.datetime.combine(timezone.localdate(), dt.time(12))) - dt.timedelta(days=2)
    for place, name in enumerate(PEOPLE):
        # As the demo does it: who studies online has a user name made of the phone number.
        phone = f"1390000000{place}"
        user = User.objects.create_user(f"d{phone}", name=name, phone=phone) if place else None
        person = admit(
            name=name, organization=organizations[place % FIRST], phone=phone, user=user, actor=zhao
        )
        credit_hours(
            trainee=person,
            kind=HourKind.EXTERNAL,
            quarters=8 + place,
            title="示例外部培训",
            evidence_type="external",
            evidence_id=f"demo-{place}",
            occurred_at=noon,
            actor=zhao,
        )
    record_activity(
        organization=organizations[0],
        form=BranchActivity.Form.THEME_DAY,
        title="示例主题党日",
        starts_at=noon,
        ends_at=noon + dt.timedelta(hours=2),
        attendees=Trainee.objects.filter(home_organization=organizations[0]),
        submission_key="demo-party-day",
        actor=zhao,
    )
    monkeypatch.setattr(copies, "ORGANIZATIONS", FIRST)
    copies.load(Plan(scale=SCALE, say=lambda _text: None), organizations)


def test_copies_agree_with_the_ledger_and_point_to_each_other(copied: None) -> None:
    people = Trainee.objects.filter(phone__startswith="139")
    assert people.count() == SCALE * len(PEOPLE)
    # Every number of rows, and every sum, is three times the first.
    entries = HourEntry.objects.filter(trainee__in=people)
    assert entries.filter(kind=HourKind.EXTERNAL).count() == SCALE * len(PEOPLE)
    activities = BranchActivity.objects.order_by("pk")
    assert activities.count() == SCALE
    per_activity = {
        HourEntry.objects.filter(evidence_type="branch", evidence_id=str(activity.pk)).aggregate(
            sum=Sum("quarters")
        )["sum"]
        for activity in activities
    }
    assert len(per_activity) == 1
    assert None not in per_activity
    assert HourSpan.objects.filter(trainee__in=people).count() == SCALE * 2
    for activity in activities:
        mine = set(activity.attendees.values_list("pk", flat=True))
        assert mine == set(
            Trainee.objects.filter(home_organization=activity.organization).values_list("pk", flat=True)
        )
    assert HourBalance.objects.filter(trainee__in=people).aggregate(sum=Sum("quarters"))["sum"] == sum(
        entries.values_list("quarters", flat=True)
    )
    assert Standing.objects.filter(trainee__in=people).count() == people.count()
    verdict = verify(year=None, progress=lambda _text: None)
    assert verdict.agrees, verdict.differences
    assert verdict.people >= people.count()
    # What a copy points to is there, and numbers go on behind the copies.
    connection.check_constraints()
    assert Trainee.objects.create(
        name="新来的", home_organization=activities[0].organization, phone="13800009999"
    ).pk > max(people.values_list("pk", flat=True))


def test_copies_have_accounts_of_their_own_and_are_found_by_name(copied: None) -> None:
    copied_users = User.objects.filter(username__startswith="d139")
    assert copied_users.count() == SCALE * (len(PEOPLE) - 1)
    for user in copied_users:
        assert user.trainee.phone == user.phone
        assert user.username == f"d{user.phone}"
    names = list(Trainee.objects.filter(phone__startswith="139").values_list("name", flat=True))
    assert sorted(names) == sorted(PEOPLE * SCALE)
    for name in PEOPLE:
        found = [person.name for person in get_search_backend().search(name, Trainee)]
        assert found == [name] * SCALE
