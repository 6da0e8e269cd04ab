"""What this app puts into the archive of a class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from cms import pdf
from enrollment.archiving import Column, Section, Table, offer
from enrollment.certificate_pages import books
from enrollment.forms_surveys import GRADE_WORDS
from enrollment.models import (
    ROSTER_STATUSES,
    Appointment,
    Certificate,
    ClassLeave,
    ClassLeaveKind,
    ClassLeaveStatus,
    ClassNotice,
    ClosingTick,
    Enrollment,
    EnrollmentStatus,
    NoticeAttachment,
    NoticeReceipt,
    PlanEntry,
    Post,
    Quota,
    TrainingClass,
)
from enrollment.reports_surveys import standing_of
from enrollment.rules.survey import GRADES

NAME = Column("name", _("Name"))
ORGANIZATION = Column("organization", _("Organization"))
YES_NO = {True: _("Yes"), False: _("No")}


def _facts(training_class: TrainingClass) -> list[Table]:
    terms = training_class.terms
    rows: list[list[Any]] = [
        ["code", training_class.code],
        ["title", training_class.title],
        ["starts_on", training_class.starts_on],
        ["ends_on", training_class.ends_on],
        ["teacher", training_class.teacher or ""],
        ["capacity", training_class.capacity],
        ["cohorts", "、".join(sorted(terms.cohorts))],
        ["organizations", "、".join(str(place) for place in terms.places.values())],
        ["description", training_class.description],
        ["is_centralized", training_class.is_centralized],
        ["late_after_minutes", training_class.late_after_minutes],
        ["early_before_minutes", training_class.early_before_minutes],
        ["needs_sign_out", training_class.needs_sign_out],
        ["absence_limit_percent", training_class.absence_limit_percent],
        ["leave_counts_as_absence", training_class.leave_counts_as_absence],
    ]
    words = {
        "code": _("Class number"),
        "title": _("Title"),
        "starts_on": _("From"),
        "ends_on": _("To"),
        "teacher": _("Class teacher"),
        "capacity": _("Seats"),
        "cohorts": _("Cohort"),
        "organizations": _("Organization"),
        "description": _("description"),
        "is_centralized": _("counts as centralized training"),
        "late_after_minutes": _("late after (minutes)"),
        "early_before_minutes": _("early before the end (minutes)"),
        "needs_sign_out": _("sign-out needed"),
        "absence_limit_percent": _("propose withdrawal at a share of absence (percent)"),
        "leave_counts_as_absence": _("leave counts as absence here"),
    }
    columns = [Column("fact", _("Item"), words), Column("value", _("Recorded as"), YES_NO)]
    return [Table(training_class.title, columns, rows)]


def _plan(training_class: TrainingClass) -> list[Table]:
    rows = PlanEntry.objects.filter(training_class=training_class).values_list(
        "plan__year", "month", "title", "days", "seats", "budget", "responsible", "note"
    )
    columns = [
        Column("year", _("Year")),
        Column("month", _("Month")),
        Column("title", _("Title")),
        Column("days", _("Days of training")),
        Column("seats", _("Seats")),
        Column("budget", _("Budget (yuan)")),
        Column("responsible", _("Responsible")),
        Column("note", _("Remarks")),
    ]
    return [Table(_("Annual plan"), columns, list(rows))]


def _notice(training_class: TrainingClass) -> list[Table]:
    notices = ClassNotice.objects.filter(training_class=training_class, revision__gt=0)
    receipts = NoticeReceipt.objects.filter(notice__training_class=training_class).order_by(
        "revision", "organization__path"
    )
    attachments = NoticeAttachment.objects.filter(notice__training_class=training_class).order_by("pk")
    return [
        Table(
            _("Notice"),
            [
                Column("number", _("Number")),
                Column("title", _("Title")),
                Column("text", _("Text")),
                Column("issuer", _("Issued by")),
                Column("published_at", _("Published at")),
                Column("revision", _("Times published")),
            ],
            list(
                notices.values_list(
                    "number",
                    "published_title",
                    "published_text",
                    "issuer",
                    "published_at",
                    "revision",
                )
            ),
        ),
        Table(
            _("Receipts"),
            [
                ORGANIZATION,
                Column("revision", _("Times published")),
                Column("user", _("Received by")),
                Column("seen_at", _("Time")),
            ],
            list(receipts.values_list("organization__name", "revision", "user__name", "seen_at")),
        ),
        Table(
            _("Attachments"),
            [Column("title", _("Title")), Column("sha256", _("Digest")), Column("size", _("Size"))],
            list(attachments.values_list("title", "digest", "size")),
        ),
    ]


def _attached(training_class: TrainingClass) -> Iterator[tuple[str, bytes]]:
    rows = NoticeAttachment.objects.filter(notice__training_class=training_class).order_by("pk")
    for number, row in enumerate(rows, 1):
        with row.file.open("rb") as file:
            name = row.title.replace("/", "_").replace("\\", "_")
            yield f"notice/{number:02d}-{name}", file.read()


def _quotas(training_class: TrainingClass) -> list[Table]:
    rows = Quota.objects.filter(training_class=training_class).order_by("organization__path")
    columns = [Column("code", _("Code")), ORGANIZATION, Column("seats", _("Seats"))]
    return [
        Table(
            _("Quotas"), columns, list(rows.values_list("organization__code", "organization__name", "seats"))
        )
    ]


def _post_then(training_class: TrainingClass) -> Any:
    """The post somebody held when the class ended: later appointments change nothing of it."""
    day = training_class.ends_on
    return Subquery(
        Appointment.objects.filter(trainee=OuterRef("trainee"), started_on__lte=day)
        .filter(Q(ended_on__isnull=True) | Q(ended_on__gte=day))
        .order_by("-started_on", "-pk")
        .values("post")[:1]
    )


def _roster(training_class: TrainingClass) -> list[Table]:
    everybody = (
        Enrollment.objects.filter(training_class=training_class)
        .annotate(post=_post_then(training_class))
        .order_by("trainee__home_organization__path", "trainee__name", "pk")
    )
    columns = [
        NAME,
        ORGANIZATION,
        Column("post", _("Post"), dict(Post.choices)),
        Column("status", _("Status"), dict(EnrollmentStatus.choices)),
        Column("group", _("Group")),
        Column("is_monitor", _("Class monitor"), YES_NO),
        Column("is_group_leader", _("Group leader"), YES_NO),
        Column("note", _("Remarks")),
    ]
    rows = everybody.values_list(
        "trainee__name",
        "trainee__home_organization__name",
        "post",
        "status",
        "group_number",
        "is_monitor",
        "is_group_leader",
        "note",
    )
    return [Table(_("Roster"), columns, list(rows))]


def _groups(training_class: TrainingClass) -> list[Table]:
    people = Enrollment.objects.filter(
        training_class=training_class, status__in=ROSTER_STATUSES, group_number__isnull=False
    ).order_by("group_number", "-is_group_leader", "trainee__name", "pk")
    columns = [
        Column("group", _("Group")),
        NAME,
        ORGANIZATION,
        Column("is_group_leader", _("Group leader"), YES_NO),
    ]
    rows = people.values_list(
        "group_number", "trainee__name", "trainee__home_organization__name", "is_group_leader"
    )
    return [Table(_("Groups"), columns, list(rows))]


def _leave(training_class: TrainingClass) -> list[Table]:
    slips = ClassLeave.objects.filter(enrollment__training_class=training_class).order_by("starts_at", "pk")
    columns = [
        NAME,
        Column("kind", _("Kind"), dict(ClassLeaveKind.choices)),
        Column("starts_at", _("From")),
        Column("ends_at", _("To")),
        Column("reason", _("Reason")),
        Column("status", _("Status"), dict(ClassLeaveStatus.choices)),
        Column("answer", _("Answer")),
        Column("decided_by", _("Decided by")),
        Column("decided_at", _("Time")),
    ]
    rows = slips.values_list(
        "enrollment__trainee__name",
        "kind",
        "starts_at",
        "ends_at",
        "reason",
        "status",
        "answer",
        "decided_by__name",
        "decided_at",
    )
    return [Table(_("Leave slips"), columns, list(rows))]


def _survey(training_class: TrainingClass) -> list[Table]:
    """How many answered, and the results where they may be seen: never single sheets."""
    standing = standing_of(training_class)
    answered = Table(
        _("Satisfaction survey"),
        [Column("people", _("People")), Column("answers", _("Answers")), Column("on_paper", _("On paper"))],
        [[standing.people, standing.answers, standing.on_paper]] if standing.survey is not None else [],
    )
    results = standing.results
    if results is None:
        return [answered]
    question = Column("question", _("Question"))
    return [
        answered,
        Table(
            _("Grades"),
            [question, *(Column(f"grade_{grade}", GRADE_WORDS[grade]) for grade in GRADES)],
            [[row.question.text, *row.counts] for row in results.graded],
        ),
        Table(
            _("Choices"),
            [question, Column("answer", _("Answer")), Column("count", _("Chosen"))],
            [[row.question.text, choice, count] for row in results.chosen for choice, count in row.counts],
        ),
        Table(
            _("What was said"),
            [question, Column("text", _("Answer"))],
            [[row.question.text, text] for row in results.said for text in row.texts],
        ),
    ]


def _closing(training_class: TrainingClass) -> list[Table]:
    ticks = ClosingTick.objects.filter(training_class=training_class).order_by("code")
    columns = [
        Column("item", _("What")),
        Column("note", _("Remarks")),
        Column("ticked_by", _("Vouched by")),
        Column("ticked_at", _("Time")),
    ]
    rows = ticks.values_list("code", "note", "ticked_by__name", "ticked_at")
    return [Table(_("Closing checklist"), columns, list(rows))]


def _certificates(training_class: TrainingClass) -> list[Table]:
    issued = Certificate.objects.filter(enrollment__training_class=training_class).order_by("number")
    columns = [
        Column("number", _("Number")),
        NAME,
        ORGANIZATION,
        Column("issued_at", _("Issued at")),
        Column("revoked_at", _("Revoked at")),
        Column("revoked_reason", _("Reason")),
    ]
    rows = issued.values_list(
        "number",
        "enrollment__trainee__name",
        "enrollment__trainee__home_organization__name",
        "issued_at",
        "revoked_at",
        "revoked_reason",
    )
    return [Table(_("Certificates"), columns, list(rows))]


def _certificates_on_paper(training_class: TrainingClass) -> Iterator[tuple[str, bytes]]:
    """The certificates in force as PDF; none where this server makes no PDF: the records stand."""
    if pdf.why_resting() is not None:
        return
    rows = list(
        Certificate.objects.filter(training_class=training_class)
        .in_force()
        .select_related("template")
        .order_by("number")
    )
    # One template object for all that share a version: its seal is read and encoded once.
    templates = {row.template_id: row.template for row in rows}
    for row in rows:
        row.template = templates[row.template_id]
    for name, content in books(rows):
        yield f"certificates/{name}", content


#: Documents that go with a section.
FILES = {"notice": _attached, "certificates": _certificates_on_paper}


def offer_own() -> None:
    """Add the sections of this app; others stand between them."""
    for number, (code, label, tables) in enumerate(
        (
            ("class", _("About the class"), _facts),
            ("plan", _("Annual plan"), _plan),
            ("notice", _("Notice"), _notice),
            ("quotas", _("Quotas"), _quotas),
            ("roster", _("Roster"), _roster),
            ("groups", _("Groups"), _groups),
            ("leave", _("Leave slips"), _leave),
            ("closing", _("Closing checklist"), _closing),
            ("certificates", _("Certificates"), _certificates),
            ("survey", _("Satisfaction survey"), _survey),
        ),
        1,
    ):
        offer(Section(code, label, tables, files=FILES.get(code), order=number * 10))
