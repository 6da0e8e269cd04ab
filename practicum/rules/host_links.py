"""The link by which a base answers without an account: how long it lasts, how often it serves (domain §4)."""

from __future__ import annotations

import datetime as dt

#: A link to one visit outlives it by so many days, for rating and the papers that follow.
DAYS_AFTER_VISIT = 30
#: A link to all visits of a base lasts so many days; then the academy hands out another.
DAYS_OF_BASE = 180
#: More openings and answers in a minute than this are no person.
USES_A_MINUTE = 30
#: From one address so many links that lead nowhere are looked at in ten minutes, then none.
WRONG_IN_TEN_MINUTES = 20


def expiry(*, now: dt.datetime, visit_ends_at: dt.datetime | None) -> dt.datetime:
    """Until when a link made at ``now`` works; ``visit_ends_at`` is None for one to a whole base."""
    if visit_ends_at is None:
        return now + dt.timedelta(days=DAYS_OF_BASE)
    return max(now, visit_ends_at) + dt.timedelta(days=DAYS_AFTER_VISIT)


def refusal(*, now: dt.datetime, expires_at: dt.datetime, revoked_at: dt.datetime | None) -> str:
    """The code of what stands against using a link at ``now``; empty when nothing does."""
    if revoked_at is not None:
        return "link_revoked"
    return "link_expired" if now >= expires_at else ""


def is_too_often(uses_last_minute: int) -> bool:
    """Whether a link that was used so often in the last minute has to rest."""
    return uses_last_minute >= USES_A_MINUTE
