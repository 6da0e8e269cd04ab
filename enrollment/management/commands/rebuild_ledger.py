"""Compute balances, standings and organizations' figures anew from the ledger."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from enrollment.actions.standings import rebuild_standings, this_year
from enrollment.models import HourEntry, Standing, YearClosure


class Command(BaseCommand):
    """The ledger itself is never touched."""

    help = "Compute balances, standings and organizations' figures anew from the ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--year", type=int, help="only this year; names a closed year to include it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["year"] is not None:
            years = [options["year"]]
        else:
            closed = set(YearClosure.objects.values_list("year", flat=True))
            found = set(Standing.objects.order_by().values_list("year", flat=True).distinct())
            found |= set(HourEntry.objects.order_by().values_list("year", flat=True).distinct())
            years = sorted((found | {this_year()}) - closed)
        for year in years:
            changed = rebuild_standings(year=year)
            self.stdout.write(f"{year}: {changed} standings changed")
