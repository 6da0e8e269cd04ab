"""Measure the academy's main pages beside four floors, on SQLite and on PostgreSQL.

    python -m tests.benchmarks [--quick] [--database sqlite|postgresql] [--only NAME …] [--floors]

How and why it measures so is told in docs/benchmarks.md.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bin"))

import private_services  # noqa: E402
import processes  # noqa: E402

from tests.benchmarks import databases  # noqa: E402

CONNECTIONS = 8
FIRST_PORT = 18_150
REPORT = ROOT / "build" / "bench.json"
FLOOR = "empty_view"


class Target:
    """A page or a floor, and what was seen of it."""

    def __init__(self, name: str, port: int, described: dict[str, Any]) -> None:
        self.name = name
        self.port = port
        self.queries: int = described["queries"]
        self.requests: list[dict[str, Any]] = described["requests"]
        self.rotating: dict[str, Any] | None = described["rotating"]
        self.rates: list[float] = []
        self.latencies: list[float] = []
        self.refusals: dict[str, int] = {}

    def measure(self, seconds: float, *, keep: bool = True) -> None:
        """Send requests for some time from a process of its own."""
        plan = {
            "host": "127.0.0.1",
            "port": self.port,
            "seconds": seconds,
            "connections": CONNECTIONS,
            "requests": self.requests,
            "rotating": self.rotating,
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.load"],
            cwd=ROOT,
            check=True,
            text=True,
            input=json.dumps(plan),
            stdout=subprocess.PIPE,
        )
        seen = json.loads(done.stdout)
        if not keep:
            return
        self.rates.append((seen["requests"] - seen["errors"]) / seen["seconds"])
        self.latencies += seen["latencies_ms"]
        for reason, count in seen["refusals"].items():
            self.refusals[reason] = self.refusals.get(reason, 0) + count

    def result(self, database: str, floor: float) -> dict[str, Any]:
        """Return the line of the report; the rate is the median of the rounds."""
        rate = statistics.median(self.rates)
        ordered = sorted(self.latencies) or [0.0]
        return {
            "name": self.name,
            "database": database,
            "rps": round(rate, 1),
            "p50_ms": round(ordered[len(ordered) // 2], 2),
            "p95_ms": round(ordered[int(len(ordered) * 0.95)], 2),
            "queries": self.queries,
            "ratio_to_empty_view": round(rate / floor, 4) if floor else 0.0,
            "requests": len(self.latencies),
            "errors": sum(self.refusals.values()),
        }


def surroundings(settings: str, url: str) -> dict[str, str]:
    """Return the environment of a process that works on one of the databases."""
    return {
        "DJANGO_SETTINGS_MODULE": settings,
        "DATABASE_URL": url,
        "MEDIA_ROOT": str(databases.DEMO.parent / "media"),
        "LOG_LEVEL": "ERROR",
    }


@contextlib.contextmanager
def served(application: str, settings: str, url: str) -> Iterator[int]:
    """Serve an application as the demo and production do: 2 workers of 4 threads; yield its port."""
    port = processes.free_port(FIRST_PORT)
    server = processes.start(
        [
            Path(sys.executable).parent / "gunicorn",
            "--chdir",
            ROOT,
            "-c",
            ROOT / "deploy" / "gunicorn.conf.py",
            application,
        ],
        environment={
            "BIND": f"127.0.0.1:{port}",
            "WEB_WORKERS": "2",
            "WEB_THREADS": "4",
            "WEB_MAX_REQUESTS": "0",
            **surroundings(settings, url),
        },
    )
    try:
        deadline = time.monotonic() + 60
        while not private_services.answers(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{application} did not start; its reason stands above.")
            time.sleep(0.05)
        yield port
    finally:
        processes.stop(server)


def described(module: str, settings: str, url: str, *arguments: str) -> dict[str, Any]:
    """Let a process of its own fill the database and describe the targets."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        env={**os.environ, **surroundings(settings, url)},
    )
    return dict(json.loads(done.stdout))


@contextlib.contextmanager
def both_databases(name: str, folder: Path, *, floors_only: bool) -> Iterator[tuple[str, str]]:
    """Yield the addresses of the academy's database and of the floors'."""
    academy = "" if floors_only else databases.sqlite_academy(folder)
    if name == "sqlite":
        yield academy, f"sqlite:///{folder / 'floors.sqlite3'}"
        return
    with private_services.postgresql(durable=True) as url:
        floors = url.rsplit("/", 1)[0] + "/floors"
        import psycopg

        with psycopg.connect(databases.libpq(url), autocommit=True) as connection:
            connection.execute("CREATE DATABASE floors")
        if academy:
            programs = private_services.postgresql_programs()
            databases.postgresql_academy(url, programs, folder / "academy.sqlite3")
        yield url, floors


def measure(name: str, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure every target on one database, in rounds: noise of the machine hits floors and pages alike."""
    rounds, seconds = (3, 0.4) if asked.quick else (7, 2.0)
    academy_settings, floor_settings = "academy.settings.dev", "tests.benchmarks.floors.settings"
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="academy-bench-")))
        academy_url, floors_url = stack.enter_context(both_databases(name, folder, floors_only=asked.floors))
        floors = described("tests.benchmarks.floors", floor_settings, floors_url)
        pages = {} if asked.floors else described("tests.benchmarks.targets", academy_settings, academy_url)
        port = stack.enter_context(served("tests.benchmarks.floors.wsgi", floor_settings, floors_url))
        targets = [Target(title, port, plan) for title, plan in floors.items()]
        if pages:
            port = stack.enter_context(served("academy.wsgi", academy_settings, academy_url))
            targets += [Target(title, port, plan) for title, plan in pages.items()]
        if asked.only:
            targets = [target for target in targets if target.name in {FLOOR, *asked.only}]
        for target in targets:
            target.measure(seconds / 2, keep=False)
        for _ in range(rounds):
            for target in targets:
                target.measure(seconds)
        floor = next(statistics.median(target.rates) for target in targets if target.name == FLOOR)
        for target in targets:
            if target.refusals:
                print(f"{target.name} on {name}: {target.refusals}", file=sys.stderr)
        return [target.result(name, floor) for target in targets]


def table(results: list[dict[str, Any]]) -> str:
    """Return the results as a table for people."""
    head = ("", "database", "req/s", "p50 ms", "p95 ms", "queries", "of empty", "errors")
    rows = [
        (
            *(str(result[key]) for key in ("name", "database")),
            *(f"{result[key]:.1f}" for key in ("rps", "p50_ms", "p95_ms")),
            str(result["queries"]),
            f"{result['ratio_to_empty_view']:.3f}",
            str(result["errors"]),
        )
        for result in results
    ]
    return "\n".join(
        f"{row[0]:20}{row[1]:11}" + "".join(f"{cell:>9}" for cell in row[2:]) for row in [head, *rows]
    )


def main() -> int:
    """Measure, print the table and write build/bench.json; return 1 when a request went wrong."""
    parser = argparse.ArgumentParser(description="Measure the academy under gunicorn.")
    parser.add_argument("--quick", action="store_true", help="three short rounds, under a minute in all")
    parser.add_argument("--floors", action="store_true", help="the floors alone")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these targets beside the empty view")
    asked = parser.parse_args()
    results: list[dict[str, Any]] = []
    for name in asked.database or ["sqlite", "postgresql"]:
        try:
            results += measure(name, asked)
        except private_services.UnavailableError as error:
            print(f"{error}; {name} is not measured.", file=sys.stderr)
    print(table(results))
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(results, indent=1) + "\n")
    return int(any(result["errors"] for result in results))


if __name__ == "__main__":
    raise SystemExit(main())
