"""Fill the floors' database and print their requests: `python -m tests.benchmarks.floors`."""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.floors.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402

from tests.benchmarks.floors.models import Row  # noqa: E402
from tests.benchmarks.plans import CONNECTIONS, Request, as_person, described, sign_in  # noqa: E402

ROWS = 200


def main() -> None:
    """Make users, sessions and rows, then describe the four views."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    users = [User.objects.create_user(f"person-{number}") for number in range(CONNECTIONS)]
    Row.objects.bulk_create(Row(key=key) for key in range(ROWS))
    floors = {
        "empty_view": [Request("/empty/")],
        "session_user_view": [as_person("/session/", sign_in(user)) for user in users],
        "read_row_view": [Request(f"/read/{key}/") for key in range(ROWS)],
        "upsert_row_view": [Request(f"/upsert/{key}/") for key in range(ROWS)],
    }
    json.dump(described(floors), sys.stdout)


main()
