"""What must be in order before a class is closed, and what each step of its life still misses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cms.refusals import Reason
from cms.refusals import sentence as _
from enrollment.rules.survey import NOT_HELD as SURVEY_MISSING

# --- The closing checklist 结班清单 ---------------------------------------------------------------


@dataclass(frozen=True)
class Checked:
    """One item: what was found, and whether somebody has vouched for it.

    ``missing`` says what to do; it is empty where the item is in order by itself.
    """

    code: str
    missing: tuple[Reason, ...] = ()
    may_be_ticked: bool = True
    is_ticked: bool = False

    @property
    def is_done(self) -> bool:
        """Whether it stands against closing no longer."""
        return not self.missing or (self.may_be_ticked and self.is_ticked)


def open_reasons(items: Iterable[Checked]) -> tuple[Reason, ...]:
    """Everything that still stands against closing."""
    return tuple(reason for item in items if not item.is_done for reason in item.missing)


def tick_refusal(item: Checked | None, *, note: str, status: str) -> Reason | None:
    """Why nobody can vouch for ``item`` now."""
    if item is None:
        return NO_ITEM
    if status != "running":
        return NOT_CLOSING
    if not item.may_be_ticked:
        return NOT_BY_HAND
    if not note.strip():
        return TICK_NOTE_MISSING
    return None


NO_ITEM = Reason("checklist_no_item", _("There is no such item in the checklist."))
NOT_CLOSING = Reason("checklist_not_running", _("The checklist is kept while the class is running."))
NOT_BY_HAND = Reason(
    "checklist_not_by_hand", _("This item follows from the records; nobody can vouch for it.")
)
TICK_NOTE_MISSING = Reason(
    "checklist_note_missing",
    _("Say in a few words how this was done, or why it is not needed."),
    field="note",
)
PLAN_MISSING = Reason(
    "plan_missing", _("The class is in no annual plan: take it from the plan, or say why it is outside it.")
)
NOTICE_MISSING = Reason(
    "notice_missing", _("The notice has not been published: publish it, or say how people were told.")
)
ROSTER_MISSING = Reason("roster_missing", _("Nobody is on the roster: enrol people, or cancel the class."))


# --- The steps of a class's life -------------------------------------------------------------------


class StepState(StrEnum):
    """Where a step stands."""

    DONE = "done"
    NOW = "now"
    LATER = "later"
    PASSED = "passed"


@dataclass(frozen=True)
class LifeFacts:
    """What the steps are judged by; ``items`` are those of the checklist that are done, by code."""

    status: str
    starts_on: dt.date
    ends_on: dt.date
    today: dt.date
    quotas: int = 0
    nominated: int = 0
    waiting: int = 0
    on_roster: int = 0
    grouped: int = 0
    certified: int = 0
    items: Mapping[str, bool] | None = None
    #: What the survey misses, where the checklist says it.
    survey: Reason | None = None

    def has(self, code: str) -> bool:
        """Whether an item of the checklist is done."""
        return bool(self.items and self.items.get(code))


@dataclass(frozen=True)
class Step:
    """One step: where it stands, and what it misses."""

    code: str
    state: StepState
    missing: Reason | None = None


#: The steps in their order (domain §3).
STEPS = (
    "plan",
    "notice",
    "quota",
    "nomination",
    "roster",
    "groups",
    "timetable",
    "attendance",
    "survey",
    "closing",
    "certificates",
    "archive",
)
_OVER = frozenset({"closed", "archived", "cancelled"})
_AFTERWARDS = frozenset({"certificates", "archive"})


def steps(facts: LifeFacts) -> list[Step]:
    """The steps of a class: those done, the first that is not, and what each of the others misses.

    What was left out before the class was closed has passed: nothing is missing there any more.
    """
    missing = _missing(facts)
    result: list[Step] = []
    is_now_given = False
    for code in STEPS:
        reason = missing[code]
        if reason is None:
            result.append(Step(code, StepState.DONE))
        elif (
            facts.status in _OVER and code not in {"certificates", "archive"}
        ) or facts.status == "cancelled":
            result.append(Step(code, StepState.PASSED))
        else:
            state = StepState.LATER if is_now_given else StepState.NOW
            is_now_given = True
            result.append(Step(code, state, reason))
    return result


def _missing(facts: LifeFacts) -> dict[str, Reason | None]:
    has_begun = facts.status not in {"draft", "nominating"}
    nomination: Reason | None = None
    if not has_begun:
        if facts.status == "draft":
            nomination = NOMINATIONS_NOT_OPEN
        elif not facts.nominated + facts.on_roster:
            nomination = NOBODY_NOMINATED
        elif facts.nominated:
            nomination = Reason(
                "nominations_undecided",
                _("%(people)s nominations wait to be confirmed."),
                {"people": facts.nominated},
            )
    groups: Reason | None = None
    if not facts.grouped:
        groups = NO_GROUPS
    elif facts.grouped < facts.on_roster:
        groups = Reason(
            "people_without_group",
            _("%(people)s people on the roster are in no group yet."),
            {"people": facts.on_roster - facts.grouped},
        )
    attendance: Reason | None = None
    if not has_begun:
        attendance = NOT_BEGUN
    elif facts.today <= facts.ends_on and facts.status == "running":
        attendance = Reason("class_runs", _("The class runs until %(day)s."), {"day": facts.ends_on})
    elif not facts.has("attendance"):
        attendance = ATTENDANCE_OPEN
    certificates: Reason | None = None
    if facts.status not in {"closed", "archived"}:
        certificates = CLOSE_FIRST
    elif facts.certified < facts.on_roster:
        certificates = Reason(
            "certificates_missing",
            _("%(people)s people have completed the class and hold no certificate yet."),
            {"people": facts.on_roster - facts.certified},
        )
    return {
        "plan": None if facts.has("plan") else PLAN_MISSING,
        "notice": None if facts.has("notice") else NOTICE_MISSING,
        "quota": None if facts.quotas else NO_QUOTAS,
        "nomination": nomination,
        "roster": None if facts.on_roster else NOBODY_ON_ROSTER,
        "groups": groups,
        "timetable": None if facts.has("timetable") else NO_TIMETABLE,
        "attendance": attendance,
        "survey": None if facts.has("survey") else facts.survey or SURVEY_MISSING,
        "closing": None if facts.status in {"closed", "archived"} else NOT_CLOSED,
        "certificates": certificates,
        "archive": None if facts.status == "archived" else NOT_ARCHIVED,
    }


NO_QUOTAS = Reason("no_quotas", _("No organization has a quota: propose seats by formula."))
NOMINATIONS_NOT_OPEN = Reason(
    "nominations_not_open", _("Nominations are not open: open them, or enrol people yourself.")
)
NOBODY_NOMINATED = Reason("nobody_nominated", _("Nobody has been nominated yet: affairs workers do it."))
NOBODY_ON_ROSTER = Reason("nobody_on_roster", _("Nobody is on the roster: start the class or enrol people."))
NO_GROUPS = Reason("no_groups", _("The roster is not divided into groups."))
NO_TIMETABLE = Reason("no_timetable", _("No session is planned: make the timetable."))
NOT_BEGUN = Reason("class_not_begun", _("The class has not begun."))
ATTENDANCE_OPEN = Reason("attendance_open", _("Sessions wait to be settled: judge who was there."))
NOT_CLOSED = Reason("class_not_closed", _("Complete the checklist, then close the class."))
CLOSE_FIRST = Reason("close_first", _("Certificates are issued once the class is closed."))
NOT_ARCHIVED = Reason("class_not_archived", _("The class is archived once it is closed."))
