"""The printed forms of bases: the year report, for the academy and for the base."""

from __future__ import annotations

import re

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.forms_on_paper import Column, Form, Sheet, Table, register
from enrollment.models import User, as_hours
from enrollment.rules.codes import in_chinese
from practicum.models import TrainingBase, VisitStatus
from practicum.reports_bases import HELD, REFUSED, BaseYear, year_of_base

KEY = re.compile(r"(?P<code>[\w-]{1,40})-(?P<year>20\d\d)", re.ASCII)


def find_year(user: User, key: str) -> BaseYear | None:
    """The year of a base that the person runs or receives visitors for; the key is like ``b001-2026``."""
    found = KEY.fullmatch(key)
    if found is None or int(found["year"]) > timezone.localdate().year:
        return None
    mine = Q(pk__in=TrainingBase.objects.manageable_by(user).values("pk")) | Q(
        pk__in=TrainingBase.objects.hosted_by(user).values("pk")
    )
    base = TrainingBase.objects.filter(mine, code=found["code"]).select_related("organization").first()
    return year_of_base(base, int(found["year"])) if base is not None else None


def _rated(year: BaseYear, side: str) -> str:
    average, number = year.rating(side)
    if average is None:
        return _("nobody rated")
    return _("%(average)s of 5 (%(number)s ratings)") % {"average": average, "number": number}


def year_report(year: BaseYear, user: User) -> Sheet:
    """年度报告."""
    base = year.base
    title = base.get_title_level_display() or _("none")
    if base.title_expires_on:
        title = _("%(title)s, until %(day)s") % {"title": title, "day": base.title_expires_on.isoformat()}
    columns = [
        Column(_("Day"), width=13),
        Column(_("Visit"), width=30),
        Column(_("Training class")),
        Column(_("Announced"), True, 8),
        Column(_("Signed in"), True, 8),
        Column(_("Counted by the base"), True, 9),
        Column(_("Hours"), True, 8),
        Column(_("By the academy"), True, 8),
        Column(_("By the base"), True, 8),
    ]
    rows = [
        [
            timezone.localdate(row.visit.starts_at).isoformat(),
            row.visit.title,
            str(row.visit.training_class or ""),
            row.visit.headcount,
            row.came,
            row.visit.received,
            as_hours(row.quarters),
            row.visit.academy_rating,
            row.visit.host_rating,
        ]
        for row in year.visits
    ]
    total = [
        _("Together"),
        "",
        "",
        sum(row.visit.headcount for row in year.visits),
        sum(row.came for row in year.visits),
        sum(row.visit.received or 0 for row in year.visits),
        as_hours(sum(row.quarters for row in year.visits)),
        year.rating("academy")[0],
        year.rating("host")[0],
    ]
    asked = sum(year.counts.values())
    return Sheet(
        title=_("Year report of a training base"),
        subtitle=f"{base.name} {year.year}",
        facts=[
            (_("Unit"), base.unit),
            (_("Party organization"), str(base.organization or base.organization_name)),
            (_("Title of honour"), title),
            (_("Visits asked for"), asked),
            (_("Visits held"), year.number(*HELD)),
            (_("Declined or not taken up"), year.number(*REFUSED)),
            (_("Cancelled"), year.number(VisitStatus.CANCELLED)),
            (_("Still open"), asked - year.number(*HELD, *REFUSED, VisitStatus.CANCELLED)),
            (_("Sessions held here, visits included"), year.sessions),
            (_("People signed in"), year.came),
            (_("Study hours earned here"), as_hours(year.quarters)),
            (_("Rated by the academy"), _rated(year, "academy")),
            (_("Rated by the base"), _rated(year, "host")),
            (_("Days suspended"), year.closed_days),
        ],
        tables=[Table(columns, rows, title=_("Visits held"), total=total if rows else None)],
        issuer=["", in_chinese(timezone.localdate())],
        is_landscape=True,
    )


def register_forms() -> None:
    """Offer them."""
    register(
        Form(
            "base-year",
            gettext_lazy("Year report of a training base"),
            find_year,
            year_report,
            lambda year, _user: reverse("practicum:base", args=[year.base.code]),
            more="practicum/base_year_more.html",
            logged=lambda year: year.base,
        )
    )
