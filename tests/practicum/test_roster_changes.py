"""When a roster changes, coming sessions follow at once."""

from __future__ import annotations

import pytest

from cms.refusals import Refused
from enrollment import roster_changes
from enrollment.actions import classes
from enrollment.models import ClassStatus, Enrollment, TrainingClass
from practicum.actions.sessions import follow_roster
from practicum.models import Session
from tests.factories import practicum as make
from tests.factories.enrollment import trainees

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_once(django_capture_on_commit_callbacks):
    """What runs inside is committed at its end."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def session(training_class) -> Session:
    """Tomorrow's session of the class."""
    return make.session(training_class=training_class)


def taken(session: Session) -> set[int]:
    return set(session.occupations.filter(resource_type="trainee").values_list("resource_id", flat=True))


def test_who_joins_late_is_expected_at_once(session, training_class, zhang, wang, outsider, zhao, at_once):
    with at_once():
        classes.enrol(training_class=training_class, trainee=outsider.trainee, actor=zhao)
    assert taken(session) == {zhang.trainee.pk, wang.trainee.pk, outsider.trainee.pk}


def test_who_withdraws_is_free_at_once(session, training_class, zhang, wang, zhao, at_once):
    other = make.TrainingClassFactory()
    make.on_roster(other, zhang.trainee)
    with pytest.raises(Refused):
        make.session(training_class=other)
    with at_once():
        held = Enrollment.objects.get(training_class=training_class, trainee=zhang.trainee)
        classes.withdraw(enrollment=held, actor=zhao, reason="工作调动")
    assert taken(session) == {wang.trainee.pk}
    assert taken(make.session(training_class=other)) == {zhang.trainee.pk}


def test_who_moves_up_from_the_waitlist_takes_the_place(
    session, training_class, zhang, wang, outsider, zhao, at_once
):
    TrainingClass.objects.filter(pk=training_class.pk).update(capacity=2)
    with at_once():
        waiting = classes.enrol(training_class=training_class, trainee=outsider.trainee, actor=zhao)
    assert waiting.status == "waitlisted"
    assert outsider.trainee.pk not in taken(session)
    with at_once():
        held = Enrollment.objects.get(training_class=training_class, trainee=zhang.trainee)
        classes.withdraw(enrollment=held, actor=zhao, reason="工作调动")
    assert taken(session) == {wang.trainee.pk, outsider.trainee.pk}


def test_a_class_that_begins_takes_the_nominated_in(zhang, zhao, at_once):
    training_class = make.TrainingClassFactory(status=ClassStatus.NOMINATING)
    session = make.session(training_class=training_class)
    Enrollment.objects.create(training_class=training_class, trainee=zhang.trainee, status="nominated")
    with at_once():
        classes.transition(training_class=training_class, to=ClassStatus.RUNNING, actor=zhao)
    assert taken(session) == {zhang.trainee.pk}


def test_a_cancelled_class_gives_its_people_free(session, training_class, zhao, at_once):
    with at_once():
        classes.transition(training_class=training_class, to=ClassStatus.CANCELLED, actor=zhao)
    assert taken(session) == set()


def test_nothing_happens_before_the_commit_or_after_a_rollback(session, training_class, outsider, zhao):
    before = taken(session)
    classes.enrol(training_class=training_class, trainee=outsider.trainee, actor=zhao)
    assert taken(session) == before


def test_a_nomination_is_not_the_roster(zhang, zhao, tree, django_capture_on_commit_callbacks):
    training_class = make.TrainingClassFactory(status=ClassStatus.NOMINATING)
    classes.set_quota(training_class=training_class, organization=tree.soft, seats=3, actor=zhao)
    with django_capture_on_commit_callbacks() as said:
        classes.nominate(training_class=training_class, trainee=zhang.trainee, actor=zhao)
    assert said == []


def test_a_listener_that_fails_undoes_nothing(monkeypatch, training_class, outsider, zhao, at_once, caplog):
    def fails(changed: TrainingClass) -> None:
        raise RuntimeError("示例故障")

    heard: list[int] = []
    monkeypatch.setattr(roster_changes, "_listeners", [fails, lambda changed: heard.append(changed.pk)])
    with at_once():
        classes.enrol(training_class=training_class, trainee=outsider.trainee, actor=zhao)
    assert training_class.enrollments.on_roster().filter(trainee=outsider.trainee).exists()
    assert heard == [training_class.pk]
    assert "示例故障" in caplog.text


def test_the_practicum_listens_once():
    assert roster_changes._listeners.count(follow_roster) == 1
    roster_changes.subscribe(follow_roster)
    assert roster_changes._listeners.count(follow_roster) == 1


def test_following_costs_the_same_for_any_roster(training_class, tree, django_assert_max_num_queries):
    make.session(training_class=training_class)
    make.on_roster(training_class, *trainees(tree.soft, 2))
    follow_roster(training_class)
    make.on_roster(training_class, *trainees(tree.make, 20))
    # Savepoint, sessions, roster, occupations, agenda, sessions clashed with, insert, savepoint.
    with django_assert_max_num_queries(9):
        follow_roster(training_class)
