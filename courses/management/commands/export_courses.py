"""A course or module as one archive."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms.refusals import Refused
from courses.actions.packing import pack
from courses.models import CoursePage, ModulePage


class Command(BaseCommand):
    """Writes the archive; changes nothing but the keys of what was never exported before."""

    help = "Export a course (by its address) or a module (by its code) as one archive."

    def add_arguments(self, parser: CommandParser) -> None:
        """What, and where to."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--course", metavar="SLUG", help="address of a course, as in /courses/SLUG/")
        what.add_argument("--module", metavar="CODE", help="code of a module, as M01")
        parser.add_argument("file", type=Path, help="the .zip to write; it must not exist yet")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file.

        Raises:
            CommandError: there is no such course or module, or the file exists.
        """
        target: Path = options["file"]
        page = (
            CoursePage.objects.filter(slug=options["course"]).first()
            if options["course"]
            else ModulePage.objects.filter(code=options["module"]).first()
        )
        if page is None:
            raise CommandError(f"There is no {options['course'] or options['module']}.")
        try:
            with pack(page=page) as packed, target.open("xb") as written:
                shutil.copyfileobj(packed, written)
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        except OSError as error:
            raise CommandError(f"The file cannot be written: {error}") from error
        self.stdout.write(f"{page.title}: {target.stat().st_size:,} bytes in {target}")
