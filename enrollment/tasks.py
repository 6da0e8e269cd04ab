"""Background work on rosters. A task whose worker was killed is given out again; each may run twice."""

from __future__ import annotations

import logging

from cms.refusals import Refused
from enrollment.actions import roster
from enrollment.models import RosterImport, User

logger = logging.getLogger(__name__)


def judge_roster(roster_import_id: int) -> str:
    """Read and judge an uploaded roster."""
    roster_import = RosterImport.objects.filter(pk=roster_import_id).first()
    if roster_import is None:
        return "gone"
    try:
        return roster.judge_roster(roster_import=roster_import).status
    except Exception:
        # Its page would otherwise say "being read" until somebody looks into the log.
        RosterImport.objects.filter(pk=roster_import_id, status=RosterImport.Status.READING).update(
            status=RosterImport.Status.FAILED, error=str(roster.messages.FILE["unexpected"])
        )
        raise


def apply_roster(roster_import_id: int, actor_id: int | None) -> str:
    """Apply a confirmed roster; a refusal is kept with the import and shown on its page."""
    roster_import = RosterImport.objects.filter(pk=roster_import_id).first()
    if roster_import is None:
        return "gone"
    actor = User.objects.filter(pk=actor_id).first()
    try:
        return roster.apply_roster(roster_import=roster_import, actor=actor).status
    except Refused as refused:
        logger.info("roster %s was not applied: %s", roster_import_id, refused.code)
        return refused.code
    except Exception:
        RosterImport.objects.filter(pk=roster_import_id, status=RosterImport.Status.APPLYING).update(
            status=RosterImport.Status.READY, error=str(roster.messages.FILE["unexpected"])
        )
        raise
