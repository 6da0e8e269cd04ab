"""Quotas: seats of a class that organizations are given."""

from __future__ import annotations

from collections.abc import Mapping

from cms.refusals import Refused
from enrollment.actions.classes.moving import promote
from enrollment.actions.classes.seats import lock_class, seat_plan, seating
from enrollment.actions.journal import note
from enrollment.models import Enrollment, Organization, Quota, TrainingClass, User
from enrollment.rules import capacity as capacity_rule

CHUNK = 2000


@seating
def set_quotas(*, training_class: TrainingClass, seats: Mapping[int, int], actor: User | None) -> list[Quota]:
    """Give seats to organizations, by id; 0 takes a quota away. Quotas not named stay as they are.

    Raises:
        Refused: fewer seats than are taken under a quota, or more in all than the class has to give.
    """
    row = lock_class(training_class)
    plan = seat_plan(row)
    present = {quota.organization_id: quota for quota in Quota.objects.filter(training_class=row)}
    after = {organization_id: quota.seats for organization_id, quota in present.items()} | dict(seats)
    against = capacity_rule.quota_refusals(
        capacity=row.capacity,
        taken_without_quota=plan.taken_without_quota,
        seats=after,
        taken={o: plan.quotas[quota.pk].taken for o, quota in present.items()},
    )
    if against:
        raise Refused(*against)
    removed = [present[o].pk for o, number in seats.items() if number == 0 and o in present]
    Enrollment.objects.filter(quota_id__in=removed).update(quota=None)
    Quota.objects.filter(pk__in=removed).delete()
    # Whoever gives seats back comes first: the database counts row by row.
    smaller_first = sorted(
        ((o, number) for o, number in seats.items() if number),
        key=lambda given: given[1] - (present[given[0]].seats if given[0] in present else 0),
    )
    Quota.objects.bulk_create(
        [Quota(training_class=row, organization_id=o, seats=number) for o, number in smaller_first],
        batch_size=CHUNK,
        update_conflicts=True,
        unique_fields=["training_class", "organization"],
        update_fields=["seats"],
    )
    note(row, "enrollment.class.quota", actor=actor, data={"organizations": len(seats)})
    promote(training_class=row, actor=actor)
    return list(Quota.objects.filter(training_class=row, organization_id__in=seats))


def set_quota(
    *, training_class: TrainingClass, organization: Organization, seats: int, actor: User | None
) -> Quota | None:
    """Give one organization ``seats`` seats; 0 takes its quota away (None).

    Raises:
        Refused: see ``set_quotas``.
    """
    quotas = set_quotas(training_class=training_class, seats={organization.pk: seats}, actor=actor)
    return quotas[0] if quotas else None
