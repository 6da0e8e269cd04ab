"""Whether the archive of a class, and the records it was made from, are as they were sealed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms.refusals import Refused
from enrollment.actions.archives import verify_file, verify_records
from enrollment.models import ClassArchive


class Command(BaseCommand):
    """Compares; changes nothing. Leaves with status 1 when anything differs."""

    help = "Compare the archive of a class with the digest that was kept when it was sealed."

    def add_arguments(self, parser: CommandParser) -> None:
        """The class by its number, and perhaps a file."""
        parser.add_argument("code", help="number of the class")
        parser.add_argument("--file", type=Path, help="a downloaded archive; else the one that is kept")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what differs.

        Raises:
            CommandError: something differs, or there is no such archive.
        """
        archive = (
            ClassArchive.objects.select_related("training_class")
            .filter(training_class__code=options["code"])
            .first()
        )
        if archive is None:
            raise CommandError(f"No class with number {options['code']} is archived.")
        try:
            with options["file"].open("rb") if options["file"] else archive.file.open("rb") as file:
                found = verify_file(archive, file)
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error}") from error
        found += verify_records(archive)
        for difference in found:
            self.stdout.write(f"{difference.change}: {difference.path}")
        if found:
            raise CommandError(f"{len(found)} differences.")
        self.stdout.write(f"Class {archive.training_class.code} is as it was archived: {archive.digest}")
