"""Lesson blocks of the practicum: a live class and a base visit, as they stand for whoever reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Prefetch
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from cms.offered_blocks import ReaderBlock, offer
from cms.templatetags.ui import written_day
from practicum.models import Session, Suspension, TrainingBase
from practicum.viewsets.choosers import base_chooser, session_chooser

PRACTICE_GROUP = _("Practice and attendance")
#: Visits of the reader's classes that are shown of one base.
NEXT_VISITS = 3

SessionChooserBlock = session_chooser.get_block_class("SessionChooserBlock", module_path=__name__)
BaseChooserBlock = base_chooser.get_block_class("BaseChooserBlock", module_path=__name__)


def _note() -> blocks.CharBlock:
    return blocks.CharBlock(
        required=False,
        max_length=200,
        label=_("Why it stands here"),
        help_text=_("One sentence above it, for all readers."),
    )


def _chosen(values: Sequence[Mapping[str, Any]], subject: str) -> list[int]:
    return [pk for value in values if (pk := value.get(subject)) is not None]


class LiveClassBlock(ReaderBlock):
    """A session of the timetable: when, where, how to join, and whether one is on its list."""

    session = SessionChooserBlock(label=_("Session"))
    note = _note()

    subject = "session"

    def show(self, values: Sequence[Mapping[str, Any]], reader: Any) -> list[str]:
        """Each session, in one query; nothing of those that the reader may not see."""
        mine = Session.objects.attended_by(reader).filter(pk=OuterRef("pk"))
        rows = (
            Session.objects.visible_to(reader)
            .filter(pk__in=_chosen(values, self.subject))
            .annotate(is_mine=Exists(mine))
            .with_place()
        )
        sessions = {row.pk: row for row in rows}
        now = timezone.now()
        return [
            render_to_string(
                "practicum/blocks/live_class.html",
                {"session": sessions.get(value[self.subject]), "note": value.get("note"), "now": now},
            )
            for value in values
        ]

    @classmethod
    def key_of(cls, pk: int) -> str | None:
        """Its identity in calendars."""
        uid = Session.objects.filter(pk=pk).values_list("uid", flat=True).first()
        return str(uid) if uid else None

    @classmethod
    def find(cls, key: str) -> int | None:
        """The session with this identity."""
        try:
            return Session.objects.filter(uid=key).values_list("pk", flat=True).first()
        except ValidationError:
            return None

    @classmethod
    def words(cls, pk: int) -> str:
        """Title and day."""
        session = Session.objects.filter(pk=pk).first()
        if session is None:
            return ""
        day = written_day(timezone.localtime(session.starts_at))
        return gettext("Live class “%(title)s”, %(day)s.") % {"title": session.title, "day": day}

    class Meta:
        icon = "date"
        label = _("Live class")
        group = PRACTICE_GROUP
        description = _(
            "A session of the timetable: when, where and how to join, as it stands for the reader."
        )
        preview_template = "practicum/blocks/previews/live_class.html"


class BaseVisitBlock(ReaderBlock):
    """A training base: its story, and when the reader's classes go there."""

    base = BaseChooserBlock(label=_("Training base"))
    note = _note()

    subject = "base"

    def show(self, values: Sequence[Mapping[str, Any]], reader: Any) -> list[str]:
        """Each base with the reader's next visits, in three queries."""
        pks = _chosen(values, self.subject)
        standing = Prefetch("suspensions", Suspension.objects.standing(), to_attr="standing")
        rows = TrainingBase.objects.visible_to(reader).filter(pk__in=pks).prefetch_related(standing)
        bases = {row.pk: row for row in rows}
        now = timezone.now()
        visits: dict[int | None, list[Session]] = {}
        if bases:
            coming = Session.objects.attended_by(reader).filter(base__in=list(bases), ends_at__gt=now)
            for session in coming.select_related("training_class").order_by("starts_at", "pk"):
                visits.setdefault(session.base_id, []).append(session)
        return [
            render_to_string(
                "practicum/blocks/base_visit.html",
                {
                    "base": bases.get(value.get(self.subject)),
                    "note": value.get("note"),
                    "visits": visits.get(value.get(self.subject), [])[:NEXT_VISITS],
                },
            )
            for value in values
        ]

    @classmethod
    def key_of(cls, pk: int) -> str | None:
        """Its code."""
        return TrainingBase.objects.filter(pk=pk).values_list("code", flat=True).first()

    @classmethod
    def find(cls, key: str) -> int | None:
        """The base with this code."""
        return TrainingBase.objects.filter(code=key).values_list("pk", flat=True).first()

    @classmethod
    def words(cls, pk: int) -> str:
        """Its name and theme."""
        base = TrainingBase.objects.filter(pk=pk).first()
        if base is None:
            return ""
        return gettext("Training base “%(name)s”: %(theme)s.") % {"name": base.name, "theme": base.theme}

    class Meta:
        icon = "home"
        label = _("Base visit")
        group = PRACTICE_GROUP
        description = _("A training base with its story, and when the reader's classes go there.")
        preview_template = "practicum/blocks/previews/base_visit.html"


def offer_blocks() -> None:
    """Let lessons hold them."""
    offer("live_class", LiveClassBlock)
    offer("base_visit", BaseVisitBlock)
