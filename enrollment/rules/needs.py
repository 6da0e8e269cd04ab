"""Training needs 培训需求: asked in a survey, merged, and closed one by one 销号 with what answered them."""

from __future__ import annotations

import datetime as dt

from cms.refusals import Reason
from cms.refusals import sentence as _

LONGEST = 300
#: Answers that name something of the academy, and the one that says it in words.
TEXT = "text"


def survey_refusals(*, year: int, opens_on: dt.date, closes_on: dt.date) -> tuple[Reason, ...]:
    """Why a survey cannot be held so."""
    reasons = []
    if not 2000 <= year <= 2100:
        reasons.append(BAD_YEAR)
    if closes_on < opens_on:
        reasons.append(BACKWARD)
    return tuple(reasons)


def is_open(opens_on: dt.date, closes_on: dt.date, today: dt.date) -> bool:
    """Whether needs are taken on ``today``; the last day counts."""
    return opens_on <= today <= closes_on


def text_refusal(text: str) -> Reason | None:
    """Why ``text`` says no need."""
    if not text.strip():
        return NO_TEXT
    return TOO_LONG if len(text.strip()) > LONGEST else None


def closing_refusal(*, status: str, kind: str, text: str, is_found: bool) -> Reason | None:
    """Why a need cannot be closed: with a word, or with something of the academy that was found."""
    if status != "open":
        return NOT_OPEN
    if kind == TEXT:
        return None if text.strip() else NO_ANSWER
    return None if is_found else NOT_FOUND


BAD_YEAR = Reason("survey_year", _("The year lies between 2000 and 2100."), field="year")
BACKWARD = Reason("survey_backward", _("A survey cannot end before it begins."), field="closes_on")
NO_SURVEY = Reason("survey_closed", _("No needs survey is open now."))
NO_FIELD = Reason("need_field_missing", _("Choose the field of the need."), field="field")
NO_TEXT = Reason("need_text_missing", _("Say what is needed."), field="text")
TOO_LONG = Reason("need_too_long", _("Say it in at most 300 characters."), field="text")
NO_PLACE = Reason("need_place_missing", _("Your account belongs to no organization to ask for."))
NOT_OPEN = Reason("need_not_open", _("This need has been answered or merged already."))
NO_ANSWER = Reason("need_answer_missing", _("Say how the need was met."), field="text")
NOT_FOUND = Reason(
    "need_answer_not_found", _("Nothing of this number or title was found."), field="reference"
)
NOT_YOURS = Reason("need_not_yours", _("Needs are merged and answered by the academy."))
NOTHING_TO_MERGE = Reason("need_nothing_to_merge", _("Choose at least two open needs to merge."))
OTHER_YEAR = Reason("need_other_year", _("Only needs of one year are merged."))
NOT_CLOSED = Reason("need_not_closed", _("This need is not closed."))
