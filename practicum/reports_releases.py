"""Reads about the draft of the timetable and its releases: each change with what it replaced, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from enrollment.models import User
from practicum.models import (
    ChangeKind,
    Lecturer,
    Room,
    TimetableChange,
    TimetableRelease,
    TrainingBase,
)
from practicum.models.releases import TimetableReleaseQuerySet


@dataclass(frozen=True)
class Told:
    """A session in words, as a draft or a release has it."""

    title: str = ""
    when: str = ""
    where: str = ""
    lecturer: str = ""
    #: What to bring, and the note for participants.
    details: str = ""


@dataclass
class ChangeLine:
    """One change: as it was, as it is to be, and what stands against it."""

    change: TimetableChange
    before: Told | None
    after: Told | None
    obstacles: list[str] = field(default_factory=list)


def lines_of(
    changes: Iterable[TimetableChange], obstacles: Mapping[int, list[str]] | None = None
) -> list[ChangeLine]:
    """Changes in words; three queries, however many."""
    rows = list(changes)
    plans = [plan for row in rows for plan in (row.plan, row.before) if plan]
    names: dict[str, dict[int, str]] = {
        "room": {
            one.pk: f"{one.venue} · {one}"
            for one in Room.objects.filter(pk__in=_keys(plans, "room")).select_related("venue")
        },
        "base": {one.pk: str(one) for one in TrainingBase.objects.filter(pk__in=_keys(plans, "base"))},
        "lecturer": {one.pk: str(one) for one in Lecturer.objects.filter(pk__in=_keys(plans, "lecturer"))},
    }
    return [
        ChangeLine(
            row,
            _told(row.before, names) if row.before and row.kind != ChangeKind.REINSTATED else None,
            _told(row.plan, names) if row.plan else None,
            (obstacles or {}).get(row.pk, []),
        )
        for row in rows
    ]


def _keys(plans: Iterable[Mapping[str, Any]], name: str) -> set[int]:
    return {plan[name] for plan in plans if plan.get(name)}


def _told(plan: Mapping[str, Any], names: Mapping[str, Mapping[int, str]]) -> Told:
    start, end = (
        timezone.localtime(dt.datetime.fromisoformat(plan[name])) for name in ("starts_at", "ends_at")
    )
    where = (
        names["room"].get(plan.get("room") or 0)
        or names["base"].get(plan.get("base") or 0)
        or plan.get("place")
        or ""
    )
    return Told(
        plan.get("title", ""),
        f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}",
        where,
        names["lecturer"].get(plan.get("lecturer") or 0, ""),
        " · ".join(filter(None, (plan.get("bring"), plan.get("note")))),
    )


def releases_for(user: User) -> TimetableReleaseQuerySet:
    """The changelog as ``user`` sees it, with how many changes of each kind."""
    rows = TimetableRelease.objects.visible_to(user).select_related("released_by", "rolls_back")
    return rows.annotate(
        added=Count("changes", filter=Q(changes__kind__in=[ChangeKind.NEW, ChangeKind.REINSTATED])),
        moved=Count("changes", filter=Q(changes__kind=ChangeKind.MOVED)),
        cancelled=Count("changes", filter=Q(changes__kind=ChangeKind.CANCELLED)),
    ).order_by("-number")
