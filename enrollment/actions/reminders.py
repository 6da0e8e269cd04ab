"""Reminding those who are short of the year's hours, and those who look after them."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Count, Exists, F, Max, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from enrollment.actions.messages import Notice, notify_each
from enrollment.advice import suggestions
from enrollment.models import (
    SEATED_STATUSES,
    Appointment,
    ClassStatus,
    Delivery,
    DeliveryState,
    Enrollment,
    EnrollmentStatus,
    Guide,
    Message,
    Quota,
    Role,
    RoleGrant,
    Standing,
    TrainingClass,
)
from enrollment.models.deadlines import new_secretaries
from enrollment.rules import reminders as rules
from enrollment.rules.reminders import Need, OpenClass

#: People are looked at in portions of this size, each at the same number of queries.
CHUNK = 500


@dataclass
class Reminded:
    """How many were reminded of their hours, as new secretaries, and of the hours of others."""

    people: int = 0
    summaries: int = 0
    secretaries: int = 0


def remind(*, now: dt.datetime) -> Reminded:
    """Remind whom the rule names at ``now``; run as often as one likes, nobody hears twice a month.

    Not to be called inside a transaction: each portion is told in one of its own.
    """
    local = timezone.localtime(now)
    result = Reminded()
    classes = open_classes(local.date())
    joined = _joined(classes)
    for chunk in _short(local.year):
        result.people += _remind(chunk, classes, joined, local)
    result.secretaries = _remind_new_secretaries(local)
    if local.month >= rules.CENTRALIZED_FROM_MONTH:
        result.summaries = _summarize(local)
    return result


def open_classes(day: dt.date) -> list[OpenClass]:
    """Classes that take nominations and begin on ``day`` or later, with the seats left in each quota."""
    rows = TrainingClass.objects.filter(status=ClassStatus.NOMINATING, starts_on__gte=day).select_related(
        "cohort"
    )
    seats: dict[int, dict[str, int]] = defaultdict(dict)
    taken = Count("enrollments", filter=Q(enrollments__status__in=SEATED_STATUSES))
    quotas = (
        Quota.objects.filter(training_class__in=[row.pk for row in rows])
        .annotate(left=F("seats") - taken)
        .values_list("training_class_id", "organization__path", "left")
    )
    for class_id, path, left in quotas:
        seats[class_id][path] = left
    return [
        OpenClass(
            row.pk,
            row.title,
            row.starts_on,
            row.cohort.code if row.cohort is not None else None,
            row.is_centralized,
            seats[row.pk],
        )
        for row in rows
    ]


def _joined(classes: Iterable[OpenClass]) -> dict[int, frozenset[int]]:
    """For each trainee the open classes they are in or wait for."""
    found: dict[int, set[int]] = defaultdict(set)
    rows = Enrollment.objects.filter(training_class__in=[one.pk for one in classes]).exclude(
        status=EnrollmentStatus.WITHDRAWN
    )
    for trainee_id, class_id in rows.values_list("trainee_id", "training_class_id"):
        found[trainee_id].add(class_id)
    return {trainee_id: frozenset(ids) for trainee_id, ids in found.items()}


def _short(year: int) -> Iterator[list[Standing]]:
    """Standings of people with an account who have not reached the target, in portions."""
    last = 0
    while True:
        chunk = list(
            Standing.objects.filter(
                year=year,
                is_exempt=False,
                has_reached=False,
                trainee__left_on__isnull=True,
                trainee__user__is_active=True,
                trainee_id__gt=last,
            )
            .select_related("trainee__home_organization")
            .order_by("trainee_id")[:CHUNK]
        )
        if not chunk:
            return
        yield chunk
        last = chunk[-1].trainee_id


def _last_told(kind: str, accounts: Iterable[int]) -> dict[int, dt.datetime]:
    """When each of ``accounts`` was last told something of this kind."""
    rows = Message.objects.filter(kind=kind, recipient__in=list(accounts)).order_by()
    return dict(rows.values("recipient").annotate(last=Max("created_at")).values_list("recipient", "last"))


def _remind(
    chunk: list[Standing], classes: list[OpenClass], joined: dict[int, frozenset[int]], now: dt.datetime
) -> int:
    accounts = {row.trainee.user_id for row in chunk if row.trainee.user_id is not None}
    last = _last_told("hours_short", accounts)
    wanting = [
        row
        for row in chunk
        if row.trainee.user_id is not None
        and rules.wants_reminder(
            Need(
                row.required_quarters,
                row.counted_quarters,
                row.lacks_centralized,
                row.is_exempt,
                row.trainee.left_on is not None,
                last.get(row.trainee.user_id),
            ),
            now,
        )
    ]
    advice = suggestions([row.trainee.user_id for row in wanting if row.trainee.user_id is not None])
    notices = []
    for row in wanting:
        user_id = row.trainee.user_id
        assert user_id is not None
        found = rules.next_class(
            classes,
            cohort=row.cohort,
            path=row.trainee.home_organization.path,
            lacks_centralized=row.lacks_centralized,
            joined=joined.get(row.trainee_id, frozenset()),
        )
        study = advice.get(user_id)
        context = {
            "year": row.year,
            "required": f"{row.required:f}",
            "earned": f"{row.earned:f}",
            "missing": f"{row.shortfall:f}" if row.shortfall else "",
            "lacks_centralized": row.lacks_centralized,
            "class_title": found.title if found is not None else "",
            "class_starts_on": found.starts_on if found is not None else None,
            "course_title": study.title if study is not None else "",
        }
        link = study.url if study is not None else reverse("portal:home")
        # The month in the key: two runs at once tell one of them nothing.
        notices.append(Notice(user_id, f"hours-short:{now:%Y-%m}", context, link))
    return notify_each(kind="hours_short", notices=notices)


def _remind_new_secretaries(now: dt.datetime) -> int:
    """Tell new secretaries with an account by when their first training is due."""
    found = new_secretaries(
        Appointment.objects.filter(trainee__user__is_active=True), timezone.localdate(now)
    )
    last = _last_told("secretary_due", [row.appointment.trainee.user_id or 0 for row in found])
    exempt = set(
        Standing.objects.filter(
            trainee__in=[row.appointment.trainee_id for row in found], year=now.year, is_exempt=True
        ).values_list("trainee_id", flat=True)
    )
    notices = []
    for row in found:
        user_id = row.appointment.trainee.user_id
        if user_id is None or row.appointment.trainee_id in exempt:
            continue
        one = row.training
        if rules.wants_secretary_reminder(one.deadline, one.trained_on, last.get(user_id), now):
            context = {
                "organization": row.appointment.organization.name,
                "appointed_on": one.appointed_on,
                "deadline": one.deadline,
                "is_overdue": row.is_overdue,
            }
            link = reverse("portal:explanation")
            notices.append(Notice(user_id, f"secretary-due:{now:%Y-%m}", context, link))
    return notify_each(kind="secretary_due", notices=notices)


def withdraw_outdated(*, now: dt.datetime) -> int:
    """Take back reminders on their way to whoever has reached the target, is exempt or has left by ``now``.

    They may have waited for a digest for days. In the inbox they stay; the number of letters taken back.
    """
    in_order = Standing.objects.filter(
        Q(has_reached=True) | Q(is_exempt=True) | Q(trainee__left_on__isnull=False),
        trainee__user=OuterRef("message__recipient"),
        year=timezone.localtime(now).year,
    )
    return (
        Delivery.objects.filter(
            message__kind="hours_short", state__in=[DeliveryState.WAITING, DeliveryState.FAILED]
        )
        .filter(Exists(in_order))
        .update(state=DeliveryState.GIVEN_UP)
    )


# --- Those who look after others ---------------------------------------------------------------------


def _below(paths: Iterable[str]) -> Callable[[str], set[str]]:
    """A question to sorted paths: which of them are at or below one."""
    known = sorted(paths)

    def asked(path: str) -> set[str]:
        if not path:
            return set()
        begin = end = bisect_left(known, path)
        while end < len(known) and known[end].startswith(path):
            end += 1
        return set(known[begin:end])

    return asked


def _summarize(now: dt.datetime) -> int:
    """One summary for each affairs worker and guide who has somebody short in their care."""
    short = dict(
        Standing.objects.filter(
            year=now.year, is_exempt=False, has_reached=False, trainee__left_on__isnull=True
        )
        .order_by()
        .values("organization__path")
        .annotate(people=Count("pk"))
        .values_list("organization__path", "people")
    )
    in_care: dict[int, set[str]] = defaultdict(set)
    links: dict[int, str] = {}
    # Guides look after organizations one by one; affairs workers after a whole branch of the tree.
    guided = Guide.objects.filter(
        user__is_active=True, group__organizations__dissolved_on__isnull=True
    ).values_list("user_id", "group__organizations__path")
    for user_id, path in guided:
        if user_id is not None and path in short:
            in_care[user_id].add(path)
            links[user_id] = reverse("portal:guide")
    grants = RoleGrant.objects.filter(role=Role.AFFAIRS_WORKER, user__is_active=True)
    below = _below(short)
    for user_id, path in grants.values_list("user_id", "organization__path"):
        in_care[user_id] |= below(path or "")
        links[user_id] = f"{reverse('portal:workbench')}?state=short"
    last = _last_told("hours_summary", in_care)
    notices = [
        Notice(
            user_id,
            f"hours-summary:{now:%Y-%m}",
            {
                "year": now.year,
                "people": sum(short[path] for path in paths),
                "organizations": len(paths),
            },
            links[user_id],
        )
        for user_id, paths in in_care.items()
        if paths and rules.is_time_again(last.get(user_id), now)
    ]
    return notify_each(kind="hours_summary", notices=notices)
