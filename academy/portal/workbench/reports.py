"""What the workbench reads. Every list costs the same number of queries however long it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from enrollment.models import (
    SEATED_STATUSES,
    Appointment,
    BranchActivity,
    CohortCode,
    Enrollment,
    EnrollmentStatus,
    HourEntry,
    Organization,
    OrganizationStanding,
    Quota,
    RosterImport,
    Trainee,
    TrainingClass,
    User,
    under,
)
from enrollment.models.classes import CLASS_STATUSES_SHOWN
from enrollment.reports_parks import has_park_figures, total_below


def this_year() -> int:
    """The year that the workbench shows."""
    return timezone.localdate().year


def roots_of(user: User, limit: int = 3) -> list[Organization]:
    """The organizations a person was put in charge of (all below them belong to it)."""
    if user.scope.everything:
        return list(Organization.objects.filter(depth=1)[:limit])
    paths = user.scope.managed_paths
    highest = [path for path in paths if not any(path != other and path.startswith(other) for other in paths)]
    return list(Organization.objects.filter(path__in=highest)[:limit])


@dataclass(frozen=True)
class Totals:
    """Figures of everything a person looks after, this year."""

    people: int
    exempt: int
    reached: int

    @property
    def counted(self) -> int:
        """People who are held to the target."""
        return self.people - self.exempt

    @property
    def short(self) -> int:
        """People who need help to reach it."""
        return self.counted - self.reached

    @property
    def share(self) -> int:
        """Percent of those counted who have reached it; never 100 before all have."""
        return self.reached * 100 // self.counted if self.counted else 0


def totals_of(user: User, year: int) -> Totals:
    """The projection's figures: the same cost for ten people as for ten thousand."""
    paths = ("",) if user.scope.everything else user.scope.managed_paths
    if all(has_park_figures(path) for path in paths):
        whole = total_below(paths, year)
        return Totals(whole.people, whole.exempt, whole.reached)
    rows = OrganizationStanding.objects.filter(under(paths, "organization__path"), year=year)
    sums = rows.aggregate(people=Sum("people"), exempt=Sum("exempt"), reached=Sum("reached"))
    return Totals(**{name: value or 0 for name, value in sums.items()})


def people_of(user: User) -> QuerySet[Trainee]:
    """Everybody on the roster whose record this person may edit."""
    return Trainee.objects.manageable_by(user).active()


def matching(people: QuerySet[Trainee], text: str) -> QuerySet[Trainee]:
    """Those whose name, organization or phone (its beginning or last four digits) has ``text``."""
    text = text.strip()
    if not text:
        return people
    condition = (
        Q(name__icontains=text)
        | Q(home_organization__name__icontains=text)
        | Q(home_organization__short_name__icontains=text)
    )
    if text.isdigit() and len(text) >= 4:
        condition |= Q(phone__startswith=text) | Q(phone__endswith=text)
    return people.filter(condition)


def members_of(
    user: User,
    *,
    year: int,
    text: str = "",
    cohort: str = "",
    state: str = "",
    organization: int | None = None,
) -> QuerySet[Trainee]:
    """People with what they owe and have in ``year``: ``required``, ``earned``, ``missing``, ``cohort``, …"""
    people = matching(people_of(user), text)
    if organization is not None:
        people = people.filter(home_organization=organization)
    people = people.annotate(
        of_year=FilteredRelation("standings", condition=Q(standings__year=year)),
        required=F("of_year__required_quarters"),
        earned=F("of_year__earned_quarters"),
        missing=F("of_year__required_quarters") - F("of_year__counted_quarters"),
        cohort=F("of_year__cohort"),
        is_exempt=F("of_year__is_exempt"),
        has_reached=F("of_year__has_reached"),
    )
    if cohort in CohortCode.values:
        people = people.filter(of_year__cohort=cohort)
    if state == "reached":
        people = people.filter(of_year__has_reached=True, of_year__is_exempt=False)
    elif state == "short":
        people = people.filter(of_year__has_reached=False, of_year__is_exempt=False)
    elif state == "exempt":
        people = people.filter(of_year__is_exempt=True)
    return people.select_related("home_organization").order_by("home_organization__path", "name", "pk")


def exported(people: QuerySet[Trainee]) -> QuerySet[Trainee, Mapping[str, Any]]:
    """``people`` as rows of a roster, for ``enrollment.roster.sheets.write_people``."""
    post = Appointment.objects.current().filter(trainee=OuterRef("pk")).values("post")[:1]
    return people.annotate(post=Subquery(post), organization=F("home_organization__name")).values(
        "name", "gender", "ethnicity", "born_on", "education", "joined_on", "member_status", "phone", "note",
        "post", "organization",
    )  # fmt: skip


# --- Imports -------------------------------------------------------------------------------------


def imports_of(user: User) -> QuerySet[RosterImport]:
    """One's own imports, and those into organizations one looks after."""
    if user.scope.everything:
        return RosterImport.objects.all()
    condition = Q(uploaded_by=user)
    if user.scope.managed_paths:
        condition |= under(user.scope.managed_paths, "organization__path")
    return RosterImport.objects.filter(condition)


def organization_to_import_into(user: User) -> Organization | None:
    """The one branch somebody looks after: rows that name no organization belong to it."""
    if user.scope.everything:
        return None
    places = list(Organization.objects.manageable_by(user).active()[:2])
    return places[0] if len(places) == 1 else None


# --- Classes -------------------------------------------------------------------------------------


def quotas_of(user: User) -> QuerySet[Quota]:
    """Quotas of the organizations one looks after."""
    quotas = Quota.objects.select_related("organization")
    if user.scope.everything:
        return quotas
    return quotas.filter(under(user.scope.managed_paths, "organization__path"))


def classes_with_quota(user: User) -> QuerySet[TrainingClass]:
    """Classes in which these organizations have seats, the next first, with ``seats`` and ``taken``."""
    mine = quotas_of(user).filter(training_class=OuterRef("pk")).order_by().values("training_class")
    seats = mine.annotate(total=Sum("seats")).values("total")
    taken = (
        Enrollment.objects.filter(
            training_class=OuterRef("pk"), status__in=SEATED_STATUSES, quota__in=quotas_of(user).values("pk")
        )
        .order_by()
        .values("training_class")
        .annotate(total=Count("pk"))
        .values("total")
    )
    return (
        TrainingClass.objects.filter(
            status__in=CLASS_STATUSES_SHOWN, pk__in=quotas_of(user).order_by().values("training_class")
        )
        .annotate(seats=Subquery(seats), taken=Subquery(taken))
        .order_by("-starts_on", "pk")
    )


def quotas_with_seats(user: User, training_class: TrainingClass) -> QuerySet[Quota]:
    """Quotas of one class with how many seats are ``taken`` and how many people ``wait``."""
    return (
        quotas_of(user)
        .filter(training_class=training_class)
        .annotate(
            taken=Count("enrollments", filter=Q(enrollments__status__in=SEATED_STATUSES)),
            wait=Count("enrollments", filter=Q(enrollments__status=EnrollmentStatus.WAITLISTED)),
        )
        .order_by("organization__path")
    )


def nominated(user: User, training_class: TrainingClass) -> QuerySet[Enrollment]:
    """Whom these organizations sent to the class."""
    people = people_of(user).order_by().values("pk")
    return (
        Enrollment.objects.filter(training_class=training_class, trainee__in=people)
        .exclude(status=EnrollmentStatus.WITHDRAWN)
        .select_related("trainee__home_organization", "quota")
        .order_by("created_at", "pk")
    )


# --- Branch activities ---------------------------------------------------------------------------


def activities_of(user: User) -> QuerySet[BranchActivity]:
    """Activities recorded in the organizations one looks after, with how many ``people`` attended."""
    activities = BranchActivity.objects.visible_to(user).select_related("organization", "recorded_by")
    return activities.annotate(people=Count("attendees")).order_by("-starts_at", "-pk")


@dataclass(frozen=True)
class Attendee:
    """Who came to an activity, and the hours that stand for it; None where none were posted."""

    person: Trainee
    quarters: int | None
    is_reversed: bool


def attendance_of(activity: BranchActivity) -> list[Attendee]:
    """The attendance list of an activity with what became of each one's hours (two queries)."""
    entries = HourEntry.objects.filter(
        evidence_type="branch", evidence_id=str(activity.pk), reverses__isnull=True
    ).select_related("reversal")
    latest = {entry.trainee_id: entry for entry in entries.order_by("sequence")}
    people = activity.attendees.select_related("home_organization").order_by("name", "pk")
    found = []
    for person in people:
        entry = latest.get(person.pk)
        is_reversed = entry is not None and getattr(entry, "reversal", None) is not None
        found.append(Attendee(person, entry.quarters if entry else None, is_reversed))
    return found
