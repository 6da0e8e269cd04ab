"""Training needs: asked while a survey is open, merged by the academy, closed one by one with an answer.

A need is locked while it is answered or merged, several ascending.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment import need_answers
from enrollment.actions.journal import note, note_many
from enrollment.actions.messages import Notice, notify_each
from enrollment.models import (
    NeedField,
    NeedsSurvey,
    NeedStatus,
    Organization,
    Trainee,
    TrainingNeed,
    User,
)
from enrollment.need_answers import Answer
from enrollment.rules import needs as rules

CHUNK = 500


@transaction.atomic
def hold_survey(*, year: int, opens_on: dt.date, closes_on: dt.date, actor: User | None) -> NeedsSurvey:
    """Ask for the needs of a year from day to day; held again, its days change.

    Raises:
        Refused: no year, or backward.
    """
    against = rules.survey_refusals(year=year, opens_on=opens_on, closes_on=closes_on)
    if against:
        raise Refused(*against)
    survey, _new = NeedsSurvey.objects.update_or_create(
        year=year, defaults={"opens_on": opens_on, "closes_on": closes_on}
    )
    note(survey, "enrollment.survey.hold", actor=actor)
    return survey


def survey_open_on(today: dt.date) -> NeedsSurvey | None:
    """The survey that takes needs on ``today``; of two the later year's."""
    return NeedsSurvey.objects.filter(opens_on__lte=today, closes_on__gte=today).order_by("-year").first()


def place_of(user: User) -> Organization | None:
    """The organization that a need of ``user`` belongs to: their own, else one they look after."""
    own = Trainee.objects.active().filter(user=user).select_related("home_organization").first()
    if own is not None:
        return own.home_organization
    found: Organization | None = Organization.objects.manageable_by(user).active().first()
    return found


def submit_need(*, field: NeedField | None, text: str, actor: User) -> TrainingNeed:
    """Say what is needed.

    Raises:
        Refused: no survey is open, no field, no text or too long a one, or an account without organization.
    """
    survey = survey_open_on(timezone.localdate())
    if survey is None:
        raise Refused(rules.NO_SURVEY)
    if field is None or not field.is_active:
        raise Refused(rules.NO_FIELD)
    place = place_of(actor)
    if place is None:
        raise Refused(rules.NO_PLACE)
    [need] = record_needs(
        survey=survey, rows=[Asked(field, text, place, actor)], actor=actor, at=timezone.now()
    )
    return need


@dataclass(frozen=True)
class Asked:
    """One need as it was said."""

    field: NeedField
    text: str
    organization: Organization
    asked_by: User | None = None


@transaction.atomic
def record_needs(
    *, survey: NeedsSurvey, rows: Iterable[Asked], actor: User | None, at: dt.datetime
) -> list[TrainingNeed]:
    """Record many needs, as a survey on paper brings them.

    Raises:
        Refused: one of them says nothing, or too much.
    """
    needs = []
    for row in rows:
        refusal = rules.text_refusal(row.text)
        if refusal is not None:
            raise Refused(refusal)
        needs.append(
            TrainingNeed(
                survey=survey,
                field=row.field,
                text=row.text.strip(),
                organization=row.organization,
                asked_by=row.asked_by,
                asked_at=at,
            )
        )
    TrainingNeed.objects.bulk_create(needs, batch_size=CHUNK)
    note_many(needs, "enrollment.need.ask", actor=actor)
    return needs


def _locked(ids: Collection[int]) -> list[TrainingNeed]:
    return list(TrainingNeed.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))


@transaction.atomic
def merge_needs(*, needs: Collection[TrainingNeed], actor: User) -> TrainingNeed:
    """Merge open needs of one year into the earliest; whoever asked sees the answer of that one.

    Raises:
        Refused: fewer than two, one that is not open, different years, or not the actor's to merge.
    """
    if not actor.scope.everything:
        raise Refused(rules.NOT_YOURS)
    rows = _locked({need.pk for need in needs})
    if len(rows) < 2:
        raise Refused(rules.NOTHING_TO_MERGE)
    if any(row.status != NeedStatus.OPEN for row in rows):
        raise Refused(rules.NOT_OPEN)
    if len({row.survey_id for row in rows}) > 1:
        raise Refused(rules.OTHER_YEAR)
    kept, *others = sorted(rows, key=lambda row: (row.asked_at, row.pk))
    ids = [row.pk for row in others]
    # Those merged before into one that is merged now go along, so that one look finds the answer.
    TrainingNeed.objects.filter(merged_into__in=ids).update(merged_into=kept)
    TrainingNeed.objects.filter(pk__in=ids).update(status=NeedStatus.MERGED, merged_into=kept)
    note(kept, "enrollment.need.merge", actor=actor, data={"needs": ids})
    return kept


@transaction.atomic
def close_needs(
    *, needs: Collection[TrainingNeed], kind: str, actor: User, reference: str = "", text: str = ""
) -> list[TrainingNeed]:
    """Close needs 销号 with what answered them; whoever asked is told, those of merged ones too.

    ``kind`` is ``text``, or a source of ``need_answers``, of which ``reference`` names one thing.

    Raises:
        Refused: not open, nothing found, no word, or not the actor's to answer.
    """
    if not actor.scope.everything:
        raise Refused(rules.NOT_YOURS)
    found = None if kind == rules.TEXT else need_answers.find(kind, reference)
    rows = _locked({need.pk for need in needs})
    for row in rows:
        refusal = rules.closing_refusal(status=row.status, kind=kind, text=text, is_found=found is not None)
        if refusal is not None:
            raise Refused(refusal)
    _close(rows, kind, found, text.strip()[:300], actor)
    return rows


def _close(rows: list[TrainingNeed], kind: str, found: Answer | None, text: str, actor: User) -> None:
    now = timezone.now()
    for row in rows:
        row.status, row.closed_by, row.closed_at = NeedStatus.CLOSED, actor, now
        row.answer_kind, row.answer_text = kind, text
        row.answer_title = found.title[:200] if found is not None else ""
        row.answer_url = found.url[:300] if found is not None else ""
    TrainingNeed.objects.bulk_update(
        rows,
        ["status", "closed_by", "closed_at", "answer_kind", "answer_text", "answer_title", "answer_url"],
        batch_size=CHUNK,
    )
    note_many(rows, "enrollment.need.close", actor=actor, data={"kind": kind})
    _tell(rows, actor)


def _tell(rows: list[TrainingNeed], actor: User) -> None:
    """Tell whoever asked for ``rows``, or for one merged into them (one query)."""
    answered = {row.pk: row for row in rows}
    asked = list(
        TrainingNeed.objects.filter(merged_into__in=answered, asked_by__isnull=False).values_list(
            "pk", "merged_into", "asked_by", "text"
        )
    )
    asked += [(row.pk, row.pk, row.asked_by_id, row.text) for row in rows if row.asked_by_id]
    notify_each(
        kind="need_answered",
        notices=[
            Notice(
                user_id,
                f"need:{pk}:{answered[into].closed_at:%Y%m%d%H%M%S%f}",
                {
                    "asked": text,
                    "answer": "：".join(
                        part for part in (answered[into].answer_title, answered[into].answer_text) if part
                    ),
                },
                TrainingNeed(pk=pk).get_absolute_url(),
            )
            for pk, into, user_id, text in asked
            if user_id is not None and into is not None and user_id != actor.pk
        ],
    )


@transaction.atomic
def reopen_need(*, need: TrainingNeed, actor: User) -> TrainingNeed:
    """Take the answer of a closed need back.

    Raises:
        Refused: it is not closed, or not the actor's to answer.
    """
    if not actor.scope.everything:
        raise Refused(rules.NOT_YOURS)
    [row] = _locked({need.pk})
    if row.status != NeedStatus.CLOSED:
        raise Refused(rules.NOT_CLOSED)
    data = {"title": row.answer_title, "text": row.answer_text}
    row.status, row.closed_by, row.closed_at = NeedStatus.OPEN, None, None
    row.answer_kind = row.answer_title = row.answer_url = row.answer_text = ""
    row.save()
    note(row, "enrollment.need.reopen", actor=actor, data=data)
    return row
