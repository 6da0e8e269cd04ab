"""Handing a person over: started, accepted, declined, withdrawn, called to mind; and leaving the zone."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.classes import enrol
from enrollment.actions.exemptions import exempt
from enrollment.actions.organizations import dissolve
from enrollment.actions.people import admit, transfer
from enrollment.actions.person_mergers import merge_people
from enrollment.actions.roles import grant_role
from enrollment.actions.transfer_sheets import sheet_of
from enrollment.actions.transfers import (
    accept_transfer,
    decline_transfer,
    keepers_of,
    leave_zone,
    remind_of_transfers,
    start_transfer,
    withdraw_transfer,
)
from enrollment.actions.verification import verify
from enrollment.models import Message, OrganizationStanding, PersonTransfer, Role, Standing, TransferState
from enrollment.rules import transfers as rules
from tests.factories.enrollment import credited, training_class
from tests.people import account

TODAY = timezone.localdate()
YEAR = TODAY.year
FIRST = dt.date(YEAR, 1, 1)
DAY = dt.timedelta(days=1)


# --- The rule -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"reason": "  "}, ["reason_missing"]),
        ({"is_there": True}, ["there_already"]),
        ({"on": TODAY + 32 * DAY}, ["too_far_ahead"]),
        ({"on": TODAY + 31 * DAY}, []),
        ({"post_since": TODAY + DAY}, ["before_current_post"]),
        ({"has_left": True, "reason": ""}, ["trainee_has_left"]),
    ],
)
def test_when_somebody_may_be_handed_over(changes, codes):
    facts = {
        "reason": "工作调动",
        "on": TODAY,
        "today": TODAY,
        "post_since": None,
        "has_left": False,
        "is_there": False,
    }
    assert [reason.code for reason in rules.refusals(**(facts | changes))] == codes


@pytest.mark.parametrize(
    ("days", "sent", "due"),
    [(6, 0, False), (7, 0, True), (7, 1, False), (14, 1, True), (90, 2, True), (90, 3, False)],
)
def test_one_reminder_a_week_and_few_in_all(days, sent, due):
    now = timezone.now()
    assert rules.wants_reminder(started_at=now - days * DAY, reminders=sent, now=now) is due


# --- The actions --------------------------------------------------------------------------------------------


@pytest.fixture
def qi(tree):
    """Affairs worker of the receiving branch."""
    user = account("qi", "齐干事", "13800000011")
    grant_role(user=user, role=Role.AFFAIRS_WORKER, organization=tree.bio)
    return user


@pytest.fixture
def started(tree, zhang, li, qi):
    return start_transfer(
        trainee=zhang.trainee, organization=tree.bio, on=TODAY, reason="换了工作单位", actor=li
    )


def told(user, kind):
    return Message.objects.filter(recipient=user, kind=kind).count()


@pytest.mark.django_db
def test_until_it_is_accepted_the_person_stays(tree, zhang, li, qi, started):
    person = zhang.trainee
    person.refresh_from_db()
    assert (started.state, person.home_organization) == (TransferState.OPEN, tree.soft)
    assert told(qi, "transfer_asked") == 1
    assert started.sheet["person"]["phone"] == "138****0003"

    credited(person, 10)
    done = accept_transfer(transfer=started, actor=qi)
    person.refresh_from_db()
    assert person.home_organization == tree.bio
    assert (done.state, done.answered_by) == (TransferState.ACCEPTED, qi)
    # The sheet stays as it was when the person went.
    assert done.sheet["earned"] == 10
    assert [post["organization"] for post in done.sheet["posts"]] == [tree.soft.name]
    assert (told(li, "transfer_answered"), told(qi, "transfer_answered")) == (1, 0)
    assert told(zhang, "transfer_done") == 1
    assert Standing.objects.get(trainee=person, year=YEAR).organization == tree.bio
    assert OrganizationStanding.objects.get(organization=tree.bio, year=YEAR).earned_quarters == 10
    assert verify().agrees
    for repeat in (
        lambda: accept_transfer(transfer=started, actor=qi),
        lambda: decline_transfer(transfer=started, actor=qi, answer="x"),
        lambda: withdraw_transfer(transfer=started, actor=li),
    ):
        with pytest.raises(Refused, match="transfer_not_open"):
            repeat()


@pytest.mark.django_db
def test_declined_with_a_reason_the_person_stays(tree, zhang, li, qi, started):
    with pytest.raises(Refused, match="answer_missing"):
        decline_transfer(transfer=started, actor=qi, answer=" ")
    done = decline_transfer(transfer=started, actor=qi, answer="人已不在我单位")
    zhang.trainee.refresh_from_db()
    assert (done.state, zhang.trainee.home_organization) == (TransferState.DECLINED, tree.soft)
    assert told(li, "transfer_answered") == 1
    assert "人已不在我单位" in Message.objects.get(recipient=li, kind="transfer_answered").context["answer"]
    # Another may be started now.
    again = start_transfer(trainee=zhang.trainee, organization=tree.make, on=TODAY, reason="再转", actor=li)
    withdraw_transfer(transfer=again, actor=li)
    assert PersonTransfer.objects.open().count() == 0


@pytest.mark.django_db
def test_who_may_do_what(tree, zhang, wang, li, qi, zhao, zhou, outsider, started):
    for actor in (qi, zhou, wang, outsider):
        with pytest.raises(Refused, match="not_giver"):
            start_transfer(trainee=wang.trainee, organization=tree.make, on=TODAY, reason="x", actor=actor)
        with pytest.raises(Refused, match="not_giver"):
            withdraw_transfer(transfer=started, actor=actor)
    for actor in (li, zhou, zhang, outsider):
        with pytest.raises(Refused, match="not_receiver"):
            accept_transfer(transfer=started, actor=actor)
        with pytest.raises(Refused, match="not_receiver"):
            decline_transfer(transfer=started, actor=actor, answer="x")
    with pytest.raises(Refused, match="not_giver"):
        start_transfer(trainee=li.trainee, organization=tree.bio, on=TODAY, reason="x", actor=li)
    seen = {
        user.username: PersonTransfer.objects.visible_to(user).count()
        for user in (li, qi, zhao, zhou, zhang, outsider)
    }
    assert seen == {"li": 1, "qi": 1, "zhao": 1, "zhou": 0, "zhang": 0, "outsider": 0}
    accept_transfer(transfer=started, actor=zhao)


@pytest.mark.django_db
def test_one_waits_at_a_time(tree, zhang, li, started):
    with pytest.raises(Refused, match="transfer_open"):
        start_transfer(trainee=zhang.trainee, organization=tree.make, on=TODAY, reason="x", actor=li)
    with pytest.raises(Refused, match="transfer_open"):
        leave_zone(trainee=zhang.trainee, on=TODAY, destination="外省", reason="x", actor=li)


@pytest.mark.django_db
def test_what_changed_meanwhile_is_said(tree, zhang, li, qi, started):
    transfer(trainee=zhang.trainee, organization=tree.make, on=TODAY, actor=None)
    with pytest.raises(Refused, match="moved_meanwhile"):
        accept_transfer(transfer=started, actor=qi)
    withdraw_transfer(transfer=started, actor=li)
    other = admit(name="示例人", organization=tree.soft, actor=None, started_on=FIRST)
    waits = start_transfer(trainee=other, organization=tree.bio, on=TODAY, reason="x", actor=li)
    from enrollment.actions.people import depart
    from enrollment.models import Trainee

    for person in Trainee.objects.filter(home_organization=tree.bio):
        depart(trainee=person, on=TODAY, actor=None)
    with pytest.raises(Refused, match="somebody_is_coming"):
        dissolve(organization=tree.bio, on=TODAY, actor=None)
    # An academy from before that was asked has transfers to an organization that is gone.
    type(tree.bio).objects.filter(pk=tree.bio.pk).update(dissolved_on=TODAY)
    with pytest.raises(Refused, match="organization_dissolved"):
        accept_transfer(transfer=waits, actor=None)
    with pytest.raises(Refused, match="organization_dissolved"):
        start_transfer(trainee=other, organization=tree.bio, on=TODAY, reason="x", actor=None)


@pytest.mark.django_db
def test_somebody_on_the_way_is_not_merged(tree, zhang, li, qi, started):
    twin = admit(name="张学员", organization=tree.soft, actor=None)
    with pytest.raises(Refused, match="transfer_unsettled"):
        merge_people(keeper=twin, other=zhang.trainee, actor=li)
    decline_transfer(transfer=started, actor=qi, answer="否")
    merge_people(keeper=twin, other=zhang.trainee, actor=li)
    assert PersonTransfer.objects.get().trainee == twin


@pytest.mark.django_db
def test_leaving_the_zone_gives_a_document(tree, zhang, li):
    person = zhang.trainee
    credited(person, 8)
    with pytest.raises(Refused, match="destination_missing"):
        leave_zone(trainee=person, on=TODAY, destination=" ", reason="迁出", actor=li)
    left = leave_zone(trainee=person, on=TODAY, destination="外省某市", reason="迁出", actor=li)
    person.refresh_from_db()
    assert (left.state, person.left_on) == (TransferState.LEFT_ZONE, TODAY)
    assert left.sheet["earned"] == 8
    assert not Standing.objects.filter(trainee=person, year=YEAR).exists()
    assert verify().agrees
    with pytest.raises(Refused, match="trainee_has_left"):
        leave_zone(trainee=person, on=TODAY, destination="外省某市", reason="迁出", actor=li)


@pytest.mark.django_db
def test_the_sheet_says_what_there_is(tree, zhang, hour_rules):
    person = zhang.trainee
    credited(person, 6)
    exempt(
        trainee=person, ground="illness", reason="住院", starts_on=FIRST, ends_on=FIRST + 30 * DAY, actor=None
    )
    running = training_class(title="在办的班", capacity=10, nominating=True)
    enrol(training_class=running, trainee=person, actor=None)
    half = dt.date(YEAR, 7, 1)
    sheet = sheet_of(person, half)
    assert [row["title"] for row in sheet["classes"]] == ["在办的班"]
    assert sheet["exemptions"][0]["reason"] == "住院"
    assert sheet["kinds"] == [{"kind": "online", "quarters": 6}]
    days = 366 if YEAR % 4 == 0 else 365
    asked = (half - FIRST).days - 31
    assert sheet["until"] == int(32 * 4 * asked / days + 0.5)
    assert sheet["until"] < sheet["required"]
    assert len(sheet["basis"]) == 2

    def cost(number):
        for _count in range(number):
            enrol(training_class=training_class(capacity=10, nominating=True), trainee=person, actor=None)
        with CaptureQueriesContext(connection) as queries:
            sheet_of(person, half)
        return len(queries)

    cost(0)
    assert cost(1) == cost(9)


@pytest.mark.django_db
def test_reminders_go_to_both_sides_and_end(tree, zhang, li, qi, started):
    now = timezone.now()
    assert remind_of_transfers(now=now) == 0
    assert [remind_of_transfers(now=now + week * 7 * DAY) for week in (1, 1, 2, 3, 4, 9)] == [
        1,
        0,
        1,
        1,
        0,
        0,
    ]
    assert told(qi, "transfer_waits") == told(li, "transfer_waits") == 3
    decline_transfer(transfer=started, actor=qi, answer="否")
    assert remind_of_transfers(now=now + 90 * DAY) == 0


@pytest.mark.django_db
def test_whoever_is_nearest_keeps_an_organization(tree, li, qi, zhao):
    park = account("park", "园区干事", "13800000012")
    grant_role(user=park, role=Role.AFFAIRS_WORKER, organization=tree.park_a)
    assert keepers_of(tree.soft) == {li.pk}
    assert keepers_of(tree.make) == {park.pk}
    assert keepers_of(tree.bio) == {qi.pk}
    assert keepers_of(tree.park_b) == {zhao.pk}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "values",
    [
        {"to_organization": None},
        {"state": "left_zone", "answered_at": timezone.now()},
        {"answered_at": timezone.now()},
        {"state": "accepted"},
    ],
)
def test_the_database_keeps_transfers_whole(tree, zhang, started, values):
    with pytest.raises(IntegrityError), transaction.atomic():
        PersonTransfer.objects.filter(pk=started.pk).update(**values)
