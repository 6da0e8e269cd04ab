"""The notice of a class 培训通知 as a printed form: what was published, its number and its annexes."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.forms_on_paper import Column, Form, Sheet, Table, register
from cms.sanitizing import paragraphs
from enrollment.actions.notices import text_of
from enrollment.models import ClassNotice, NoticeSettings, Quota, User
from enrollment.requests import number_in
from enrollment.rules.codes import in_chinese


def find_notice(user: User, key: str) -> ClassNotice | None:
    """The notice of a class, by the class's key: before it is published for who writes it alone."""
    rows = ClassNotice.objects.visible_to(user).select_related("training_class__teacher")
    return rows.filter(training_class=number_in(key) or 0).first()


def _to_notice(notice: ClassNotice, _user: User) -> str:
    return reverse("enrollment:class_notice", args=[notice.training_class_id])


def notice_sheet(notice: ClassNotice, _user: User) -> Sheet:
    """培训通知 (three queries): number, text, list of annexes, issuer, day; the quota table is one."""
    if notice.is_published:
        title, number, text = notice.published_title, notice.number, notice.published_text
        issuer, day = notice.issuer, timezone.localdate(notice.published_at)
    else:
        title, number, text = notice.title, _("Draft: numbered when it is published"), text_of(notice)
        issuer, day = NoticeSettings.load().issuer, timezone.localdate()
    quotas = list(
        Quota.objects.filter(training_class=notice.training_class)
        .order_by("organization__path")
        .values_list("organization__name", "seats")
    )
    annexes = [_("Quota table")] if quotas else []
    annexes += notice.attachments.order_by("pk").values_list("title", flat=True)
    return Sheet(
        title=title,
        subtitle=number,
        paragraphs=[*paragraphs(text), *_listed(annexes)],
        tables=[_quota_table(quotas)] if quotas else [],
        issuer=[issuer, in_chinese(day)],
        tables_are_annexes=True,
    )


def _listed(annexes: list[str]) -> list[str]:
    """附件：1. … as one line each."""
    if not annexes:
        return []
    first = _("Annexes: %(first)s") % {"first": f"1. {annexes[0]}"}
    return [first, *(f"{number}. {name}" for number, name in enumerate(annexes[1:], 2))]


def _quota_table(quotas: list[tuple[str, int]]) -> Table:
    columns = [
        Column(_("No."), True, 10),
        Column(_("Organization"), width=60),
        Column(_("Seats"), True, 12),
        Column(_("Remarks"), is_for_pen=True),
    ]
    return Table(
        columns,
        [[number, name, seats, ""] for number, (name, seats) in enumerate(quotas, 1)],
        _("Annex: quota table"),
        ["", _("Together"), sum(seats for _name, seats in quotas), ""],
    )


def register_forms() -> None:
    """Offer it."""
    register(
        Form(
            "notice",
            gettext_lazy("Notice"),
            find_notice,
            notice_sheet,
            _to_notice,
            logged=lambda notice: notice.training_class,
        )
    )
