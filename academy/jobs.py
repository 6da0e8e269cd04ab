"""Lists of people as spreadsheets: at once where they are short, in the background where they are long."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Any, TypeVar

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from academy import reports
from academy.portal.workbench import reports as workbench
from cms.jobs import Kind, Outcome, Parameters, Progress, register
from cms.refusals import Refused
from cms.rules.jobs import NOT_ALLOWED
from cms.spreadsheets import Sheet, write
from enrollment.actions.journal import note
from enrollment.models import CohortCode, Organization, Standing, User
from enrollment.roster.sheets import write_people

MEMBERS, ZONE_PEOPLE = "academy.members", "academy.zone_people"
#: A list longer than this would keep somebody, and a thread of the server, waiting.
LONGEST_AT_ONCE = 1000
#: Rows read from the database at a time, and between two signs of progress.
CHUNK = 500

Row = TypeVar("Row")


def _counted(rows: Iterable[Row], whole: int, progress: Progress | None) -> Iterator[Row]:
    """``rows``, with how far they are said on the way."""
    for number, row in enumerate(rows):
        if progress is not None and number % CHUNK == 0:
            progress.step(number, whole)
        yield row


# --- The members of one's organizations --------------------------------------------------------------------


def may_export_members(user: Any, parameters: Parameters) -> bool:
    """Whoever looks after organizations; which members they are, the query says."""
    return bool(user.scope.everything or user.scope.managed_paths)


def write_members(
    target: IO[bytes], user: User, parameters: Parameters, progress: Progress | None = None
) -> str:
    """The members as a roster that can be edited and sent again; returns the file's name.

    ``parameters["kind"]`` is one of ``enrollment.roster.sheets.KINDS``, .xlsx when it is missing.
    """
    chosen = {name: value for name, value in parameters.items() if name != "kind"}
    kind = parameters.get("kind", "xlsx")
    people = workbench.members_of(user, **chosen)
    whole = people.count()
    rows = workbench.exported(people)
    write_people(target, _counted(rows.iterator(chunk_size=CHUNK), whole, progress), kind=kind)
    note(
        user,
        "enrollment.people.export",
        actor=user,
        data={"people": whole, "kind": kind, "filter": chosen},
    )
    name = _("Members %(day)s") % {"day": timezone.localdate().isoformat()}
    return f"{name}.{kind}"


# --- The people behind a figure of the zone ----------------------------------------------------------------


def _place(user: User, parameters: Parameters) -> Organization | None:
    found = reports.zone_organization(user, parameters["code"])
    return found[0] if found else None


def may_export_zone_people(user: Any, parameters: Parameters) -> bool:
    """Whoever may see the dashboard of that organization."""
    return reports.may_see_zone(user.scope) and _place(user, parameters) is not None


def zone_people(user: User, organization: Organization, parameters: Parameters) -> QuerySet[Standing]:
    """The people that ``parameters`` ask for."""
    choices = {name: value for name, value in parameters.items() if name not in {"code", "year"}}
    return reports.people_of(user, organization, parameters["year"], **choices)


def state_in_words(standing: Standing) -> str:
    """Whether the target is asked of somebody, and reached."""
    if standing.is_exempt:
        return _("Exempt")
    return _("Target reached") if standing.has_reached else _("Still short")


def write_zone_people(
    target: IO[bytes], user: User, parameters: Parameters, progress: Progress | None = None
) -> str:
    """The list of people as a spreadsheet; returns the file's name."""
    organization = _place(user, parameters)
    if organization is None:
        raise Refused(NOT_ALLOWED)
    people = zone_people(user, organization, parameters)
    whole = people.count()
    heads = [_("Name"), _("Organization"), _("Cohort"), _("Hours required"), _("Hours earned"), _("State")]
    labels = {code.value: str(code.label) for code in CohortCode}
    rows = (
        [
            standing.trainee.name,
            standing.organization.name,
            labels[standing.cohort],
            None if standing.is_exempt else float(standing.required),
            float(standing.earned),
            state_in_words(standing),
        ]
        for standing in _counted(people.iterator(chunk_size=CHUNK), whole, progress)
    )
    write(target, [Sheet(_("People"), heads, rows)])
    note(
        organization, "academy.export", actor=user, data={"what": "people", "rows": whole, **dict(parameters)}
    )
    name = _("%(organization)s people %(year)s") % {
        "organization": organization,
        "year": parameters["year"],
    }
    return f"{name}.xlsx"


# --- As background work ------------------------------------------------------------------------------------


def _export_members(user: Any, parameters: Parameters, progress: Progress) -> Outcome:
    target = tempfile.TemporaryFile()  # noqa: SIM115  # closed by whoever keeps the result
    return Outcome(file=target, file_name=write_members(target, user, parameters, progress))


def _export_zone_people(user: Any, parameters: Parameters, progress: Progress) -> Outcome:
    target = tempfile.TemporaryFile()  # noqa: SIM115  # closed by whoever keeps the result
    return Outcome(file=target, file_name=write_zone_people(target, user, parameters, progress))


def register_kinds() -> None:
    """Tell the queue what this app can do."""
    register(Kind(MEMBERS, may_export_members, _export_members))
    register(Kind(ZONE_PEOPLE, may_export_zone_people, _export_zone_people))
