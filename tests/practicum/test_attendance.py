"""From the door to the ledger."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cms.refusals import Refused
from enrollment.actions.standings import rebuild_standings
from enrollment.actions.verification import verify
from enrollment.models import HourEntry, Standing, TrainingClass
from practicum.actions import attendance, checkin
from practicum.actions.attendance import Attended
from practicum.actions.leave import ask, decide
from practicum.models import Attendance, AttendanceStatus, CheckinEvent, EventsAreAppendOnly, Outcome, Source
from practicum.rules.code import code_at
from tests.factories import practicum as make
from tests.factories.practicum import at

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def session(training_class, zhao):
    """A session of the class that began an hour ago and lasts three."""
    begin = dt.datetime.now(dt.UTC).replace(microsecond=0) - 60 * MINUTE
    return make.session(training_class=training_class, title="示例课", starts_at=begin)


def sign(session, trainee, direction="in", *, minute=0, nonce=None, source=Source.PERSONAL, **details):
    now = session.starts_at + minute * MINUTE
    return attendance.check_in(
        session=session,
        trainee=trainee,
        direction=direction,
        source=source,
        nonce=nonce or f"{trainee.pk}-{direction}-{minute}",
        now=now,
        **details,
    )


def test_in_and_out_earn_the_hours_once(session, zhang, wang) -> None:
    assert sign(session, zhang.trainee).outcome == Outcome.ACCEPTED
    assert sign(session, zhang.trainee, "out", minute=180).is_done
    result = attendance.settle(session=session, now=session.ends_at)
    assert (result.posted, result.exceptions) == (1, 0)
    again = attendance.settle(session=session, now=session.ends_at)
    assert (again.posted, again.already) == (0, 1)
    entry = HourEntry.objects.get(trainee=zhang.trainee)
    mine = Attendance.objects.get(session=session, trainee=zhang.trainee)
    assert (entry.quarters, entry.evidence_type, entry.evidence_id) == (16, "attendance", str(mine.pk))
    assert entry.title == "示例课"
    assert Attendance.objects.get(trainee=wang.trainee).status == AttendanceStatus.ABSENT


def test_pressing_twice_is_harmless(session, zhang) -> None:
    first = sign(session, zhang.trainee, nonce="same")
    second = sign(session, zhang.trainee, nonce="same", minute=1)
    assert (first.outcome, second.outcome) == (Outcome.ACCEPTED, Outcome.ACCEPTED)
    assert second.at == first.at
    assert CheckinEvent.objects.count() == 1
    third = sign(session, zhang.trainee, nonce="another", minute=2)
    assert third.outcome == Outcome.REPEATED
    assert third.at == first.at
    assert Attendance.objects.get().signed_in_at == session.starts_at


def test_a_nonce_of_another_person_is_refused(session, zhang, wang) -> None:
    sign(session, zhang.trainee, nonce="zhang")
    sign(session, wang.trainee, nonce="wang")
    stolen = sign(session, wang.trainee, nonce="zhang", minute=1)
    assert stolen.refusal is not None
    assert stolen.refusal.code == "nonce_used"


def test_the_last_sign_out_counts(session, zhang) -> None:
    sign(session, zhang.trainee)
    sign(session, zhang.trainee, "out", minute=30)
    sign(session, zhang.trainee, "out", minute=180)
    attendance.settle(session=session, now=session.ends_at)
    assert Attendance.objects.get(trainee=zhang.trainee).status == AttendanceStatus.PRESENT


@pytest.mark.parametrize(
    ("minute", "direction", "code"),
    [
        (-31, "in", "not_open_yet"),
        (180, "in", "sign_in_closed"),
        (-1, "out", "sign_out_not_open_yet"),
        (241, "out", "sign_out_closed"),
    ],
)
def test_refusals_are_kept_with_their_code(session, zhang, minute, direction, code) -> None:
    result = sign(session, zhang.trainee, direction, minute=minute)
    assert result.refusal is not None
    assert result.refusal.code == code
    event = CheckinEvent.objects.get()
    assert (event.outcome, event.reason) == (Outcome.REFUSED, code)
    assert not Attendance.objects.exists()


def test_strangers_cancelled_and_settled_sessions_are_refused(session, zhang, outsider, chen) -> None:
    assert sign(session, outsider.trainee).refusal.code == "not_expected"
    nobody = attendance.check_in_self(
        session_id=session.pk, user=chen, nonce="x", now=session.starts_at, digits="1"
    )
    assert nobody.refusal.code in {"not_a_trainee", "wrong_code"}
    attendance.settle(session=session, now=session.ends_at)
    assert sign(session, zhang.trainee, minute=10).refusal.code == "session_settled"


@pytest.mark.parametrize("came_before", [False, True])
def test_settling_between_the_look_and_the_write_refuses(session, zhang, monkeypatch, came_before) -> None:
    """What races only sometimes, made to happen: the door was read while the session was still open."""
    if came_before:
        sign(session, zhang.trainee)
    look = checkin._door
    settled = []

    def look_then_settle(session_id, who):
        door = look(session_id, who)
        if not settled:
            settled.append(attendance.settle(session=session, now=session.ends_at))
        return door

    monkeypatch.setattr(checkin, "_door", look_then_settle)
    direction = "out" if came_before else "in"
    result = sign(session, zhang.trainee, direction, minute=170, source=Source.ROLL_CALL)
    assert settled
    assert (result.outcome, result.refusal.code) == (Outcome.REFUSED, "session_settled")
    events = CheckinEvent.objects.filter(direction=direction, outcome=Outcome.ACCEPTED)
    assert not events.exists()
    assert not Attendance.objects.filter(signed_out_at__isnull=False).exists()
    assert Attendance.objects.filter(signed_in_at__isnull=False).exists() == came_before


def test_the_code_on_the_screen_signs_in_and_guessing_does_not(session, zhang) -> None:
    now = session.starts_at + 5 * MINUTE
    good = code_at(secret=session.secret, session_id=session.pk, direction="in", moment=now).digits

    def enter(digits, number):
        return attendance.check_in_self(
            session_id=session.pk, user=zhang, nonce=f"n{number}", now=now, digits=digits
        )

    wrong = f"{(int(good) + 1) % 10**6:06d}"
    refusals = [enter(wrong, number).refusal.code for number in range(6)]
    assert refusals == ["wrong_code"] * 5 + ["too_many_tries"]
    assert enter(good, 7).is_done
    out = code_at(secret=session.secret, session_id=session.pk, direction="out", moment=now).digits
    assert enter(out, 8).direction == "out"


def test_a_missing_sign_out_is_an_exception_that_staff_settle(session, zhang, zhao) -> None:
    sign(session, zhang.trainee)
    result = attendance.settle(session=session, now=session.ends_at)
    assert (result.posted, result.exceptions) == (0, 1)
    row = attendance.correct(
        session=session,
        trainee=zhang.trainee,
        actor=zhao,
        reason_given="手机没电",
        now=session.ends_at,
        signed_out_at=session.ends_at,
    )
    assert (row.status, row.quarters) == (AttendanceStatus.PRESENT, 16)
    assert HourEntry.objects.get(trainee=zhang.trainee).quarters == 16


def test_a_correction_reverses_and_posts_again_and_everything_stays(session, zhang, zhao) -> None:
    sign(session, zhang.trainee)
    sign(session, zhang.trainee, "out", minute=180)
    attendance.settle(session=session, now=session.ends_at)
    with pytest.raises(Refused):
        attendance.correct(
            session=session,
            trainee=zhang.trainee,
            actor=zhao,
            reason_given="",
            now=session.ends_at,
            ruling="absent",
        )
    attendance.correct(
        session=session,
        trainee=zhang.trainee,
        actor=zhao,
        reason_given="他人代签",
        now=session.ends_at,
        ruling="absent",
    )
    entries = list(HourEntry.objects.filter(trainee=zhang.trainee).order_by("pk"))
    assert [entry.quarters for entry in entries] == [16, -16]
    assert entries[1].reverses == entries[0]
    assert entries[1].recorded_by == zhao
    assert "他人代签" in entries[1].note
    attendance.correct(
        session=session,
        trainee=zhang.trainee,
        actor=zhao,
        reason_given="查监控属实",
        now=session.ends_at,
        ruling="present",
    )
    assert [entry.quarters for entry in HourEntry.objects.filter(trainee=zhang.trainee).order_by("pk")] == [
        16,
        -16,
        16,
    ]
    assert CheckinEvent.objects.filter(trainee=zhang.trainee).count() == 4


def test_leave_that_was_approved_is_not_absence(training_class, zhang, wang, zhao) -> None:
    session = make.session(training_class=training_class, starts_at=at(9, days=1))
    leave = ask(session=session, trainee=zhang.trainee, reason_given="出差", now=at(8), actor=zhang)
    decide(leave=leave, approve=True, now=at(8), actor=zhao)
    with pytest.raises(Refused):
        decide(leave=leave, approve=False, now=at(8), actor=zhao)
    attendance.settle(session=session, now=session.ends_at)
    statuses = dict(Attendance.objects.values_list("trainee", "status"))
    assert statuses == {zhang.trainee.pk: "on_leave", wang.trainee.pk: "absent"}


def test_a_running_session_is_not_settled(session) -> None:
    with pytest.raises(Refused) as caught:
        attendance.settle(session=session, now=session.ends_at - MINUTE)
    assert caught.value.code == "session_not_over"


def test_hours_that_the_ledger_refuses_are_shown_with_its_reason(session, zhang) -> None:
    from enrollment.actions.hours import credit_hours

    credit_hours(
        trainee=zhang.trainee,
        kind="external",
        quarters=4,
        title="另一培训",
        evidence_type="external",
        evidence_id="1",
        occurred_at=session.starts_at,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
    )
    sign(session, zhang.trainee)
    sign(session, zhang.trainee, "out", minute=180)
    result = attendance.settle(session=session, now=session.ends_at)
    assert [found.code for _trainee, found in result.refused] == ["hours_overlap"]
    assert "另一培训" in Attendance.objects.get(trainee=zhang.trainee).refusal


def centralized_of(user) -> tuple[int, list[bool]]:
    standing = Standing.objects.get(trainee=user.trainee, year=timezone.localdate().year)
    marks = HourEntry.objects.filter(trainee=user.trainee).order_by("pk")
    return standing.centralized_entries, list(marks.values_list("is_centralized", flat=True))


@pytest.mark.parametrize("is_centralized", [True, False])
def test_a_session_is_a_centralized_training_where_its_class_is(session, wang, is_centralized) -> None:
    TrainingClass.objects.filter(pk=session.training_class_id).update(is_centralized=is_centralized)
    sign(session, wang.trainee)
    sign(session, wang.trainee, "out", minute=180)
    attendance.settle(session=session, now=session.ends_at)
    assert centralized_of(wang) == (int(is_centralized), [is_centralized])
    rebuild_standings(year=timezone.localdate().year)
    assert centralized_of(wang)[0] == int(is_centralized)
    assert verify().agrees


def test_a_session_of_no_class_is_no_centralized_training(wang, zhao) -> None:
    open_session = make.session(training_class=None, seats=5, trainee_ids=[wang.trainee.pk])
    sign(open_session, wang.trainee)
    sign(open_session, wang.trainee, "out", minute=180)
    attendance.settle(session=open_session, now=open_session.ends_at)
    assert centralized_of(wang) == (0, [False])


def test_a_class_marked_later_counts_after_recomputing(session, wang) -> None:
    TrainingClass.objects.filter(pk=session.training_class_id).update(is_centralized=False)
    sign(session, wang.trainee)
    sign(session, wang.trainee, "out", minute=180)
    attendance.settle(session=session, now=session.ends_at)
    TrainingClass.objects.filter(pk=session.training_class_id).update(is_centralized=True)
    attendance.recompute(session=session, now=session.ends_at)
    assert centralized_of(wang) == (1, [False, False, True])
    attendance.recompute(session=session, now=session.ends_at)
    assert centralized_of(wang) == (1, [False, False, True])
    assert verify().agrees


def test_events_cannot_be_changed_or_deleted(session, zhang) -> None:
    sign(session, zhang.trainee)
    event = CheckinEvent.objects.get()
    for attempt in (event.save, event.delete, CheckinEvent.objects.all().delete):
        with pytest.raises(EventsAreAppendOnly):
            attempt()
    with pytest.raises(EventsAreAppendOnly):
        CheckinEvent.objects.update(note="x")


def test_a_history_is_recorded_and_settled_in_bulk(tree, django_assert_max_num_queries) -> None:
    people = make.trainees(tree.soft, 120)
    training_class = make.TrainingClassFactory(capacity=200)
    make.on_roster(training_class, *people)
    held = [
        make.session(training_class=training_class, starts_at=at(9, days=-days), title=f"第{days}课")
        for days in (3, 2, 1)
    ]
    history = [
        Attended(session.pk, person.pk, session.starts_at, session.ends_at)
        for session in held
        for person in people[:100]
    ]
    assert attendance.record_in_bulk(attended=history) == 600
    assert attendance.record_in_bulk(attended=history) == 0
    with django_assert_max_num_queries(60):
        result = attendance.settle_in_bulk(sessions=held, now=at(8))
    assert (result.posted, result.exceptions, result.refused) == (300, 0, [])
    assert Attendance.objects.filter(status="absent").count() == 60
    assert attendance.settle_in_bulk(sessions=held, now=at(8)).posted == 0


steps = st.lists(
    st.tuples(
        st.sampled_from(["in", "out", "present", "absent", "late", "recompute", "settle"]),
        st.integers(-40, 260),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_whatever_happens_in_whatever_order_projection_and_ledger_agree_with_the_events(
    training_class, zhang, zhao, tree, moves
) -> None:
    from django.db import transaction

    from practicum.reports import differences

    with transaction.atomic():
        begin = at(9, days=-2)
        session = make.session(training_class=training_class, starts_at=begin)
        for number, (move, minute) in enumerate(moves):
            now = begin + minute * MINUTE
            if move in ("in", "out"):
                sign(session, zhang.trainee, move, minute=minute, nonce=f"{number}")
            elif move == "recompute":
                attendance.recompute(session=session, now=session.ends_at)
            elif move == "settle":
                attendance.settle(session=session, now=session.ends_at)
            else:
                attendance.correct(
                    session=session,
                    trainee=zhang.trainee,
                    actor=zhao,
                    reason_given="核实",
                    now=now,
                    ruling=move,
                )
        attendance.settle(session=session, now=session.ends_at)
        assert list(differences(now=session.ends_at)) == []
        transaction.set_rollback(True)
