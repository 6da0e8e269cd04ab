"""Groups of a training class, each with its leader, and the class monitor 班长."""

from __future__ import annotations

from collections import defaultdict

from django.db import transaction

from cms.refusals import Refused
from enrollment.actions.classes import lock_class
from enrollment.actions.journal import note
from enrollment.models import ROSTER_STATUSES, Enrollment, TrainingClass, User
from enrollment.rules import class_life as rules


@transaction.atomic
def divide_into_groups(*, training_class: TrainingClass, actor: User | None, size: int = 10) -> int:
    """Divide the roster into groups of about ``size``, people of one organization together; return how many.

    Raises:
        Refused: a group would have fewer than two people, or the class is over.
    """
    if size < 2:
        raise Refused(rules.NOT_GROUPABLE)
    row = lock_class(training_class)
    if row.status not in rules.OPEN_FOR_ENROLMENT:
        raise Refused(rules.NOT_OPEN)
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


@transaction.atomic
def give_part(
    *, enrollment: Enrollment, group: int | None, is_leader: bool, is_monitor: bool, actor: User | None
) -> Enrollment:
    """Put somebody into a group, to lead it, or to be class monitor; whoever was that before is so no longer.

    Raises:
        Refused: the class is over, the person is not on the roster, or there is no such group.
    """
    row = lock_class(enrollment.training_class)
    held = Enrollment.objects.select_related("trainee").get(pk=enrollment.pk)
    against = rules.part_refusals(
        status=row.status,
        is_on_roster=held.status in ROSTER_STATUSES,
        group=group,
        is_leader=is_leader,
    )
    if against:
        raise Refused(*against)
    others = Enrollment.objects.filter(training_class=row).exclude(pk=held.pk)
    if is_monitor:
        others.filter(is_monitor=True).update(is_monitor=False)
    if is_leader:
        others.filter(group_number=group, is_group_leader=True).update(is_group_leader=False)
    held.group_number, held.is_group_leader, held.is_monitor = group, is_leader, is_monitor
    held.save(update_fields=["group_number", "is_group_leader", "is_monitor", "updated_at"])
    data = {"group": group, "leader": is_leader, "monitor": is_monitor}
    note(held, "enrollment.enrollment.part", actor=actor, data=data)
    return held
