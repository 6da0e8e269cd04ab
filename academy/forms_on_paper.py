"""The annual statistical return as a form: on the screen, to print, as .xlsx and as PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from academy import reports
from academy.annual_return import FROZEN_DEPTH, Line, shown
from cms.forms_on_paper import Cell, Column, Form, Sheet, Table, register
from enrollment.models import Organization, User, as_hours
from enrollment.requests import number_in

ANNUAL_RETURN = "annual-return"


@dataclass(frozen=True)
class Place:
    """Whose return of which year."""

    organization: Organization
    year: int

    def __str__(self) -> str:
        return f"{self.organization} {self.year}"


def key_of(organization: Organization, year: int) -> str:
    """What stands in the address of a return; nothing below the parks has one."""
    return f"{year}-{organization.code}" if organization.depth <= FROZEN_DEPTH else ""


def find(user: User, key: str) -> Place | None:
    """The zone or a park in scope, and one of the years that the dashboard shows."""
    digits, _dash, code = key.partition("-")
    year = number_in(digits)
    if year not in reports.zone_years() or not reports.may_see_zone(user.scope):
        return None
    found = reports.zone_organization(user, code)
    if found is None or found[0].depth > FROZEN_DEPTH:
        return None
    return Place(found[0], year)


def _to_dashboard(place: Place, _user: User) -> str:
    return f"{reverse('portal:zone_organization', args=[place.organization.code])}?year={place.year}"


def _share(line: Line) -> str:
    counted = line.people - line.exempt
    return f"{line.reached * 100 // counted}%" if counted else "—"


def _table(title: str, heads: Sequence[str], lines: Sequence[Line], total: Line, *names: str) -> Table:
    """A row for each place, with the figures of these names; ``quarters`` as hours."""

    def row(line: Line, name: str) -> list[Cell]:
        return [name, *(_figure(line, one) for one in names)]

    columns = [Column(_("Organization"), width=34), *(Column(head, True) for head in heads)]
    return Table(columns, [row(line, line.name) for line in lines], title, row(total, _("Together")))


def _figure(line: Line, name: str) -> Cell:
    if name == "share":
        return _share(line)
    return as_hours(line.quarters) if name == "quarters" else getattr(line, name)


def sheet(place: Place, user: User) -> Sheet:
    """党员培训情况 (thirteen queries at most, however many people)."""
    found = shown(place.organization, place.year)
    lines, total = found.content.lines, found.content.total
    notes = [
        _(
            "Person-times: one person at one training is one; a training class counts once however many "
            "sessions it had. Online lessons earn hours and are not counted here."
        ),
        _("New members: who joined the Party in this year or the year before. Mobile members: with a host."),
        _("An organization has reached the target when all its people who are held to it have."),
        _("People, exempt, reached and hours are those of the dashboard."),
    ]
    if found.frozen is not None:
        day = timezone.localdate(found.frozen.frozen_at).isoformat()
        notes.insert(0, _("Frozen on %(day)s, when the year was closed.") % {"day": day})
        if found.differs:
            notes.insert(1, _("Records posted late have changed the ledger since; the frozen figures stay."))
    return Sheet(
        title=_("Training of members: annual statistical return"),
        subtitle=_("%(organization)s, %(year)s")
        % {"organization": place.organization.name, "year": place.year},
        facts=[
            (_("State"), _("Frozen") if found.frozen else _("As of today")),
            (_("As of"), timezone.localdate(found.frozen.frozen_at if found.frozen else None)),
        ],
        tables=[
            _table(
                _("I. Members and study hours"),
                [_("People"), _("Exempt"), _("Reached"), _("Share reached"), _("Study hours")],
                lines,
                total,
                "people",
                "exempt",
                "reached",
                "share",
                "quarters",
            ),
            _table(
                _("II. Person-times"),
                [
                    _("Together"),
                    _("Secretaries"),
                    _("Members in non-public enterprises"),
                    _("Members in social organizations"),
                    _("New members"),
                    _("Mobile members"),
                ],
                lines,
                total,
                "person_times",
                "of_secretaries",
                "of_enterprises",
                "of_social",
                "of_new",
                "of_mobile",
            ),
            _table(
                _("III. Organizations that reached the target"),
                [_("Organizations"), _("Members reached it"), _("Secretary reached it")],
                lines,
                total,
                "organizations",
                "organizations_members",
                "organizations_secretaries",
            ),
        ],
        notes=notes,
        signatures=[_("Filled in by"), _("Checked by"), _("Date")],
        is_landscape=True,
    )


def register_forms() -> None:
    """Offer it."""
    register(
        Form(
            ANNUAL_RETURN,
            gettext_lazy("Training of members: annual statistical return"),
            find,
            sheet,
            _to_dashboard,
            logged=lambda place: place.organization,
        )
    )
