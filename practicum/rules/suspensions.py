"""When a base receives nobody, and which visits that leaves without a place (domain §4)."""

from __future__ import annotations

import datetime as dt

from practicum.rules.visits import PENDING_STAGES, Party, Stage

#: Visits that wait, or are to be held: a suspension leaves them without a place until somebody sees to them.
STRANDED_STAGES = PENDING_STAGES | {Stage.CONFIRMED, Stage.BRIEFED}
#: So many days before a title of honour runs out, the academy is reminded: a review takes a quarter.
TITLE_WARNING_DAYS = 90


def may_lift(*, suspended_by: Party, party: Party) -> bool:
    """Whether ``party`` may let the base receive again: the academy always, the base what it said itself."""
    return party == Party.ACADEMY or suspended_by == Party.BASE


def title_runs_out(expires_on: dt.date | None, today: dt.date) -> bool:
    """Whether a title that is still good ends within the time a review takes."""
    return expires_on is not None and today <= expires_on <= today + dt.timedelta(days=TITLE_WARNING_DAYS)
