"""Groups of a training class, each with its leader."""

from __future__ import annotations

from collections import defaultdict

from django.db import transaction

from cms.refusals import Refused
from enrollment.actions.classes import lock_class
from enrollment.actions.journal import note
from enrollment.models import Enrollment, TrainingClass, User
from enrollment.rules import class_life as rules


@transaction.atomic
def divide_into_groups(*, training_class: TrainingClass, actor: User | None, size: int = 10) -> int:
    """Divide the roster into groups of about ``size``, people of one organization together; return how many.

    Raises:
        Refused: a group would have fewer than two people.
    """
    if size < 2:
        raise Refused(rules.NOT_GROUPABLE)
    row = lock_class(training_class)
    people = list(
        Enrollment.objects.filter(training_class=row)
        .on_roster()
        .order_by("trainee__home_organization__path", "trainee__name", "pk")
    )
    groups = max(1, -(-len(people) // size)) if people else 0
    leads: dict[int, bool] = defaultdict(bool)
    for position, held in enumerate(people):
        number = position * groups // len(people) + 1
        held.is_group_leader = held.is_group_leader and not leads[number]
        leads[number] = leads[number] or held.is_group_leader
        held.group_number = number
    for held in people:
        if held.group_number is not None and not leads[held.group_number]:
            held.is_group_leader = leads[held.group_number] = True
    Enrollment.objects.bulk_update(people, ["group_number", "is_group_leader"], batch_size=200)
    note(row, "enrollment.enrollment.group", actor=actor, data={"groups": groups})
    return groups
