"""Who is told what of their place in a class, and when nobody is."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions import certificates, classes
from enrollment.letters import letter
from enrollment.models import ClassStatus, Enrollment, EnrollmentStatus, Message
from tests.factories.enrollment import trainees

pytestmark = pytest.mark.django_db


@pytest.fixture
def training_class(zhao, soft):
    today = timezone.localdate()
    opened = classes.open_class(
        title="示例书记班", starts_on=today, ends_on=today + dt.timedelta(days=2), actor=zhao, capacity=2
    )
    classes.set_quotas(training_class=opened, seats={soft.pk: 2}, actor=zhao)
    return classes.transition(training_class=opened, to=ClassStatus.NOMINATING, actor=zhao)


def told(user) -> list[str]:
    """The kinds of what ``user`` was told, the oldest first."""
    return list(user.inbox.order_by("created_at", "pk").values_list("kind", flat=True))


def text(user) -> str:
    message = user.inbox.latest("created_at")
    found = letter(message.kind, message.context, "en")
    return f"{found.subject}\n{found.body}"


def test_a_nomination_is_told_when_the_academy_takes_it_up(training_class, zhang, li, zhao):
    classes.nominate(training_class=training_class, trainee=zhang.trainee, actor=li)
    assert told(zhang) == []
    classes.transition(training_class=training_class, to=ClassStatus.RUNNING, actor=zhao)
    assert told(zhang) == ["class_enrolled"]
    assert "示例书记班" in text(zhang)
    assert zhang.inbox.get().link == reverse("practicum:schedule")


def test_enrolling_twice_is_told_once_and_coming_back_is_told_again(training_class, zhang, zhao):
    held = classes.enrol(training_class=training_class, trainee=zhang.trainee, actor=zhao)
    classes.enrol(training_class=training_class, trainee=zhang.trainee, actor=zhao)
    assert told(zhang) == ["class_enrolled"]
    classes.withdraw(enrollment=held, actor=zhao, reason="时间冲突")
    classes.enrol(training_class=training_class, trainee=zhang.trainee, actor=zhao)
    assert told(zhang) == ["class_enrolled", "class_refused", "class_enrolled"]


def test_a_class_entered_after_it_was_held_is_news_to_nobody(zhang, zhao):
    day = timezone.localdate() - dt.timedelta(days=30)
    held = classes.open_class(title="示例旧班", starts_on=day, ends_on=day, actor=zhao)
    classes.enrol(training_class=held, trainee=zhang.trainee, actor=zhao)
    assert told(zhang) == []


def test_a_refusal_gives_its_reason_to_the_person_and_to_who_nominated(training_class, zhang, li, zhao):
    held = classes.nominate(training_class=training_class, trainee=zhang.trainee, actor=li)
    classes.withdraw(enrollment=held, actor=zhao, reason="已参加上一期")
    assert "已参加上一期" in text(zhang)
    assert "You do not join" in text(zhang)
    assert "张学员, whom you nominated" in text(li)
    assert told(zhao) == []


def test_who_takes_somebody_out_is_not_told(training_class, zhang, li):
    held = classes.nominate(training_class=training_class, trainee=zhang.trainee, actor=li)
    classes.withdraw(enrollment=held, actor=li, reason="本人申请")
    assert told(li) == []
    assert told(zhang) == ["class_refused"]


def test_moving_up_is_told(training_class, zhang, soft, zhao, li):
    first, second = trainees(soft, 2)
    held = classes.enrol(training_class=training_class, trainee=first, actor=zhao)
    classes.enrol(training_class=training_class, trainee=second, actor=zhao)
    classes.nominate(training_class=training_class, trainee=zhang.trainee, actor=li)
    assert Enrollment.objects.get(trainee=zhang.trainee).status == EnrollmentStatus.WAITLISTED
    assert told(zhang) == []
    classes.withdraw(enrollment=held, actor=zhao, reason="时间冲突")
    assert told(zhang) == ["class_promoted"]
    assert "still has to confirm" in text(zhang)


def test_a_class_called_off_is_told_to_all_and_to_no_nominator(training_class, zhang, wang, li, zhao):
    for user in (zhang, wang):
        classes.nominate(training_class=training_class, trainee=user.trainee, actor=li)
    classes.transition(training_class=training_class, to=ClassStatus.CANCELLED, actor=zhao)
    assert told(zhang) == told(wang) == ["class_refused"]
    assert "called off" in text(zhang)
    assert told(li) == []


def test_a_certificate_is_told_once(training_class, zhang, zhao):
    held = classes.enrol(training_class=training_class, trainee=zhang.trainee, actor=zhao)
    Enrollment.objects.filter(pk=held.pk).update(status=EnrollmentStatus.COMPLETED)
    held.refresh_from_db()
    issued = certificates.issue(enrollment=held, actor=zhao)
    certificates.issue(enrollment=held, actor=zhao)
    assert told(zhang) == ["class_enrolled", "certificate_issued"]
    assert issued.number in text(zhang)


def test_a_deed_that_is_refused_tells_nobody(training_class, zhang, zhao):
    held = classes.enrol(training_class=training_class, trainee=zhang.trainee, actor=zhao)
    Message.objects.all().delete()
    with pytest.raises(Refused):
        classes.withdraw(enrollment=held, actor=zhao, reason="")
    assert Message.objects.count() == 0
