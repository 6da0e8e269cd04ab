"""The hand-over sheet: what the receiving side must know of a person, and what stays on record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils import translation

from enrollment.actions.standings import histories, this_year
from enrollment.models import (
    Appointment,
    Certificate,
    ClassStatus,
    Enrollment,
    EnrollmentStatus,
    Exemption,
    HourBalance,
    HourKind,
    Standing,
    Trainee,
    rulebook,
)
from enrollment.rules import requirement as requirement_rule
from enrollment.rules.requirement import Absence, Tenure

Sheet = dict[str, Any]
#: Classes that go on.
UNDER_WAY = (ClassStatus.NOMINATING, ClassStatus.RUNNING)


def sheet_of(trainee: Trainee, on: dt.date) -> Sheet:
    """What is known of ``trainee`` for a transfer on day ``on``, in plain values; a fixed number of queries.

    Hours are in quarters. ``until``: the part of the year's requirement for the days before ``on``.
    """
    year = this_year()
    standing = Standing.objects.filter(trainee=trainee, year=year).first()
    kinds = HourBalance.objects.filter(trainee=trainee, year=year).exclude(quarters=0)
    posts = Appointment.objects.filter(trainee=trainee).select_related("organization").order_by("started_on")
    exemptions = list(Exemption.objects.filter(trainee=trainee).order_by("starts_on"))
    classes = (
        Enrollment.objects.filter(trainee=trainee, training_class__status__in=UNDER_WAY)
        .exclude(status=EnrollmentStatus.WITHDRAWN)
        .select_related("training_class")
        .order_by("training_class__starts_on")
    )
    certificates = Certificate.objects.filter(
        enrollment__trainee=trainee, revoked_at__isnull=True
    ).select_related("training_class")
    order = list(HourKind)
    return {
        "year": year,
        "person": {
            "name": trainee.name,
            "gender": trainee.gender,
            "born_on": trainee.born_on,
            "joined_on": trainee.joined_on,
            "member_status": trainee.member_status,
            "phone": trainee.masked_phone,
        },
        "required": standing.required_quarters if standing else 0,
        "earned": standing.earned_quarters if standing else 0,
        "is_exempt": bool(standing and standing.is_exempt),
        "has_reached": bool(standing and standing.has_reached),
        "centralized": [
            standing.centralized_entries if standing else 0,
            standing.centralized_required if standing else 0,
        ],
        **_requirement(trainee, year, on),
        "kinds": [
            {"kind": row.kind, "quarters": row.quarters}
            for row in sorted(kinds, key=lambda row: order.index(HourKind(row.kind)))
        ],
        "posts": [
            {
                "organization": row.organization.name,
                "post": row.post,
                "from": row.started_on,
                "to": row.ended_on,
            }
            for row in posts
        ],
        "exemptions": [
            {"ground": row.ground, "reason": row.reason, "from": row.starts_on, "to": row.ends_on}
            for row in exemptions
        ],
        "classes": [
            {
                "title": row.training_class.title,
                "status": row.status,
                "from": row.training_class.starts_on,
                "to": row.training_class.ends_on,
            }
            for row in classes
        ],
        "certificates": [{"number": row.number, "title": row.training_class.title} for row in certificates],
    }


def _requirement(trainee: Trainee, year: int, on: dt.date) -> Sheet:
    """How the year's figure came about, and how much of it falls on the days before ``on``."""
    history = histories([trainee.pk])[trainee.pk]
    tenures = [Tenure(held.started_on, held.ended_on, held.on_committee) for held in history.appointments]
    absences = requirement_rule.clipped_absences(
        year, [Absence(exempt.starts_on, exempt.ends_on) for exempt in history.exemptions]
    )
    targets = rulebook.targets_of(year)
    whole = requirement_rule.requirement(year, requirement_rule.clipped(year, tenures), absences, targets)
    until = requirement_rule.requirement(
        year, requirement_rule.clipped(year, _before(tenures, on)), absences, targets
    )
    with translation.override(settings.LANGUAGE_CODE):
        basis = [str(reason) for reason in whole.reasons] if whole else []
    return {"until": until.quarters if until and on.year == year else 0, "basis": basis}


def _before(tenures: Iterable[Tenure], on: dt.date) -> list[Tenure]:
    """``tenures`` as far as they lie before ``on``."""
    last = on - dt.timedelta(days=1)
    return [
        Tenure(tenure.starts_on, min(tenure.ends_on or last, last), tenure.on_committee)
        for tenure in tenures
        if tenure.starts_on <= last
    ]
