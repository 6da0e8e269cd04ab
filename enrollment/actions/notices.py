"""Notices of classes: written from a template, numbered, published, received.

The class row is locked while its notice changes. That two classes do not get one number is said by the
constraint alone: whoever comes second takes the next.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import PurePath
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.refusals import Refused
from cms.sanitizing import clean_html
from cms.templatetags.ui import written_day
from enrollment.actions.classes import lock_class
from enrollment.actions.journal import note
from enrollment.actions.messages import notify
from enrollment.models import (
    ClassNotice,
    NoticeAttachment,
    NoticeReceipt,
    NoticeSettings,
    Quota,
    Role,
    RoleGrant,
    TrainingClass,
    User,
    under,
)
from enrollment.rules import notice as rules

#: So often a number that somebody else took meanwhile is tried again.
TRIES = 50


def values_of(training_class: TrainingClass) -> dict[str, Any]:
    """What the places of a notice are filled with."""
    terms = training_class.terms
    whom = "、".join(str(name) for name in [*terms.places.values(), *terms.cohorts.values()])
    first, last = training_class.starts_on, training_class.ends_on
    return {
        rules.TITLE: training_class.title,
        rules.CODE: training_class.code,
        # The first day always with its year: a notice is read for longer than one.
        rules.DAYS: written_day(first, today=dt.date.min)
        + ("" if first == last else f"—{written_day(last, today=first)}"),
        rules.LENGTH: (last - first).days + 1,
        rules.WHOM: whom or _("Everybody in the zone"),
        rules.SEATS: training_class.capacity,
        rules.TEACHER: training_class.teacher or "",
    }


def text_of(notice: ClassNotice) -> str:
    """The text as it would be published now: filled, and cleaned."""
    return clean_html(rules.filled(notice.body, values_of(notice.training_class)))


@transaction.atomic
def begin_notice(*, training_class: TrainingClass, actor: User | None, body: str = "") -> ClassNotice:
    """Begin the notice of a class from the academy's text (or ``body``); the one it has is returned."""
    row = lock_class(training_class)
    notice, is_new = ClassNotice.objects.get_or_create(
        training_class=row,
        defaults={
            "title": _("Notice on holding %(class)s") % {"class": row.title},
            "body": body or NoticeSettings.load().text,
        },
    )
    if is_new:
        note(notice, "enrollment.notice.begin", actor=actor)
    return notice


@transaction.atomic
def write_notice(*, notice: ClassNotice, title: str, body: str, actor: User | None) -> ClassNotice:
    """Change what is being written; what was published stays until it is published again."""
    lock_class(notice.training_class)
    row = ClassNotice.objects.get(pk=notice.pk)
    row.title, row.body = title.strip()[:150], body
    if not row.title:
        raise Refused(rules.NO_TITLE)
    row.save(update_fields=["title", "body"])
    note(row, "enrollment.notice.write", actor=actor)
    return row


@transaction.atomic
def publish_notice(*, notice: ClassNotice, actor: User) -> ClassNotice:
    """Number the notice (once), freeze its text, and tell whoever looks after organizations with a quota.

    Raises:
        Refused: no title, no text, an unknown place in it, or the class is no more.
    """
    training_class = lock_class(notice.training_class)
    row = ClassNotice.objects.get(pk=notice.pk)
    against = rules.publication_refusals(text=row.body, title=row.title, class_status=training_class.status)
    if against:
        raise Refused(*against)
    settings = NoticeSettings.load()
    row.training_class = training_class
    row.published_title, row.published_text = row.title, text_of(row)
    row.published_at, row.published_by, row.issuer = timezone.now(), actor, settings.issuer
    row.revision += 1
    if row.serial is None:
        _number(row, settings)
    else:
        row.save()
    note(row, "enrollment.notice.publish", actor=actor, data={"number": row.number, "times": row.revision})
    notify(
        kind="class_notice",
        recipients=receivers(training_class),
        key=f"class-notice:{row.pk}:{row.revision}",
        context={"title": row.published_title, "number": row.number, "again": row.revision > 1},
        link=reverse("enrollment:class_notice", args=[training_class.pk]),
    )
    return row


def _number(row: ClassNotice, settings: NoticeSettings) -> None:
    """Save ``row`` with the next number of its year; a number that was taken meanwhile is passed over."""
    row.series, row.year = settings.series, timezone.localdate().year
    for _attempt in range(TRIES):
        last = ClassNotice.objects.filter(series=row.series, year=row.year).aggregate(last=Max("serial"))
        row.serial = (last["last"] or 0) + 1
        row.number = rules.number(
            settings.number_pattern, series=row.series, year=row.year, serial=row.serial
        )
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError:
            continue
        return
    raise RuntimeError("Every number that was tried had been taken.")


def receivers(training_class: TrainingClass) -> list[int]:
    """Accounts of the affairs workers of organizations with a quota, or of one above them (two queries)."""
    paths = list(
        Quota.objects.filter(training_class=training_class).values_list("organization__path", flat=True)
    )
    grants = RoleGrant.objects.filter(role=Role.AFFAIRS_WORKER, user__is_active=True).values_list(
        "user", "organization__path"
    )
    return sorted({user for user, path in grants if path and any(own.startswith(path) for own in paths)})


@transaction.atomic
def acknowledge_notice(*, notice: ClassNotice, actor: User) -> int:
    """Confirm 签收 for the organizations with a quota that ``actor`` looks after; return how many were new.

    No lock: one receipt an organization and publication is a constraint.

    Raises:
        Refused: not published, or no such organization.
    """
    if not notice.is_published:
        raise Refused(rules.NOT_PUBLISHED)
    own = Quota.objects.filter(training_class=notice.training_class_id).filter(
        under(actor.scope.managed_paths, "organization__path")
    )
    places = list(own.values_list("organization_id", flat=True))
    if not places:
        raise Refused(rules.NO_QUOTA_OF_YOURS)
    known = set(
        NoticeReceipt.objects.filter(notice=notice, revision=notice.revision).values_list(
            "organization_id", flat=True
        )
    )
    now = timezone.now()
    fresh = [
        NoticeReceipt(notice=notice, organization_id=place, revision=notice.revision, user=actor, seen_at=now)
        for place in places
        if place not in known
    ]
    NoticeReceipt.objects.bulk_create(fresh, ignore_conflicts=True)
    if fresh:
        note(notice, "enrollment.notice.receive", actor=actor, data={"organizations": len(fresh)})
    return len(fresh)


def attach(*, notice: ClassNotice, file: Any, actor: User) -> NoticeAttachment:
    """Add a document to a notice.

    Raises:
        Refused: too large, of another kind, or one too many.
    """
    name = PurePath(file.name).name
    kind = PurePath(name).suffix.lower()
    if kind not in rules.KINDS:
        raise Refused(rules.FILE_KIND)
    if file.size > rules.MOST_BYTES:
        raise Refused(rules.FILE_TOO_LARGE)
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    field: Any = NoticeAttachment._meta.get_field("file")
    wanted = f"{digest.hexdigest()[:16]}{kind}"
    # The file is kept before anything is locked; it goes again where the row is refused.
    stored = field.storage.save(field.generate_filename(None, wanted), file)
    try:
        with transaction.atomic():
            lock_class(notice.training_class)
            _refuse_one_too_many(notice)
            added = NoticeAttachment.objects.create(
                notice=notice,
                title=name[:150],
                file=stored,
                size=file.size,
                digest=digest.hexdigest(),
                added_by=actor,
            )
            note(notice, "enrollment.notice.attach", actor=actor, data={"title": added.title})
    except BaseException:
        field.storage.delete(stored)
        raise
    return added


def _refuse_one_too_many(notice: ClassNotice) -> None:
    if notice.attachments.count() >= rules.MOST_FILES:
        raise Refused(rules.TOO_MANY_FILES)


@transaction.atomic
def detach(*, attachment: NoticeAttachment, actor: User) -> None:
    """Take a document away; its file goes once that is certain."""
    lock_class(attachment.notice.training_class)
    storage, name = attachment.file.storage, attachment.file.name
    note(attachment.notice, "enrollment.notice.detach", actor=actor, data={"title": attachment.title})
    attachment.delete()
    transaction.on_commit(lambda: storage.delete(str(name)))
