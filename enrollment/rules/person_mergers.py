"""Two records of one person become one: whose posts hold on which day, which hours count, which place in a
class.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from cms.refusals import Reason
from cms.refusals import sentence as _
from enrollment.rules.hours import Span

ONE_DAY = dt.timedelta(days=1)
FOREVER = dt.date.max


# --- Posts ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Days:
    """The days from one to another, both included; ``ends_on`` None has no end. ``key`` names whose they
    are.
    """

    key: int
    starts_on: dt.date
    ends_on: dt.date | None


def uncovered(days: Days, taken: Iterable[Days]) -> list[Days]:
    """What of ``days`` lies outside all of ``taken``, in order."""
    pieces = [(days.starts_on, days.ends_on or FOREVER)]
    for other in taken:
        first, last = other.starts_on, other.ends_on or FOREVER
        rest: list[tuple[dt.date, dt.date]] = []
        for start, end in pieces:
            if last < start or first > end:
                rest.append((start, end))
                continue
            if start < first:
                rest.append((start, first - ONE_DAY))
            if last < end:
                rest.append((last + ONE_DAY, end))
        pieces = rest
    return [Days(days.key, start, None if end == FOREVER else end) for start, end in sorted(pieces)]


def timeline(chosen: Sequence[Days], others: Sequence[Days]) -> dict[int, list[Days]]:
    """The days that remain of each post of ``others`` beside the posts that were ``chosen``, by key.

    Nobody holds two posts on one day: where both records tell of a day, the chosen one holds. So the
    requirement of a year is that of one person.
    """
    return {days.key: uncovered(days, chosen) for days in others}


# --- Hours ------------------------------------------------------------------------------------------------


class Fate(enum.StrEnum):
    """What becomes of an entry of the record that goes."""

    MOVED = "moved"
    SAME_EVIDENCE = "same_evidence"
    OVERLAP = "overlap"
    TOGETHER = "together"


FATES = {
    Fate.MOVED: _("Moved"),
    Fate.SAME_EVIDENCE: _("Counted already: both records have hours for the same thing"),
    Fate.OVERLAP: _("Counted already: the record that stays has hours at that time"),
    Fate.TOGETHER: _("Counted already: judged together with the other record's attendance"),
}


def fate_of(
    evidence: tuple[str, str],
    span: Span | None,
    *,
    counted: Collection[tuple[str, str]],
    occupied: Iterable[Span],
    superseded: Collection[tuple[str, str]],
) -> Fate:
    """Whether hours follow the person, or stand in the other record already.

    Nothing counts twice: neither the same evidence, nor two things at one time. What stands in the record
    that stays is never taken away.
    """
    if evidence in superseded:
        return Fate.TOGETHER
    if evidence in counted:
        return Fate.SAME_EVIDENCE
    if span is not None and any(span.overlaps(other) for other in occupied):
        return Fate.OVERLAP
    return Fate.MOVED


# --- Classes ----------------------------------------------------------------------------------------------

#: How far somebody is in a class, the furthest last.
STEPS = ("withdrawn", "waitlisted", "nominated", "enrolled", "completed")


def is_further(status: str, other: str) -> bool:
    """Whether ``status`` in a class is further than ``other``."""
    return STEPS.index(status) > STEPS.index(other)


# --- Who may, and what stands in the way --------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """What of a record decides whether it may be merged."""

    id: int
    has_left: bool
    is_merged: bool
    account_id: int | None
    #: Roles of its account; a superuser's account is never closed by a merger.
    has_roles: bool = False
    is_superuser: bool = False


def refusals(
    keeper: Record,
    other: Record,
    *,
    closing: Record | None,
    actor_account: int | None,
    is_administrator: bool,
) -> list[Reason]:
    """Why ``other`` is not merged into ``keeper``. ``closing`` is the record whose account is closed, if
    any.
    """
    found: list[Reason] = []
    if keeper.id == other.id:
        return [SAME_RECORD]
    if keeper.is_merged or other.is_merged:
        return [ALREADY_MERGED]
    if keeper.has_left and not other.has_left:
        found.append(KEEPER_HAS_LEFT)
    if actor_account is not None and actor_account in (keeper.account_id, other.account_id):
        found.append(OWN_RECORD)
    if closing is not None and closing.is_superuser:
        found.append(SUPERUSER)
    elif closing is not None and closing.has_roles and not is_administrator:
        found.append(ROLES_AT_STAKE)
    return found


SAME_RECORD = Reason("same_record", _("Choose two different records."))
ALREADY_MERGED = Reason("already_merged", _("One of these records has been merged with another already."))
KEEPER_HAS_LEFT = Reason(
    "keeper_has_left",
    _("The record that stays has left the roster, the other one has not; keep the other one."),
)
OWN_RECORD = Reason("own_record", _("Somebody else must decide about your own record."))
SUPERUSER = Reason(
    "superuser_account",
    _("The account that would be closed runs the academy; choose it as the one that stays."),
)
ROLES_AT_STAKE = Reason(
    "roles_at_stake",
    _("The account that would be closed holds roles; let it stay, or ask an administrator of the academy."),
)
NOT_YOURS = Reason("records_not_yours", _("You may merge only records that you both keep."))
MEANWHILE = Reason(
    "changed_meanwhile",
    _("Something was written about one of them at this moment; look again and repeat it."),
)
ALREADY_UNDONE = Reason("merger_undone", _("This merger has been taken back already."))
ERASED = Reason(
    "record_erased", _("One of these records was erased after the person left; it cannot be taken back.")
)
ALREADY_DECIDED = Reason("pair_decided", _("It has been decided already what these two records are."))
MERGED_RECORD = Reason(
    "record_merged", _("This record has been merged into another one; write it there."), field="trainee"
)


def later_merger(name: str) -> Reason:
    """The record that stays was itself merged into another one since."""
    return Reason(
        "merged_later",
        _("The record that stayed has itself been merged into “%(name)s” since; take that back first."),
        {"name": name},
    )


def changed_since(what: object, row: object) -> Reason:
    """A row was changed after the merger."""
    return Reason(
        "changed_since", _("Changed since the merger: %(what)s “%(row)s”."), {"what": what, "row": row}
    )


def hours_changed_since(title: str) -> Reason:
    """Hours that the merger moved were reversed since."""
    return Reason(
        "hours_changed_since",
        _("The hours of “%(title)s” have been corrected since the merger."),
        {"title": title},
    )


def taken_since(what: object) -> Reason:
    """A phone or number is held by somebody else now."""
    return Reason("taken_since", _("Somebody else on the roster has it now: %(what)s."), {"what": what})


def dissolved_since(name: str) -> Reason:
    """The organization to return to is gone."""
    return Reason(
        "dissolved_since",
        _("“%(name)s”, which the record would return to, has been dissolved."),
        {"name": name},
    )


def studied_since(title: str) -> Reason:
    """The account that would change hands has earned hours since."""
    return Reason(
        "studied_since",
        _("With the account that would change hands, hours have been earned since: “%(title)s”."),
        {"title": title},
    )


def seats_taken_since(what: str) -> Reason:
    """A seat that was set free is taken."""
    return Reason(
        "seats_taken_since", _("The seat in “%(what)s” has been given to somebody else."), {"what": what}
    )
