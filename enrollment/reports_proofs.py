"""What a proof of study says, and whether what somebody holds in hand is confirmed: read from the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.models import (
    ERASED_NAME,
    Appointment,
    Certificate,
    Enrollment,
    HourBalance,
    HourEntry,
    ProofKind,
    Standing,
    StudyProof,
    Trainee,
)
from enrollment.rules.codes import in_chinese, masked_name, plain


def figures_of(trainee: Trainee, kind: str, year: int) -> dict[str, dict[str, int]]:
    """Quarter hours by year and kind as the ledger has them now (one query)."""
    balances = HourBalance.objects.filter(trainee=trainee).exclude(quarters=0)
    if kind == ProofKind.YEAR:
        balances = balances.filter(year=year)
    figures: dict[str, dict[str, int]] = {}
    for row in balances.order_by("year", "kind"):
        figures.setdefault(str(row.year), {})[row.kind] = row.quarters
    return figures


def _standing(row: Standing) -> dict[str, Any]:
    return {
        "year": row.year,
        "organization": row.organization.name,
        "required": None if row.is_exempt else row.required_quarters,
        "earned": row.earned_quarters,
        "is_exempt": row.is_exempt,
        "has_reached": row.has_reached,
    }


def content_of(trainee: Trainee, kind: str, year: int) -> dict[str, Any]:
    """Everything that stands on a proof, as plain values that can be kept (six queries at most)."""
    standings = Standing.objects.filter(trainee=trainee).select_related("organization").order_by("year")
    posts = (
        Appointment.objects.filter(trainee=trainee)
        .select_related("organization")
        .order_by("started_on", "pk")
    )
    content: dict[str, Any] = {
        "name": trainee.name,
        "gender": {"m": "男", "f": "女"}.get(trainee.gender, ""),
        "organization": trainee.home_organization.name,
        "figures": figures_of(trainee, kind, year),
    }
    if kind == ProofKind.YEAR:
        content["standings"] = [_standing(row) for row in standings.filter(year=year)]
        content["entries"] = [
            {
                "on": timezone.localdate(row.starts_at or row.recorded_at).isoformat(),
                "title": row.title,
                "kind": row.kind,
                "quarters": row.quarters,
            }
            for row in HourEntry.objects.standing()
            .filter(trainee=trainee, year=year)
            .order_by(Coalesce("starts_at", "recorded_at"), "pk")
        ]
        return content
    content["standings"] = [_standing(row) for row in standings]
    content["joined_on"] = in_chinese(trainee.joined_on) if trainee.joined_on else ""
    content["posts"] = [
        {
            "post": row.post,
            "organization": row.organization.name,
            "from": row.started_on.isoformat(),
            "to": row.ended_on.isoformat() if row.ended_on else "",
        }
        for row in posts
    ]
    held = (
        Enrollment.objects.filter(trainee=trainee)
        .on_roster()
        .select_related("training_class", "certificate")
        .order_by("training_class__starts_on", "pk")
    )
    content["classes"] = [
        {
            "title": row.training_class.title,
            "from": row.training_class.starts_on.isoformat(),
            "to": row.training_class.ends_on.isoformat(),
            "certificate": _number(row),
        }
        for row in held
    ]
    return content


def _number(row: Enrollment) -> str:
    certificate = getattr(row, "certificate", None)
    return certificate.number if certificate is not None and certificate.is_in_force else ""


# --- For strangers ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Confirmation:
    """What a stranger learns of a paper: never a full name, an organization or a reason."""

    title: str | Promise
    number: str
    state: str
    facts: list[tuple[str | Promise, str]] = field(default_factory=list)


def _holder(name: str) -> str:
    """The name as a stranger sees it; of somebody who was erased there is none any more."""
    if name == ERASED_NAME:
        return gettext("Erased after the holder left; the academy can no longer say whose it is.")
    return masked_name(name)


def confirm_certificate(certificate: Certificate) -> Confirmation:
    """Of a certificate: genuine, revoked or replaced (and by which number)."""
    facts: list[tuple[str | Promise, str]] = [
        (_("Name"), _holder(certificate.holder)),
        (_("Training class"), str(certificate.printed.get("class", ""))),
        (_("Issued on"), in_chinese(timezone.localdate(certificate.issued_at))),
    ]
    state = "genuine"
    if certificate.replaced_at is not None:
        state = "replaced"
        if certificate.replaced_by is not None:
            facts.append((_("Replaced by"), certificate.replaced_by.number))
    if certificate.revoked_at is not None:
        state = "revoked"
    return Confirmation(_("Certificate of completion"), certificate.number, state, facts)


def confirm_proof(proof: StudyProof) -> Confirmation:
    """Of a proof of study: the total that was printed, and whether the ledger changed since (one query)."""
    # The record may have been merged into another: the person's hours stand there now.
    now = figures_of(proof.trainee.merged_into or proof.trainee, proof.kind, proof.year)
    years = sorted(proof.printed["figures"]) or [str(timezone.localdate(proof.issued_at).year)]
    span = years[0] if years[0] == years[-1] else f"{years[0]}–{years[-1]}"
    facts: list[tuple[str | Promise, str]] = [
        (_("Name"), _holder(proof.holder)),
        (_("Year"), str(proof.year or span)),
        (_("Study hours"), f"{proof.hours:f}"),
        (_("Issued on"), in_chinese(timezone.localdate(proof.issued_at))),
    ]
    state = "genuine" if now == proof.printed["figures"] else "changed"
    return Confirmation(ProofKind(proof.kind).label, proof.number, state, facts)


def confirmed(code: str, number: str | None = None) -> Confirmation | None:
    """The paper that bears ``code`` (and ``number``, where it was typed); nothing where the two do not fit.

    Both kinds of paper are looked up whatever is found: who asks in vain learns nothing by the time it takes.
    """
    wanted = plain(code)[:40]
    certificate = Certificate.objects.select_related("replaced_by").filter(verification_code=wanted).first()
    proof = StudyProof.objects.select_related("trainee__merged_into").filter(verification_code=wanted).first()
    found: Certificate | StudyProof | None = certificate or proof
    if found is None or (number is not None and plain(found.number) != plain(number)):
        return None
    return confirm_certificate(found) if isinstance(found, Certificate) else confirm_proof(found)


def total_of(figures: dict[str, dict[str, int]]) -> int:
    """Quarter hours of all years and kinds together."""
    return sum(sum(kinds.values()) for kinds in figures.values())


def ledger_total(trainee: Trainee, year: int) -> int:
    """What the entries themselves add up to: what a proof must equal (one query)."""
    rows = HourEntry.objects.filter(trainee=trainee)
    if year:
        rows = rows.filter(year=year)
    return rows.aggregate(total=Sum("quarters", default=0))["total"]
