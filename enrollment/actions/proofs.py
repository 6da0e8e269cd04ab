"""Proofs of study 学时证明 and 学习档案: what the ledger says, printed under a number and kept."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from enrollment.actions.journal import note
from enrollment.models import ProofKind, StudyProof, Trainee, User
from enrollment.reports_proofs import content_of, total_of
from enrollment.rules.codes import new_code

#: What numbers begin with: 学时 and 档案.
LETTERS = {ProofKind.YEAR: "XS", ProofKind.RECORD: "DA"}


def issue_proof(
    *, trainee: Trainee, kind: ProofKind, year: int = 0, day_year: int, actor: User
) -> StudyProof:
    """The proof of what the ledger says now; the same one again as long as nothing on it has changed.

    ``day_year`` is the year of issue, which stands in the number. No lock: that one set of figures has one
    proof is a constraint, and whoever comes second takes the first one's.
    """
    content = content_of(trainee, kind, year)
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    same = StudyProof.objects.filter(trainee=trainee, kind=kind, year=year, digest=digest)
    found = same.first()
    if found is None:
        try:
            found = _written(trainee, kind, year, content, digest, day_year, actor)
        except IntegrityError:
            found = same.get()
    note(found, "enrollment.proof.issue", actor=actor, data={"kind": kind, "year": year})
    return found


@transaction.atomic
def _written(
    trainee: Trainee, kind: ProofKind, year: int, content: dict[str, Any], digest: str, on: int, actor: User
) -> StudyProof:
    proof = StudyProof(
        number=uuid.uuid4().hex,
        verification_code=new_code(),
        kind=kind,
        trainee=trainee,
        year=year,
        quarters=total_of(content["figures"]),
        printed=content,
        digest=digest,
        issued_by=actor,
    )
    proof.save()
    # The row's own number makes the printed one, so that nobody waits for a counter. Proofs refuse every
    # change; this plain query completes one that nobody has seen yet.
    proof.number = f"{LETTERS[kind]}{on}-{proof.pk:06d}"
    QuerySet(StudyProof).filter(pk=proof.pk).update(number=proof.number)
    return proof
