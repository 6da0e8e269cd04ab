"""A base receives nobody for a while; the visits it was to receive are seen to, one by one."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from academy.waiting import waiting_for
from cms.refusals import Refused
from practicum.actions import suspensions, visits
from practicum.models import BaseHost, BaseStatus, Session, Suspension, Visit, VisitStatus
from practicum.rules.suspensions import may_lift, title_runs_out
from practicum.rules.visits import Party
from practicum.tasks import tend_bases
from tests.factories import practicum as make

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


@pytest.fixture
def base(sun):
    found = make.TrainingBaseFactory(name="示例基地")
    BaseHost.objects.create(base=found, user=sun)
    return found


@pytest.fixture
def other(db):
    return make.TrainingBaseFactory(name="示例另一基地")


def asked(base, zhao, *, days=20, hour=9, **details):
    return visits.request(
        base=base,
        starts_at=make.at(hour, days=days),
        ends_at=make.at(hour + 2, days=days),
        headcount=20,
        actor=zhao,
        now=timezone.now(),
        **details,
    )


def agreed(base, zhao, **details):
    visit = visits.check(visit=asked(base, zhao, **details), actor=zhao)
    return visits.confirm(visit=visit, actor=zhao, now=timezone.now(), party=Party.ACADEMY)


def suspend(base, actor, party=Party.ACADEMY, **details):
    return suspensions.suspend(
        base=base,
        party=party,
        actor=actor,
        now=timezone.now(),
        **{"reason_given": "设备检修", **details},
    )


def refused_with(code, act):
    with pytest.raises(Refused) as caught:
        act()
    assert caught.value.code == code


# --- Suspending and lifting -------------------------------------------------------------------------------


def test_a_suspended_base_takes_no_request_and_confirms_none(base, zhao):
    waiting = visits.check(visit=asked(base, zhao), actor=zhao)
    suspend(base, zhao)
    base.refresh_from_db()
    assert base.status == BaseStatus.SUSPENDED
    refused_with("base_not_active", lambda: asked(base, zhao, hour=14))
    waiting.refresh_from_db()
    refused_with(
        "base_not_active",
        lambda: visits.confirm(visit=waiting, actor=zhao, now=timezone.now(), party=Party.ACADEMY),
    )


def test_lifted_it_receives_again_and_the_history_stays(base, zhao):
    suspend(base, zhao)
    suspensions.lift(base=base, party=Party.ACADEMY, actor=zhao, now=timezone.now())
    base.refresh_from_db()
    assert base.status == BaseStatus.ACTIVE
    row = Suspension.objects.get()
    assert (row.reason, row.begun_by, row.lifted_by) == ("设备检修", zhao, zhao)
    assert asked(base, zhao).status == VisitStatus.REQUESTED
    refused_with(
        "base_not_suspended",
        lambda: suspensions.lift(base=base, party=Party.ACADEMY, actor=zhao, now=timezone.now()),
    )


def test_what_the_academy_suspended_the_base_does_not_lift(base, zhao, sun):
    suspend(base, zhao)
    refused_with(
        "suspended_by_academy",
        lambda: suspensions.lift(base=base, party=Party.BASE, actor=sun, now=timezone.now()),
    )
    assert [may_lift(suspended_by=one, party=two) for one in Party for two in Party] == [
        True,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("details", "code"),
    [
        ({"reason_given": "  "}, "reason_missing"),
        ({"ends_on": timezone.localdate() - 2 * DAY}, "suspension_is_past"),
    ],
)
def test_what_a_suspension_refuses(base, zhao, details, code):
    refused_with(code, lambda: suspend(base, zhao, **details))
    assert not Suspension.objects.exists()


def test_twice_is_refused_by_rule_and_by_constraint(base, zhao):
    first = suspend(base, zhao)
    refused_with("base_not_active", lambda: suspend(base, zhao))
    with pytest.raises(IntegrityError), transaction.atomic():
        Suspension.objects.create(base=base, party="base", reason="再次", begun_on=first.begun_on)


def test_it_lifts_itself_after_its_last_day(base, other, zhao):
    suspend(base, zhao, ends_on=timezone.localdate())
    suspend(other, zhao)
    assert tend_bases() == 0
    Suspension.objects.filter(base=base).update(
        begun_on=timezone.localdate() - 3 * DAY, ends_on=timezone.localdate() - DAY
    )
    assert tend_bases() == 1
    base.refresh_from_db()
    other.refresh_from_db()
    assert (base.status, other.status) == (BaseStatus.ACTIVE, BaseStatus.SUSPENDED)


def test_each_side_hears_of_it_with_how_many_visits_are_stranded(base, zhao, sun, django_user_model):
    asked(base, zhao)
    suspend(base, sun, Party.BASE)
    told = zhao.inbox.get(kind="base_suspended")
    assert told.context["visits"] == 1
    assert not sun.inbox.filter(kind="base_suspended").exists()
    suspensions.lift(base=base, party=Party.ACADEMY, actor=zhao, now=timezone.now())
    assert sun.inbox.get(kind="base_suspended").context["is_over"] is True


# --- The visits it leaves ---------------------------------------------------------------------------------


def test_stranded_are_open_visits_to_come_until_its_end(base, other, zhao):
    near, far = agreed(base, zhao, days=10), asked(base, zhao, days=30)
    asked(other, zhao, days=10)
    visits.cancel(visit=asked(base, zhao, days=12), actor=zhao, reason_given="改期")
    now = timezone.now()
    suspension = suspend(base, zhao, ends_on=make.at(9, days=15).date())
    assert list(Visit.objects.stranded_by(suspension, now)) == [near]
    assert list(Visit.objects.stranded(now)) == [near]
    Suspension.objects.update(ends_on=None)
    assert set(Visit.objects.stranded(now)) == {near, far}
    assert [task.count for task in waiting_for(zhao) if task.kind.code == "stranded"] == [2]


def test_a_visit_moves_to_another_base_in_one_step(base, other, zhao):
    visit = agreed(base, zhao, title="示例参访", details={"purpose": "学习", "leader_name": "示例领队"})
    suspend(base, zhao)
    new = suspensions.move_elsewhere(
        visit=visit,
        base=other,
        starts_at=make.at(14, days=21),
        actor=zhao,
        now=timezone.now(),
        reason_given="设备检修",
    )
    visit.refresh_from_db()
    assert visit.status == VisitStatus.CANCELLED
    assert Session.objects.standing().filter(visit_batch__visit=visit).count() == 0
    assert (new.base, new.status, new.headcount) == (other, VisitStatus.REQUESTED, 20)
    assert (new.title, new.purpose, new.leader_name) == ("示例参访", "学习", "示例领队")
    assert new.ends_at - new.starts_at == visit.ends_at - visit.starts_at
    assert not Visit.objects.stranded(timezone.now()).exists()


def test_a_visit_that_the_other_base_cannot_take_stays_where_it_is(base, other, zhao):
    visit = agreed(base, zhao)
    suspend(other, zhao)
    other.refresh_from_db()
    for target, code in ((other, "base_not_active"), (base, "same_base")):
        refused_with(
            code,
            lambda target=target: suspensions.move_elsewhere(
                visit=visit,
                base=target,
                starts_at=make.at(9, days=21),
                actor=zhao,
                now=timezone.now(),
                reason_given="检修",
            ),
        )
    visit.refresh_from_db()
    assert visit.status == VisitStatus.CONFIRMED
    assert Visit.objects.count() == 1


# --- Pages ------------------------------------------------------------------------------------------------


def test_a_host_suspends_and_lifts_on_the_page(base, sun, zhao, sign_in):
    agreed(base, zhao)
    client, page = sign_in(user=sun), reverse("practicum:base_suspension", args=[base.code])
    assert client.post(page, {"reason": "", "ends_on": ""}).status_code == 422
    answer = client.post(page, {"reason": "设备检修", "ends_on": ""}, follow=True)
    assert Suspension.objects.get().party == Party.BASE
    assert "设备检修" in answer.content.decode()
    # The academy sees to them; a host is shown no way to move a visit.
    assert "elsewhere" not in answer.content.decode()
    client.post(page, {"lift": "1"})
    assert not Suspension.objects.standing().exists()


def test_staff_move_a_stranded_visit_from_the_list(base, other, zhao, sign_in):
    visit = agreed(base, zhao)
    suspend(base, zhao)
    client = sign_in(user=zhao)
    page = client.get(reverse("practicum:base_suspension", args=[base.code])).content.decode()
    address = reverse("practicum:visit_elsewhere", args=[visit.pk])
    assert address in page
    form = client.get(address).content.decode()
    assert "设备检修" in form
    assert "示例另一基地" in form
    late = {"base": other.pk, "starts_at": "2001-01-01T09:00", "reason": "检修"}
    suspend(other, zhao)
    assert client.post(address, {**late}).status_code == 422  # a suspended base is not offered
    suspensions.lift(base=other, party=Party.ACADEMY, actor=zhao, now=timezone.now())
    moment = timezone.localtime(make.at(9, days=25)).strftime("%Y-%m-%dT%H:%M")
    answer = client.post(address, {**late, "starts_at": moment})
    new = Visit.objects.get(base=other)
    assert answer["Location"] == reverse("practicum:visit", args=[new.pk])


@pytest.mark.parametrize("who", ["zhang", "li", "zhou"])
def test_others_find_no_such_page(base, who, request, sign_in):
    client = sign_in(user=request.getfixturevalue(who))
    assert client.get(reverse("practicum:base_suspension", args=[base.code])).status_code == 404


def test_the_list_costs_the_same_for_many(base, zhao, sign_in, django_assert_max_num_queries):
    for number in range(3):
        asked(base, zhao, days=10 + number)
    suspend(base, zhao)
    client, page = sign_in(user=zhao), reverse("practicum:base_suspension", args=[base.code])
    client.get(page)
    with django_assert_max_num_queries(8):
        client.get(page)
    for number in range(12):
        Visit.objects.create(
            base=base,
            title=f"示例{number}",
            starts_at=make.at(9, days=40),
            ends_at=make.at(11, days=40),
            headcount=5,
        )
    with django_assert_max_num_queries(8):
        assert client.get(page).content.decode().count("/elsewhere/") == 15


def test_the_admin_does_not_suspend_in_passing(base, zhao, sign_in):
    client = sign_in(user=zhao)
    page = client.get(reverse("practicum_bases:edit", args=[base.pk])).content.decode()
    assert 'value="suspended"' not in page


# --- Titles -----------------------------------------------------------------------------------------------


def test_a_title_that_runs_out_is_told_once_a_date(base, zhao):
    today = timezone.localdate()
    type(base).objects.filter(pk=base.pk).update(title_level="zone", title_expires_on=today + 60 * DAY)
    assert tend_bases() == 1
    tend_bases()
    assert zhao.inbox.filter(kind="title_runs_out").count() == 1
    type(base).objects.filter(pk=base.pk).update(title_expires_on=today + 61 * DAY)
    tend_bases()
    assert zhao.inbox.filter(kind="title_runs_out").count() == 2


@pytest.mark.parametrize(("days", "soon"), [(-1, False), (0, True), (90, True), (91, False)])
def test_when_a_title_runs_out(days, soon):
    today = dt.date(2026, 3, 1)
    assert title_runs_out(today + days * DAY, today) is soon
    assert not title_runs_out(None, today)
