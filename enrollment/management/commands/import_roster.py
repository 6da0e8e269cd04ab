"""``manage.py import_roster FILE``: read a roster, say what it would change, and apply it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cms.refusals import Refused
from enrollment.actions import roster
from enrollment.models import Organization
from enrollment.roster import messages
from enrollment.roster.verdict import report_of


class Command(BaseCommand):
    """Exit code 0 when the file was read (wrong rows are listed and left out), 1 when it could not be."""

    help = "Import people from a roster (.xlsx or .csv): rows with errors are listed and left out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="The spreadsheet.")
        parser.add_argument(
            "--organization",
            metavar="CODE",
            help="Take only people of this organization and those below it;"
            " rows that name no organization belong to it.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Say what would change and save nothing.")
        parser.add_argument(
            "--format", choices=["text", "json"], default="text", help="How to print the result."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            verdict = self.run_import(options)
        except Refused as refused:
            raise CommandError(refused.sentence) from None
        report = report_of(verdict)
        if options["format"] == "json":
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=1))
            return
        for error in report["errors"]:
            self.stdout.write(f"{error['row']}\t{messages.FIELDS[error['field']]}\t{error['message']}")
        counts = verdict["counts"]
        self.stdout.write(
            "  ".join(
                [f"{messages.ROWS} {counts['rows']}"]
                + [
                    f"{messages.OUTCOMES[outcome]} {counts[name]}"
                    for outcome, name in messages.OUTCOMES_IN_REPORTS.items()
                ]
            )
        )
        for note in verdict["notes"]:
            self.stdout.write(str(messages.NOTES[note]))
        if options["dry_run"]:
            self.stdout.write(str(messages.NOTHING_SAVED))

    def run_import(self, options: dict[str, Any]) -> dict[str, Any]:
        """The verdict on the file; applied unless this is a dry run."""
        organization = None
        if code := options["organization"]:
            organization = Organization.objects.filter(code=code).first()
            if organization is None:
                raise Refused(messages.file_reason("unknown_organization", code=code))
        path = Path(options["file"])
        if not options["dry_run"]:
            return roster.import_file(path, organization=organization).verdict
        try:
            with path.open("rb") as file:
                return roster.verdict_on(file, organization=organization, actor=None)
        except (FileNotFoundError, IsADirectoryError, PermissionError):
            raise Refused(messages.file_reason("missing", path=str(path))) from None
