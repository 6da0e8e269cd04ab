"""Somebody asks for a correction of their own record; whoever keeps it answers, and the person is told."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from cms.refusals import Refused
from enrollment.actions.corrections import answer_correction, ask_correction
from enrollment.models import CorrectionRequest, CorrectionStatus, Message

pytestmark = pytest.mark.django_db
TEXT = "手机号码已换，末四位应为 8888。"


def ask(client, text=TEXT):
    return client.post(reverse("portal:ask_for_correction"), {"text": text})


def answer(client, asked, **data):
    return client.post(reverse("portal:workbench_request_answer", args=[asked.pk]), data)


def test_from_the_request_to_the_answer(sign_in, zhang, li, everyone):
    person = sign_in(user=zhang)
    assert ask(person)["Location"] == reverse("portal:personal_data")
    asked = CorrectionRequest.objects.get()
    assert TEXT in person.get(reverse("portal:personal_data")).content.decode()

    desk = sign_in(user=li)
    assert TEXT in desk.get(reverse("portal:workbench_requests")).content.decode()
    assert answer(desk, asked, status="done", answer="已更新").status_code == 302
    asked.refresh_from_db()
    assert (asked.status, asked.answer, asked.answered_by) == ("done", "已更新", li)
    told = Message.objects.get(recipient=zhang)
    assert told.kind == "correction_answered"
    assert "已更新" in person.get(reverse("portal:personal_data")).content.decode()

    # From an old tab: the first answer stands, and nobody is told twice.
    answer(desk, asked, status="declined", answer="另一说法")
    asked.refresh_from_db()
    assert asked.answer == "已更新"
    assert Message.objects.count() == 1
    # Another may be asked for now.
    assert ask(person).status_code == 302


def test_one_request_waits_at_a_time_and_what_was_typed_stays(sign_in, zhang):
    person = sign_in(user=zhang)
    ask(person)
    again = ask(person, "还有一处")
    assert again.status_code == 422
    assert "还有一处" in again.content.decode()
    empty = ask(person, "  ")
    assert empty.status_code == 422
    assert CorrectionRequest.objects.count() == 1


def test_declining_needs_a_word(sign_in, zhang, li):
    asked = ask_correction(trainee=zhang.trainee, text=TEXT)
    answer(sign_in(user=li), asked, status="declined", answer=" ")
    asked.refresh_from_db()
    assert asked.status == CorrectionStatus.OPEN
    answer(sign_in(user=li), asked, status="declined", answer="以身份证为准")
    asked.refresh_from_db()
    assert asked.status == CorrectionStatus.DECLINED


def test_requests_are_for_those_who_keep_the_record(sign_in, zhang, li, zhao, zhou, everyone):
    asked = ask_correction(trainee=zhang.trainee, text=TEXT)
    own = ask_correction(trainee=li.trainee, text="我的一处")
    assert set(CorrectionRequest.objects.manageable_by(li)) == {asked}
    assert set(CorrectionRequest.objects.manageable_by(zhao)) == {asked, own}
    for name in ("zhang", "wang", "zhou", "sun", "chen", "outsider"):
        assert not CorrectionRequest.objects.manageable_by(everyone[name]).exists(), name
    assert answer(sign_in(user=li), own, status="done").status_code == 404
    with pytest.raises(Refused, match="correction_not_yours"):
        answer_correction(request=own, actor=li, status=CorrectionStatus.DONE)
    assert ask(sign_in(user=zhou)).status_code == 404


def test_the_database_knows_what_an_answer_is(zhang):
    for flawed in ({"status": "done"}, {"status": "maybe"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CorrectionRequest.objects.create(trainee=zhang.trainee, text="x", **flawed)


def test_the_list_costs_the_same_for_many(sign_in, zhang, li, wang, django_assert_max_num_queries):
    client = sign_in(user=li)
    for number in range(15):
        asked = ask_correction(trainee=(zhang, wang)[number % 2].trainee, text=f"第{number}处")
        answer_correction(request=asked, actor=li, status=CorrectionStatus.DONE)
    with django_assert_max_num_queries(6):
        assert len(client.get(reverse("portal:workbench_requests")).context["page"]) == 15
