"""Two records of one person, with classes, sessions, lessons and hours in both: made one, and taken back."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cms.refusals import Refused
from courses.actions.completion import Completion, complete_in_bulk
from courses.models import CourseProgress, LessonProgress
from enrollment.actions.classes import enrol
from enrollment.actions.departures import return_in_bulk
from enrollment.actions.duplicates import find_duplicates
from enrollment.actions.exemptions import exempt
from enrollment.actions.hours import credit_hours
from enrollment.actions.people import admit, amend, depart, transfer
from enrollment.actions.person_mergers import merge_people, undo_merger
from enrollment.actions.person_records import snapshot
from enrollment.actions.roles import grant_role
from enrollment.actions.verification import verify
from enrollment.actions.years import close_year
from enrollment.models import (
    Appointment,
    Certificate,
    CorrectionRequest,
    DuplicatePair,
    Enrollment,
    EnrollmentStatus,
    ExternalTraining,
    HourAdjustment,
    HourEntry,
    Invitation,
    Message,
    PairState,
    Role,
    RoleGrant,
    Standing,
    Trainee,
    User,
    UserSession,
)
from practicum.actions.bookings import book
from practicum.models import (
    Attendance,
    AttendanceStatus,
    Booking,
    BookingStatus,
    Occupation,
    WaitingParty,
    WaitingPerson,
)
from tests.academy.mergers.lives import HOUR, YEAR, everything_agrees, projections, total, without_pointers
from tests.factories import courses as catalogue
from tests.factories import practicum as make

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


# --- One person in the end ----------------------------------------------------------------------------------


def test_everything_follows_and_nothing_counts_twice(lives, zhao, zhang, tree):
    keeper, other = lives.keeper, lives.other
    assert (total(keeper), total(other)) == (8 + 4 + 11, 16 + 16 + 4 + 4 + 11)
    merger = merge_people(keeper=keeper, other=other, actor=zhao, taking=["identity"], reason="同一人")
    keeper.refresh_from_db()
    other.refresh_from_db()
    assert (other.merged_into, other.user, other.left_on) == (keeper, None, timezone.localdate())
    assert keeper.identity_tail == "0021"

    # Hours: the session of both is judged by the events of both, once; the lesson and the activity of both
    # once.
    shared = Attendance.objects.get(session=lives.shared)
    assert (shared.trainee_id, shared.quarters, shared.status) == (keeper.pk, 16, AttendanceStatus.PRESENT)
    assert Attendance.objects.get(session=lives.alone).trainee_id == keeper.pk
    assert total(keeper) == 16 + 16 + 4 + 4 + 11
    assert total(other) is None
    fates = {line["fate"] for line in merger.ledger}
    assert fates == {"moved", "same_evidence", "together"}
    assert not HourEntry.objects.standing().filter(trainee=other).exists()
    everything_agrees()

    # Classes: the further place holds, with its certificate; the other one is given up.
    mine = Enrollment.objects.get(trainee=keeper, training_class=lives.shared.training_class)
    assert mine.status == EnrollmentStatus.COMPLETED
    assert Certificate.objects.get().enrollment == mine
    assert Enrollment.objects.get(trainee=other).status == EnrollmentStatus.WITHDRAWN
    assert Enrollment.objects.filter(trainee=keeper).count() == 2
    assert list(lives.activity.attendees.all()) == [keeper]
    # Posts: one line; those of the record that stays hold where both tell of a day.
    assert [post.organization for post in keeper.appointments.all()] == [tree.soft]
    assert keeper.exemptions.count() == 1
    assert not other.appointments.exists()
    # Study and messages are those of one account; the other one is closed.
    second = User.objects.get(username="zhang2")
    assert not second.is_active
    assert set(LessonProgress.objects.filter(user=zhang).values_list("lesson", flat=True)) == {
        lives.both_lesson,
        lives.alone_lesson,
    }
    assert not LessonProgress.objects.filter(user=second).exists()
    assert CourseProgress.objects.get(user=zhang).completed_lessons == 2
    for row in LessonProgress.objects.filter(user=zhang):
        assert row.entry.trainee == keeper
        assert HourEntry.objects.standing().filter(pk=row.entry_id).exists()
    assert set(Message.objects.filter(recipient=zhang).values_list("key", flat=True)) >= {"both", "alone"}
    assert CorrectionRequest.objects.filter(trainee=keeper).count() == 2
    assert CorrectionRequest.objects.waiting().count() == 1
    assert not Invitation.objects.open(timezone.now()).exists()


@pytest.mark.parametrize("taking", [[], ["account", "post", "phone", "name", "identity"]])
def test_taken_back_everything_is_as_it_was(lives, zhao, taking):
    keeper, other = lives.keeper, lives.other
    before = snapshot(lives.pair), projections(keeper, other)
    merger = merge_people(keeper=keeper, other=other, actor=zhao, taking=taking)
    everything_agrees()
    assert projections(keeper, other) != before[1]
    undo_merger(merger=merger, actor=zhao)
    after = snapshot(lives.pair), projections(keeper, other)
    assert without_pointers(after[0]) == without_pointers(before[0])
    assert after[1] == before[1]
    everything_agrees()
    for row in LessonProgress.objects.filter(entry__isnull=False):
        assert row.entry.trainee.user_id == row.user_id
        assert HourEntry.objects.standing().filter(pk=row.entry_id).exists()
    # And once more: the evidence of the first time is in nobody's way.
    again = merge_people(keeper=keeper, other=other, actor=zhao, taking=taking)
    undo_merger(merger=again, actor=zhao)
    assert projections(keeper, other) == before[1]
    with pytest.raises(Refused, match="merger_undone"):
        undo_merger(merger=again, actor=zhao)


def test_the_other_record_may_be_the_one_that_stays(lives, zhao):
    keeper, other = lives.other, lives.keeper
    merge_people(keeper=keeper, other=other, actor=zhao)
    assert total(keeper) == 16 + 16 + 4 + 4 + 11
    assert total(other) is None
    assert Appointment.objects.filter(trainee=keeper).current().get().post == "secretary"
    everything_agrees()


def test_values_are_taken_one_by_one(lives, zhao, tree):
    keeper, other = lives.keeper, lives.other
    merge_people(keeper=keeper, other=other, actor=zhao, taking=["name", "phone", "post"])
    keeper.refresh_from_db()
    assert (keeper.name, keeper.phone) == ("张 学员", "13800000033")
    assert keeper.home_organization == tree.make
    # Before the post that was chosen began, the one that stays tells of the days.
    posts = keeper.appointments.order_by("started_on")
    assert [(post.organization, post.ended_on) for post in posts] == [
        (tree.soft, dt.date(YEAR - 1, 2, 28)),
        (tree.make, None),
    ]
    assert keeper.user.username == "zhang"


def test_the_account_may_be_the_others(lives, zhao, zhang):
    session = UserSession.objects.create(
        session_key="k" * 32, user=zhang, expire_date=timezone.now() + HOUR, last_seen_at=timezone.now()
    )
    merge_people(keeper=lives.keeper, other=lives.other, actor=zhao, taking=["account"])
    lives.keeper.refresh_from_db()
    zhang.refresh_from_db()
    assert lives.keeper.user.username == "zhang2"
    assert not zhang.is_active
    assert not UserSession.objects.filter(pk=session.pk).exists()
    assert LessonProgress.objects.filter(user__username="zhang2").count() == 2
    assert Message.objects.filter(recipient__username="zhang2", kind="records_merged").count() >= 2


def test_one_account_goes_along_as_it_is(tree, zhao, zhang):
    bare = admit(name="张学员", organization=tree.soft, phone="13811112222", actor=None)
    lesson = catalogue.lesson(catalogue.course(), minutes=40)
    complete_in_bulk(rows=[Completion(zhang.pk, lesson.pk, timezone.now())])
    merger = merge_people(keeper=bare, other=zhang.trainee, actor=zhao)
    bare.refresh_from_db()
    assert bare.user == zhang
    zhang.refresh_from_db()
    assert zhang.is_active
    assert LessonProgress.objects.get().entry.trainee == bare
    undo_merger(merger=merger, actor=zhao)
    assert Trainee.objects.get(user=zhang).name == "张学员"
    assert LessonProgress.objects.get().entry.trainee == Trainee.objects.get(user=zhang)
    everything_agrees()


# --- The ledger ---------------------------------------------------------------------------------------------


def test_two_things_at_one_time_count_once_and_are_named(tree, zhao):
    keeper, other = (admit(name="示例重", organization=tree.soft, actor=None) for _ in range(2))
    begin = timezone.now() - dt.timedelta(days=3)
    for person, evidence in ((keeper, "one"), (other, "two")):
        credit_hours(
            trainee=person, kind="external", quarters=8, title=f"外训 {evidence}", evidence_type="external",
            evidence_id=evidence, occurred_at=begin, starts_at=begin, ends_at=begin + 2 * HOUR,
        )  # fmt: skip
    merger = merge_people(keeper=keeper, other=other, actor=zhao)
    assert [line["fate"] for line in merger.ledger] == ["overlap"]
    assert total(keeper) == 8
    reversal = HourEntry.objects.get(reverses__isnull=False)
    assert str(other.pk) in reversal.note
    assert reversal.recorded_by == zhao
    undo_merger(merger=merger, actor=zhao)
    assert (total(keeper), total(other)) == (8, 8)
    everything_agrees()


def test_a_closed_year_keeps_what_it_asked_and_hours_come_with_a_mark(tree, zhao):
    keeper = admit(name="示例甲", organization=tree.soft, actor=None, started_on=dt.date(YEAR, 1, 1))
    other = admit(name="示例甲", organization=tree.bio, actor=None, started_on=dt.date(2020, 1, 1))
    third = admit(name="示例甲", organization=tree.make, actor=None, started_on=dt.date(2020, 1, 1))
    last = timezone.make_aware(dt.datetime(YEAR - 1, 6, 1, 9))
    for person in (other, third):
        credit_hours(
            trainee=person, kind="external", quarters=8, title="去年", evidence_type="external",
            evidence_id=person.pk, occurred_at=last,
        )  # fmt: skip
    close_year(year=YEAR - 1, actor=zhao)
    before = projections(keeper, other, third)
    asked = Standing.objects.get(trainee=other, year=YEAR - 1).required_quarters
    merger = merge_people(keeper=keeper, other=other, actor=zhao)
    # Only one of them was asked last year: what it was asked goes along as it was frozen.
    frozen = Standing.objects.get(trainee=keeper, year=YEAR - 1)
    assert (frozen.required_quarters, frozen.organization, frozen.earned_quarters) == (asked, tree.bio, 8)
    entry = HourEntry.objects.standing().get(trainee=keeper)
    assert (entry.is_late, entry.organization, entry.year) == (True, tree.bio, YEAR - 1)
    assert verify().agrees
    # Of two who were asked, both stay asked: the closed year does not lose a person.
    second = merge_people(keeper=keeper, other=third, actor=zhao)
    assert Standing.objects.get(trainee=third, year=YEAR - 1).earned_quarters == 0
    assert total(keeper, YEAR - 1) == 16
    assert verify().agrees
    undo_merger(merger=second, actor=zhao)
    undo_merger(merger=merger, actor=zhao)
    assert projections(keeper, other, third) == before
    assert verify().agrees


def test_hours_sent_to_the_record_that_went_arrive_at_the_one_that_stays(lives, zhao):
    keeper, other = lives.keeper, lives.other
    merge_people(keeper=keeper, other=other, actor=zhao)
    had = total(keeper)
    for _ in range(2):
        entry = credit_hours(
            trainee=other, kind="external", quarters=4, title="外训", evidence_type="external",
            evidence_id="x", occurred_at=timezone.now(),
        )  # fmt: skip
        assert entry.trainee_id == keeper.pk
    assert total(keeper) == had + 4
    assert verify().agrees


# --- Sessions -----------------------------------------------------------------------------------------------


def test_coming_sessions_and_seats(tree, zhao, django_capture_on_commit_callbacks):
    keeper, other = (admit(name="示例座", organization=tree.soft, actor=None) for _ in range(2))
    session = make.session(title="公开课", seats=2, is_open=True)
    lone = make.session(title="另一课", seats=2, is_open=True, starts_at=make.at(9, days=3))
    for person in (keeper, other):
        book(session=session, trainee=person, actor=zhao, now=timezone.now())
    book(session=lone, trainee=other, actor=zhao, now=timezone.now())
    # The one waits for a seat where the other has one.
    party = WaitingParty.objects.create(session=lone, organization=tree.soft)
    WaitingPerson.objects.create(party=party, trainee=keeper)
    with django_capture_on_commit_callbacks(execute=True):
        merger = merge_people(keeper=keeper, other=other, actor=zhao)
    assert Booking.objects.booked().filter(session=session).count() == 1
    assert Booking.objects.booked().get(session=lone).trainee == keeper
    assert not WaitingParty.objects.waiting().exists()
    taken = Occupation.objects.filter(resource_type="trainee")
    assert set(taken.values_list("resource_id", "session_id")) == {
        (keeper.pk, session.pk),
        (keeper.pk, lone.pk),
    }
    # The seat that was given back may be somebody else's by now.
    rival = admit(name="示例人", organization=tree.soft, actor=None)
    book(session=session, trainee=rival, actor=zhao, now=timezone.now())
    with pytest.raises(Refused, match="seats_taken_since") as refused:
        undo_merger(merger=merger, actor=zhao)
    assert "公开课" in refused.value.sentence
    Booking.objects.filter(trainee=rival).update(status=BookingStatus.CANCELLED)
    undo_merger(merger=merger, actor=zhao)
    assert Booking.objects.booked().filter(session=session).count() == 2
    assert set(taken.values_list("resource_id", flat=True)) >= {keeper.pk, other.pk}


# --- Who may ------------------------------------------------------------------------------------------------


def test_who_may_merge_what(lives, tree, li, zhao, zhou, outsider):
    keeper, other = lives.keeper, lives.other
    for actor in (li, zhou, outsider):
        # 李干事 keeps one of the two alone.
        with pytest.raises(Refused, match="records_not_yours"):
            merge_people(keeper=keeper, other=other, actor=actor)
    transfer(trainee=other, organization=tree.soft, actor=None)
    merger = merge_people(keeper=keeper, other=other, actor=li)
    with pytest.raises(Refused, match="already_merged"):
        merge_people(keeper=keeper, other=other, actor=zhao)
    for actor in (zhou, outsider):
        with pytest.raises(Refused, match="records_not_yours"):
            undo_merger(merger=merger, actor=actor)
    undo_merger(merger=merger, actor=li)


def test_an_account_with_roles_is_closed_by_administrators_alone(lives, tree, li, zhao):
    keeper, other = lives.keeper, lives.other
    transfer(trainee=other, organization=tree.soft, actor=None)
    second = other.user
    grant_role(user=second, role=Role.INSTRUCTOR)
    with pytest.raises(Refused, match="roles_at_stake"):
        merge_people(keeper=keeper, other=other, actor=li)
    merger = merge_people(keeper=keeper, other=other, actor=zhao)
    stays = User.objects.get(username="zhang")
    assert RoleGrant.objects.get(role=Role.INSTRUCTOR).user == stays
    assert stays.is_staff
    undo_merger(merger=merger, actor=zhao)
    second.refresh_from_db()
    stays.refresh_from_db()
    assert (second.is_staff, second.is_active, stays.is_staff) == (True, True, False)
    assert second.groups.exists()
    assert not stays.groups.exists()


def test_refused_by_rule(lives, tree, zhao, li):
    keeper, other = lives.keeper, lives.other
    with pytest.raises(Refused, match="same_record"):
        merge_people(keeper=keeper, other=keeper, actor=zhao)
    with pytest.raises(ValueError, match="hours"):
        merge_people(keeper=keeper, other=other, actor=zhao, taking=["hours"])
    twin = admit(name=li.name, organization=tree.soft, actor=None)
    with pytest.raises(Refused, match="own_record"):
        merge_people(keeper=li.trainee, other=twin, actor=li)
    User.objects.filter(pk=other.user_id).update(is_superuser=True)
    with pytest.raises(Refused, match="superuser_account"):
        merge_people(keeper=keeper, other=other, actor=zhao)
    User.objects.filter(pk=other.user_id).update(is_superuser=False)
    depart(trainee=keeper, on=timezone.localdate(), actor=None)
    with pytest.raises(Refused, match="keeper_has_left"):
        merge_people(keeper=keeper, other=other, actor=zhao)
    # The other way round, somebody who came back keeps the new record.
    merge_people(keeper=other, other=keeper, actor=zhao)
    assert Trainee.objects.active().filter(pk=other.pk).exists()
    everything_agrees()


# --- The pair, the cost, the record -------------------------------------------------------------------------


def test_the_pair_is_decided_and_asked_about_again(lives, tree, zhao):
    Trainee.objects.filter(pk=lives.other.pk).update(name="张学员", home_organization=tree.soft)
    find_duplicates()
    pair = DuplicatePair.objects.get()
    third = admit(name="张学员", organization=tree.soft, actor=None)
    find_duplicates()
    assert DuplicatePair.objects.open().count() == 3
    merger = merge_people(keeper=lives.keeper, other=lives.other, actor=zhao)
    pair.refresh_from_db()
    assert pair.state == PairState.MERGED
    # Nobody is asked about the record that went; the one that stays is still like the third.
    assert [row.other for row in DuplicatePair.objects.open()] == [third]
    assert find_duplicates().open == 1
    undo_merger(merger=merger, actor=zhao)
    pair.refresh_from_db()
    assert pair.state == PairState.OPEN


def test_nobody_joins_a_class_by_a_record_that_went(lives, tree, zhao):
    merge_people(keeper=lives.keeper, other=lives.other, actor=zhao)
    later = make.TrainingClassFactory(title="后来的班")
    with pytest.raises(Refused, match="nominee_left"):
        enrol(training_class=later, trainee=lives.other, actor=None)


def test_the_cost_does_not_grow_with_the_hours(tree, zhao):
    def cost(number):
        keeper, other = (admit(name="示例量", organization=tree.soft, actor=None) for _ in range(2))
        for count in range(number):
            credit_hours(
                trainee=other, kind="online", quarters=1, title="课", evidence_type="lesson",
                evidence_id=f"{other.pk}-{count}", occurred_at=timezone.now(),
            )  # fmt: skip
        with CaptureQueriesContext(connection) as merging:
            merger = merge_people(keeper=keeper, other=other, actor=zhao)
        with CaptureQueriesContext(connection) as undoing:
            undo_merger(merger=merger, actor=zhao)
        return len(merging), len(undoing)

    cost(1)
    assert cost(2) == cost(25)


def test_every_row_that_points_to_a_person_or_an_account_is_thought_of():
    """A new relation must go along, or be named here with the reason why it stays."""
    from enrollment.person_records import parts

    moved = {(part.model._meta.label, part.owner.split("__")[-1]) for part in parts()}
    stays = {
        # Append-only: the ledger is reversed and credited; events speak of whoever the record was merged
        # into.
        ("enrollment.HourEntry", "trainee"),
        ("practicum.CheckinEvent", "trainee"),
        # What was printed is never changed: its public page reads the ledger of the record that stays.
        ("enrollment.StudyProof", "trainee"),
        # Derived from the ledger, posts and rosters.
        ("enrollment.HourSpan", "trainee"),
        ("enrollment.HourBalance", "trainee"),
        ("enrollment.Standing", "trainee"),
        # The memory of duplicates and mergers themselves.
        ("enrollment.Trainee", "merged_into"),
        ("enrollment.DuplicatePair", "one"),
        ("enrollment.DuplicatePair", "other"),
        ("enrollment.PersonMerger", "keeper"),
        ("enrollment.PersonMerger", "other"),
    }
    relations = {
        (field.related_model._meta.label, field.field.name)
        for field in Trainee._meta.get_fields(include_hidden=True)
        if field.auto_created and not field.concrete and field.one_to_many
    }
    assert relations - moved - stays == set()
    # Of an account: what is theirs goes along; what they did for others stays signed by the account that
    # did it.
    theirs = {
        (field.related_model._meta.label, field.field.name)
        for field in User._meta.get_fields(include_hidden=True)
        if field.auto_created
        and not field.concrete
        and field.related_model._meta.app_label in {"enrollment", "courses", "practicum"}
        and (field.field.name in {"user", "recipient", "teacher"})
    }
    with_the_account = {
        # Follows the roles; sessions end; what was chosen for messages is chosen for one account.
        ("enrollment.User_groups", "user"),
        ("enrollment.User_user_permissions", "user"),
        ("enrollment.UserSession", "user"),
        ("enrollment.MessagePreference", "user"),
        # Who confirmed a notice did so for an organization.
        ("enrollment.NoticeReceipt", "user"),
        ("enrollment.Trainee", "user"),
    }
    assert theirs - moved - with_the_account == set()


def test_days_that_both_records_exempt_are_exempt_once(tree, zhao):
    keeper, other = (admit(name="示例免", organization=tree.soft, actor=None) for _ in range(2))

    def days(one):
        return sorted((row.starts_on, row.ends_on) for row in one.exemptions.all())

    mine = [(dt.date(2026, 3, 1), dt.date(2026, 4, 30))]
    theirs = [(dt.date(2026, 2, 1), dt.date(2026, 5, 31)), (dt.date(2026, 8, 1), None)]
    for one, spans in ((keeper, mine), (other, theirs)):
        for start, end in spans:
            exempt(trainee=one, ground="illness", reason="病休", starts_on=start, ends_on=end, actor=zhao)
    merger = merge_people(keeper=keeper, other=other, actor=zhao)
    assert days(keeper) == [
        (dt.date(2026, 2, 1), dt.date(2026, 2, 28)),
        (dt.date(2026, 3, 1), dt.date(2026, 4, 30)),
        (dt.date(2026, 5, 1), dt.date(2026, 5, 31)),
        (dt.date(2026, 8, 1), None),
    ]
    assert days(other) == []
    assert verify().agrees
    undo_merger(merger=merger, actor=zhao)
    assert (days(keeper), days(other)) == (mine, theirs)
    assert verify().agrees


def test_a_training_sent_in_for_both_records_stands_once(tree, zhao, zhou):
    keeper, other = (admit(name="示例外", organization=tree.soft, actor=None) for _ in range(2))
    noon = timezone.now().replace(hour=4, minute=0, second=0, microsecond=0) - dt.timedelta(days=3)

    def training(person, key, **changes):
        fields = {
            "trainee": person, "title": "市委党校培训", "organizer": "市委党校", "unit": "day", "amount": 1,
            "quarters": 32, "starts_at": noon, "ends_at": noon + dt.timedelta(hours=6), "evidence": "x.pdf",
            "evidence_name": "证明.pdf", "evidence_digest": key, "submission_key": key, "submitted_by": zhao,
        }  # fmt: skip
        return ExternalTraining.objects.create(**{**fields, **changes})

    stays = training(keeper, "a")
    again = training(other, "b")
    elsewhere = training(
        other, "c", starts_at=noon - dt.timedelta(days=9), ends_at=noon - dt.timedelta(days=8)
    )
    proposed = HourAdjustment.objects.create(
        trainee=other,
        title="补记",
        quarters=4,
        year=noon.year,
        reason="漏记",
        submission_key="d",
        submitted_by=zhao,
    )
    merger = merge_people(keeper=keeper, other=other, actor=zhao)
    claims = {row.pk: row for row in ExternalTraining.objects.filter(trainee=keeper)}
    assert {pk: row.status for pk, row in claims.items()} == {
        stays.pk: "open", again.pk: "withdrawn", elsewhere.pk: "open",
    }  # fmt: skip
    assert "重复档案合并" in claims[again.pk].withdrawal
    assert HourAdjustment.objects.get().trainee == keeper
    undo_merger(merger=merger, actor=zhao)
    assert set(ExternalTraining.objects.filter(trainee=other).waiting()) == {again, elsewhere}
    assert HourAdjustment.objects.get() == proposed
    assert HourAdjustment.objects.get().trainee == other


def test_the_record_that_went_is_written_to_no_more(lives, zhao):
    """Neither by hand nor by taking back an import that had let the person go."""
    keeper, other = lives.keeper, lives.other
    today = timezone.localdate()
    depart(trainee=other, on=today, actor=None)
    merge_people(keeper=keeper, other=other, actor=zhao)
    with pytest.raises(Refused, match="record_merged"):
        amend(trainee=other, actor=None, note="改")
    with pytest.raises(Refused, match="record_merged"):
        exempt(trainee=other, ground="illness", reason="x", starts_on=today, actor=None)
    assert return_in_bulk(trainee_ids=[other.pk], left_on=today, actor=None) == []
    other.refresh_from_db()
    assert other.left_on == today
