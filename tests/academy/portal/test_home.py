"""The first page: what it says, whom it presses, and what it costs."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from academy.reports import year_at_a_glance
from enrollment.actions.classes import enrol, open_class, transition
from enrollment.actions.exemptions import exempt
from enrollment.actions.hours import reverse_entry
from enrollment.models import ClassStatus, HourKind, Trainee
from enrollment.reports import year_of
from practicum.actions.sessions import SessionPlan, schedule
from practicum.models import Session, SessionKind, SessionMode

pytestmark = pytest.mark.django_db

#: Session with user, roles, standing with balances, sessions, attendance, catalogue mark, assignments,
#: progress.
MOST_QUERIES = 8


def page(client) -> str:
    answer = client.get(reverse("portal:home"))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_stranger_sees_the_public_face_and_the_way_in(client):
    text = page(client)
    assert reverse("account_login") in text
    assert reverse("portal:ledger") not in text


def test_a_trainee_sees_what_is_missing(sign_in, zhang, credit):
    credit(zhang, 30, HourKind.CLASSROOM)
    text = page(sign_in(user=zhang))
    assert "还差 24.5 学时" in text
    assert "应修 32 学时" in text


def test_a_trainee_sees_that_the_target_is_reached(sign_in, zhang, credit):
    credit(zhang, 32 * 4, HourKind.CLASSROOM)
    assert "本年度学时已达标" in page(sign_in(user=zhang))


def test_the_exempt_read_of_study_at_home_and_never_of_a_shortfall(sign_in, zhang, zhao):
    trainee = Trainee.objects.get(user=zhang)
    exempt(
        trainee=trainee,
        ground="age",
        reason="年事已高",
        starts_on=dt.date(timezone.localdate().year, 1, 1),
        actor=zhao,
    )
    text = page(sign_in(user=zhang))
    assert "送学上门" in text
    for word in ("还差", "逾期", "未达标", "应修"):
        assert word not in text


def test_the_page_agrees_with_the_ledger_after_a_reversal(zhang, zhao, credit, this_year):
    credit(zhang, 8, HourKind.ONLINE)
    mistaken = credit(zhang, 6, HourKind.BRANCH)
    credit(zhang, 10, HourKind.BASE_VISIT)
    reverse_entry(entry=mistaken, actor=zhao, reason="重复登记")
    trainee_id, glance = year_at_a_glance(zhang, this_year)
    report = year_of(Trainee.objects.get(pk=trainee_id), this_year)
    assert glance.earned_quarters == report.earned_quarters == 18
    assert glance.shortfall_quarters == report.shortfall_quarters
    assert glance.percent == report.percent
    assert {kind.code: kind.quarters for kind in glance.kinds} == {
        HourKind.ONLINE: 8,
        HourKind.BASE_VISIT: 10,
    }


def test_what_is_kept_of_the_page_never_outlives_its_facts(sign_in, zhang, credit, client):
    """The page is put together once for the same facts; anything else is another page."""
    sign_in(client, zhang)
    before = page(client)
    credit(zhang, 10, HourKind.BASE_VISIT)
    assert "2.5" in page(client)
    assert "2.5" not in before
    client.cookies["django_language"] = "en"
    text = page(client)
    assert "Study hours of" in text
    assert "2.5" in text


def test_staff_without_a_roster_record_find_their_work(sign_in, zhou, zhao):
    assert reverse("portal:zone") in page(sign_in(user=zhou))
    assert reverse("wagtailadmin_home") in page(sign_in(user=zhao))


def test_a_trainee_is_offered_no_work_of_others(sign_in, zhang):
    text = page(sign_in(user=zhang))
    for name in ("portal:zone", "portal:workbench", "wagtailadmin_home"):
        assert f'href="{reverse(name)}"' not in text


@pytest.fixture
def meet(zhang, zhao):
    """``meet(begins, title)``: a session of a class that 张学员 is in."""
    today = timezone.localdate()
    training_class = open_class(
        title="示例培训班", starts_on=today, ends_on=today + dt.timedelta(days=30), actor=zhao
    )
    enrol(training_class=training_class, trainee=Trainee.objects.get(user=zhang), actor=zhao)

    def schedule_one(begins: dt.datetime, title: str) -> Session:
        training_class.refresh_from_db()
        if training_class.status != ClassStatus.RUNNING:
            for status in (ClassStatus.NOMINATING, ClassStatus.RUNNING):
                transition(training_class=training_class, to=status, actor=zhao)
        plan = SessionPlan(
            title=title,
            starts_at=begins,
            ends_at=begins + dt.timedelta(hours=1),
            kind=SessionKind.LESSON,
            mode=SessionMode.OFFLINE,
            training_class=training_class,
            place="示例会议室",
        )
        return schedule(plan=plan, actor=zhao)

    return schedule_one


def test_an_open_sign_in_is_the_one_button(sign_in, zhang, meet):
    session = meet(timezone.now() - dt.timedelta(minutes=5), "组织生活会怎样开")
    text = page(sign_in(user=zhang))
    assert "现在可以签到" in text
    assert text.count("btn-next") == 1
    assert reverse("practicum:session", args=[session.pk]) in text


def test_queries_do_not_grow_with_dates(sign_in, zhang, meet, credit, django_assert_max_num_queries):
    client = sign_in(user=zhang)
    credit(zhang, 3, HourKind.CLASSROOM)
    now = timezone.now()
    meet(now + dt.timedelta(hours=1), "第一课")
    page(client)
    with django_assert_max_num_queries(MOST_QUERIES) as few:
        page(client)
    for number in range(2, 9):
        meet(now + dt.timedelta(days=number), f"第{number}课")
    with django_assert_max_num_queries(MOST_QUERIES) as many:
        page(client)
    assert len(many) == len(few) == MOST_QUERIES


def test_queries_do_not_grow_with_the_ledger(sign_in, zhang, credit, django_assert_max_num_queries):
    client = sign_in(user=zhang)
    page(client)
    with django_assert_max_num_queries(MOST_QUERIES) as few:
        page(client)
    for kind in HourKind:
        if kind != HourKind.ADJUSTMENT:
            credit(zhang, 3, kind)
    with django_assert_max_num_queries(MOST_QUERIES) as many:
        page(client)
    assert len(many) == len(few)
