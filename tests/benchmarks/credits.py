"""How many entries a second the ledger takes: in bulk, and one by one.

    python -m tests.benchmarks.credits [--database postgresql|sqlite] [--bulk 10000] [--single 1000]

An academy of its own with 2,000 people in 60 branches, written through the actions that users use. Each
credit has evidence and a time of its own, as attendance does; balances, standings and organizations' figures
change with it. Afterwards the proof of the ledger must agree. PostgreSQL is durable (fsync on).
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bin"))

import private_services  # noqa: E402

PEOPLE, BRANCHES = 2000, 60
#: What the academy promises on PostgreSQL and two cores, in entries a second.
PROMISED = {"bulk": 500, "single": 100}


@contextlib.contextmanager
def database(kind: str) -> Iterator[str]:
    """An empty database of its own, as an address."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="academy-credits-") as folder:
            yield f"sqlite:///{folder}/credits.sqlite3"
        return
    with private_services.postgresql(durable=True) as url:
        yield url


def measure(bulk: int, single: int) -> dict[str, float]:
    """Fill the academy and time both ways; entries a second."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    call_command("migrate", verbosity=0)
    from enrollment.actions.hours import Credit, credit_hours, credit_hours_in_bulk
    from enrollment.actions.verification import verify
    from enrollment.models import HourEntry
    from tests.factories.enrollment import branches, trainees
    from tests.people import plant

    tree = plant()
    people = [
        person for place in branches(tree.park_a, BRANCHES) for person in trainees(place, PEOPLE // BRANCHES)
    ]
    first = timezone.make_aware(dt.datetime(timezone.localdate().year, 1, 1, 8))

    def credits(number: int, kind: str) -> Iterator[Credit]:
        for serial in range(number):
            starts_at = first + dt.timedelta(
                hours=2 * (serial // len(people)), days=0 if kind == "bulk" else 60
            )
            yield Credit(
                trainee_id=people[serial % len(people)].pk,
                kind="classroom",
                quarters=4,
                title="集中培训",
                evidence_type=kind,
                evidence_id=str(serial),
                occurred_at=starts_at,
                starts_at=starts_at,
                ends_at=starts_at + dt.timedelta(minutes=45),
            )

    rates = {}
    began = time.perf_counter()
    posted = credit_hours_in_bulk(credits=credits(bulk, "bulk")).posted
    rates["bulk"] = len(posted) / (time.perf_counter() - began)
    by_id = {person.pk: person for person in people}
    rows = list(credits(single, "single"))
    began = time.perf_counter()
    for row in rows:
        credit_hours(
            trainee=by_id[row.trainee_id],
            kind=row.kind,
            quarters=row.quarters,
            title=row.title,
            evidence_type=row.evidence_type,
            evidence_id=row.evidence_id,
            occurred_at=row.occurred_at,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
    rates["single"] = single / (time.perf_counter() - began)
    verdict = verify()
    if not verdict.agrees or HourEntry.objects.count() != bulk + single:
        raise SystemExit("The ledger does not agree with what was posted.")
    return rates


def main() -> None:
    """Print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--bulk", type=int, default=10_000)
    parser.add_argument("--single", type=int, default=1_000)
    asked = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "academy.settings.test"
    with database(asked.database) as url:
        os.environ["DATABASE_URL"] = url
        rates = measure(asked.bulk, asked.single)
        load = os.getloadavg()[0]
        for way, rate in rates.items():
            print(
                f"{way:7} {rate:8.0f} entries/s  (promised on PostgreSQL: {PROMISED[way]}; load {load:.1f})"
            )
        print(json.dumps({"database": asked.database, "load": load, **rates}))


if __name__ == "__main__":
    main()
