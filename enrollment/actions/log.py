"""What happens to the audit log itself: it leaves as a file, and what is older than its period is cleared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import IO, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.jobs import Progress
from cms.spreadsheets import Sheet, write
from enrollment.actions.journal import note
from enrollment.models import RetentionPeriod, RetentionSubject, User, kept_since
from enrollment.reports_log import MODELS, Entry, exported, searched

CHUNK = 500
#: Entries deleted in one transaction.
CLEARED_AT_ONCE = 5000


def write_log(
    target: IO[bytes], *, actor: User, filters: dict[str, str], progress: Progress | None = None
) -> int:
    """Write the entries that ``filters`` find as a workbook; returns how many. The log keeps that, too."""
    rows = searched(**filters)
    whole = rows.count()

    def cells() -> Iterator[list[Any]]:
        for number, entry in enumerate(exported(rows, CHUNK)):
            if progress is not None and number % CHUNK == 0:
                progress.step(number, whole)
            yield _cells(entry)

    heads = [_("When"), _("Who"), _("Deed"), _("Kind"), _("About"), _("Details")]
    write(target, [Sheet(_("Audit log"), heads, cells(), widths=(20, 14, 28, 16, 36, 60), is_text=True)])
    note(actor, "enrollment.log.export", actor=actor, data={"rows": whole, "filter": filters})
    return whole


def _cells(entry: Entry) -> list[Any]:
    at = f"{timezone.localtime(entry.at):%Y-%m-%d %H:%M:%S}"
    return [at, entry.who, entry.did, entry.kind, entry.about, entry.details]


def clear_log(*, today: dt.date) -> int:
    """Delete entries older than the log's retention period; returns how many. Nothing without a period.

    The period cannot be shorter than six months: a constraint of ``RetentionPeriod``.
    """
    since = kept_since(RetentionSubject.LOG, today)
    if since is None:
        return 0
    before = timezone.make_aware(dt.datetime.combine(since, dt.time.min))
    cleared = 0
    for model in MODELS:
        while True:
            old = model.objects.filter(timestamp__lt=before).order_by()
            pks = list(old.values_list("pk", flat=True)[:CLEARED_AT_ONCE])
            if not pks:
                break
            with transaction.atomic():
                deleted, _by_model = model.objects.filter(pk__in=pks).delete()
            cleared += deleted
    if cleared:
        period = RetentionPeriod.objects.filter(
            subject=RetentionSubject.LOG, effective_from__lte=today
        ).first()
        if period is not None:
            note(
                period,
                "enrollment.log.clear",
                actor=None,
                data={"rows": cleared, "before": since.isoformat()},
            )
    return cleared
