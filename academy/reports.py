"""Reads over several apps: a trainee's year at a glance, the zone's figures, and what waits for staff."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.core.cache import cache
from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet, Subquery, Sum
from django.utils import timezone

from cms.prepared import Prepared
from cms.refusals import Reason
from courses.models import CourseAssignment, CourseProgress, LessonPage
from courses.models.outlines import catalogue
from enrollment.models import (
    Appointment,
    Certificate,
    Enrollment,
    HourBalance,
    HourEntry,
    HourKind,
    Organization,
    Role,
    Scope,
    Standing,
    Trainee,
    User,
    earned_by_dimension,
    rulebook,
)
from enrollment.models.sums import MOMENT, month_of_moment
from enrollment.reports import PlaceFigures, figures_of_neighbours, organization_figures, own_figures
from enrollment.reports_parks import PARK_DEPTH, has_park_figures, park_figures
from enrollment.rules.minimums import gaps
from enrollment.rules.standing import Earned, Verdict, verdict
from practicum.models import Attendance

ONLINE = frozenset({HourKind.ONLINE, HourKind.LIVE})


# --- One trainee ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class KindShare:
    """Hours of one kind, and the part of a bar that they fill."""

    code: str
    label: str
    quarters: int
    share: float


@dataclass(frozen=True)
class YearAtAGlance:
    """Where one person stands this year; what the first page shows."""

    year: int
    required_quarters: int
    earned_quarters: int
    is_exempt: bool
    verdict: Verdict
    kinds: tuple[KindShare, ...] = ()
    centralized_required: int = 0
    centralized_held: int = 0

    @property
    def has_reached(self) -> bool:
        """Whether the target is met; never for the exempt, of whom it is not asked."""
        return self.verdict.has_reached

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What matters, in sentences."""
        return self.verdict.reasons

    @property
    def shortfall_quarters(self) -> int:
        """What is still missing."""
        return self.verdict.shortfall_quarters

    @property
    def percent(self) -> int:
        """Share of the requirement that is met, 0 to 100; 100 only when nothing is missing."""
        if self.required_quarters <= 0:
            return 100
        return max(0, (self.required_quarters - self.shortfall_quarters) * 100 // self.required_quarters)


def shares(quarters_by_kind: dict[str, int], whole: int) -> tuple[KindShare, ...]:
    """Kinds in their fixed order, as parts of a bar that is ``whole`` long (longer where they exceed it)."""
    whole = max(whole, sum(max(0, value) for value in quarters_by_kind.values()), 1)
    return tuple(
        KindShare(
            kind.value,
            str(kind.label),
            quarters_by_kind[kind.value],
            max(0, quarters_by_kind[kind.value]) * 100 / whole,
        )
        for kind in HourKind
        if quarters_by_kind.get(kind.value)
    )


class _Standing(NamedTuple):
    """What the first page needs of a standing."""

    trainee_id: int
    cohort: str
    required_quarters: int
    is_exempt: bool
    centralized_required: int
    centralized_entries: int


_YEAR = Prepared(
    lambda user, year: Standing.objects.filter(trainee__user=user, year=year).values_list(
        *_Standing._fields,
        "trainee__balances__year",
        "trainee__balances__kind",
        "trainee__balances__quarters",
    ),
    user=-1,
    year=1901,
)


def year_at_a_glance(user: User, year: int) -> tuple[int | None, YearAtAGlance | None]:
    """The number of the trainee behind ``user`` and their year, judged as everywhere, in one query.

    Nothing for those who are on no roster in that year.
    """
    # One row for each kind of hours: standing, person and balances come together.
    rows = _YEAR.run(user=user.pk, year=year)
    if not rows:
        return None, None
    standing = _Standing(*rows[0][:-3])
    by_kind = {kind: quarters for *_own, in_year, kind, quarters in rows if in_year == year and quarters}
    # Only where the year asks for a minimum: one query more.
    by_dimension = earned_by_dimension([(standing.trainee_id, year)]).get((standing.trainee_id, year), {})
    judged = verdict(
        earned=Earned(
            sum(by_kind.values()),
            sum(quarters for kind, quarters in by_kind.items() if kind in ONLINE),
            standing.centralized_entries,
            by_dimension,
        ),
        required_quarters=standing.required_quarters,
        is_exempt=standing.is_exempt,
        centralized_required=standing.centralized_required,
        online_cap_percent=rulebook.online_cap_of(year),
        gaps=gaps(
            rulebook.minimums_of(year),
            cohort=standing.cohort,
            required_quarters=standing.required_quarters,
            earned=by_dimension,
        ),
    )
    return standing.trainee_id, YearAtAGlance(
        year=year,
        required_quarters=standing.required_quarters,
        earned_quarters=sum(by_kind.values()),
        is_exempt=standing.is_exempt,
        verdict=judged,
        kinds=shares(by_kind, standing.required_quarters),
        centralized_required=standing.centralized_required,
        centralized_held=standing.centralized_entries,
    )


@dataclass(frozen=True)
class Study:
    """A course somebody is to take or has begun, and where it goes on."""

    title: str
    url: str
    percent: int
    note: str = ""
    due_on: dt.date | None = None


class _Begun(NamedTuple):
    """A course that somebody has begun."""

    course_id: int
    last_lesson_id: int | None
    completed_lessons: int
    completed_at: dt.datetime | None


_BEGUN = Prepared(
    lambda user: (
        CourseProgress.objects.filter(user=user).order_by("-studied_at").values_list(*_Begun._fields)
    ),
    user=-1,
)
_GIVEN = Prepared(
    lambda trainee, day: (
        CourseAssignment.objects.for_trainee(trainee, day)
        .order_by("due_on")
        .values_list("course_id", "due_on")
    ),
    trainee=-1,
    day=dt.date(1901, 1, 1),
)


def studies_of(user: User, trainee_id: int | None, day: dt.date) -> tuple[list[Study], list[Study]]:
    """Courses given and not complete (the earliest due first), and others begun, the latest first.

    Three queries: the mark of the catalogue, what was given, what was begun.
    """
    held = catalogue()
    progress = {row.course_id: row for row in map(_Begun._make, _BEGUN.run(user=user.pk))}
    due: dict[int, dt.date] = {}
    if trainee_id is not None:
        for course_id, due_on in _GIVEN.run(trainee=trainee_id, day=day):
            due.setdefault(course_id, due_on)

    def study(course_id: int, due_on: dt.date | None = None) -> Study:
        course = held.courses[course_id]
        row = progress.get(course_id)
        if row is None:
            return Study(course.title, course.url, 0, due_on=due_on)
        lesson = held.lessons.get(row.last_lesson_id) if row.last_lesson_id else None
        whole = len(course.lessons)
        return Study(
            course.title,
            lesson.url if lesson else course.url,
            min(99, row.completed_lessons * 100 // whole) if whole else 0,
            note=lesson.title if lesson else "",
            due_on=due_on,
        )

    open_courses = [
        course_id
        for course_id in due
        if course_id in held.courses
        and (course_id not in progress or progress[course_id].completed_at is None)
    ]
    begun = [
        course_id
        for course_id, row in progress.items()
        if row.completed_at is None and course_id in held.courses and course_id not in due
    ]
    return [study(pk, due[pk]) for pk in open_courses], [study(pk) for pk in begun]


def standings_of(trainee: Trainee) -> QuerySet[Standing]:
    """Every year of ``trainee``, the latest first."""
    return Standing.objects.filter(trainee=trainee).select_related("organization").order_by("-year")


def classes_of(trainee: Trainee) -> QuerySet[Enrollment]:
    """The training classes of ``trainee`` with their certificates, the latest first."""
    return (
        Enrollment.objects.filter(trainee=trainee)
        .on_roster()
        .select_related("training_class", "certificate")
        .order_by("-training_class__starts_on")
    )


def certificates_of(trainee: Trainee) -> QuerySet[Certificate]:
    """Certificates in force of ``trainee``, the latest first."""
    return (
        Certificate.objects.filter(enrollment__trainee=trainee, revoked_at__isnull=True)
        .select_related("training_class")
        .order_by("-issued_at")
    )


def appointments_of(trainee: Trainee) -> QuerySet[Appointment]:
    """Posts of ``trainee``, the latest first."""
    return Appointment.objects.filter(trainee=trainee).select_related("organization").order_by("-started_on")


def evidence_urls(entries: list[HourEntry], url_of: Callable[[str, Any], str]) -> dict[int, str]:
    """Where the evidence of each entry can be looked at, by entry number (two queries at most).

    ``url_of(kind, row)`` makes the address; views know addresses, reports do not.
    """
    # Evidence of other kinds carries marks of its own, and those need not be numbers.
    numbered = [entry for entry in entries if entry.evidence_id.isdecimal()]
    lessons = {entry.evidence_id for entry in numbered if entry.evidence_type == "lesson"}
    visits = {entry.evidence_id for entry in numbered if entry.evidence_type == "attendance"}
    pages = (
        {str(page.pk): page for page in LessonPage.objects.filter(pk__in=lessons).live()} if lessons else {}
    )
    sessions = (
        {
            str(pk): session
            for pk, session in Attendance.objects.filter(pk__in=visits).values_list("pk", "session_id")
        }
        if visits
        else {}
    )
    urls: dict[int, str] = {}
    for entry in entries:
        if entry.evidence_type == "lesson" and entry.evidence_id in pages:
            urls[entry.pk] = url_of("lesson", pages[entry.evidence_id])
        elif entry.evidence_type == "attendance" and entry.evidence_id in sessions:
            urls[entry.pk] = url_of("session", sessions[entry.evidence_id])
    return urls


# --- The zone ---------------------------------------------------------------------------------------------


@dataclass
class ZoneReport:
    """Everything one page of the zone dashboard shows."""

    organization: Organization
    ancestors: list[Organization]
    year: int
    places: list[PlaceFigures]
    total: PlaceFigures
    by_kind: list[KindShare] = field(default_factory=list)
    by_month: list[tuple[int, int]] = field(default_factory=list)
    #: The page of what lies below that ``places`` is; None where all of it is.
    page: Page[Any] | None = None


#: So many of the organizations below are shown at once.
PLACES_PER_PAGE = 100
#: Hours by kind and month are read once for each state of the figures, at most this long apart.
DETAIL_SECONDS = 60


def may_see_zone(scope: Scope) -> bool:
    """Whether somebody may open the zone dashboard at all."""
    return scope.everything or scope.has(Role.ZONE_LEADER)


def zone_root_path(user: User) -> str:
    """The tree path at which the dashboard of ``user`` begins; empty for the whole tree."""
    scope = user.scope
    return "" if scope.everything else min(scope.visible_paths, key=len, default="-")


def zone_organization(user: User, code: str | None) -> tuple[Organization, list[Organization]] | None:
    """The organization a dashboard page is about, with those above it that the person may see (one query)."""
    visible = Organization.objects.visible_to(user)
    if code is None:
        start = zone_root_path(user)
        found = (visible.filter(path=start) if start else visible.filter(depth=1)).first()
        return (found, []) if found else None
    target = Organization.objects.filter(code=code).values("path")[:1]
    line = list(
        visible.annotate(target=Subquery(target)).filter(target__startswith=F("path")).order_by("depth")
    )
    if not line or line[-1].code != code:
        return None
    return line[-1], line[:-1]


def hours_by_kind(organization: Organization, year: int) -> dict[str, int]:
    """Quarter hours by kind of the people counted at or below ``organization`` (one query)."""
    return dict(
        HourBalance.objects.filter(
            year=year,
            trainee__standings__year=year,
            trainee__standings__organization__path__startswith=organization.path,
        )
        .order_by()
        .values_list("kind")
        .annotate(total=Sum("quarters"))
    )


def hours_by_month(organization: Organization, year: int) -> dict[int, int]:
    """Quarter hours by month in which they were earned, of the people counted at or below (one query)."""
    return dict(
        HourEntry.objects.filter(
            year=year,
            trainee__standings__year=year,
            trainee__standings__organization__path__startswith=organization.path,
        )
        .order_by()
        .annotate(moment=MOMENT)
        .annotate(month=month_of_moment(year))
        .values_list("month")
        .annotate(total=Sum("quarters"))
    )


def zone_report(
    organization: Organization, ancestors: list[Organization], year: int, *, page: int | None = None
) -> ZoneReport:
    """The figures of ``organization`` and of what lies directly below it.

    For the zone and its parks they are read from sums that follow the ledger. Deeper in the tree, where
    people are few, hours by kind and by month take a pass over the ledger: they are kept for a minute, under
    a key that changes with the figures. ``page`` (from 1) narrows what lies below to so many at once.
    """
    if has_park_figures(organization.path):
        return _park_report(organization, ancestors, year, page)
    # Whoever sees an organization sees all below it: the tree path alone draws the line.
    places = organization_figures(organization, year)
    total = PlaceFigures(organization)
    for place in places:
        for cohort, figures in place.by_cohort.items():
            total.include(cohort, figures)
    state = (total.total.people, total.total.reached, total.total.earned_quarters)
    key = f"zone:{organization.path}:{year}:{':'.join(map(str, state))}"
    detail = cache.get(key)
    if detail is None:
        detail = (hours_by_kind(organization, year), hours_by_month(organization, year))
        cache.set(key, detail, DETAIL_SECONDS)
    shown = Paginator(places, PLACES_PER_PAGE).get_page(page) if page is not None else None
    places = places if shown is None else list(shown.object_list)
    return _zone_report(organization, ancestors, year, places, total, detail, shown)


def _park_report(
    organization: Organization, ancestors: list[Organization], year: int, page: int | None
) -> ZoneReport:
    """The report of the zone or a park, whose total is not added up from what lies below."""
    sums = park_figures(organization.path, year)
    total, own = PlaceFigures(organization), PlaceFigures(organization)
    for cohorts in sums.by_place.values():
        for cohort, figures in cohorts.items():
            total.include(cohort, figures)
    below = Organization.objects.below(organization).filter(depth=organization.depth + 1).active()
    shown = Paginator(below, PLACES_PER_PAGE).get_page(page) if page is not None else None
    children = list(below if shown is None else shown.object_list)
    if organization.depth < PARK_DEPTH:
        places = [PlaceFigures(child) for child in children]
        for place in [own, *places]:
            for cohort, figures in sums.by_place.get(place.organization.path, {}).items():
                place.include(cohort, figures)
    else:
        places, own = figures_of_neighbours(children, year), own_figures(organization, year)
    if own.total.people and page in (None, 1):
        places = [own, *places]
    return _zone_report(organization, ancestors, year, places, total, (sums.by_kind, sums.by_month), shown)


def _zone_report(
    organization: Organization,
    ancestors: list[Organization],
    year: int,
    places: list[PlaceFigures],
    total: PlaceFigures,
    detail: tuple[dict[str, int], dict[int, int]],
    page: Page[Any] | None,
) -> ZoneReport:
    by_kind, by_month = detail
    today = timezone.localdate()
    months = range(1, (today.month if year == today.year else 12) + 1)
    return ZoneReport(
        organization=organization,
        ancestors=ancestors,
        year=year,
        places=places,
        total=total,
        by_kind=list(shares(by_kind, sum(by_kind.values()))),
        by_month=[(month, by_month.get(month, 0)) for month in months],
        page=page,
    )


def people_of(
    user: User,
    organization: Organization,
    year: int,
    *,
    cohort: str = "",
    state: str = "",
    kind: str = "",
    month: int = 0,
    own: bool = False,
) -> QuerySet[Standing]:
    """The people behind a figure, by organization and name: in no order of merit.

    ``own`` leaves out the organizations below; ``kind`` leaves those who have hours of that kind,
    ``month`` (1 to 12) those who earned hours in that month of the year.
    """
    # Whoever sees an organization sees all below it; asking once more would have to look at everybody.
    sees_all = user.scope.everything or organization.path.startswith(user.scope.visible_paths or "-")
    people = (Standing.objects.all() if sees_all else Standing.objects.visible_to(user)).filter(year=year)
    people = (
        people.filter(organization=organization)
        if own
        else people.filter(organization__path__startswith=organization.path)
    )
    if cohort:
        people = people.filter(cohort=cohort)
    if kind:
        # A row for each person, year and kind: nobody is listed twice.
        people = people.filter(
            trainee__balances__year=year, trainee__balances__kind=kind, trainee__balances__quarters__gt=0
        )
    if month:
        earned = (
            HourEntry.objects.filter(year=year)
            .order_by()
            .annotate(moment=MOMENT)
            .annotate(month=month_of_moment(year))
            .filter(month=month)
            .values("trainee")
            .annotate(total=Sum("quarters"))
            .filter(total__gt=0)
        )
        people = people.filter(trainee__in=earned.values("trainee"))
    if state == "exempt":
        people = people.filter(is_exempt=True)
    elif state == "reached":
        people = people.filter(has_reached=True)
    elif state == "short":
        people = people.filter(is_exempt=False, has_reached=False)
    return people.select_related("trainee", "organization").order_by(
        "organization__path", "trainee__name", "trainee_id"
    )


def zone_years() -> list[int]:
    """Years that can be chosen: this one and the four before."""
    this_year = timezone.localdate().year
    return list(range(this_year, this_year - 5, -1))
