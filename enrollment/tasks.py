"""Background work on rosters and hours; a task whose worker was killed is given out again and runs twice."""

from __future__ import annotations

import datetime as dt
import logging

from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions import duplicates, hour_rules, log, park_figures, roster, roster_undo, uploads, years
from enrollment.models import RosterImport, User
from enrollment.roster import messages

logger = logging.getLogger(__name__)


def judge_roster(roster_import_id: int) -> str:
    """Read and judge an uploaded roster."""
    roster_import = RosterImport.objects.defer("verdict").filter(pk=roster_import_id).first()
    if roster_import is None:
        return "gone"
    try:
        return roster.judge_roster(roster_import=roster_import).status
    except Exception:
        # Its page would otherwise say "being read" until somebody looks into the log.
        RosterImport.objects.filter(pk=roster_import_id, status=RosterImport.Status.READING).update(
            status=RosterImport.Status.FAILED, error=str(messages.FILE["unexpected"])
        )
        raise


def apply_roster(roster_import_id: int, actor_id: int | None) -> str:
    """Apply a confirmed roster; a refusal is kept with the import and shown on its page."""
    roster_import = RosterImport.objects.defer("verdict").filter(pk=roster_import_id).first()
    if roster_import is None:
        return "gone"
    actor = None if actor_id is None else User.objects.filter(pk=actor_id).first()
    try:
        return roster.apply_roster(roster_import=roster_import, actor=actor).status
    except Refused as refused:
        logger.info("roster %s was not applied: %s", roster_import_id, refused.code)
        return refused.code
    except Exception:
        RosterImport.objects.filter(pk=roster_import_id, status=RosterImport.Status.APPLYING).update(
            status=RosterImport.Status.READY, error=str(messages.FILE["unexpected"])
        )
        raise


def undo_roster(roster_import_id: int, actor_id: int | None) -> str:
    """Take an applied roster back; a refusal is kept with the import and shown on its page."""
    roster_import = RosterImport.objects.defer("verdict").filter(pk=roster_import_id).first()
    if roster_import is None:
        return "gone"
    actor = None if actor_id is None else User.objects.filter(pk=actor_id).first()
    try:
        return roster_undo.undo_roster(roster_import=roster_import, actor=actor).status
    except Exception as error:
        sentence = error.sentence if isinstance(error, Refused) else str(messages.FILE["unexpected"])
        # Nothing was written: it is applied as before, and its page says why it is not taken back.
        RosterImport.objects.filter(pk=roster_import_id, status=RosterImport.Status.UNDOING).update(
            status=RosterImport.Status.APPLIED, error=sentence[:300]
        )
        if isinstance(error, Refused):
            return error.code
        raise


def apply_rules(since: str) -> int:
    """Compute requirements anew after an hour rule changed, from the year of ``since`` (an ISO date) on."""
    return hour_rules.apply_rules(since=dt.date.fromisoformat(since))


def begin_year() -> int:
    """Every day: whoever has no standing in this year gets one; on 1 January that is everybody."""
    return years.begin_year(year=timezone.localdate().year)


def fold_park_figures() -> int:
    """Every few minutes: what changed in the figures of parks goes into their sums."""
    return park_figures.fold()


def find_duplicates() -> int:
    """Every night, and when staff ask: bring the list of possible duplicates up to date."""
    return duplicates.find_duplicates().open


def clear_log() -> int:
    """Every night: entries of the audit log beyond their retention period go."""
    return log.clear_log(today=timezone.localdate())


def clear_uploads() -> int:
    """Every night: uploads that nobody confirmed go, and files of those that were applied."""
    return uploads.clear_uploads(today=timezone.localdate())
