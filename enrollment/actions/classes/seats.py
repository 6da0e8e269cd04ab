"""The seats of a class: the class is locked, then seats are computed from quotas and enrolments."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Count

from cms.refusals import Refused
from enrollment.models import Enrollment, Quota, TrainingClass
from enrollment.rules.capacity import QuotaSeats, SeatPlan, overrun

Told = ParamSpec("Told")
Done = TypeVar("Done")


def seating(action: Callable[Told, Done]) -> Callable[Told, Done]:
    """Run ``action`` in a transaction; where the database's own guard of seats speaks, say so."""

    @functools.wraps(action)
    def guarded(*args: Told.args, **kwargs: Told.kwargs) -> Done:
        try:
            with transaction.atomic():
                return action(*args, **kwargs)
        except IntegrityError as error:
            reason = overrun(str(error))
            if reason is None:
                raise
            raise Refused(reason) from error

    return guarded


def lock_class(training_class: TrainingClass) -> TrainingClass:
    """Lock and return the class as it is now; every change of its roster begins here."""
    return TrainingClass.objects.select_for_update(of=("self",), no_key=True).get(pk=training_class.pk)


def seat_plan(training_class: TrainingClass) -> SeatPlan:
    """The seats of a locked class, computed from its quotas and enrolments (two queries)."""
    quotas = {
        pk: QuotaSeats(seats)
        for pk, seats in Quota.objects.filter(training_class=training_class).values_list("pk", "seats")
    }
    plan = SeatPlan(training_class.capacity, quotas)
    taken = (
        Enrollment.objects.filter(training_class=training_class)
        .seated()
        .order_by()
        .values_list("quota_id")
        .annotate(people=Count("pk"))
    )
    for quota_id, people in taken:
        if quota_id is None:
            plan.taken_without_quota = people
        else:
            quotas[quota_id].taken = people
    return plan


class QuotasByPath:
    """Which quota of a class covers an organization: its own, else that of the nearest one above it."""

    def __init__(self, training_class: TrainingClass) -> None:
        self.by_path: dict[str, int] = dict(
            Quota.objects.filter(training_class=training_class).values_list("organization__path", "pk")
        )

    def covering(self, path: str) -> int | None:
        """The quota that covers the organization at ``path``."""
        covering = [own for own in self.by_path if path.startswith(own)]
        return self.by_path[max(covering, key=len)] if covering else None

    def covers(self, quota_id: int, path: str) -> bool:
        """Whether a certain quota covers it."""
        return any(pk == quota_id and path.startswith(own) for own, pk in self.by_path.items())
