"""Training classes: opening them, their quotas, who is on the roster, and their life.

The class row is locked once per transaction, seats are computed from the enrolments, then written. Order:
class, then trainees (docs/rules/classes.md).
"""

from enrollment.actions.classes.joining import EnrolResult, enrol, enrol_in_bulk, nominate, nominate_in_bulk
from enrollment.actions.classes.life import (
    ClassChanges,
    ClassDetails,
    amend_class,
    facts_of,
    open_class,
    transition,
)
from enrollment.actions.classes.moving import complete_in_bulk, promote, withdraw
from enrollment.actions.classes.quotas import set_quota, set_quotas
from enrollment.actions.classes.seats import lock_class, seat_plan

__all__ = [
    "ClassChanges",
    "ClassDetails",
    "EnrolResult",
    "amend_class",
    "complete_in_bulk",
    "enrol",
    "enrol_in_bulk",
    "facts_of",
    "lock_class",
    "nominate",
    "nominate_in_bulk",
    "open_class",
    "promote",
    "seat_plan",
    "set_quota",
    "set_quotas",
    "transition",
    "withdraw",
]
