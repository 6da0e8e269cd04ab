"""What pages cost in the academy as it is, and in one a hundred times as large.

    python -m tests.benchmarks.scale [--scale 1 100] [--folder DIR]      loads each into a private PostgreSQL
    python -m tests.benchmarks.scale --database 1=postgres://… 100=…     measures what was loaded before

Prints the time and memory of loading, then for each page its queries, its server time, and the processor time
of the server's process and of PostgreSQL's, and writes build/scale.json. See docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bin"))

import private_services  # noqa: E402

REPORT = ROOT / "build" / "scale.json"
#: Requests that warm caches, and those that are timed; the median of the latter counts.
WARMING, TIMED = 2, 9
#: What no page may take, in milliseconds of server time.
PROMISED_MS = 200


def pages() -> dict[str, tuple[str, str]]:
    """The addresses that are measured: by name, who asks and for what."""
    from django.db.models import Count
    from django.urls import reverse

    from enrollment.models import Organization, Trainee, TrainingClass

    zone = Organization.objects.get(depth=1)
    park = Organization.objects.filter(depth=2).order_by("path")[0]
    # The last one of the first park lies on the last page of its level.
    deep = Organization.objects.filter(depth=3, path__startswith=park.path).order_by("-path")[0]
    company = Organization.objects.get(code="F001")
    person = Trainee.objects.get(user__username="zhang")
    other = Trainee.objects.filter(home_organization=deep).order_by("pk")[0]
    busiest = TrainingClass.objects.annotate(size=Count("enrollments")).order_by("-size", "pk")[0]
    people, organizations = reverse("trainees:index"), reverse("organizations:index")
    tree, workbench = reverse("portal:zone_tree"), reverse("portal:workbench")
    return {
        "tree, top": ("zhou", tree),
        "tree, a park": ("zhou", reverse("portal:zone_tree_below", args=[park.code])),
        "tree, opened at the last of a park": ("zhou", f"{tree}?at={deep.code}"),
        "tree, search": ("zhou", f"{tree}?q=海川"),
        "people": ("zhao", people),
        "people, a late page": ("zhao", f"{people}?p=200"),
        "people, search by name": ("zhao", f"{people}?q={other.name}"),
        "people, search by surname": ("zhao", f"{people}?q={other.name[0]}"),
        "people, search by phone": ("zhao", f"{people}?q={other.phone}"),
        "people, search in vain": ("zhao", f"{people}?q=查无此人"),
        "people, a park": ("zhao", f"{people}?park={park.pk}"),
        "people, secretaries": ("zhao", f"{people}?cohort=secretary"),
        "people, by name": ("zhao", f"{people}?ordering=name"),
        "organizations": ("zhao", organizations),
        "organizations, search": ("zhao", f"{organizations}?q=海川"),
        "organization page, the zone": ("zhao", reverse("organizations:inspect", args=[zone.pk])),
        "organization page, a park": ("zhao", reverse("organizations:inspect", args=[park.pk])),
        "organization page, a branch": ("zhao", reverse("organizations:inspect", args=[deep.pk])),
        "person, study record": ("zhao", reverse("trainees:inspect", args=[person.pk])),
        "class roster": ("zhao", reverse("enrollment:class_roster", args=[busiest.pk])),
        "zone dashboard": ("zhou", reverse("portal:zone")),
        "zone dashboard, a park": ("zhou", reverse("portal:zone_organization", args=[park.code])),
        "zone dashboard, a branch": ("zhou", reverse("portal:zone_organization", args=[deep.code])),
        "zone, people still short": (
            "zhou",
            f"{reverse('portal:zone_people', args=[zone.code])}?state=short",
        ),
        "zone, people of a park": ("zhou", reverse("portal:zone_people", args=[park.code])),
        "workbench of an affairs worker": ("li", workbench),
        "workbench, a search": ("li", f"{workbench}?q={person.name}"),
        "workbench of the administrator": ("zhao", workbench),
        "company in the workbench": ("li", f"{workbench}?organization={company.pk}"),
        "trainee's home": ("zhang", reverse("portal:home")),
    }


def database_work() -> tuple[int, float]:
    """PostgreSQL's process behind this connection, and the milliseconds it has worked (0: not known)."""
    from django.db import connection

    connection.ensure_connection()
    pid = getattr(getattr(connection.connection, "info", None), "backend_pid", 0)
    spent = Path(f"/proc/{pid}/schedstat")
    return pid, int(spent.read_text().split()[0]) / 1e6 if pid and spent.exists() else 0.0


def measured(name: str, username: str, path: str) -> dict[str, Any]:
    """One page: queries, server time and processor time once warm, and the first time without any cache.

    Raises:
        AssertionError: the page does not answer as it should, so a figure would mean nothing.
    """
    from django.core.cache import cache
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from enrollment.models import User

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(username=username))

    def ask() -> tuple[float, float, float]:
        before = database_work()
        wall, busy = time.perf_counter(), time.process_time()
        answer = client.get(path)
        wall, busy = time.perf_counter() - wall, time.process_time() - busy
        after = database_work()
        assert answer.status_code == 200, f"{name}: {path} answered {answer.status_code}"
        # Another connection has a process of its own, whose work until now is another page's.
        database = after[1] - before[1] if before[0] == after[0] else 0.0
        return wall * 1000, busy * 1000, database

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            ask()
        return len(captured)

    ask()
    cache.clear()
    cold, *_work = ask()
    for _ in range(WARMING):
        ask()
    seen = [ask() for _ in range(TIMED)]
    wall, busy, database = zip(*seen, strict=True)
    return {
        "name": name,
        # Twice: what processes keep for half a minute may have been due in one of them.
        "queries": min(queries(), queries()),
        "ms": round(statistics.median(wall), 1),
        "least_ms": round(min(wall), 1),
        "busy_ms": round(statistics.median(busy), 1),
        "database_ms": round(statistics.median(database), 1),
        "without_cache_ms": round(cold, 1),
    }


def measure(only: str) -> dict[str, Any]:
    """Measure all pages of the database that DATABASE_URL names."""
    import django

    django.setup()
    from django.db import connection

    from enrollment.models import HourEntry, Organization, Trainee

    seen = [measured(name, *page) for name, page in pages().items() if only in name]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_database_size(current_database())" if connection.vendor == "postgresql" else "SELECT 0"
        )
        [size] = cursor.fetchone()
    return {
        "people": Trainee.objects.count(),
        "organizations": Organization.objects.count(),
        "entries": HourEntry.objects.count(),
        "database_mb": size // 2**20,
        "load": os.getloadavg()[0],
        "pages": seen,
    }


def environment(url: str) -> dict[str, str]:
    """What a process needs that works on the academy at ``url``."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "academy.settings.dev",
        "DATABASE_URL": url,
        "MEDIA_ROOT": str(ROOT / "var" / "scale" / "media"),
        "LOG_LEVEL": "ERROR",
    }


def loaded(url: str, scale: int) -> dict[str, float]:
    """Load the demo academy into the empty database at ``url``; seconds, and megabytes at the peak."""
    manage = [sys.executable, str(ROOT / "manage.py")]
    subprocess.run([*manage, "migrate", "--verbosity", "0"], cwd=ROOT, env=environment(url), check=True)
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([*manage, "demo", "--scale", str(scale)], cwd=ROOT, env=environment(url), check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": round(time.monotonic() - began, 1),
        "busy_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "peak_mb": round(after.ru_maxrss / 1024),
    }


@contextlib.contextmanager
def academies(asked: argparse.Namespace) -> Iterator[dict[int, tuple[str, dict[str, float]]]]:
    """The databases to be measured by their scale: address, and what loading took if it was done here."""
    if asked.database:
        pairs = (pair.split("=", 1) for pair in asked.database)
        yield {int(scale): (url, {}) for scale, url in pairs}
        return
    if asked.folder:
        # A hundred times as large takes some ten gigabytes: where there is room is for the caller to say.
        os.environ["TMPDIR"] = asked.folder
    import psycopg

    with private_services.postgresql(durable=True) as url:
        found: dict[int, tuple[str, dict[str, float]]] = {}
        for scale in asked.scale:
            name = f"scale_{scale}"
            with psycopg.connect(
                url.replace("postgres://", "postgresql://", 1), autocommit=True
            ) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            own = f"{url.rsplit('/', 1)[0]}/{name}"
            found[scale] = own, loaded(own, scale)
        yield found


def table(results: dict[int, dict[str, Any]]) -> str:
    """The results side by side, for people."""
    scales = sorted(results)
    lines = [
        f"scale {scale}: {results[scale]['people']} people, {results[scale]['organizations']} organizations, "
        f"{results[scale]['entries']} entries, {results[scale]['database_mb']} MB; "
        f"loading: {results[scale]['loading'] or 'not here'}"
        for scale in scales
    ]
    head = "".join(
        f"{f'× {scale}':>9}{'ms':>9}{'least':>8}{'busy':>8}{'db':>8}{'cold':>9}" for scale in scales
    )
    lines.append(f"{'':38}{head}")
    for place, page in enumerate(results[scales[0]]["pages"]):
        cells = ""
        for scale in scales:
            row = results[scale]["pages"][place]
            cells += f"{row['queries']:9}{row['ms']:9.1f}{row['least_ms']:8.1f}{row['busy_ms']:8.1f}"
            cells += f"{row['database_ms']:8.1f}"
            cells += f"{row['without_cache_ms']:9.1f}"
        lines.append(f"{page['name']:38}{cells}")
    return "\n".join(lines)


def complaints(results: dict[int, dict[str, Any]]) -> Iterator[str]:
    """What does not hold: more queries in the larger academy, or a page above the promise."""
    by_page: dict[str, dict[int, dict[str, Any]]] = {}
    for scale, result in results.items():
        for page in result["pages"]:
            by_page.setdefault(page["name"], {})[scale] = page
    for name, seen in by_page.items():
        if len({page["queries"] for page in seen.values()}) > 1:
            yield f"{name}: the number of queries differs"
        for scale, page in seen.items():
            # What else the machine does makes a page wait: by itself it takes what both processes work.
            if (work := page["busy_ms"] + page["database_ms"]) > PROMISED_MS:
                yield f"{name}: {work:.1f} ms at × {scale}"


def main() -> int:
    """Measure, print the table and write build/scale.json; return 1 where something does not hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=int, nargs="+", default=[1, 100])
    parser.add_argument("--folder", help="where the private PostgreSQL keeps its data")
    parser.add_argument("--database", nargs="+", metavar="SCALE=URL", help="loaded before")
    parser.add_argument("--only", default="", help="pages whose name holds this")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        json.dump(measure(asked.only), sys.stdout)
        return 0
    results: dict[int, dict[str, Any]] = {}
    try:
        with academies(asked) as found:
            for scale, (url, loading) in found.items():
                command = [sys.executable, "-m", "tests.benchmarks.scale", "--measure", "--only", asked.only]
                done = subprocess.run(
                    command, cwd=ROOT, env=environment(url), check=True, text=True, stdout=subprocess.PIPE
                )
                results[scale] = {**json.loads(done.stdout), "loading": loading}
    except private_services.UnavailableError as error:
        print(error, file=sys.stderr)
        return 1
    print(table(results))
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    wrong = list(complaints(results))
    print("\n".join(wrong), file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
