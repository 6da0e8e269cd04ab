"""Certificates of completion 结业证书: issued once, numbered in their class, and revoked with a reason."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.class_news import tell_certified
from enrollment.actions.classes import lock_class
from enrollment.actions.journal import note, note_many
from enrollment.models import Certificate, Enrollment, EnrollmentStatus, TrainingClass, User
from enrollment.rules import class_life as rules

#: No letters or digits that are mistaken for one another when a code is typed from paper.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 16


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


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
        completed.select_related("certificate", "trainee").order_by("trainee__home_organization__path", "pk")
    )
    number = Certificate.objects.filter(enrollment__training_class=row).count()
    now = timezone.now()
    new = []
    for held in people:
        if not hasattr(held, "certificate"):
            number += 1
            new.append(
                Certificate(
                    number=f"{row.code}-{number:04d}",
                    verification_code=_new_code(),
                    enrollment=held,
                    issued_at=now,
                    issued_by=actor,
                )
            )
    Certificate.objects.bulk_create(new, batch_size=500)
    note_many(new, "enrollment.certificate.issue", actor=actor)
    tell_certified(row, new)
    return [held.certificate for held in people]


@transaction.atomic
def revoke(*, certificate: Certificate, actor: User | None, reason: str) -> Certificate:
    """Take a certificate back; its verification page says so from now on.

    Raises:
        Refused: no reason, or already revoked.
    """
    if not reason.strip():
        raise Refused(rules.REVOCATION_REASON_MISSING)
    row = Certificate.objects.select_for_update(of=("self",)).get(pk=certificate.pk)
    if row.revoked_at is not None:
        raise Refused(rules.REVOKED)
    row.revoked_at, row.revoked_reason = timezone.now(), reason.strip()[:200]
    row.save(update_fields=["revoked_at", "revoked_reason"])
    note(row, "enrollment.certificate.revoke", actor=actor, data={"reason": row.revoked_reason})
    return row
