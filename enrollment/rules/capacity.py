"""Seats of a class: who gets one, who waits, and who moves up when one becomes free.

A quota keeps its seats for its organization; whoever comes without a quota shares what no quota keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cms.refusals import Reason
from cms.refusals import sentence as _


@dataclass
class QuotaSeats:
    """Seats of one organization, and how many of them are taken."""

    seats: int
    taken: int = 0


@dataclass
class SeatPlan:
    """The seats of one class while they are given out; computed from its enrolments, never a counter."""

    capacity: int
    quotas: dict[int, QuotaSeats] = field(default_factory=dict)
    taken_without_quota: int = 0

    @property
    def taken(self) -> int:
        """Seats taken in all."""
        return self.taken_without_quota + sum(quota.taken for quota in self.quotas.values())

    @property
    def kept_by_quotas(self) -> int:
        """Seats that quotas keep, whether taken or not."""
        return sum(max(quota.seats, quota.taken) for quota in self.quotas.values())

    def free_for(self, quota_id: int | None) -> int:
        """Seats that somebody under ``quota_id`` (None: without a quota) could still take."""
        if quota_id is None:
            return max(0, self.capacity - self.kept_by_quotas - self.taken_without_quota)
        quota = self.quotas[quota_id]
        return max(0, min(quota.seats - quota.taken, self.capacity - self.taken))

    def take(self, quota_id: int | None) -> bool:
        """Take a seat if there is one; return whether there was."""
        if self.free_for(quota_id) < 1:
            return False
        if quota_id is None:
            self.taken_without_quota += 1
        else:
            self.quotas[quota_id].taken += 1
        return True


@dataclass(frozen=True)
class Waiting:
    """Somebody on the waitlist."""

    enrollment_id: int
    quota_id: int | None


def promotions(waitlist: Iterable[Waiting], plan: SeatPlan) -> list[int]:
    """Enrolments that move up, in the order of ``waitlist``; ``plan`` is left as it is afterwards.

    Nobody is passed over by somebody behind them who needs the same seat.
    """
    return [waiting.enrollment_id for waiting in waitlist if plan.take(waiting.quota_id)]


def quota_refusals(
    *, capacity: int, taken_without_quota: int, seats: Mapping[int, int], taken: Mapping[int, int]
) -> tuple[Reason, ...]:
    """Why quotas of ``seats`` by organization cannot be set; ``taken`` says how many are taken already."""
    reasons = []
    for organization_id, number in seats.items():
        if number < taken.get(organization_id, 0):
            reasons.append(
                Reason(
                    "quota_below_taken",
                    _("%(taken)s people already hold seats under this quota; it cannot be smaller."),
                    {"taken": taken[organization_id], "organization": organization_id},
                    field="seats",
                )
            )
    total = sum(seats.values())
    if total + taken_without_quota > capacity:
        reasons.append(
            Reason(
                "quotas_above_capacity",
                _("The quotas add up to %(total)s seats, but the class has %(free)s to give."),
                {"total": total, "free": max(0, capacity - taken_without_quota)},
                field="seats",
            )
        )
    return tuple(reasons)


def capacity_refusal(*, capacity: int, plan: SeatPlan) -> Reason | None:
    """Why a class cannot shrink to ``capacity`` seats."""
    needed = plan.kept_by_quotas + plan.taken_without_quota
    if capacity >= needed:
        return None
    return Reason(
        "capacity_below_needed",
        _("%(needed)s seats are taken or promised by quotas; the class cannot have fewer."),
        {"needed": needed},
        field="capacity",
    )


#: What the database's own guards say, by their names: somebody wrote without holding the class.
OVERRUN: dict[str, Reason] = {
    "enrollment_enrollment_within_quota": Reason(
        "quota_full_meanwhile",
        _("The last seat under this quota was taken meanwhile; look again, whoever comes now waits."),
    ),
    "enrollment_enrollment_within_class": Reason(
        "class_full_meanwhile",
        _("The last seat of this class was taken meanwhile; look again, whoever comes now waits."),
    ),
    "enrollment_quota_covers_taken": Reason(
        "quota_taken_meanwhile",
        _("Seats under this quota were taken meanwhile; look again, it cannot be smaller."),
        field="seats",
    ),
    "enrollment_quota_within_class": Reason(
        "quotas_given_meanwhile",
        _("Other quotas of this class were set meanwhile; look again, together they exceed its seats."),
        field="seats",
    ),
    "enrollment_trainingclass_covers_seats": Reason(
        "seats_given_meanwhile",
        _("Seats of this class were taken or given to quotas meanwhile; look again, it cannot have fewer."),
        field="capacity",
    ),
}


def overrun(error: str) -> Reason | None:
    """Which guard of the database speaks in ``error``, as a sentence."""
    return next((reason for name, reason in OVERRUN.items() if name in error), None)
