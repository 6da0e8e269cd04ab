"""The printed forms of classes, people and organizations; sessions have theirs in the practicum."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.forms_on_paper import Column, Form, Sheet, Table, register
from enrollment.models import (
    ROSTER_STATUSES,
    SEATED_STATUSES,
    Appointment,
    BranchActivity,
    CohortCode,
    Enrollment,
    HourKind,
    Organization,
    OrganizationStanding,
    Post,
    ProofKind,
    Quota,
    Standing,
    Trainee,
    TrainingClass,
    User,
    as_hours,
    under,
)
from enrollment.reports import years_of
from enrollment.reports_proofs import content_of
from enrollment.requests import number_in

#: Longer lists than this stand in the spreadsheets made in the background.
MOST_ACTIVITIES = 200


# --- Classes -----------------------------------------------------------------------------------------


def find_class(user: User, key: str) -> TrainingClass | None:
    """A class whose papers ``user`` may have: who runs it, and whoever sees organizations in it."""
    rows = TrainingClass.objects.visible_to(user).select_related("teacher", "cohort")
    found = rows.filter(pk=number_in(key) or 0).first()
    if found is None:
        return None
    runs = user.scope.everything or found.teacher_id == user.pk
    return found if runs or user.scope.visible_paths else None


def to_class(training_class: TrainingClass, _user: User) -> str:
    """The page that a class's papers belong to."""
    return reverse("enrollment:class_roster", args=[training_class.pk])


def class_facts(training_class: TrainingClass) -> list[tuple[str, Any]]:
    """What stands at the head of every paper of a class."""
    return [
        (_("Class number"), training_class.code),
        (_("Dates"), f"{training_class.starts_on:%Y-%m-%d} – {training_class.ends_on:%Y-%m-%d}"),
        (_("Class teacher"), str(training_class.teacher or "")),
    ]


def _on_roster(training_class: TrainingClass, user: User) -> list[Any]:
    held = Appointment.objects.current().filter(trainee=OuterRef("trainee"))
    return list(
        Enrollment.objects.filter(training_class=training_class, status__in=ROSTER_STATUSES)
        .visible_to(user)
        .select_related("trainee__home_organization")
        .annotate(post=Subquery(held.values("post")[:1]))
        .order_by("group_number", "trainee__home_organization__path", "trainee__name", "pk")
    )


def _role(row: Enrollment) -> str:
    parts = [(row.is_monitor, _("Class monitor")), (row.is_group_leader, _("Group leader"))]
    return "、".join(label for is_so, label in parts if is_so)


def _post(code: str | None) -> str:
    return str(Post(code).label) if code else ""


def roster(training_class: TrainingClass, user: User) -> Sheet:
    """花名册 (two queries)."""
    people = _on_roster(training_class, user)
    columns = [
        Column(_("No."), True, 6),
        Column(_("Name"), width=11),
        Column(_("Gender"), width=6),
        Column(_("Organization"), width=33),
        Column(_("Post"), width=13),
        Column(_("Mobile phone"), width=13),
        Column(_("Group"), True, 6),
        Column(_("Remarks")),
    ]
    rows = [
        [
            number,
            row.trainee.name,
            row.trainee.get_gender_display(),
            row.trainee.home_organization.name,
            _post(row.post),
            row.trainee.masked_phone,
            row.group_number,
            _role(row),
        ]
        for number, row in enumerate(people, 1)
    ]
    return Sheet(
        title=_("Roster"),
        subtitle=training_class.title,
        facts=[*class_facts(training_class), (_("People"), len(people))],
        tables=[Table(columns, rows)],
    )


def groups(training_class: TrainingClass, user: User) -> Sheet:
    """分组名单, a table for each group (two queries)."""
    by_group: dict[int | None, list[Any]] = {}
    for row in _on_roster(training_class, user):
        by_group.setdefault(row.group_number, []).append(row)
    columns = [
        Column(_("No."), True, 8),
        Column(_("Name"), width=16),
        Column(_("Organization"), width=46),
        Column(_("Post"), width=16),
        Column(_("Role in the group")),
    ]
    tables = [
        Table(
            columns,
            [
                [number, row.trainee.name, row.trainee.home_organization.name, _post(row.post), _role(row)]
                for number, row in enumerate(sorted(people, key=lambda one: not one.is_group_leader), 1)
            ],
            title=_("Group %(number)s") % {"number": group} if group else _("Without a group"),
        )
        for group, people in by_group.items()
    ]
    return Sheet(
        title=_("Groups"),
        subtitle=training_class.title,
        facts=[*class_facts(training_class), (_("Groups"), len([group for group in by_group if group]))],
        tables=tables or [Table(columns, [])],
    )


def quotas(training_class: TrainingClass, user: User) -> Sheet:
    """名额分配表 (two queries); who does not run the class sees the organizations in scope."""
    rows = Quota.objects.filter(training_class=training_class)
    if not user.scope.everything and training_class.teacher_id != user.pk:
        rows = rows.filter(under(user.scope.visible_paths, "organization__path"))
    found = list(
        rows.select_related("organization")
        .annotate(taken=Count("enrollments", filter=Q(enrollments__status__in=SEATED_STATUSES)))
        .order_by("organization__path")
    )
    columns = [
        Column(_("No."), True, 8),
        Column(_("Organization"), width=46),
        Column(_("Seats"), True, 10),
        Column(_("Taken"), True, 10),
        Column(_("Remarks"), is_for_pen=True),
    ]
    body = [[number, row.organization.name, row.seats, row.taken, ""] for number, row in enumerate(found, 1)]
    total = ["", _("Together"), sum(row.seats for row in found), sum(row.taken for row in found), ""]
    return Sheet(
        title=_("Quota table"),
        subtitle=training_class.title,
        facts=[*class_facts(training_class), (_("Capacity"), training_class.capacity)],
        tables=[Table(columns, body, total=total if found else None)],
    )


# --- People ------------------------------------------------------------------------------------------


def find_person(user: User, key: str) -> Trainee | None:
    """Oneself, and people whose records one keeps."""
    kept = Trainee.objects.manageable_by(user).values("pk")
    rows = Trainee.objects.filter(Q(user=user) | Q(pk__in=kept))
    found = rows.select_related("home_organization").filter(pk=number_in(key) or 0).first()
    if found is not None:
        # What its screen offers proofs of.
        found.proof_years = years_of(found)  # type: ignore[attr-defined]
    return found


def _to_person(trainee: Trainee, user: User) -> str:
    return reverse("portal:me" if trainee.user_id == user.pk else "portal:workbench")


def _state(is_exempt: bool, has_reached: bool) -> str:
    if is_exempt:
        return _("Exempt")
    return _("Target reached") if has_reached else _("Still short")


def _span(row: dict[str, str]) -> str:
    if not row["to"]:
        return _("since %(day)s") % {"day": row["from"]}
    return f"{row['from']} – {row['to']}"


def study_record(trainee: Trainee, user: User) -> Sheet:
    """学习档案 as a form (five queries); the numbered one with a QR code is a proof of study."""
    content = content_of(trainee, ProofKind.RECORD, 0)
    figures = content["figures"]
    kinds = [kind for kind in HourKind if any(kind in row for row in figures.values())]
    years = [
        [
            row["year"],
            row["organization"],
            None if row["is_exempt"] else as_hours(row["required"]),
            as_hours(row["earned"]),
            _state(row["is_exempt"], row["has_reached"]),
        ]
        for row in content["standings"]
    ]
    by_kind = [
        [year, *(as_hours(row.get(kind, 0)) for kind in kinds), as_hours(sum(row.values()))]
        for year, row in sorted(figures.items())
    ]
    return Sheet(
        title=_("Study record"),
        subtitle=trainee.name,
        facts=[
            (_("Name"), trainee.name),
            (_("Gender"), trainee.get_gender_display()),
            (_("Organization"), trainee.home_organization.name),
            (_("Joined the Party on"), content["joined_on"]),
        ],
        tables=[
            Table(
                [
                    Column(_("Year"), width=10),
                    Column(_("Organization"), width=44),
                    Column(_("Hours required"), True),
                    Column(_("Hours earned"), True),
                    Column(_("State")),
                ],
                years,
                _("Year by year"),
            ),
            Table(
                [
                    Column(_("Year")),
                    *(Column(kind.label, True) for kind in kinds),
                    Column(_("Together"), True),
                ],
                by_kind,
                _("Hours by kind"),
            ),
            Table(
                [Column(_("Class"), width=46), Column(_("Dates")), Column(_("Certificate"))],
                [[row["title"], _span(row), row["certificate"]] for row in content["classes"]],
                _("Training classes"),
            ),
            Table(
                [Column(_("Post")), Column(_("Organization"), width=50), Column(_("Dates"))],
                [[_post(row["post"]), row["organization"], _span(row)] for row in content["posts"]],
                _("Posts"),
            ),
        ],
    )


# --- Organizations -----------------------------------------------------------------------------------


def find_organization(user: User, key: str) -> Organization | None:
    """An organization in scope, by its code."""
    return Organization.objects.visible_to(user).filter(code=key).first()


def _to_organization(organization: Organization, user: User) -> str:
    if user.scope.everything or not user.scope.managed_paths:
        return reverse("portal:zone_organization", args=[organization.code])
    return reverse("portal:workbench")


def organization_record(organization: Organization, user: User) -> Sheet:
    """党组织教育培训档案 of this year: figures, people directly in it, and what it held (five queries)."""
    year = timezone.localdate().year
    figures = {
        row["cohort"]: row
        for row in OrganizationStanding.objects.filter(
            year=year, organization__path__startswith=organization.path
        )
        .order_by()
        .values("cohort")
        .annotate(n=Sum("people"), out=Sum("exempt"), met=Sum("reached"), hours=Sum("earned_quarters"))
    }
    empty = {"n": 0, "out": 0, "met": 0, "hours": 0}
    found = [(code.label, figures.get(code.value, empty)) for code in CohortCode]
    people = (
        Standing.objects.filter(year=year, organization=organization)
        .select_related("trainee")
        .order_by("cohort", "trainee__name", "pk")
    )
    labels = {code.value: str(code.label) for code in CohortCode}
    activities = (
        BranchActivity.objects.filter(organization=organization, starts_at__year=year)
        .annotate(came=Count("attendees"))
        .order_by("starts_at", "pk")[:MOST_ACTIVITIES]
    )
    return Sheet(
        title=_("Training record of the organization"),
        subtitle=_("%(organization)s, %(year)s") % {"organization": organization.name, "year": year},
        facts=[
            (_("Code"), organization.code),
            (_("Kind"), organization.get_kind_display()),
            (_("Founded on"), organization.founded_on),
            (_("As of"), timezone.localdate()),
        ],
        tables=[
            Table(
                [
                    Column(_("Cohort"), width=30),
                    Column(_("People"), True),
                    Column(_("Exempt"), True),
                    Column(_("Reached"), True),
                    Column(_("Hours earned"), True),
                ],
                [
                    [str(label), row["n"], row["out"], row["met"], as_hours(row["hours"])]
                    for label, row in found
                ],
                _("With all organizations below"),
                [
                    _("Together"),
                    *(sum(row[name] for _label, row in found) for name in ("n", "out", "met")),
                    as_hours(sum(row["hours"] for _label, row in found)),
                ],
            ),
            Table(
                [
                    Column(_("Name"), width=18),
                    Column(_("Cohort"), width=22),
                    Column(_("Hours required"), True),
                    Column(_("Hours earned"), True),
                    Column(_("State")),
                ],
                [
                    [
                        row.trainee.name,
                        labels.get(row.cohort, row.cohort),
                        None if row.is_exempt else row.required,
                        row.earned,
                        _state(row.is_exempt, row.has_reached),
                    ]
                    for row in people
                ],
                _("People of this organization"),
            ),
            Table(
                [
                    Column(_("Day"), width=16),
                    Column(_("Kind"), width=20),
                    Column(_("Title"), width=44),
                    Column(_("Attendees"), True),
                ],
                [
                    [
                        timezone.localdate(row.starts_at).isoformat(),
                        row.get_form_display(),
                        row.title,
                        row.came,
                    ]
                    for row in activities
                ],
                _("Branch activities of the year"),
            ),
        ],
    )


def register_forms() -> None:
    """Offer them."""
    for code, label, read in (
        ("roster", gettext_lazy("Roster"), roster),
        ("groups", gettext_lazy("Groups"), groups),
        ("quotas", gettext_lazy("Quota table"), quotas),
    ):
        register(Form(code, label, find_class, read, to_class))
    register(
        Form(
            "study-record",
            gettext_lazy("Study record"),
            find_person,
            study_record,
            _to_person,
            more="enrollment/proof_form.html",
        )
    )
    register(
        Form(
            "organization-record",
            gettext_lazy("Training record of the organization"),
            find_organization,
            organization_record,
            _to_organization,
        )
    )
