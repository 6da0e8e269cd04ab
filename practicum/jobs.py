"""Background work of the practicum that people wait for."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from cms.jobs import Kind, Outcome, Parameters, Progress, register
from cms.refusals import Refused
from enrollment.rules import organization_table
from practicum.actions import base_imports
from practicum.models import BaseImport

JUDGE_BASES, APPLY_BASES = "practicum.bases.judge", "practicum.bases.apply"


def _may_import(user: Any, parameters: Parameters) -> bool:
    return bool(user.has_perm("practicum.change_trainingbase") and user.scope.everything)


def _received(parameters: Parameters) -> BaseImport:
    found = BaseImport.objects.filter(pk=parameters["import"]).first()
    if found is None:
        raise Refused(organization_table.FILE_GONE)
    return found


def _judge(user: Any, parameters: Parameters, progress: Progress) -> Outcome:
    received = base_imports.judge_table(received=_received(parameters), progress=progress)
    return Outcome(received.error)


def _apply(user: Any, parameters: Parameters, progress: Progress) -> Outcome:
    """All in one transaction, so there is no step on the way."""
    received = base_imports.apply_table(received=_received(parameters), actor=user)
    return Outcome(_("Imported: %(new)s bases entered, %(changed)s changed.") % dict(received.counts))


def register_kinds() -> None:
    """Tell the queue what this app can do."""
    register(Kind(JUDGE_BASES, _may_import, _judge))
    register(Kind(APPLY_BASES, _may_import, _apply))
