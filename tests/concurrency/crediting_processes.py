"""Many processes that credit the same evidence: ``python -m tests.concurrency.crediting_processes``.

Arguments: the name of the race's database, the trainee's number, how many processes, and ``carefully`` or
``carelessly``. Each process has a connection of its own; they act at once, and what each was given is written
as JSON. Careless ones look first, wait for one another, and then write past the one door, as if there were no
lock.
"""

from __future__ import annotations

import datetime as dt
import json
import multiprocessing
import os
import sys
from typing import Any

import django


def work(trainee_id: int, number: int, way: str, barrier: Any, given: Any) -> None:
    """Credit as told, together with all others, and say which entry it came to."""
    from django.utils import timezone

    from enrollment.actions.hours import credit_hours
    from enrollment.models import HourEntry, Trainee

    person = Trainee.objects.get(pk=trainee_id)
    noon = timezone.make_aware(dt.datetime(timezone.localdate().year, 3, 3, 12))
    values: dict[str, Any] = {
        "kind": "classroom",
        "quarters": 8,
        "title": "集中培训",
        "evidence_type": "attendance",
        "evidence_id": "1",
    }
    barrier.wait(timeout=120)
    if way == "carefully":
        given.put(credit_hours(trainee=person, occurred_at=noon, **values).pk)
        return
    is_new = not HourEntry.objects.filter(trainee=person, evidence_id="1").exists()
    barrier.wait(timeout=120)
    if is_new:
        entry = HourEntry.objects.create(
            trainee=person,
            organization_id=person.home_organization_id,
            year=noon.year,
            sequence=number + 1,
            **values,
        )
        given.put(entry.pk)


def main(name: str, trainee_id: int, number: int, way: str) -> None:
    """Start the processes, wait for them, and write what each was given."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "academy.settings.test")
    django.setup()
    from django.db import connections

    connections.settings["default"]["NAME"] = name
    # Forked before any connection is open: starting Python anew for each would take the most of the time.
    context = multiprocessing.get_context("fork")
    barrier, given = context.Barrier(number), context.Queue()
    running = [
        context.Process(target=work, args=(trainee_id, serial, way, barrier, given))
        for serial in range(number)
    ]
    for process in running:
        process.start()
    found = [given.get(timeout=180) for _process in running]
    for process in running:
        process.join(timeout=60)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
