"""Load the demo academy."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from academy.demo import load
from academy.demo.accounts import SIGN_INS
from academy.demo.plan import PASSWORD, Plan
from enrollment.models import User


class Command(BaseCommand):
    """Loads the demo academy, or prints its sign-ins."""

    help = "Load the demo academy: fictional people, companies and bases, and a year in motion."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--ensure", action="store_true", help="do nothing where it is loaded already")
        parser.add_argument(
            "--scale", type=int, default=1, help="how many times as large as the real academy (1, 10 or 100)"
        )
        parser.add_argument("--sign-ins", action="store_true", help="print who can sign in, and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["sign_ins"]:
            self._print_sign_ins()
            return
        if options["scale"] < 1:
            raise CommandError("--scale must be 1 or more.")
        try:
            is_loaded, is_begun = load.is_loaded(), User.objects.exists()
        except OperationalError as error:
            raise CommandError(
                f"The database cannot be read ({error}). Run “manage.py migrate” first."
            ) from error
        if is_loaded and options["ensure"]:
            return
        if is_loaded or is_begun:
            raise CommandError(
                "This database is not empty. The demo academy wants a new one: name another in DATABASE_URL."
            )
        started = time.monotonic()

        def say(sentence: str) -> None:
            self.stdout.write(f"  {time.monotonic() - started:5.0f} s  {sentence}")
            self.stdout.flush()

        load.load(Plan(scale=options["scale"], say=say))

    def _print_sign_ins(self) -> None:
        rows = [
            ("account", "person", "role", "begins at"),
            *((s.username, s.name, s.role, s.sees) for s in SIGN_INS),
        ]
        for username, name, role, sees in rows:
            sys.stdout.write(f"  {username:<8} {_padded(name, 10)} {_padded(role, 22)} {sees}\n")
        sys.stdout.write(f"  password for all: {PASSWORD}\n")


def _padded(text: str, width: int) -> str:
    """``text`` filled up to ``width`` columns; a Chinese character takes two."""
    columns = sum(2 if ord(character) > 0x2E80 else 1 for character in text)
    return text + " " * max(0, width - columns)
