"""The register of what is held about a person: what, why, where it comes from, and what leaving does to it.

A test walks every relation to a person and to an account, and refuses one that stands in no line here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Model, Value
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cms.models import Job
from cms.spreadsheets import Sheet
from courses.models import (
    CourseProgress,
    LessonProgress,
    LessonQuestion,
    LessonReply,
    QuizAttempt,
    ReflectionVersion,
    StudyClock,
)
from enrollment.letters import letter
from enrollment.models import (
    Appointment,
    BranchActivity,
    Certificate,
    ClassLeave,
    CorrectionRequest,
    DuplicatePair,
    Enrollment,
    Exemption,
    ExternalTraining,
    Guidance,
    Guide,
    HourAdjustment,
    HourBalance,
    HourEntry,
    HourSpan,
    Invitation,
    Message,
    MessagePreference,
    OrganizationImport,
    PersonMerger,
    PersonTransfer,
    RoleGrant,
    RosterImport,
    Standing,
    StudyProof,
    Trainee,
    TrainingNeed,
    User,
    UserSession,
)
from practicum.models import (
    Attendance,
    BaseHost,
    BaseImport,
    Booking,
    CalendarFeed,
    CalendarInvitation,
    CheckinEvent,
    Leave,
    Lecturer,
    MissedSeat,
    VisitPaper,
    WaitingPerson,
)

Words = str | Promise

GOES: Words = _("Erased")
NAMELESS: Words = _("Stays without your name")
BY_LAW: Words = _("Stays without your name: the ledger of hours is kept as evidence and is never altered")


@dataclass(frozen=True)
class Column:
    """A column of a sheet: its head, and what stands in it for a row."""

    head: Words
    cell: Callable[[Any], Any]


@dataclass(frozen=True)
class Part:
    """Rows of one model; ``owner`` leads to the person, or to the account where ``of_account``.

    With ``columns`` they have a sheet of their own in the person's copy; others are written elsewhere in it
    (``academy.portal.own_data``), or are only sums of what is.
    """

    model: type[Model]
    owner: str
    of_account: bool = False
    columns: Sequence[Column] = ()
    title: Words = ""
    #: Whether the register counts its rows; sums and pointers are held, but are nothing more to know.
    counts: bool = True


@dataclass(frozen=True)
class Line:
    """One line of the register."""

    label: Words
    purpose: Words
    source: Words
    leaving: Words
    parts: Sequence[Part] = field(default_factory=tuple)


def _at(name: str) -> Callable[[Any], str]:
    def cell(row: Any) -> str:
        moment = getattr(row, name)
        return date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT") if moment else ""

    return cell


def _text(name: str) -> Callable[[Any], str]:
    return lambda row: str(getattr(row, name) or "")


def _shown(name: str) -> Callable[[Any], str]:
    return lambda row: str(getattr(row, f"get_{name}_display")())


def _subject(row: Message) -> str:
    return letter(row.kind, row.context).subject


def _lesson(row: Any) -> str:
    return str(row.lesson.title)


WHEN, WHAT, STATE = _("When"), _("What"), _("Status")

REGISTER: tuple[Line, ...] = (
    Line(
        _("Roster, posts, exemptions"),
        _("Who belongs where, and how many hours are asked of them"),
        _("The roster of your organization"),
        _("Name and details erased; posts and days stay without your name: past figures rest on them"),
        (
            Part(Trainee, "pk"),
            Part(Appointment, "trainee"),
            Part(Exemption, "trainee"),
            Part(Trainee, "merged_into", counts=False),
        ),
    ),
    Line(
        _("Transfers and records that were made one"),
        _("Handing over between organizations; one person, one record"),
        _("Your organizations"),
        GOES,
        (
            Part(PersonTransfer, "trainee"),
            Part(PersonMerger, "keeper"),
            Part(PersonMerger, "other", counts=False),
            Part(DuplicatePair, "one", counts=False),
            Part(DuplicatePair, "other", counts=False),
        ),
    ),
    Line(
        _("Hours"),
        _("Proof of training (Regulations on the education of Party members)"),
        _("Lessons, sessions, branch records and claims, posted by rule"),
        BY_LAW,
        (
            Part(HourEntry, "trainee"),
            Part(HourSpan, "trainee", counts=False),
            Part(HourBalance, "trainee", counts=False),
            Part(Standing, "trainee", counts=False),
        ),
    ),
    Line(
        _("External training and adjustments"),
        _("Hours that were earned elsewhere"),
        _("You, or the staff who proposed them"),
        _("The files are erased; the decision stays without your name"),
        (
            Part(
                ExternalTraining,
                "trainee",
                columns=(
                    Column(WHAT, _text("title")),
                    Column(_("Organizer"), _text("organizer")),
                    Column(WHEN, _at("starts_at")),
                    Column(STATE, _shown("status")),
                    Column(_("File"), _text("evidence_name")),
                    Column(_("Reason of the decision"), _text("decision")),
                ),
            ),
            Part(
                HourAdjustment,
                "trainee",
                columns=(
                    Column(WHAT, _text("title")),
                    Column(_("Year"), _text("year")),
                    Column(_("Reason"), _text("reason")),
                    Column(STATE, _shown("status")),
                ),
            ),
        ),
    ),
    Line(
        _("Classes, leave, certificates"),
        _("Running a class, and proof that it was completed"),
        _("Nominations, registration, class teachers"),
        _("Reasons of leave are erased; numbers of certificates stay, without your name"),
        (
            Part(Enrollment, "trainee"),
            Part(Certificate, "enrollment__trainee"),
            Part(StudyProof, "trainee"),
            Part(
                ClassLeave,
                "enrollment__trainee",
                columns=(
                    Column(_("From"), _at("starts_at")),
                    Column(_("To"), _at("ends_at")),
                    Column(_("Reason"), _text("reason")),
                    Column(STATE, _shown("status")),
                    Column(_("Answer"), _text("answer")),
                ),
            ),
        ),
    ),
    Line(
        _("Sessions and visits"),
        _("Who came; safety of visits"),
        _("You or staff, at the door; lists of visits"),
        _("Reasons of leave are erased; attendance stays without your name; lists of visits go in time"),
        (
            Part(Attendance, "trainee"),
            Part(
                CheckinEvent,
                "trainee",
                title=_("Check-ins"),
                columns=(
                    Column(WHEN, _at("server_at")),
                    Column(WHAT, _shown("direction")),
                    Column(_("Way of check-in"), _shown("source")),
                    Column(_("Outcome"), _shown("outcome")),
                    Column(_("Note"), _text("note")),
                ),
            ),
            Part(
                Leave,
                "trainee",
                columns=(
                    Column(_("Asked at"), _at("requested_at")),
                    Column(_("Reason"), _text("reason")),
                    Column(STATE, _shown("status")),
                ),
            ),
            Part(
                Booking,
                "trainee",
                columns=(Column(WHAT, lambda row: row.session.title), Column(STATE, _shown("status"))),
            ),
            Part(
                WaitingPerson,
                "trainee",
                columns=(
                    Column(WHAT, lambda row: row.party.session.title),
                    Column(STATE, lambda row: row.party.get_status_display()),
                ),
            ),
            Part(
                MissedSeat,
                "trainee",
                columns=(
                    Column(WHAT, lambda row: row.session.title),
                    Column(STATE, _shown("status")),
                    Column(_("Objection"), _text("appeal")),
                    Column(_("Answer"), _text("answer")),
                ),
            ),
        ),
    ),
    Line(
        _("Branch life"),
        _("Hours that branches earn themselves"),
        _("The affairs worker of your organization"),
        NAMELESS,
        (
            Part(
                BranchActivity,
                "attendees",
                columns=(Column(WHAT, _text("title")), Column(WHEN, _at("starts_at"))),
            ),
        ),
    ),
    Line(
        _("Courses, tests, reflections"),
        _("Where you stand in a course, and what was understood"),
        _("What you did in lessons"),
        _("Answers, reflections and pictures are erased; that you completed it stays without your name"),
        (
            Part(CourseProgress, "user", of_account=True),
            Part(
                LessonProgress,
                "user",
                of_account=True,
                title=_("Lessons studied"),
                columns=(
                    Column(_("Lesson"), _lesson),
                    Column(_("Begun"), _at("opened_at")),
                    Column(_("Completed"), _at("completed_at")),
                ),
            ),
            Part(
                QuizAttempt,
                "user",
                of_account=True,
                title=_("Tests sat"),
                columns=(
                    Column(_("Test"), lambda row: row.quiz.title),
                    Column(_("Begun"), _at("begun_at")),
                    Column(STATE, _shown("status")),
                ),
            ),
            Part(ReflectionVersion, "reflection__progress__user", of_account=True),
            Part(StudyClock, "user", of_account=True, counts=False),
        ),
    ),
    Line(
        _("Questions and answers at lessons"),
        _("Learning from one another"),
        _("You"),
        _("Your words are erased; what others said to them stays without your name"),
        (
            Part(
                LessonQuestion,
                "author",
                of_account=True,
                columns=(
                    Column(WHEN, _at("written_at")),
                    Column(_("Lesson"), _lesson),
                    Column(_("Text"), _text("text")),
                ),
            ),
            Part(
                LessonReply,
                "author",
                of_account=True,
                columns=(
                    Column(WHEN, _at("written_at")),
                    Column(_("Question"), lambda row: row.question.text),
                    Column(_("Text"), _text("text")),
                ),
            ),
        ),
    ),
    Line(
        _("Training needs"),
        _("Planning the year"),
        _("You, for your organization"),
        _("The need stays with the organization; your name goes"),
        (
            Part(
                TrainingNeed,
                "asked_by",
                of_account=True,
                columns=(
                    Column(WHEN, _at("asked_at")),
                    Column(WHAT, _text("text")),
                    Column(STATE, _shown("status")),
                    Column(_("Answer"), _text("answer_text")),
                ),
            ),
        ),
    ),
    Line(
        _("Messages, letters and reminders"),
        _("Telling you what concerns you, where you chose"),
        _("The academy"),
        GOES,
        (
            Part(
                Message,
                "recipient",
                of_account=True,
                columns=(
                    Column(WHEN, _at("created_at")),
                    Column(WHAT, _subject),
                    Column(_("Read at"), _at("read_at")),
                ),
            ),
            Part(MessagePreference, "user", of_account=True, counts=False),
        ),
    ),
    Line(
        _("Requests for correction"),
        _("Putting right what is wrong"),
        _("You"),
        GOES,
        (
            Part(
                CorrectionRequest,
                "trainee",
                columns=(
                    Column(WHEN, _at("asked_at")),
                    Column(WHAT, _text("text")),
                    Column(STATE, _shown("status")),
                    Column(_("Answer"), _text("answer")),
                ),
            ),
        ),
    ),
    Line(
        _("Account, devices, invitations, calendar"),
        _("Signing in safely"),
        _("You; the staff who invited you"),
        _("Erased; an empty row without your name stays where the account recorded something for others"),
        (
            Part(User, "pk", of_account=True),
            Part(UserSession, "user", of_account=True),
            Part(
                Invitation,
                "trainee",
                columns=(Column(WHEN, _at("created_at")), Column(_("Used at"), _at("accepted_at"))),
            ),
            Part(Invitation, "user", of_account=True, counts=False),
            Part(CalendarFeed, "user", of_account=True),
            Part(CalendarInvitation, "user", of_account=True, counts=False),
            Part(Trainee, "user", of_account=True, counts=False),
        ),
    ),
    Line(
        _("Work for the academy"),
        _("Who did what for others"),
        _("The academy; you"),
        _("Whoever has duties is not erased yet; what was recorded stays signed by a nameless account"),
        (
            Part(RoleGrant, "user", of_account=True),
            Part(Guide, "user", of_account=True),
            Part(Guidance, "guide", of_account=True),
            Part(BaseHost, "user", of_account=True),
            Part(Lecturer, "user", of_account=True),
        ),
    ),
    Line(
        _("Files you sent"),
        _("Rosters, tables, documents of visits, exports you asked for"),
        _("You"),
        _("Cleared after their periods, whether or not you leave"),
        (
            Part(RosterImport, "uploaded_by", of_account=True),
            Part(OrganizationImport, "uploaded_by", of_account=True),
            Part(BaseImport, "uploaded_by", of_account=True),
            Part(VisitPaper, "added_by", of_account=True),
            Part(Job, "owner", of_account=True),
        ),
    ),
)


@dataclass(frozen=True)
class Held:
    """A line of the register as it stands for one person."""

    line: Line
    number: int


def held_about(user: User, trainee: Trainee | None) -> list[Held]:
    """The register for one person (one query, however many lines and rows there are)."""
    counts: list[Any] = []
    for number, line in enumerate(REGISTER):
        for part in line.parts:
            rows = _rows(part, user, trainee) if part.counts else None
            if rows is not None:
                tagged = rows.select_related(None).order_by().annotate(line=Value(number))
                counts.append(
                    tagged.values("line").annotate(number=Count("pk")).values_list("line", "number")
                )
    found: Counter[int] = Counter()
    for number, rows_there in counts[0].union(*counts[1:], all=True):
        found[number] += rows_there
    return [Held(line, found[number]) for number, line in enumerate(REGISTER)]


def sheets_of_register(user: User, trainee: Trainee | None) -> Iterator[Sheet]:
    """The sheets of everything that has columns here."""
    for part in (part for line in REGISTER for part in line.parts if part.columns):
        rows = _rows(part, user, trainee)
        if rows is None:
            continue
        title = part.title or part.model._meta.verbose_name_plural or part.model.__name__
        cells = [[column.cell(row) for column in part.columns] for row in rows.order_by("pk")]
        yield Sheet(str(title)[:31], [str(column.head) for column in part.columns], cells, is_text=True)


#: What the cells of a sheet lead to, so that it takes one query.
JOINED: dict[type[Model], tuple[str, ...]] = {
    LessonProgress: ("lesson",),
    LessonQuestion: ("lesson",),
    LessonReply: ("question",),
    QuizAttempt: ("quiz",),
    Booking: ("session",),
    WaitingPerson: ("party__session",),
    MissedSeat: ("session",),
}


def _rows(part: Part, user: User, trainee: Trainee | None) -> Any:
    owner = user if part.of_account else trainee
    if owner is None:
        return None
    rows = part.model._default_manager.filter(**{part.owner: owner.pk if part.owner == "pk" else owner})
    return rows.select_related(*JOINED.get(part.model, ()))
