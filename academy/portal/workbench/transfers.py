"""A hand-over sheet as it is read: figures in hours, codes in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from enrollment.models import EnrollmentStatus, Exemption, HourKind, MemberStatus, Post, as_hours

GENDERS = {"m": _("Male"), "f": _("Female")}


@dataclass(frozen=True)
class Line:
    """A post, exemption or class: what, with its days and a remark."""

    what: str | Promise
    starts_on: dt.date | None
    ends_on: dt.date | None
    remark: str | Promise = ""


@dataclass(frozen=True)
class Sheet:
    """What a stored sheet says, for the page and for paper."""

    year: int
    person: list[tuple[str | Promise, str | Promise]]
    required: Decimal
    earned: Decimal
    missing: Decimal
    until: Decimal
    is_exempt: bool
    has_reached: bool
    centralized: tuple[int, int]
    basis: list[str]
    kinds: list[tuple[str | Promise, Decimal]]
    posts: list[Line]
    exemptions: list[Line]
    classes: list[Line]
    certificates: list[tuple[str, str]]


def read(stored: dict[str, Any]) -> Sheet:
    """A sheet as ``enrollment.actions.transfer_sheets.sheet_of`` made it, before or after it was stored."""
    person = stored["person"]
    known = [
        (_("Name"), person["name"]),
        (_("Gender"), GENDERS.get(person["gender"], "")),
        (_("Date of birth"), _day_text(person["born_on"])),
        (_("Joined the Party on"), _day_text(person["joined_on"])),
        (_("Member status"), MemberStatus(person["member_status"]).label),
        (_("Mobile phone"), person["phone"]),
    ]
    exempt = stored["is_exempt"]
    return Sheet(
        year=stored["year"],
        person=[(label, text) for label, text in known if text],
        required=as_hours(stored["required"]),
        earned=as_hours(stored["earned"]),
        missing=as_hours(0 if exempt else max(0, stored["required"] - stored["earned"])),
        until=as_hours(stored["until"]),
        is_exempt=exempt,
        has_reached=stored["has_reached"],
        centralized=(stored["centralized"][0], stored["centralized"][1]),
        basis=stored["basis"],
        kinds=[(HourKind(row["kind"]).label, as_hours(row["quarters"])) for row in stored["kinds"]],
        posts=[
            Line(row["organization"], _day(row["from"]), _day(row["to"]), Post(row["post"]).label)
            for row in stored["posts"]
        ],
        exemptions=[
            Line(Exemption.Ground(row["ground"]).label, _day(row["from"]), _day(row["to"]), row["reason"])
            for row in stored["exemptions"]
        ],
        classes=[
            Line(row["title"], _day(row["from"]), _day(row["to"]), EnrollmentStatus(row["status"]).label)
            for row in stored["classes"]
        ],
        certificates=[(row["number"], row["title"]) for row in stored["certificates"]],
    )


def _day(value: Any) -> dt.date | None:
    return value if isinstance(value, dt.date) or value is None else parse_date(value)


def _day_text(value: Any) -> str:
    day = _day(value)
    return day.isoformat() if day else ""
