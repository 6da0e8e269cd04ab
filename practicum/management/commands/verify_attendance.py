"""Prove that attendance says what the events say, and the ledger what attendance says."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from practicum.actions.attendance import recompute
from practicum.models import Session
from practicum.reports import differences


class Command(BaseCommand):
    """``verify_attendance [--repair]``: exit 1 where anything differs."""

    help = "Compare attendance with its events and with the ledger of hours."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--repair", action="store_true", help="Derive what differs from its events again."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        found = list(differences(now=now))
        for row in found:
            self.stdout.write(
                f"session {row.session_id} trainee {row.trainee_id} {row.what}: {row.found} ≠ {row.due}"
            )
        if found and options["repair"]:
            for session in Session.objects.filter(pk__in={row.session_id for row in found}):
                recompute(session=session, now=now)
            found = list(differences(now=now))
        if found:
            self.stderr.write(_("%(count)s differences.") % {"count": len(found)})
            sys.exit(1)
        self.stdout.write(_("Attendance, events and ledger agree."))
