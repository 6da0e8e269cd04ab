"""External training and adjustments: sent by one, decided by another, posted once, taken back."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from PIL import Image

from cms.refusals import Refused
from enrollment.actions.claims import (
    claim_behind,
    decide,
    propose_adjustment,
    send_training,
    withdraw_claim,
)
from enrollment.actions.hours import credit_hours
from enrollment.actions.people import depart
from enrollment.actions.roles import grant_role
from enrollment.actions.verification import verify
from enrollment.actions.years import close_year
from enrollment.evidence import MAX_BYTES, EvidenceFile, inspect
from enrollment.models import (
    ExternalTraining,
    HourAdjustment,
    HourEntry,
    Message,
    Role,
    Standing,
    User,
    YearClosure,
)
from enrollment.rules import claims as rules

YEAR = timezone.localdate().year
ZONE = ZoneInfo("Asia/Shanghai")
NINE = timezone.make_aware(dt.datetime(YEAR, 3, 3, 9))
PDF = b"%PDF-1.7\n1 0 obj\nendobj\ntrailer\n%%EOF\n"


def agrees():
    verdict = verify()
    assert verdict.agrees, [str(difference) for difference in verdict.differences]


def file(content=PDF):
    return inspect(io.BytesIO(content), len(content))


def sent(actor, about=None, **changes):
    begins = changes.pop("starts_at", NINE)
    values = {
        "title": "区委党校轮训",
        "organizer": "区委党校",
        "starts_at": begins,
        "ends_at": begins + dt.timedelta(hours=8),
        "unit": "day",
        "amount": Decimal(1),
        "evidence": EvidenceFile("pdf", changes.pop("digest", f"digest-{begins}"), PDF),
        "evidence_name": "结业证.pdf",
        "submission_key": f"key-{actor.pk}-{begins}-{changes.get('title', '')}",
    } | changes
    return send_training(trainee=(about or actor).trainee, actor=actor, **values)


def proposed(actor, about, **changes):
    values = {
        "title": "补录",
        "reason": "旧系统中的学时",
        "year": YEAR,
        "quarters": 8,
        "submission_key": f"adjust-{changes.get('title', '')}-{changes.get('year', '')}",
    } | changes
    return propose_adjustment(trainee=about.trainee, actor=actor, **values)


# --- The file -------------------------------------------------------------------------------------


def picture(kind, size=(40, 20), **details):
    target = io.BytesIO()
    Image.new("RGB", size, "red").save(target, kind, **details)
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"), [(PDF, "pdf"), (picture("JPEG"), "jpg"), (picture("PNG"), "png")]
)
def test_what_is_in_the_file_decides(content, kind):
    kept = file(content)
    assert kept.kind == kind
    assert len(kept.digest) == 64
    assert kept.stored().name.endswith(f".{kind}")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "evidence_empty"),
        (b"<html><script>alert(1)</script>", "evidence_wrong_kind"),
        (b"MZ\x90\x00", "evidence_wrong_kind"),
        (picture("GIF"), "evidence_wrong_kind"),
        (b"%PDF-1.7 cut off", "evidence_broken"),
        (picture("JPEG")[:200], "evidence_broken"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "evidence_broken"),
        (b"%PDF-" + b"x" * MAX_BYTES, "evidence_too_large"),
    ],
)
def test_what_is_no_evidence(content, code):
    with pytest.raises(Refused, match=code):
        file(content)


def test_a_size_that_is_told_is_refused_before_anything_is_read():
    class Untouched(io.BytesIO):
        def read(self, *_args):
            raise AssertionError("read")

    with pytest.raises(Refused, match="evidence_too_large"):
        inspect(Untouched(), MAX_BYTES + 1)


def test_a_picture_tells_neither_place_nor_device():
    exif = Image.Exif()
    exif[0x010F] = "CameraMaker"
    exif.get_ifd(0x8825)[1] = "N"
    content = picture("JPEG", exif=exif) + b"hidden behind the end"
    kept = file(content)
    assert b"CameraMaker" in content
    with Image.open(io.BytesIO(kept.content)) as again:
        assert not again.getexif()
    assert b"hidden" not in kept.content


def test_a_large_photograph_is_kept_smaller():
    with Image.open(io.BytesIO(file(picture("JPEG", (6000, 2000))).content)) as kept:
        assert kept.size == (3000, 1000)


# --- Rules without a database -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "amount", "quarters"),
    [("half_day", 3, 48), ("day", Decimal("1.5"), 48), ("hour", Decimal("2.25"), 9)],
)
def test_worth(unit, amount, quarters):
    assert rules.worth(unit, Decimal(amount), half_day=Decimal(4), day=Decimal(8)) == quarters


@pytest.mark.parametrize(
    ("hours", "quarters"), [(3, 16), (8, 32), (30, 64), (1, 5)], ids=["morning", "day", "two", "hour"]
)
def test_time_holds_only_so_much(hours, quarters):
    begins = dt.datetime(2026, 3, 3, 9, tzinfo=ZONE)
    ends = begins + dt.timedelta(hours=hours)
    assert rules.most(begins, ends, day=Decimal(8), hour_minutes=45) == quarters


# --- From sending to the ledger -----------------------------------------------------------------------


def test_a_trainee_sends_and_the_affairs_worker_approves(zhang, li):
    training = sent(zhang)
    assert (training.status, training.quarters, training.rule.code) == ("open", 32, "day")
    assert not HourEntry.objects.exists()
    decide(claim=training, actor=li, approve=True)
    entry = HourEntry.objects.get()
    assert (entry.kind, entry.quarters, entry.evidence_type, entry.evidence_id) == (
        "external",
        32,
        "external",
        str(training.pk),
    )
    assert (entry.rule.code, entry.recorded_by) == ("day", li)
    assert Standing.objects.get(trainee=zhang.trainee).earned_quarters == 32
    assert ExternalTraining.objects.get().entry == entry
    assert Message.objects.get(recipient=zhang).kind == "claim_decided"
    agrees()


def test_what_a_worker_sends_the_academy_decides_and_never_the_sender(zhang, li, zhao):
    training = sent(li, about=zhang)
    with pytest.raises(Refused, match="claim_not_for_you"):
        decide(claim=training, actor=li, approve=True)
    assert not ExternalTraining.objects.decidable_by(li).exists()
    decide(claim=training, actor=zhao, approve=True)
    assert HourEntry.objects.count() == 1


def test_another_worker_of_the_branch_does_not_decide_it_either(zhang, li, wang):
    grant_role(user=wang, role=Role.AFFAIRS_WORKER, organization=zhang.trainee.home_organization)
    training = sent(li, about=zhang)
    wang = User.objects.get(pk=wang.pk)
    assert not ExternalTraining.objects.decidable_by(wang).exists()
    with pytest.raises(Refused, match="claim_not_for_you"):
        decide(claim=training, actor=wang, approve=True)


def test_nobody_decides_about_their_own(li, zhao, tree):
    training = sent(li)
    with pytest.raises(Refused, match="claim_not_for_you"):
        decide(claim=training, actor=li, approve=True)
    training = sent(zhao, about=li, starts_at=NINE + dt.timedelta(days=7))
    with pytest.raises(Refused, match="claim_not_for_you"):
        decide(claim=training, actor=zhao, approve=True)


def test_the_database_knows_two_people(zhang, li):
    training = sent(zhang)
    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        ExternalTraining.objects.filter(pk=training.pk).update(
            status="approved", decided_by=zhang, decided_at=timezone.now()
        )


def test_strangers_neither_send_nor_decide_nor_see(zhang, outsider):
    with pytest.raises(Refused, match="claim_not_yours"):
        sent(outsider, about=zhang)
    training = sent(zhang)
    assert not ExternalTraining.objects.visible_to(outsider).exists()
    with pytest.raises(Refused, match="claim_not_for_you"):
        decide(claim=training, actor=outsider, approve=True)
    with pytest.raises(Refused, match="claim_not_yours_to_withdraw"):
        withdraw_claim(claim=training, actor=outsider, reason="无关")


def test_a_decision_is_made_once_and_declining_needs_a_reason(zhang, li, zhao):
    training = sent(zhang)
    with pytest.raises(Refused, match="decision_reason_missing"):
        decide(claim=training, actor=li, approve=False, reason=" ")
    decide(claim=training, actor=li, approve=False, reason="证明看不清")
    with pytest.raises(Refused, match="claim_not_waiting"):
        decide(claim=training, actor=zhao, approve=True)
    assert not HourEntry.objects.exists()
    again = sent(zhang, submission_key="second")
    assert again.pk != training.pk, "what was declined may be sent again"


def test_the_same_form_sent_twice_is_one(zhang):
    assert sent(zhang) == sent(zhang)
    assert ExternalTraining.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"starts_at": NINE + dt.timedelta(days=1), "digest": f"digest-{NINE}"}, "evidence_sent_before"),
        ({"starts_at": NINE + dt.timedelta(hours=4), "digest": "other"}, "training_sent_before"),
    ],
)
def test_the_same_training_sent_twice_is_refused(zhang, changes, code):
    sent(zhang)
    with pytest.raises(Refused) as refused:
        sent(zhang, submission_key="another", **changes)
    assert refused.value.code == code
    if code == "training_sent_before":
        assert "区委党校轮训" in refused.value.sentence


def test_the_database_refuses_it_too(zhang):
    training = sent(zhang)
    training.pk, training.submission_key = None, "bypass"
    with pytest.raises(IntegrityError, match=r"UNIQUE|unique"), transaction.atomic():
        training.save(force_insert=True)


def test_an_overlap_with_the_ledger_is_refused_at_once_and_again_when_approved(zhang, li):
    def lecture(number, begins):
        credit_hours(
            trainee=zhang.trainee,
            kind="branch",
            quarters=4,
            title="支部党课",
            evidence_type="branch",
            evidence_id=number,
            occurred_at=begins,
            starts_at=begins,
            ends_at=begins + dt.timedelta(hours=1),
        )

    lecture(1, NINE)
    with pytest.raises(Refused) as refused:
        sent(zhang)
    assert refused.value.code == "hours_overlap"
    assert "支部党课" in refused.value.sentence
    later = NINE + dt.timedelta(days=2)
    training = sent(zhang, starts_at=later)
    lecture(2, later)
    with pytest.raises(Refused, match="hours_overlap"):
        decide(claim=training, actor=li, approve=True)
    training.refresh_from_db()
    assert training.status == "open", "a refused approval leaves it waiting"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": " "}, "claim_title_missing"),
        ({"organizer": " "}, "claim_organizer_missing"),
        ({"amount": Decimal(0)}, "claim_not_in_steps"),
        ({"amount": Decimal("0.3")}, "claim_not_in_steps"),
        ({"amount": Decimal(2)}, "claims_too_much"),
        ({"ends_at": NINE}, "claim_backward"),
        ({"ends_at": NINE + dt.timedelta(days=40)}, "claim_too_long"),
        ({"starts_at": timezone.now() + dt.timedelta(days=1)}, "claim_in_future"),
    ],
)
def test_what_a_training_must_be(zhang, changes, code, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    with pytest.raises(Refused) as refused:
        sent(zhang, **changes)
    assert code in [reason.code for reason in refused.value.reasons]
    assert not [path for path in Path(tmp_path).rglob("*") if path.is_file()], "no file is left behind"


def test_taking_back_reverses_and_sending_again_corrects(zhang, li):
    training = decide(claim=sent(zhang), actor=li, approve=True)
    with pytest.raises(Refused, match="withdrawal_reason_missing"):
        withdraw_claim(claim=training, actor=zhang, reason="")
    withdraw_claim(claim=training, actor=zhang, reason="天数填错")
    assert [entry.quarters for entry in HourEntry.objects.order_by("pk")] == [32, -32]
    assert HourEntry.objects.latest("pk").note == "天数填错"
    assert Standing.objects.get(trainee=zhang.trainee).earned_quarters == 0
    with pytest.raises(Refused, match="claim_closed"):
        withdraw_claim(claim=training, actor=zhang, reason="再来一次")
    corrected = sent(zhang, unit="half_day", submission_key="corrected")
    decide(claim=corrected, actor=li, approve=True)
    assert Standing.objects.get(trainee=zhang.trainee).earned_quarters == 16
    agrees()


def test_an_open_one_taken_back_posts_nothing(zhang, li):
    training = withdraw_claim(claim=sent(zhang), actor=zhang, reason="误交")
    assert not HourEntry.objects.exists()
    with pytest.raises(Refused, match="claim_not_waiting"):
        decide(claim=training, actor=li, approve=True)


# --- Adjustments ------------------------------------------------------------------------------------


def test_two_people_adjust(zhang, li, zhao):
    claim = proposed(li, zhang)
    with pytest.raises(Refused, match="claim_not_for_you"):
        decide(claim=claim, actor=li, approve=True)
    decide(claim=claim, actor=zhao, approve=True)
    entry = HourEntry.objects.get()
    assert (entry.kind, entry.quarters, entry.note, entry.year) == ("adjustment", 8, "旧系统中的学时", YEAR)
    assert claim_behind(entry) == claim
    agrees()


def test_an_administrator_who_proposes_needs_another(zhang, zhao, tree):
    claim = proposed(zhao, zhang)
    with pytest.raises(Refused, match="claim_not_for_you"):
        decide(claim=claim, actor=zhao, approve=True)
    other = User.objects.create_user("other", password="x", name="钱管理员")
    grant_role(user=other, role=Role.ADMINISTRATOR)
    decide(claim=claim, actor=User.objects.get(pk=other.pk), approve=True)
    assert HourEntry.objects.count() == 1


def test_the_database_knows_two_people_of_an_adjustment(zhang, zhao):
    claim = proposed(zhao, zhang)
    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        HourAdjustment.objects.filter(pk=claim.pk).update(
            status="approved", decided_by=zhao, decided_at=timezone.now()
        )


def test_nobody_proposes_for_themselves_or_for_strangers(li, outsider, zhang):
    for about in (li, outsider):
        with pytest.raises(Refused, match="claim_not_yours"):
            proposed(li, about)
    with pytest.raises(Refused, match="claim_not_yours"):
        proposed(zhang, li)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": ""}, "claim_title_missing"),
        ({"reason": " "}, "claim_reason_missing"),
        ({"quarters": 0}, "hours_not_positive"),
        ({"quarters": 401}, "hours_too_many"),
        ({"year": YEAR + 1}, "claim_year_to_come"),
    ],
)
def test_what_an_adjustment_must_be(zhang, li, changes, code):
    with pytest.raises(Refused, match=code):
        proposed(li, zhang, **changes)


def test_a_closed_year_takes_it_with_a_mark_and_a_frozen_one_not_at_all(zhang, li, zhao):
    waiting = proposed(li, zhang, year=YEAR - 1, title="等待")
    close_year(year=YEAR - 1, actor=zhao)
    decide(claim=proposed(li, zhang, year=YEAR - 1), actor=zhao, approve=True)
    entry = HourEntry.objects.get()
    assert (entry.year, entry.is_late) == (YEAR - 1, True)
    YearClosure.objects.update(late_until=timezone.now() - dt.timedelta(days=1))
    with pytest.raises(Refused, match="year_frozen"):
        proposed(li, zhang, year=YEAR - 1, title="太迟")
    with pytest.raises(Refused, match="year_frozen"):
        decide(claim=waiting, actor=zhao, approve=True)
    agrees()


def test_hours_of_somebody_who_left_go_to_the_time_before(zhang, li, zhao):
    depart(trainee=zhang.trainee, on=dt.date(YEAR, 2, 1), actor=None)
    decide(claim=proposed(li, zhang), actor=zhao, approve=True)
    assert HourEntry.objects.get().year == YEAR


# --- The pages ----------------------------------------------------------------------------------------


def test_the_screen_of_the_ledger_takes_the_claim_back_with_its_hours(zhang, li, zhao, sign_in):
    training = decide(claim=sent(zhang), actor=li, approve=True)
    entry = HourEntry.objects.get()
    sign_in(user=zhao).post(f"/admin/hour_entries/reverse/{entry.pk}/", {"reason": "抽查发现不实"})
    training.refresh_from_db()
    assert (training.status, training.withdrawal) == ("withdrawn", "抽查发现不实")
    assert HourEntry.objects.count() == 2
    agrees()
