"""Claims of hours: sent in by one person, decided by another, taken back by reversal."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.hours import closures_of, credit_hours, reverse_entry
from enrollment.actions.journal import note
from enrollment.actions.messages import notify
from enrollment.actions.standings import lock_trainees
from enrollment.evidence import EvidenceFile
from enrollment.models import (
    STANDING_CLAIMS,
    Claim,
    ClaimStatus,
    ExternalTraining,
    HourAdjustment,
    HourEntry,
    HourKind,
    HourRuleCode,
    HourSpan,
    Trainee,
    User,
    rulebook,
)
from enrollment.rules import claims as rules
from enrollment.rules.hours import Span, overlap
from enrollment.rules.years import refusal_of_late

EXTERNAL, ADJUSTMENT = "external", "adjustment"
C = TypeVar("C", bound=Claim)
RULE_OF_UNIT = {
    ExternalTraining.Unit.HALF_DAY: HourRuleCode.HALF_DAY,
    ExternalTraining.Unit.DAY: HourRuleCode.DAY,
}


# --- External training ------------------------------------------------------------------------------


def send_training(
    *,
    trainee: Trainee,
    title: str,
    organizer: str,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    unit: str,
    amount: Decimal,
    evidence: EvidenceFile,
    evidence_name: str,
    submission_key: str,
    actor: User,
) -> ExternalTraining:
    """Send in a training held elsewhere, for oneself or for somebody whose record one keeps.

    The same form sent twice (``submission_key``) returns what the first one recorded. The file is written
    before anything is locked, and removed again when the claim is refused.

    Raises:
        Refused: not one's own person; flaws of the claim; the same evidence or time sent before; hours that
            already count at that time; a frozen year.
    """
    training = ExternalTraining(
        trainee=trainee,
        title=title.strip(),
        organizer=organizer.strip(),
        starts_at=starts_at,
        ends_at=ends_at,
        unit=unit,
        amount=amount,
        submission_key=submission_key,
        submitted_by=actor,
        evidence_name=evidence_name[-120:],
        evidence_digest=evidence.digest,
    )
    stored = evidence.stored()
    training.evidence.save(str(stored.name), stored, save=False)
    storage, written = training.evidence.storage, str(training.evidence.name)
    try:
        kept = _send(training, trainee, actor)
    except BaseException:
        storage.delete(written)
        raise
    if kept.evidence.name != written:
        storage.delete(written)
    return kept


@transaction.atomic
def _send(training: ExternalTraining, trainee: Trainee, actor: User) -> ExternalTraining:
    lock_trainees([trainee.pk])
    earlier = ExternalTraining.objects.filter(submission_key=training.submission_key).first()
    if earlier is not None:
        return earlier
    if not may_send_for(actor, trainee):
        raise Refused(rules.NOT_YOURS)
    starts_at, ends_at = timezone.localtime(training.starts_at), timezone.localtime(training.ends_at)
    in_force = rulebook.rules_on(starts_at.date())
    half_day, day = (
        in_force[code].value if code in in_force else Decimal(default)
        for code, default in ((HourRuleCode.HALF_DAY, 4), (HourRuleCode.DAY, 8))
    )
    training.quarters = rules.worth(training.unit, training.amount, half_day=half_day, day=day)
    code = RULE_OF_UNIT.get(ExternalTraining.Unit(training.unit))
    training.rule = in_force.get(code) if code else None
    reasons = list(
        rules.flaws_of_training(
            title=training.title,
            organizer=training.organizer,
            starts_at=starts_at,
            ends_at=ends_at,
            unit=training.unit,
            amount=training.amount,
            quarters=training.quarters,
            day=day,
            hour_minutes=rulebook.hour_minutes_on(starts_at.date()),
            now=timezone.now(),
        )
    )
    if not reasons:
        frozen = refusal_of_late(closures_of({starts_at.year}).get(starts_at.year), timezone.now())
        reasons += [frozen] if frozen else []
        standing = ExternalTraining.objects.filter(trainee=trainee, status__in=STANDING_CLAIMS)
        if standing.filter(evidence_digest=training.evidence_digest).exists():
            reasons.append(rules.FILE_AGAIN)
        same = standing.filter(starts_at__lt=training.ends_at, ends_at__gt=training.starts_at).first()
        if same is not None:
            reasons.append(rules.same_time(same.title))
        else:
            taken = (
                HourSpan.objects.filter(
                    trainee=trainee, starts_at__lt=training.ends_at, ends_at__gt=training.starts_at
                )
                .select_related("entry")
                .first()
            )
            if taken is not None:
                local = Span(timezone.localtime(taken.starts_at), timezone.localtime(taken.ends_at))
                reasons.append(overlap(taken.entry.title, local))
    if reasons:
        raise Refused(*reasons)
    training.save()
    note(training, "enrollment.external.send", actor=actor, data={"hours": str(training.hours)})
    return training


def may_send_for(actor: User, trainee: Trainee) -> bool:
    """Whether ``actor`` may send in training of ``trainee``: one's own, or that of people in one's care."""
    if trainee.user_id is not None and trainee.user_id == actor.pk:
        return True
    return Trainee.objects.manageable_by(actor).filter(pk=trainee.pk).exists()


# --- Adjustments ------------------------------------------------------------------------------------


@transaction.atomic
def propose_adjustment(
    *, trainee: Trainee, title: str, reason: str, year: int, quarters: int, submission_key: str, actor: User
) -> HourAdjustment:
    """Propose hours that no other source can bring; somebody else decides.

    Raises:
        Refused: not one's own person, about oneself, flaws of the claim, or the year is frozen.
    """
    lock_trainees([trainee.pk])
    earlier = HourAdjustment.objects.filter(submission_key=submission_key).first()
    if earlier is not None:
        return earlier
    keeps_record = Trainee.objects.manageable_by(actor).filter(pk=trainee.pk).exists()
    if not keeps_record or trainee.user_id == actor.pk:
        raise Refused(rules.NOT_YOURS)
    now = timezone.now()
    reasons = list(
        rules.flaws_of_adjustment(
            title=title, reason=reason, quarters=quarters, year=year, this_year=timezone.localdate(now).year
        )
    )
    frozen = refusal_of_late(closures_of({year}).get(year), now)
    if frozen is not None:
        reasons.append(frozen)
    if reasons:
        raise Refused(*reasons)
    proposed = HourAdjustment.objects.create(
        trainee=trainee,
        title=title.strip(),
        reason=reason.strip(),
        year=year,
        quarters=quarters,
        submission_key=submission_key,
        submitted_by=actor,
    )
    note(
        proposed,
        "enrollment.adjustment.propose",
        actor=actor,
        data={"year": year, "hours": str(proposed.hours)},
    )
    return proposed


# --- Both -------------------------------------------------------------------------------------------


@transaction.atomic
def decide(*, claim: C, actor: User, approve: bool, reason: str = "") -> C:
    """Approve ``claim``, which posts its hours, or decline it with a reason; the person is told.

    Raises:
        Refused: the actor sent it, is its subject or has no say; it was decided before; declined without a
            reason; or whatever refuses the credit (overlap, frozen year, the person had left).
    """
    locked = _locked(claim)
    if locked.status != ClaimStatus.OPEN:
        raise Refused(rules.NOT_WAITING)
    if not may_decide(actor, claim):
        raise Refused(rules.NOT_FOR_YOU)
    if not approve and not reason.strip():
        raise Refused(rules.DECLINED_WITHOUT_REASON)
    locked.status = ClaimStatus.APPROVED if approve else ClaimStatus.DECLINED
    locked.decided_by, locked.decided_at = actor, timezone.now()
    locked.decision = reason.strip()[:300]
    locked.save(update_fields=["status", "decided_by", "decided_at", "decision"])
    if approve:
        _post(locked, actor)
    note(locked, f"enrollment.{_name(locked)}.decide", actor=actor, data={"status": str(locked.status)})
    _tell(locked)
    return locked


@transaction.atomic
def withdraw_claim(*, claim: C, actor: User, reason: str) -> C:
    """Take a claim back; where its hours were posted, they are reversed with the same reason.

    The person and whoever sent it may, and those who decide about claims of this person.

    Raises:
        Refused: no reason, not the actor's, closed already, or the year is frozen.
    """
    if not reason.strip():
        raise Refused(rules.WITHDRAWN_WITHOUT_REASON)
    locked = _locked(claim)
    if not may_withdraw(actor, locked):
        raise Refused(rules.NOT_YOURS_TO_WITHDRAW)
    if locked.status not in STANDING_CLAIMS:
        raise Refused(rules.NOTHING_TO_WITHDRAW)
    entry = _entry_of(locked)
    if entry is not None:
        reverse_entry(entry=entry, actor=actor, reason=reason)
    locked.status = ClaimStatus.WITHDRAWN
    locked.withdrawn_by, locked.withdrawn_at = actor, timezone.now()
    locked.withdrawal = reason.strip()[:300]
    locked.save(update_fields=["status", "withdrawn_by", "withdrawn_at", "withdrawal"])
    note(locked, f"enrollment.{_name(locked)}.withdraw", actor=actor, data={"reason": locked.withdrawal})
    if actor.pk != locked.submitted_by_id:
        _tell(locked)
    return locked


def may_decide(actor: User, claim: Claim) -> bool:
    """Whether ``actor`` may decide about ``claim`` now."""
    if isinstance(claim, ExternalTraining):
        return ExternalTraining.objects.decidable_by(actor).filter(pk=claim.pk).exists()
    return HourAdjustment.objects.decidable_by(actor).filter(pk=claim.pk).exists()


def may_withdraw(actor: User, claim: Claim) -> bool:
    """Whether ``actor`` may take ``claim`` back."""
    if actor.scope.everything or actor.pk == claim.submitted_by_id:
        return True
    if claim.trainee.user_id == actor.pk:
        return True
    keeps = Trainee.objects.manageable_by(actor).filter(pk=claim.trainee_id)
    return isinstance(claim, ExternalTraining) and keeps.exists()


def claim_behind(entry: HourEntry) -> Claim | None:
    """The approved claim that ``entry`` was posted for; it is taken back together with its hours."""
    if not entry.evidence_id.isdecimal():
        return None
    wanted = {
        "pk": int(entry.evidence_id),
        "trainee_id": entry.trainee_id,
        "status": ClaimStatus.APPROVED,
    }
    if entry.evidence_type == EXTERNAL:
        return ExternalTraining.objects.filter(**wanted).first()
    if entry.evidence_type == ADJUSTMENT:
        return HourAdjustment.objects.filter(**wanted).first()
    return None


def _locked(claim: C) -> C:
    """The person first, as everywhere, then the claim."""
    lock_trainees([claim.trainee_id])
    rows: QuerySet[C] = type(claim)._default_manager.select_related("trainee")
    return rows.select_for_update(of=("self",)).get(pk=claim.pk)


def _name(claim: Claim) -> str:
    return EXTERNAL if isinstance(claim, ExternalTraining) else ADJUSTMENT


def _entry_of(claim: Claim) -> HourEntry | None:
    found: HourEntry | None = (
        HourEntry.objects.standing()
        .filter(trainee_id=claim.trainee_id, evidence_type=_name(claim), evidence_id=str(claim.pk))
        .first()
    )
    return found


def _post(claim: Claim, actor: User) -> None:
    if isinstance(claim, ExternalTraining):
        credit_hours(
            trainee=claim.trainee,
            kind=HourKind.EXTERNAL,
            quarters=claim.quarters,
            title=claim.title,
            evidence_type=EXTERNAL,
            evidence_id=claim.pk,
            occurred_at=claim.starts_at,
            starts_at=claim.starts_at,
            ends_at=claim.ends_at,
            rule=claim.rule,
            actor=actor,
            note=claim.organizer,
        )
    elif isinstance(claim, HourAdjustment):
        credit_hours(
            trainee=claim.trainee,
            kind=HourKind.ADJUSTMENT,
            quarters=claim.quarters,
            title=claim.title,
            evidence_type=ADJUSTMENT,
            evidence_id=claim.pk,
            occurred_at=_moment_in(claim.year, claim.trainee),
            actor=actor,
            note=claim.reason,
        )


def _moment_in(year: int, trainee: Trainee) -> dt.datetime:
    """A moment of ``year`` for hours without a time of their own: its end, or today; before somebody left."""
    day = min(dt.date(year, 12, 31), timezone.localdate())
    if trainee.left_on is not None and trainee.left_on.year == year:
        day = min(day, trainee.left_on)
    return timezone.make_aware(dt.datetime.combine(day, dt.time(12)))


def _tell(claim: Claim) -> None:
    """The person hears what became of it, and so does whoever sent it."""
    heard = {claim.trainee.user_id, claim.submitted_by_id} - {
        None,
        claim.decided_by_id,
        claim.withdrawn_by_id,
    }
    notify(
        kind="claim_decided",
        recipients=[pk for pk in heard if pk is not None],
        key=f"{_name(claim)}-{claim.pk}-{claim.status}",
        context={
            "title": claim.title,
            "name": claim.trainee.name,
            "hours": f"{claim.hours:f}",
            "status": str(claim.status),
            "reason": claim.withdrawal or claim.decision,
        },
        link="/me/ledger/",
    )
