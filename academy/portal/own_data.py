"""Everything the academy holds about one person, for that person (domain §7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from wagtail.log_actions import registry
from wagtail.models import ModelLogEntry

from academy.portal.own_register import sheets_of_register
from cms.spreadsheets import Sheet
from courses.models import CourseProgress, ReflectionVersion
from enrollment.models import (
    Certificate,
    Enrollment,
    HourEntry,
    StudyProof,
    Trainee,
    User,
    UserSession,
)
from practicum.models import Attendance

#: How many of the latest looks and changes are shown on the page; the export holds all.
LOOKS_SHOWN = 20


@dataclass(frozen=True)
class Look:
    """One entry of the audit log about the person: somebody looked at the record, or changed it."""

    at: dt.datetime
    what: str | Promise
    who: str


def looks_at(trainee: Trainee, limit: int | None = None) -> list[Look]:
    """Who looked at the record of ``trainee`` or changed it, the latest first (two queries)."""
    entries = (
        ModelLogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(Trainee), object_id=str(trainee.pk)
        )
        .select_related("user")
        .order_by("-timestamp", "-pk")
    )
    return [
        Look(
            at=entry.timestamp,
            what=registry.get_action_label(entry.action)
            if registry.action_exists(entry.action)
            else entry.action,
            who=entry.user.name if entry.user else _("The academy's system"),
        )
        for entry in entries[:limit]
    ]


def sheets_about(user: User, trainee: Trainee | None) -> Iterator[Sheet]:
    """The sheets of the person's own copy; dates as that person's language writes them."""
    yield Sheet(
        _("Personal data"),
        [_("What"), _("Content")],
        list(_facts(user, trainee)),
        widths=(30, 60),
        is_text=True,
    )
    yield Sheet(
        _("Sign-ins"),
        [_("Device"), _("Since"), _("Last seen")],
        [
            [session.device, _moment(session.created_at), _moment(session.last_seen_at)]
            for session in UserSession.objects.filter(user=user).order_by("-last_seen_at")
        ],
    )
    yield Sheet(
        _("Courses studied"),
        [_("Course"), _("Begun"), _("Last studied"), _("Completed")],
        [
            [
                progress.course.title,
                _moment(progress.started_at),
                _moment(progress.studied_at),
                _moment(progress.completed_at),
            ]
            for progress in CourseProgress.objects.filter(user=user)
            .select_related("course")
            .order_by("started_at", "pk")
        ],
    )
    yield Sheet(
        _("Reflections"),
        [_("Lesson"), _("Handed in"), _("My reflection"), _("Answer"), _("Comment")],
        [
            [
                version.reflection.progress.lesson.title,
                _moment(version.handed_in_at),
                version.text,
                version.get_verdict_display(),
                version.comment,
            ]
            for version in ReflectionVersion.objects.filter(reflection__progress__user=user)
            .select_related("reflection__progress__lesson")
            .order_by("handed_in_at", "pk")
        ],
        is_text=True,
    )
    if trainee is not None:
        yield from _sheets_of(trainee)
    yield from sheets_of_register(user, trainee)


def _facts(user: User, trainee: Trainee | None) -> Iterator[list[Any]]:
    yield [_("User name"), user.username]
    yield [_("Name"), user.name]
    yield [_("Mobile phone"), user.phone]
    yield [_("Email"), user.email]
    yield [_("Language"), user.get_language_display()]
    if trainee is None:
        return
    yield [_("Name on the roster"), trainee.name]
    yield [_("Organization"), trainee.home_organization.name]
    if trainee.host_organization:
        yield [_("Host organization"), trainee.host_organization.name]
    yield [_("Mobile phone on the roster"), trainee.phone]
    yield [_("Last four of the identity number"), trainee.identity_tail]
    yield [_("Gender"), trainee.get_gender_display()]
    yield [_("Ethnic group"), trainee.ethnicity]
    yield [_("Born"), _day(trainee.born_on)]
    yield [_("Education"), trainee.education]
    yield [_("Joined the Party"), _day(trainee.joined_on)]
    yield [_("Member status"), trainee.get_member_status_display()]
    yield [_("Remarks"), trainee.note]
    yield [_("On the roster since"), _moment(trainee.created_at)]


def _sheets_of(trainee: Trainee) -> Iterator[Sheet]:
    yield Sheet(
        _("Posts"),
        [_("Organization"), _("Post"), _("From"), _("To")],
        [
            [held.organization.name, held.get_post_display(), _day(held.started_on), _day(held.ended_on)]
            for held in trainee.appointments.select_related("organization")
        ],
    )
    yield Sheet(
        _("Exemptions"),
        [_("Ground"), _("Reason"), _("From"), _("To")],
        [
            [given.get_ground_display(), given.reason, _day(given.starts_on), _day(given.ends_on)]
            for given in trainee.exemptions.order_by("starts_on", "pk")
        ],
    )
    transfers = trainee.transfers.select_related("from_organization", "to_organization").order_by("pk")
    yield Sheet(
        _("Transfers"),
        [_("From (organization)"), _("To (organization)"), _("Effective on"), _("Reason"), _("State")],
        [
            [row.from_organization.name, row.goes_to, _day(row.on), row.reason, row.get_state_display()]
            for row in transfers
        ],
    )
    yield Sheet(
        _("Records merged into this one"),
        [_("Name"), _("Organization"), _("Merged")],
        [
            [row.other.name, row.other.home_organization.name, _moment(row.merged_at)]
            for row in trainee.mergers_kept.standing()
            .select_related("other__home_organization")
            .order_by("merged_at")
        ],
    )
    entries = HourEntry.objects.filter(trainee=trainee).select_related("reverses").order_by("year", "pk")
    yield Sheet(
        _("Hour ledger"),
        [_("Content"), _("Kind"), _("Year"), _("Hours"), _("Posted at"), _("Reason")],
        [
            [
                entry.title,
                entry.get_kind_display(),
                entry.year,
                entry.quarters / 4,
                _moment(entry.recorded_at),
                entry.note,
            ]
            for entry in entries
        ],
    )
    enrollments = Enrollment.objects.filter(trainee=trainee).select_related("training_class").order_by("pk")
    yield Sheet(
        _("Training classes"),
        [_("Class"), _("Number"), _("Status")],
        [
            [one.training_class.title, one.training_class.code, one.get_status_display()]
            for one in enrollments
        ],
    )
    yield Sheet(
        _("Certificates and proofs"), [_("Number"), _("Kind"), _("Issued on")], list(_papers(trainee))
    )
    attended = Attendance.objects.filter(trainee=trainee).select_related("session")
    yield Sheet(
        _("Attendance"),
        [_("Session"), _("Begins"), _("Check-in time"), _("Check-out time"), _("Status")],
        [
            [
                row.session.title,
                _moment(row.session.starts_at),
                _moment(row.signed_in_at),
                _moment(row.signed_out_at),
                row.get_status_display(),
            ]
            for row in attended.order_by("session__starts_at", "pk")
        ],
    )
    yield Sheet(
        _("Looks and changes"),
        [_("When"), _("What"), _("Who")],
        [[_moment(look.at), look.what, look.who] for look in looks_at(trainee)],
        widths=(22, 30, 20),
    )


def _papers(trainee: Trainee) -> Iterator[list[Any]]:
    """Certificates, one that another took the place of included, and proofs of study."""
    own = Q(enrollment__trainee=trainee) | Q(replaced_by__enrollment__trainee=trainee)
    for certificate in Certificate.objects.filter(own).order_by("issued_at", "pk"):
        yield [certificate.number, _("Certificate of completion"), _moment(certificate.issued_at)]
    for proof in StudyProof.objects.filter(trainee=trainee).order_by("issued_at", "pk"):
        yield [proof.number, proof.get_kind_display(), _moment(proof.issued_at)]


def _day(day: dt.date | None) -> str:
    return date_format(day, "SHORT_DATE_FORMAT") if day else ""


def _moment(moment: dt.datetime | None) -> str:
    return date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT") if moment else ""
