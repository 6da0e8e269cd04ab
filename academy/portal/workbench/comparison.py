"""Two records side by side: what each says and holds, and what a merger did. A fixed number of queries."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Count
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from courses.models import LessonProgress
from enrollment.actions.person_records import kind_of
from enrollment.models import (
    Appointment,
    Certificate,
    Enrollment,
    EnrollmentStatus,
    HourEntry,
    PersonMerger,
    RoleGrant,
    Standing,
    Trainee,
    as_hours,
)
from enrollment.rules.person_mergers import FATES, Fate
from practicum.models import Attendance


@dataclass(frozen=True)
class Cell:
    """What one record says; ``is_offered``: unless staff choose otherwise, this is to stay."""

    key: int
    text: str
    is_offered: bool


@dataclass(frozen=True)
class Value:
    """One field of both records."""

    name: str
    label: str | Promise
    cells: list[Cell]
    differs: bool


@dataclass(frozen=True)
class Holding:
    """What both records hold of something, in words."""

    label: str | Promise
    texts: tuple[str, str]


def _day(value: Any) -> str:
    return date_format(value, "Y-m-d") if value else ""


#: What can be chosen, with how it is shown. A phone stays masked: its last figures tell two apart.
SHOWN: tuple[tuple[str, str | Promise, Callable[[Trainee], str]], ...] = (
    ("name", _("Name"), lambda person: person.name),
    ("post", _("Organization and present post"), lambda person: ""),
    ("phone", _("Mobile phone"), lambda person: person.masked_phone),
    ("identity", _("Last four of the identity number"), lambda person: person.identity_tail),
    ("gender", _("Gender"), lambda person: str(person.get_gender_display()) if person.gender else ""),
    ("born_on", _("Date of birth"), lambda person: _day(person.born_on)),
    ("ethnicity", _("Ethnic group"), lambda person: person.ethnicity),
    ("education", _("Education"), lambda person: person.education),
    ("joined_on", _("Joined the Party on"), lambda person: _day(person.joined_on)),
    ("member_status", _("Member status"), lambda person: str(person.get_member_status_display())),
    ("host_organization", _("Host organization"), lambda person: str(person.host_organization or "")),
    ("note", _("Remarks"), lambda person: person.note),
)
#: What is compared where the words would hide a difference.
RAW = {"phone": ("phone",), "identity": ("identity_digest", "identity_tail")}


def records(ids: Iterable[int]) -> list[Trainee]:
    """Both records with what their columns show, the older one first."""
    return list(
        Trainee.objects.filter(pk__in=list(ids))
        .select_related("home_organization", "host_organization", "user")
        .order_by("pk")
    )


def suggested_keeper(people: list[Trainee]) -> int:
    """The record that is offered to stay: on the roster, with an account, with more hours, older."""
    earned: Counter[int] = Counter()
    for pk, quarters in Standing.objects.filter(trainee__in=people).values_list(
        "trainee_id", "earned_quarters"
    ):
        earned[pk] += quarters
    best = max(
        people,
        key=lambda one: (one.left_on is None, one.user_id is not None, earned[one.pk], -one.pk),
    )
    return best.pk


def values(people: list[Trainee], keeper: int) -> list[Value]:
    """Field by field; where the record that stays says nothing, the other's value is offered."""
    posts = {
        row.trainee_id: f"{row.organization} · {row.get_post_display()}"
        for row in Appointment.objects.current().filter(trainee__in=people).select_related("organization")
    }
    other = next(one.pk for one in people if one.pk != keeper)
    rows = []
    for name, label, shown in SHOWN:
        texts = {
            one.pk: posts.get(one.pk, str(one.home_organization)) if name == "post" else shown(one)
            for one in people
        }
        raw = {
            tuple(getattr(one, column) for column in RAW[name]) if name in RAW else texts[one.pk]
            for one in people
        }
        offered = other if texts[other] and not texts[keeper] else keeper
        rows.append(Value(name, label, _cells(texts, offered), len(raw) > 1))
    accounts = {one.pk: one.user.username for one in people if one.user is not None}
    if len(accounts) > 1:
        rows.append(Value("account", _("Account that stays"), _cells(accounts, keeper), True))
    return rows


def _cells(texts: dict[int, str], offered: int) -> list[Cell]:
    return [Cell(key, text, key == offered) for key, text in sorted(texts.items())]


def holdings(people: list[Trainee]) -> list[Holding]:
    """What would go along."""
    ids = [one.pk for one in people]
    accounts = {one.user_id: one.pk for one in people if one.user_id is not None}
    hours: dict[int, list[str]] = defaultdict(list)
    for row in Standing.objects.filter(trainee__in=ids).order_by("-year"):
        hours[row.trainee_id].append(f"{row.year}: {row.earned}/{row.required}")
    roles: dict[int, list[str]] = defaultdict(list)
    for grant in RoleGrant.objects.filter(user__in=accounts):
        roles[accounts[grant.user_id]].append(str(grant.get_role_display()))
    places = Enrollment.objects.exclude(status=EnrollmentStatus.WITHDRAWN)
    counts: list[tuple[str | Promise, Counter[int]]] = [
        (_("Posts so far"), _count(Appointment.objects.filter(trainee__in=ids))),
        (_("Classes"), _count(places.filter(trainee__in=ids))),
        (
            _("Certificates"),
            _count(Certificate.objects.filter(enrollment__trainee__in=ids), "enrollment__trainee"),
        ),
        (_("Sessions attended"), _count(Attendance.objects.attended().filter(trainee__in=ids))),
        (_("Entries in the ledger"), _count(HourEntry.objects.standing().filter(trainee__in=ids))),
        (
            _("Lessons completed"),
            _count(LessonProgress.objects.complete().filter(user__in=accounts), "user__trainee"),
        ),
    ]

    def told(texts: dict[int, str]) -> tuple[str, str]:
        return texts.get(ids[0], ""), texts.get(ids[1], "")

    return [
        Holding(_("On the roster since"), told({one.pk: _day(one.created_at) for one in people})),
        Holding(_("Left on"), told({one.pk: _day(one.left_on) for one in people})),
        Holding(_("Account"), told({one.pk: one.user.username if one.user else "" for one in people})),
        Holding(_("Roles"), told({pk: "、".join(words) for pk, words in roles.items()})),
        Holding(_("Hours: earned / required"), told({pk: " · ".join(lines) for pk, lines in hours.items()})),
        *(Holding(label, told({pk: str(number) for pk, number in found.items()})) for label, found in counts),
    ]


def _count(rows: Any, owner: str = "trainee") -> Counter[int]:
    found = rows.order_by().values(owner).annotate(number=Count("pk")).values_list(owner, "number")
    return Counter(dict(found))


@dataclass(frozen=True)
class Uncounted:
    """Hours that were not credited to the record that stays, and why."""

    entry: HourEntry
    why: str | Promise


@dataclass(frozen=True)
class Outcome:
    """What a merger did, as its page tells it."""

    moved_hours: Any
    moved_entries: int
    uncounted: list[Uncounted]
    rows: list[tuple[str, int]]

    @property
    def digest(self) -> str:
        """Of all that is told: a confirmation holds for exactly what was shown."""
        told = (
            [(line.entry.pk, str(line.why)) for line in self.uncounted],
            (self.moved_entries, str(self.moved_hours), sorted(self.rows)),
        )
        return hashlib.sha256(repr(told).encode()).hexdigest()


def outcome_of(merger: PersonMerger) -> Outcome:
    """Hours that went along, hours that count once, and how many rows of what changed."""
    fates = {line["entry"]: Fate(line["fate"]) for line in merger.ledger}
    entries = list(HourEntry.objects.filter(pk__in=list(fates)).order_by("pk"))
    moved = [entry for entry in entries if fates[entry.pk] == Fate.MOVED]
    rows = Counter(change["model"] for change in merger.changes if change["model"] != Trainee._meta.label)
    return Outcome(
        moved_hours=as_hours(sum(entry.quarters for entry in moved)),
        moved_entries=len(moved),
        uncounted=[
            Uncounted(entry, FATES[fates[entry.pk]]) for entry in entries if fates[entry.pk] != Fate.MOVED
        ],
        rows=[(str(kind_of(apps.get_model(label))), number) for label, number in rows.items()],
    )
