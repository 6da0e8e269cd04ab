"""What goes of papers about a person who is erased: names on certificates and proofs, sheets, slips, files.

Numbers, years and hours stay, so that a paper that somebody still holds can be confirmed. The sealed archive
of a class stays as it was sealed: it is kept by law and opened by whoever runs the class.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet

from enrollment.models import (
    ERASED_NAME,
    Certificate,
    ClassLeave,
    DuplicatePair,
    ExternalTraining,
    PersonMerger,
    PersonTransfer,
    StudyProof,
)


def erase_papers(trainees: Collection[int]) -> None:
    """Erase what papers say of ``trainees``. The caller has locked the people."""
    _erase_certificates(trainees)
    _erase_proofs(trainees)
    _erase_evidence(trainees)
    ClassLeave.objects.filter(enrollment__trainee__in=trainees).update(reason=ERASED_NAME, answer="")
    PersonTransfer.objects.filter(trainee__in=trainees).update(sheet={}, reason=ERASED_NAME, answer="")
    DuplicatePair.objects.filter(Q(one__in=trainees) | Q(other__in=trainees)).delete()
    PersonMerger.objects.filter(Q(keeper__in=trainees) | Q(other__in=trainees)).update(changes=[], reason="")


def _erase_certificates(trainees: Collection[int]) -> None:
    """The name on certificates in force, and on those whose place they took."""
    wave = list(Certificate.objects.filter(enrollment__trainee__in=trainees))
    while wave:
        for certificate in wave:
            certificate.printed = {**certificate.printed, "name": ERASED_NAME}
        Certificate.objects.bulk_update(wave, ["printed"], batch_size=200)
        wave = list(Certificate.objects.filter(replaced_by__in=wave))


def _erase_proofs(trainees: Collection[int]) -> None:
    """Everything but the figures. Proofs refuse every other change (``StudyProof.save``)."""
    proofs = list(StudyProof.objects.filter(trainee__in=trainees))
    for proof in proofs:
        proof.printed = {"name": ERASED_NAME, "figures": proof.printed.get("figures", {})}
    rows: QuerySet[StudyProof] = QuerySet(StudyProof)
    rows.bulk_update(proofs, ["printed"], batch_size=200)


def _erase_evidence(trainees: Collection[int]) -> None:
    """The files that were sent in; the claim stays with its hours and who decided."""
    claims = ExternalTraining.objects.filter(trainee__in=trainees).exclude(evidence="")
    for claim in claims:
        transaction.on_commit(partial(claim.evidence.storage.delete, str(claim.evidence.name)))
    claims.update(evidence="", evidence_name=ERASED_NAME)
