"""How long something is kept (domain §7). Pure."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable

from cms.refusals import Reason
from cms.refusals import sentence as _

#: 等保 level 3 and the Cybersecurity Law (网络安全法 §21) ask for logs of at least six months.
LEAST_LOG_MONTHS = 6

NOT_DUE = Reason("erasure_not_due", _("Nobody is due any more; the list has been brought up to date."))
NO_PERIOD = Reason(
    "erasure_no_period",
    _("No retention period for people is in force; enter one with its source first."),
)


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day so many months earlier, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def months_after(day: dt.date, months: int) -> dt.date:
    """The same day so many months later, or the last of a shorter month."""
    return months_before(day, -months)


def kept_until(periods: Iterable[tuple[dt.date, int]], day: dt.date, *, today: dt.date) -> dt.date | None:
    """The day from which something of ``day`` has been kept long enough; None when no period is in force."""
    begun = [(start, months) for start, months in periods if start <= today]
    return months_after(day, max(begun)[1]) if begun else None


def kept_since(periods: Iterable[tuple[dt.date, int]], today: dt.date) -> dt.date | None:
    """The day before which things have been kept long enough, by the latest of ``periods`` that has begun.

    ``periods``: day it takes effect, months. None when none is in force.
    """
    begun = [(start, months) for start, months in periods if start <= today]
    return months_before(today, max(begun)[1]) if begun else None


def cleared_unconfirmed(day: dt.date) -> Reason:
    """A file waited too long."""
    return Reason(
        "upload_cleared",
        _(
            "Nobody confirmed it, and it was cleared on %(day)s; nothing of it was saved. "
            "Send the file again if it is still wanted."
        ),
        {"day": day.isoformat()},
    )
