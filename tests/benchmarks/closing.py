"""How long it takes to close a class: `python -m tests.benchmarks.closing [people]` (300 unless told).

Fills the empty database that DATABASE_URL names (a temporary SQLite one without it; for PostgreSQL run it by
`bin/private_services.py --postgres --`) with one class whose last session nobody has settled, and does
what a click on its closing page begins: hours, certificates, and the archive with the certificates as PDF.
Prints wall and processor time, and the longest time between two signs of life. The target is 90 s for 300.
"""

import datetime as dt
import json
import os
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

PEOPLE = 300
TARGET_SECONDS = 90


def prepared(people: int) -> Any:
    """A class of ``people`` that can be closed, and its teacher."""
    from django.utils import timezone

    from enrollment.actions import classes
    from enrollment.models import TrainingClass
    from practicum.actions.attendance import Attended, record_in_bulk
    from tests.factories import practicum as make
    from tests.factories.enrollment import ready_to_close, trainees, training_class
    from tests.people import make_zhao, plant

    tree = plant()
    soft, teacher = tree.soft, make_zhao(tree)
    first = timezone.localdate() - dt.timedelta(days=7)
    opened = training_class(title="示例测速班", teacher=teacher, capacity=people, starts_on=first, days=6)
    everybody = trainees(soft, people)
    classes.enrol_in_bulk(training_class=opened, trainees=everybody, actor=None)
    running: TrainingClass = classes.transition(training_class=opened, to="running", actor=None)
    session = make.session(training_class=running)
    over = timezone.now() - dt.timedelta(days=1)
    begun = over - dt.timedelta(hours=3)
    type(session).objects.filter(pk=session.pk).update(starts_at=begun, ends_at=over)
    record_in_bulk(attended=[Attended(session.pk, one.pk, begun, over) for one in everybody], actor=None)
    return ready_to_close(running), teacher


def measured(people: int) -> dict[str, Any]:
    """Close a class of ``people``, and say what it took."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from cms.actions import jobs
    from enrollment.jobs import CLOSE
    from enrollment.models import Certificate, ClassArchive, HourEntry

    training_class, teacher = prepared(people)
    parameters = {"class": training_class.pk, "archive": True}
    job = jobs.begin(kind=CLOSE, owner=teacher, title="结业", parameters=parameters)
    signs, step = [time.perf_counter()], jobs.Steps.step

    def noted(self: Any, done: int, whole: int) -> None:
        signs.append(time.perf_counter())
        step(self, done, whole)

    jobs.Steps.step = noted  # type: ignore[method-assign]
    busy = time.process_time()
    outcome = jobs.run(job_id=job.pk)
    wall, busy = time.perf_counter() - signs[0], time.process_time() - busy
    training_class.refresh_from_db()
    return {
        "people": people,
        "wall_seconds": round(wall, 1),
        "processor_seconds": round(busy, 1),
        "signs_of_life": len(signs) - 1,
        "longest_silence_seconds": round(max(after - before for before, after in pairwise(signs)), 1),
        "outcome": outcome,
        "status": training_class.status,
        "hour_entries": HourEntry.objects.count(),
        "certificates": Certificate.objects.count(),
        "archive_bytes": ClassArchive.objects.get().size,
        "within_target": wall < TARGET_SECONDS,
    }


def main() -> int:
    """Measure, print, and say by the status whether the target was met."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "academy.settings.dev")
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{Path(folder) / 'closing.sqlite3'}")
        os.environ["MEDIA_ROOT"] = str(Path(folder) / "media")
        import django

        django.setup()
        result = measured(people)
        print(json.dumps(result, indent=2))
    return 0 if result["within_target"] and result["status"] == "archived" else 1


if __name__ == "__main__":
    sys.exit(main())
