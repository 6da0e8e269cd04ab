"""The audit log as an auditor searches it: who did or looked at what, to whom, and when. Only reads."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import IntegerField, Q, QuerySet, Value
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import registry
from wagtail.models import ModelLogEntry, PageLogEntry

from enrollment.rules.devices import device_name

#: Entries about rows, and entries about pages.
MODELS: tuple[Any, ...] = (ModelLogEntry, PageLogEntry)
#: Kinds of deed → beginnings of the actions that belong to it.
KINDS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "look": (
        _("Looks at personal data"),
        ("enrollment.person.look", "academy.view_people", "academy.own_data", "cms.job.fetch"),
    ),
    "export": (
        _("Exports"),
        (
            "enrollment.people.export",
            "academy.export",
            "enrollment.log.export",
            "enrollment.roster.correct",
            "cms.job.begin",
        ),
    ),
    "sign_in": (_("Signing in and out"), ("enrollment.sign_in", "enrollment.sign_out", "enrollment.session")),
    "account": (
        _("Accounts and roles"),
        ("enrollment.account", "enrollment.role", "enrollment.invitation", "enrollment.second_factor"),
    ),
    "person": (
        _("People and organizations"),
        (
            "enrollment.person",
            "enrollment.roster",
            "enrollment.organization",
            "enrollment.exemption",
            "enrollment.correction",
        ),
    ),
    "hours": (
        _("Hours, classes and certificates"),
        (
            "enrollment.hours",
            "enrollment.rule",
            "enrollment.year",
            "enrollment.class",
            "enrollment.enrollment",
            "enrollment.certificate",
            "enrollment.activity",
        ),
    ),
    "content": (_("Content of the site"), ("wagtail.",)),
}
#: What of an entry's details is told, in this order.
DETAILS = {
    "reason": _("Reason"),
    "before": _("Before"),
    "after": _("After"),
    "fields": _("Fields"),
    "role": _("Role"),
    "people": _("People"),
    "rows": _("Rows"),
    "file": _("File"),
    "address": _("Network address"),
    "device": _("Device"),
}
LONGEST_DETAIL = 120


@dataclass(frozen=True)
class Entry:
    """One line of the log in words."""

    at: dt.datetime
    who: str
    did: str
    kind: str
    about: str
    details: str


def searched(
    *, who: str = "", about: str = "", kind: str = "", action: str = "", since: str = "", until: str = ""
) -> QuerySet[Any, dict[str, Any]]:
    """Matching entries, the latest first, as rows of ``pk``, ``timestamp`` and ``place`` (in ``MODELS``).

    ``since`` and ``until`` are ISO days, both included, in the academy's own time zone.
    """
    wanted = Q()
    if who:
        wanted &= Q(user__name__icontains=who) | Q(user__username__iexact=who)
    if about:
        wanted &= Q(label__icontains=about)
    if kind in KINDS:
        starts = Q()
        for beginning in KINDS[kind][1]:
            starts |= Q(action__startswith=beginning)
        wanted &= starts
    if action:
        wanted &= Q(action=action)
    if since:
        wanted &= Q(timestamp__gte=_midnight(dt.date.fromisoformat(since)))
    if until:
        wanted &= Q(timestamp__lt=_midnight(dt.date.fromisoformat(until) + dt.timedelta(days=1)))
    first, second = (
        model.objects.filter(wanted)
        .order_by()
        .values("pk", "timestamp")
        .annotate(place=Value(place, output_field=IntegerField()))
        for place, model in enumerate(MODELS)
    )
    found: QuerySet[Any, dict[str, Any]] = first.union(second, all=True).order_by("-timestamp", "-pk")
    return found


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def in_words(rows: Sequence[Mapping[str, Any]]) -> list[Entry]:
    """``rows`` of ``searched`` in words, in their order (at most four queries, however many rows)."""
    wanted: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        wanted[row["place"]].append(row["pk"])
    found = {
        (place, entry.pk): entry
        for place, pks in wanted.items()
        for entry in MODELS[place].objects.filter(pk__in=pks).select_related("user", "content_type")
    }
    entries = (found.get((row["place"], row["pk"])) for row in rows)
    return [_entry(entry) for entry in entries if entry is not None]


def exported(rows: QuerySet[Any, dict[str, Any]], chunk: int) -> Iterator[Entry]:
    """Every one of ``rows`` in words, read chunk by chunk."""
    batch: list[Mapping[str, Any]] = []
    for row in rows.iterator(chunk_size=chunk):
        batch.append(row)
        if len(batch) == chunk:
            yield from in_words(batch)
            batch = []
    yield from in_words(batch)


def _entry(entry: Any) -> Entry:
    model = entry.content_type.model_class() if entry.content_type else None
    action = entry.action
    return Entry(
        at=entry.timestamp,
        who=str(entry.user) if entry.user else "",
        did=str(registry.get_action_label(action)) if registry.action_exists(action) else action,
        kind=capfirst(str(model._meta.verbose_name)) if model else "",
        about=entry.label,
        details="；".join(_told(entry.data)),
    )


def _told(data: Any) -> Iterable[str]:
    if not isinstance(data, Mapping):
        return
    for name, label in DETAILS.items():
        value = data.get(name)
        if isinstance(value, list):
            value = "、".join(str(one) for one in value)
        if name == "device" and isinstance(value, str):
            value = device_name(value) or value
        if value not in (None, "", 0):
            yield f"{label}：{str(value)[:LONGEST_DETAIL]}"
