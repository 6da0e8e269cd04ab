#!/usr/bin/env python
"""Run an administrative command of the academy."""

import os
import sys


def main() -> None:
    """Hand the command line to Django, with the development settings unless others are named."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "academy.settings.dev")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        # A wrong setting is the operator's to mend: one sentence, not a traceback.
        sys.exit(f"The academy cannot start. {problem}")


if __name__ == "__main__":
    main()
