"""The life of a training class and of one person's place in it.

draft → nominating → running → closed → archived
  └───────────────────↗  ↑        │
cancelled ← draft, nominating, running; closed → running reopens.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cms.refusals import Reason
from cms.refusals import sentence as _

NEXT: dict[str, frozenset[str]] = {
    "draft": frozenset({"nominating", "running", "cancelled"}),
    "nominating": frozenset({"draft", "running", "cancelled"}),
    "running": frozenset({"closed", "cancelled"}),
    "closed": frozenset({"running", "archived"}),
    "archived": frozenset(),
    "cancelled": frozenset(),
}

#: Statuses in which people may be put on the roster or taken off it.
OPEN_FOR_ENROLMENT = frozenset({"draft", "nominating", "running"})


@dataclass(frozen=True)
class ClassFacts:
    """What a change of status is judged by."""

    status: str
    ends_on: dt.date
    today: dt.date
    on_roster: int = 0
    nominated: int = 0
    certificates: int = 0
    closing_reasons: tuple[Reason, ...] = ()
    is_sealed: bool = False


#: Groups are numbered up to here.
MOST_GROUPS = 99


def part_refusals(
    *, status: str, is_on_roster: bool, group: int | None, is_leader: bool
) -> tuple[Reason, ...]:
    """Why somebody cannot be in ``group``, or lead it."""
    if status not in OPEN_FOR_ENROLMENT:
        return (NOT_OPEN,)
    if not is_on_roster:
        return (NOT_ON_ROSTER,)
    if group is not None and not 1 <= group <= MOST_GROUPS:
        return (NO_SUCH_GROUP,)
    return (LEADER_WITHOUT_GROUP,) if is_leader and group is None else ()


def next_statuses(status: str) -> frozenset[str]:
    """Statuses that can follow ``status``."""
    return NEXT.get(status, frozenset())


def refusals(facts: ClassFacts, to: str) -> tuple[Reason, ...]:
    """Why the class cannot become ``to`` now; empty when it can."""
    if to not in next_statuses(facts.status):
        return (NOT_NEXT,)
    reasons: list[Reason] = []
    if to == "running" and facts.on_roster + facts.nominated == 0:
        reasons.append(ROSTER_EMPTY)
    if to == "closed":
        if facts.today < facts.ends_on:
            reasons.append(
                Reason("class_not_over", _("The class runs until %(day)s."), {"day": facts.ends_on})
            )
        if facts.on_roster == 0:
            reasons.append(ROSTER_EMPTY)
        reasons += facts.closing_reasons
    if to == "archived" and not facts.is_sealed:
        reasons.append(NOT_SEALED)
    if to == "cancelled" and facts.certificates:
        reasons.append(HAS_CERTIFICATES)
    if to == "running" and facts.status == "closed" and facts.certificates:
        reasons.append(HAS_CERTIFICATES)
    if to == "draft" and facts.on_roster + facts.nominated:
        reasons.append(HAS_PEOPLE)
    return tuple(reasons)


NOT_NEXT = Reason("class_status_not_next", _("A class cannot change to this status from its present one."))
ROSTER_EMPTY = Reason("roster_empty", _("Nobody is on the roster yet."))
HAS_CERTIFICATES = Reason("has_certificates", _("Certificates have been issued; revoke them first."))
HAS_PEOPLE = Reason("has_people", _("People have been nominated already; withdraw them first."))

NOT_SEALED = Reason("class_not_sealed", _("The archive of the class has to be put together first."))
NOT_OPEN = Reason("class_not_open", _("This class no longer takes people on or off its roster."))
NOT_NOMINATING = Reason("class_not_nominating", _("Nominations for this class are not open."))
ALREADY_ON = Reason("already_on_roster", _("This person is already in this class."))
LEFT = Reason("nominee_left", _("This person has left and is no longer on the roster."))
NO_QUOTA = Reason("no_quota", _("This person's organization has no quota in this class."))
NOT_YOURS = Reason("not_in_scope", _("You may nominate only people of the organizations you look after."))
FOREIGN_QUOTA = Reason("foreign_quota", _("This quota does not cover the person's organization."))
NOT_ON = Reason("not_in_class", _("This person is no longer in the class."))
COMPLETED = Reason("already_completed", _("This person has completed the class and cannot be withdrawn."))
WITHDRAWAL_REASON_MISSING = Reason(
    "withdrawal_reason_missing", _("Say why this person is withdrawn."), field="reason"
)
NOT_COMPLETED = Reason("not_completed", _("A certificate is issued only to those who completed the class."))
NOTHING_TO_PRINT = Reason(
    "nothing_to_print", _("No certificate of this class is in force; issue them first.")
)
REPLACED = Reason("certificate_replaced", _("Another certificate has already taken the place of this one."))
REPLACEMENT_REASON_MISSING = Reason(
    "replacement_reason_missing", _("Say why the certificate is replaced."), field="reason"
)
REVOKED = Reason("certificate_revoked", _("This certificate has already been revoked."))
REVOCATION_REASON_MISSING = Reason(
    "revocation_reason_missing", _("Say why the certificate is revoked."), field="reason"
)
DATES_BACKWARD = Reason("class_dates_backward", _("A class cannot end before it begins."), field="ends_on")
NO_SEATS = Reason("class_without_seats", _("A class has at least one seat."), field="capacity")
NO_TITLE = Reason("class_title_missing", _("A class needs a title."), field="title")
CODE_TAKEN = Reason("class_code_taken", _("Another class already has this number."), field="code")
NOT_ON_ROSTER = Reason("not_on_roster", _("Only people on the roster are in groups and have a part in them."))
NO_SUCH_GROUP = Reason(
    "no_such_group", _("A group has a number from 1 to 99; leave it empty for no group."), field="group"
)
LEADER_WITHOUT_GROUP = Reason("leader_without_group", _("Say which group this person leads."), field="group")
NOT_GROUPABLE = Reason("group_size", _("A group has at least two people."), field="size")
NO_SHARE = Reason(
    "absence_limit_no_share",
    _("A share of absence lies between 1 and 100 percent."),
    field="absence_limit_percent",
)
