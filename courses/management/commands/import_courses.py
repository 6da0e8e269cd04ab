"""Courses out of an archive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms.refusals import Refused
from courses.actions.unpacking import unpack
from courses.jobs import told
from courses.models import ModulePage
from enrollment.models import User


class Command(BaseCommand):
    """Makes the courses, or brings them up to date; refused, it changes nothing."""

    help = "Import an archive of courses. A second time it brings up to date and makes nothing twice."

    def add_arguments(self, parser: CommandParser) -> None:
        """The archive, and perhaps another module than its own."""
        parser.add_argument("file", type=Path, help="the .zip that was exported")
        parser.add_argument("--module", metavar="CODE", help="another module than the one the archive names")
        parser.add_argument("--publish", action="store_true", help="publish what was published there")
        parser.add_argument("--as", dest="actor", metavar="NAME", help="account in whose name it is done")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import it.

        Raises:
            CommandError: the archive is refused; the sentence says why.
        """
        module, actor = None, None
        if options["module"]:
            module = ModulePage.objects.filter(code=options["module"]).first()
            if module is None:
                raise CommandError(f"There is no module {options['module']}.")
        if options["actor"]:
            actor = User.objects.filter(username=options["actor"]).first()
            if actor is None:
                raise CommandError(f"There is no account {options['actor']}.")
        try:
            with options["file"].open("rb") as file:
                found = unpack(
                    file=file,
                    name=options["file"].name,
                    module=module,
                    actor=actor,
                    publishes=options["publish"],
                )
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error}") from error
        self.stdout.write(told(found))
