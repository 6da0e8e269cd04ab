"""Asking for a correction of one's own record, and answering."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.journal import note
from enrollment.actions.messages import notify
from enrollment.models import CorrectionRequest, CorrectionStatus, Trainee, User
from enrollment.rules import corrections as rules


def ask_correction(*, trainee: Trainee, text: str) -> CorrectionRequest:
    """Keep what ``trainee`` says is wrong; one request waits at a time.

    Raises:
        Refused: nothing was said, or an earlier request still waits.
    """
    if not text.strip():
        raise Refused(rules.NO_TEXT)
    try:
        with transaction.atomic():
            asked = CorrectionRequest.objects.create(trainee=trainee, text=text.strip())
            note(trainee, "enrollment.correction.ask", actor=trainee.user)
    except IntegrityError:
        raise Refused(rules.STILL_OPEN) from None
    return asked


@transaction.atomic
def answer_correction(
    *, request: CorrectionRequest, actor: User, status: CorrectionStatus, answer: str = ""
) -> CorrectionRequest:
    """Say that the record was corrected, or why not; the person is told.

    Raises:
        Refused: the actor does not keep the record, it was answered before, or it is declined without a word.
    """
    if not CorrectionRequest.objects.manageable_by(actor).filter(pk=request.pk).exists():
        raise Refused(rules.NOT_YOURS)
    locked = CorrectionRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if locked.status != CorrectionStatus.OPEN:
        raise Refused(rules.NOT_WAITING)
    if status == CorrectionStatus.DECLINED and not answer.strip():
        raise Refused(rules.NO_REASON)
    locked.status, locked.answer = status, answer.strip()
    locked.answered_by, locked.answered_at = actor, timezone.now()
    locked.save(update_fields=["status", "answer", "answered_by", "answered_at"])
    person = Trainee.objects.get(pk=locked.trainee_id)
    note(person, "enrollment.correction.answer", actor=actor, data={"status": str(status)})
    if person.user_id is not None:
        notify(
            kind="correction_answered",
            recipients=[person.user_id],
            key=f"correction-{locked.pk}",
            context={
                "asked": locked.text,
                "answer": locked.answer,
                "is_done": status == CorrectionStatus.DONE,
            },
            link="/me/data/",
        )
    return locked
