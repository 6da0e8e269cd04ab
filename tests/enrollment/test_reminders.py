"""Reminders of the year's hours: who gets one, what it names, how often, and what it costs."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from courses.actions.completion import Completion, complete_in_bulk
from enrollment.actions import classes
from enrollment.actions.exemptions import exempt
from enrollment.actions.hours import credit_hours
from enrollment.actions.reminders import remind
from enrollment.actions.roles import grant_role
from enrollment.letters import letter
from enrollment.message_tasks import send_messages
from enrollment.models import (
    ClassStatus,
    Delivery,
    DeliveryState,
    Guide,
    GuideKind,
    Message,
    MessagePreference,
    Organization,
    Role,
    ServiceGroup,
    Standing,
    User,
)
from tests.factories import courses as school
from tests.factories.enrollment import trainees

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year


def autumn(day: int = 5, month: int = 11) -> dt.datetime:
    return timezone.make_aware(dt.datetime(YEAR, month, day, 9, 10))


def told(user) -> list[str]:
    return list(user.inbox.order_by("created_at", "pk").values_list("kind", flat=True))


def text(user) -> str:
    message = user.inbox.filter(kind__startswith="hours").latest("created_at")
    found = letter(message.kind, message.context, "en")
    return f"{found.subject}\n{found.body}"


@pytest.fixture
def at_that_time(monkeypatch):
    """Messages are written at the time of the run, as they are in life."""

    def run(now: dt.datetime):
        monkeypatch.setattr(timezone, "now", lambda: now)
        result = remind(now=now)
        monkeypatch.undo()
        return result

    return run


def test_who_is_short_is_reminded_once_a_month(zhang, at_that_time):
    assert at_that_time(autumn(5)).people == 1
    assert at_that_time(autumn(5)).people == 0
    assert at_that_time(autumn(28)).people == 0
    assert at_that_time(autumn(3, month=12)).people == 0, "not thirty days yet"
    assert at_that_time(autumn(6, month=12)).people == 1
    assert told(zhang) == ["hours_short", "hours_short"]
    assert "32" in text(zhang)


def test_two_runs_at_once_remind_once(zhang):
    remind(now=autumn())
    Message.objects.update(created_at=autumn() - dt.timedelta(days=90))
    assert remind(now=autumn()).people == 0, "the month is in the key"


def test_it_stops_when_the_target_is_reached(zhang, zhao):
    credit_hours(
        trainee=zhang.trainee,
        kind="classroom",
        quarters=32 * 4,
        title="集中培训",
        evidence_type="attendance",
        evidence_id=1,
        occurred_at=autumn(),
    )
    assert remind(now=autumn()).people == 0


def test_a_reminder_that_waits_for_a_digest_is_taken_back_when_the_target_is_reached(zhang, outsider):
    for user in (zhang, outsider):
        User.objects.filter(pk=user.pk).update(email=f"{user.username}@example.com")
        MessagePreference.objects.create(
            user=user, channels={"study": ["email"]}, digest="weekly", quiet_from="00:00", quiet_until="00:00"
        )
    now = timezone.now()
    assert remind(now=autumn()).people == 2
    Standing.objects.filter(trainee__user=zhang).update(has_reached=True)
    Delivery.objects.update(due_at=now)
    assert send_messages() == "1 sent, 0 failed, 0 given up"
    assert [letter.to for letter in mail.outbox] == [["outsider@example.com"]]
    assert Delivery.objects.get(message__recipient=zhang).state == DeliveryState.GIVEN_UP
    assert told(zhang) == ["hours_short"]


def test_the_exempt_who_has_left_and_closed_accounts_are_left_in_peace(zhang, wang, outsider, zhao):
    exempt(trainee=zhang.trainee, ground="age", reason="年事已高", starts_on=dt.date(YEAR, 1, 1), actor=zhao)
    type(wang.trainee).objects.filter(pk=wang.trainee.pk).update(left_on=dt.date(YEAR, 3, 1))
    User.objects.filter(pk=outsider.pk).update(is_active=False)
    assert remind(now=autumn()).people == 0


def test_nobody_is_pressed_in_spring(zhang):
    assert remind(now=autumn(month=3)).people == 0


def test_it_names_a_class_the_person_may_join_and_a_course(zhang, wang, outsider, soft, zhao, chen):
    first = autumn().date() + dt.timedelta(days=20)
    opened = classes.open_class(
        title="党员冬训班", starts_on=first, ends_on=first + dt.timedelta(days=2), actor=zhao
    )
    classes.set_quotas(training_class=opened, seats={soft.pk: 5}, actor=zhao)
    classes.transition(training_class=opened, to=ClassStatus.NOMINATING, actor=zhao)
    classes.enrol(training_class=opened, trainee=wang.trainee, actor=zhao)
    course = school.course(module=school.module(chen), title="怎样过组织生活", is_mandatory=True)
    school.lesson(course)
    remind(now=autumn())
    assert "党员冬训班" in text(zhang)
    assert "怎样过组织生活" in text(zhang)
    assert zhang.inbox.get().link == f"/courses/{course.slug}/"
    assert "党员冬训班" not in text(wang), "already on its roster"
    assert "党员冬训班" not in text(outsider), "another organization's seats"


def test_a_course_that_is_complete_is_not_named(zhang, chen):
    module = school.module(chen)
    first, second = (
        school.course(module=module, title=title, is_mandatory=number == 0)
        for number, title in enumerate(("第一门课", "第二门课"))
    )
    lesson = school.lesson(first)
    school.lesson(second)
    complete_in_bulk(rows=[Completion(zhang.pk, lesson.pk, timezone.now(), quiz_passed=True)])
    remind(now=autumn())
    assert "第二门课" in text(zhang)


# --- Those who look after others ---------------------------------------------------------------------


def test_an_affairs_worker_gets_one_summary(li, zhang, wang, outsider):
    assert remind(now=autumn()).summaries == 1
    assert told(li).count("hours_summary") == 1
    assert "3 people in your care" in text_of_summary(li)
    assert li.inbox.get(kind="hours_summary").link == f"{reverse('portal:workbench')}?state=short"
    assert remind(now=autumn(6)).summaries == 0
    assert "hours_summary" not in told(zhang)


def text_of_summary(user) -> str:
    message = user.inbox.get(kind="hours_summary")
    found = letter(message.kind, message.context, "en")
    return f"{found.subject}\n{found.body}"


def test_a_guide_hears_of_the_organizations_of_the_group_alone(tree, zhang, outsider, zhou):
    group = ServiceGroup.objects.create(name="第一服务小组")
    Organization.objects.filter(pk=tree.bio.pk).update(service_group=group)
    Guide.objects.create(group=group, kind=GuideKind.ADVISER, name=zhou.name, user=zhou)
    assert remind(now=autumn()).summaries == 1
    assert "1 person in your care" in text_of_summary(zhou)
    assert zhou.inbox.get().link == reverse("portal:guide")


def test_two_tasks_of_one_person_are_counted_once(tree, li, zhang, soft):
    grant_role(user=li, role=Role.AFFAIRS_WORKER, organization=tree.park_a)
    remind(now=autumn())
    assert "2 people in your care" in text_of_summary(li)


def test_without_anybody_short_there_is_no_summary(li):
    Standing.objects.update(has_reached=True)
    assert remind(now=autumn()).summaries == 0


# --- Cost --------------------------------------------------------------------------------------------


def with_accounts(people) -> None:
    accounts = User.objects.bulk_create([User(username=f"t{person.pk}") for person in people])
    for person, account in zip(people, accounts, strict=True):
        person.user = account
    type(people[0]).objects.bulk_update(people, ["user"])


def test_queries_of_a_portion_do_not_grow_with_people(soft, li):
    with_accounts(trainees(soft, 3))
    remind(now=autumn())
    counts = []
    for number in (2, 60):
        with_accounts(trainees(soft, number))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert remind(now=autumn()).people == number
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_portions_follow_each_other(soft, monkeypatch):
    monkeypatch.setattr("enrollment.actions.reminders.CHUNK", 4)
    with_accounts(trainees(soft, 11))
    assert remind(now=autumn()).people == 11
