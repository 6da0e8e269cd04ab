"""The leave slip of a class 请假条 as a printed form."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.forms_on_paper import Column, Form, Sheet, Table, register
from enrollment.models import ClassLeave, User
from enrollment.requests import number_in
from enrollment.rules.class_policy import Span
from enrollment.rules.codes import in_chinese


def find_slip(user: User, key: str) -> ClassLeave | None:
    """One's own slip, and those of classes that one runs."""
    rows = ClassLeave.objects.visible_to(user).select_related(
        "enrollment__training_class__teacher", "enrollment__trainee__home_organization", "decided_by"
    )
    return rows.prefetch_related("parts").filter(pk=number_in(key) or 0).first()


def _to_leave(leave: ClassLeave, _user: User) -> str:
    return reverse("enrollment:class_leave", args=[leave.enrollment.training_class_id])


def _period(span: Span) -> str:
    begin, end = timezone.localtime(span.starts_at), timezone.localtime(span.ends_at)
    last = f"{end:%H:%M}" if begin.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"{begin:%Y-%m-%d %H:%M} – {last}"


def leave_slip(leave: ClassLeave, _user: User) -> Sheet:
    """请假条: who, when or from which sessions, why, and what was decided (as `find_slip` has read it)."""
    held = leave.enrollment
    person, training_class = held.trainee, held.training_class
    decided = leave.decided_at and timezone.localtime(leave.decided_at)
    parts = list(leave.parts.all())
    rows: list[list[object]] = [
        [_("Name"), person.name, _("Group"), held.group_number],
        [_("Organization"), person.home_organization.name, _("Class number"), training_class.code],
        [
            _("Kind"),
            leave.get_kind_display(),
            _("Length"),
            _length(leave),
        ],
        [_("Time"), "" if parts else _period(leave.span), _("Asked for on"), _day(leave.requested_at)],
        [
            _("Reason"),
            leave.reason,
            _("Decision"),
            ("" if leave.is_requested else leave.get_status_display())
            + (f"：{leave.answer}" if leave.answer else ""),
        ],
        [
            _("Decided by"),
            str(leave.decided_by or ""),
            _("Decided on"),
            f"{decided:%Y-%m-%d %H:%M}" if decided else "",
        ],
    ]
    if parts:
        rows[3][1] = _("See the sessions below")
    columns = [Column("", width=14), Column("", width=40), Column("", width=14), Column("")]
    tables = [Table(columns, rows)]
    if parts:
        tables.append(
            Table(
                [Column(_("No."), True, 8), Column(_("Session"), width=56), Column(_("Time"))],
                [[number, part.title, _period(part.span)] for number, part in enumerate(parts, 1)],
                _("Sessions that will be missed"),
            )
        )
    return Sheet(
        title=_("Leave slip"),
        subtitle=training_class.title,
        tables=tables,
        notes=[_("A make-up session replaces missed hours; it never doubles them.")],
        signatures=[_("Signature of the trainee"), _("Class teacher")],
        issuer=["", in_chinese(timezone.localdate())],
        is_tall=True,
    )


def _length(leave: ClassLeave) -> str:
    """Slips of earlier versions do not say how long they are."""
    return _("%(hours)s h") % {"hours": f"{leave.hours:.1f}"} if leave.minutes else ""


def _day(moment: dt.datetime) -> str:
    return timezone.localdate(moment).isoformat()


def register_forms() -> None:
    """Offer it."""
    register(
        Form(
            "class-leave-slip",
            gettext_lazy("Leave slip of a class"),
            find_slip,
            leave_slip,
            _to_leave,
            logged=lambda leave: leave.enrollment,
        )
    )
