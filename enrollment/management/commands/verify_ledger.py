"""Prove that balances, standings and organizations' figures are what the ledger says."""

from __future__ import annotations

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from enrollment.actions.verification import verify
from enrollment.models import as_hours


class Command(BaseCommand):
    """Compares; changes nothing. Leaves with status 1 when anything differs."""

    help = "Compare balances, standings and organizations' figures with the ledger; exit 1 on any difference."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--year", type=int, help="only this year")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        loud = options["verbosity"] > 1
        verdict = verify(
            year=options["year"], progress=lambda text: self.stderr.write(f"… {text}") if loud else None
        )
        self.stdout.write(
            f"{verdict.entries} entries ({as_hours(verdict.quarters)} hours), {verdict.people} people, "
            f"{verdict.standings} standings, {verdict.figures} organization figures "
            f"in {time.monotonic() - began:.1f} s"
        )
        if verdict.agrees:
            self.stdout.write(self.style.SUCCESS("Everything agrees with the ledger."))
            return
        for difference in verdict.differences:
            self.stdout.write(str(difference))
        if verdict.unlisted:
            self.stdout.write(f"… and {verdict.unlisted} more")
        self.stdout.write(
            self.style.ERROR(
                f"{len(verdict.differences) + verdict.unlisted} differences. "
                "`manage.py rebuild_ledger` computes the projections anew."
            )
        )
        sys.exit(1)
