"""External training on the screen: sent in, seen by few, decided, taken back; and adjustments."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from enrollment.models import ExternalTraining, HourAdjustment, HourEntry

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\nendobj\ntrailer\n%%EOF\n"


def form(**changes):
    day = (timezone.localdate() - dt.timedelta(days=5)).isoformat()
    return {
        "title": "区委党校轮训",
        "organizer": "区委党校",
        "first_day": day,
        "starts": "09:00",
        "last_day": day,
        "ends": "17:00",
        "amount": "1",
        "unit": "day",
        "file": SimpleUploadedFile("证明.pdf", PDF),
        "submission_key": "one",
    } | changes


def send(client, **changes):
    return client.post(reverse("portal:external_new"), form(**changes))


def test_from_the_form_to_the_ledger(sign_in, zhang, li):
    person, desk = sign_in(user=zhang), sign_in(user=li)
    assert send(person)["Location"] == reverse("portal:external")
    training = ExternalTraining.objects.get()
    listed = desk.get(reverse("portal:workbench_external"))
    assert listed.context["waiting"] == 1
    assert "待我审批" in listed.content.decode()
    page = desk.get(reverse("portal:external_record", args=[training.pk]))
    assert page.context["may_decide"]
    desk.post(reverse("portal:external_decide", args=[training.pk]), {"verdict": "approve"})
    assert HourEntry.objects.get().quarters == 32
    shown = person.get(reverse("portal:external_record", args=[training.pk])).content.decode()
    assert "李干事" in shown
    person.post(reverse("portal:external_withdraw", args=[training.pk]), {"reason": "填错"})
    assert HourEntry.objects.count() == 2


def test_the_file_is_private(sign_in, everyone, client):
    send(sign_in(user=everyone["zhang"]))
    training = ExternalTraining.objects.get()
    address = reverse("portal:external_evidence", args=[training.pk])
    for name, user in everyone.items():
        answer = sign_in(user=user).get(address)
        assert answer.status_code == (200 if name in {"zhang", "li", "zhao"} else 404), name
        if answer.status_code == 200:
            assert b"".join(answer.streaming_content) == PDF
            assert answer["Content-Disposition"].startswith("attachment")
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert "no-store" in answer["Cache-Control"]
    assert client.get(address).status_code == 302
    assert client.get(f"/media/{training.evidence.name}").status_code in {302, 403, 404}
    assert sign_in(user=everyone["zhang"]).get(f"/media/{training.evidence.name}").status_code in {403, 404}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"file": SimpleUploadedFile("证明.pdf", b"MZ not a pdf")}, "file"),
        ({"amount": "3"}, "amount"),
        ({"ends": "08:00"}, "last_day"),
        ({"first_day": "", "last_day": ""}, "first_day"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(sign_in, zhang, changes, field):
    answer = send(sign_in(user=zhang), **changes)
    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert not ExternalTraining.objects.exists()


def test_a_worker_sends_for_one_of_their_people_only(sign_in, zhang, li, outsider):
    desk = sign_in(user=li)
    found = desk.get(reverse("portal:workbench_external"), {"q": "张学员"})
    assert f"?trainee={zhang.trainee.pk}" in found.content.decode()
    address = f"{reverse('portal:workbench_external_new')}?trainee="
    assert desk.get(f"{address}{outsider.trainee.pk}").status_code == 404
    assert desk.post(f"{address}{zhang.trainee.pk}", form()).status_code == 302
    training = ExternalTraining.objects.get()
    assert (training.trainee, training.submitted_by) == (zhang.trainee, li)
    answer = desk.post(
        reverse("portal:external_decide", args=[training.pk]), {"verdict": "approve"}, follow=True
    )
    assert "不能审批自己提交" in answer.content.decode()


def test_an_adjustment_from_proposal_to_approval(sign_in, zhang, li, zhao):
    desk, office = sign_in(user=li), sign_in(user=zhao)
    address = f"{reverse('portal:workbench_adjustment_new')}?trainee={zhang.trainee.pk}"
    data = {"title": "补录", "hours": "2.5", "year": timezone.localdate().year, "submission_key": "a"}
    assert desk.post(address, data | {"reason": ""}).status_code == 422
    assert desk.post(address, data | {"hours": "2.3", "reason": "旧系统"}).status_code == 422
    assert desk.post(address, data | {"reason": "旧系统"}).status_code == 302
    claim = HourAdjustment.objects.get()
    decision = reverse("portal:workbench_adjustment_decide", args=[claim.pk])
    desk.post(decision, {"verdict": "approve"})
    assert not HourEntry.objects.exists()
    assert office.get(reverse("portal:workbench_adjustments")).context["waiting"] == 1
    office.post(decision, {"verdict": "approve"})
    assert HourEntry.objects.get().quarters == 10
    withdrawal = reverse("portal:workbench_adjustment_withdraw", args=[claim.pk])
    office.post(withdrawal, {"reason": "重复"})
    assert HourEntry.objects.count() == 2


def test_lists_cost_the_same_however_long(sign_in, zhang, li):
    person, desk = sign_in(user=zhang), sign_in(user=li)
    send(person)
    for name in ("portal:workbench_external", "portal:workbench_adjustments"):
        desk.get(reverse(name))
    with CaptureQueriesContext(connection) as few:
        desk.get(reverse("portal:workbench_external"))
    for number in range(4):
        day = (timezone.localdate() - dt.timedelta(days=10 + number)).isoformat()
        content = SimpleUploadedFile("证明.pdf", PDF.replace(b"1 0", str(number).encode()))
        send(person, first_day=day, last_day=day, submission_key=f"n{number}", file=content)
    assert ExternalTraining.objects.count() == 5
    with CaptureQueriesContext(connection) as many:
        desk.get(reverse("portal:workbench_external"))
    assert len(many) == len(few)
