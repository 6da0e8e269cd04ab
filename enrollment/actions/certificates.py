"""Certificates 结业证书: issued once, numbered in their class, revoked or replaced with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment import class_hours
from enrollment.actions.class_news import tell_certified
from enrollment.actions.classes import lock_class
from enrollment.actions.journal import note, note_many
from enrollment.models import (
    Certificate,
    CertificateTemplate,
    Enrollment,
    EnrollmentStatus,
    TrainingClass,
    User,
    as_hours,
)
from enrollment.rules import class_life as rules
from enrollment.rules.codes import in_chinese, new_code


def issue(*, enrollment: Enrollment, actor: User | None) -> Certificate:
    """Issue the certificate of somebody who completed their class; asked again, the same one is returned.

    Raises:
        Refused: the class has not been completed.
    """
    certificates = issue_in_bulk(
        training_class=enrollment.training_class, enrollments=[enrollment], actor=actor
    )
    if not certificates:
        raise Refused(rules.NOT_COMPLETED)
    return certificates[0]


@transaction.atomic
def issue_in_bulk(
    *, training_class: TrainingClass, actor: User | None, enrollments: Iterable[Enrollment] | None = None
) -> list[Certificate]:
    """Issue certificates to all (or to those named) who completed the class; return theirs, old and new."""
    row = lock_class(training_class)
    completed = Enrollment.objects.filter(training_class=row, status=EnrollmentStatus.COMPLETED)
    if enrollments is not None:
        completed = completed.filter(pk__in=[held.pk for held in enrollments])
    people = list(
        completed.select_related("certificate", "trainee__home_organization").order_by(
            "trainee__home_organization__path", "pk"
        )
    )
    new = _new_certificates(row, [held for held in people if not hasattr(held, "certificate")], actor)
    Certificate.objects.bulk_create(new, batch_size=500)
    note_many(new, "enrollment.certificate.issue", actor=actor)
    tell_certified(row, new)
    return [held.certificate for held in people]


def _new_certificates(
    training_class: TrainingClass, people: list[Enrollment], actor: User | None
) -> list[Certificate]:
    """The next certificates of a locked class, with what stands on them (three queries at most)."""
    if not people:
        return []
    template = CertificateTemplate.objects.defer("seal").order_by("-version")[0]
    quarters = class_hours.quarters_in(training_class, [held.trainee_id for held in people])
    # Replaced ones count as well: no number is ever given twice.
    first = Certificate.objects.filter(training_class=training_class).count() + 1
    now = timezone.now()
    new = []
    for serial, held in enumerate(people, first):
        name = f"{training_class.code}-{serial:04d}"
        new.append(
            Certificate(
                number=name,
                verification_code=new_code(),
                training_class=training_class,
                enrollment=held,
                template=template,
                printed=_printed(held, training_class, name, quarters[held.trainee_id], now),
                issued_at=now,
                issued_by=actor,
            )
        )
    return new


def _printed(
    held: Enrollment, training_class: TrainingClass, number: str, quarters: int, now: dt.datetime
) -> dict[str, str]:
    """What placeholders stand for: the keys of ``certificate_template.PLACEHOLDERS``."""
    return {
        "name": held.trainee.name,
        "organization": held.trainee.home_organization.name,
        "class": training_class.title,
        "class_number": training_class.code,
        "starts_on": in_chinese(training_class.starts_on),
        "ends_on": in_chinese(training_class.ends_on),
        "hours": f"{as_hours(quarters):f}",
        "number": number,
        "issued_on": in_chinese(timezone.localdate(now)),
    }


@transaction.atomic
def revoke(*, certificate: Certificate, actor: User | None, reason: str) -> Certificate:
    """Take a certificate back; its verification page says so from now on.

    Raises:
        Refused: no reason, already revoked, or replaced by another one.
    """
    if not reason.strip():
        raise Refused(rules.REVOCATION_REASON_MISSING)
    row = Certificate.objects.select_for_update(of=("self",)).get(pk=certificate.pk)
    if row.revoked_at is not None:
        raise Refused(rules.REVOKED)
    if row.replaced_at is not None:
        raise Refused(rules.REPLACED)
    row.revoked_at, row.revoked_reason = timezone.now(), reason.strip()[:200]
    row.save(update_fields=["revoked_at", "revoked_reason"])
    note(row, "enrollment.certificate.revoke", actor=actor, data={"reason": row.revoked_reason})
    return row


@transaction.atomic
def reissue(*, certificate: Certificate, actor: User | None, reason: str) -> Certificate:
    """Issue another one in place of ``certificate``: a new number, the roster's name, the template in force.

    The old number says from now on that it was replaced. A revoked one can be replaced as well: that it was
    revoked stays with its number.

    Raises:
        Refused: no reason, or already replaced.
    """
    if not reason.strip():
        raise Refused(rules.REPLACEMENT_REASON_MISSING)
    owner = lock_class(certificate.training_class)
    row = (
        Certificate.objects.select_for_update(of=("self",))
        .select_related("enrollment__trainee__home_organization")
        .get(pk=certificate.pk)
    )
    held = row.enrollment
    if held is None:
        raise Refused(rules.REPLACED)
    row.enrollment, row.replaced_at, row.replaced_reason = None, timezone.now(), reason.strip()[:200]
    row.save(update_fields=["enrollment", "replaced_at", "replaced_reason"])
    [new] = _new_certificates(owner, [held], actor)
    new.save()
    row.replaced_by = new
    row.save(update_fields=["replaced_by"])
    data = {"replaces": row.number, "reason": row.replaced_reason}
    note(new, "enrollment.certificate.reissue", actor=actor, data=data)
    tell_certified(owner, [new])
    return new
