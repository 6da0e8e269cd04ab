"""What a roster of 12,000 rows costs: judging, applying, taking back, and exporting it.

    python -m tests.benchmarks.roster [--database postgresql|sqlite] [--rows 12000]

An academy of its own with 932 branches. Each step runs in a process of its own, as a worker does, and tells
its time, the processor's time, and its highest memory beside that of a process that has only started.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.credits import ROOT, database

BRANCHES = 932
#: What the academy promises: seconds, and megabytes at the peak; how long taking back may take is not said.
PROMISED = {"judge": (20, 300), "apply": (30, 300), "undo": (None, 300), "export": (8, 300)}
HEADER = [
    "序号", "姓名", "性别", "民族", "出生年月", "学历", "入党时间", "所在党组织", "党内职务", "手机号",
    "党员类别",
]  # fmt: skip


def begin(folder: Path, rows: int) -> None:
    """An academy with branches, and a spreadsheet of people in them."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from enrollment.models import User
    from tests.factories.enrollment import branches
    from tests.people import plant

    User.objects.create_user("zhao", is_superuser=True)
    places = branches(plant().park_a, BRANCHES)
    _write(folder / "roster.xlsx", rows, places, "本科")
    _write(folder / "changed.xlsx", rows, places, "硕士")


def _write(file: Path, rows: int, places: list[Any], education: str) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("花名册")
    sheet.append(["党员花名册"])
    sheet.append(HEADER)
    for number in range(rows):
        born = dt.date(1960 + number % 40, 1 + number % 12, 1 + number % 28)
        sheet.append(
            [
                number + 1,
                f"王{chr(0x4E00 + number % 4000)}{chr(0x5000 + number // 4000)}",
                "男" if number % 2 else "女",
                "汉族",
                f"{born:%Y-%m-%d}",
                education,
                f"{born.replace(year=born.year + 24):%Y-%m-%d}",
                places[number % len(places)].name,
                "书记" if number < len(places) else "",
                f"137{number:08d}",
                "正式党员",
            ]
        )
    book.save(file)


def judge(folder: Path, file: str = "roster.xlsx") -> int:
    """Receive and judge a file."""
    from enrollment.actions.roster import read_roster

    with (folder / file).open("rb") as rows:
        counts = read_roster(file=rows, organization=None, actor=None, name=file).verdict["counts"]
    return int(counts["new"] + counts["changed"])


def latest() -> Any:
    """The import that is worked on, as a worker fetches it."""
    from enrollment.models import RosterImport

    return RosterImport.objects.latest("pk")


def apply(_folder: Path) -> int:
    """Apply it."""
    from enrollment.actions.roster import apply_roster

    applied = apply_roster(roster_import=latest(), actor=None).verdict["applied"]
    return int(applied["new"] + applied["changed"])


def export(folder: Path) -> int:
    """Write everybody into a spreadsheet, as the background does."""
    from academy.jobs import write_members
    from enrollment.models import Trainee, User

    with (folder / "members.xlsx").open("wb") as target:
        write_members(target, User.objects.get(username="zhao"), {"year": dt.date.today().year})
    return Trainee.objects.active().count()


def undo(_folder: Path) -> int:
    """Take it back."""
    from enrollment.actions.roster_undo import undo_roster

    undone = undo_roster(roster_import=latest(), actor=None).verdict["undone"]
    return int(undone["removed"] + undone["restored"])


#: What is done, in this order, with a file of new people, then with one that changes something of each.
STEPS: dict[str, Callable[[Path], int]] = {
    "judge": judge,
    "apply": apply,
    "export": export,
    "undo": undo,
    "judge once more": judge,
    "apply once more": apply,
    "judge changes": lambda folder: judge(folder, "changed.xlsx"),
    "apply changes": apply,
    "undo changes": undo,
}


def peak_mb() -> float:
    """The highest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def step(name: str, folder: Path, rows: int) -> None:
    """Run one step and print what it took."""
    import django

    django.setup()
    if name == "begin":
        begin(folder, rows)
        return
    # What any worker holds before it does anything: the addresses bring every module in.
    import academy.urls  # noqa: F401

    started = peak_mb()
    wall, busy = time.perf_counter(), time.process_time()
    done = STEPS[name](folder)
    if done != rows:
        raise SystemExit(f"{name}: {done} rows instead of {rows}")
    json.dump(
        {
            "name": name,
            "seconds": round(time.perf_counter() - wall, 1),
            "busy_seconds": round(time.process_time() - busy, 1),
            "peak_mb": round(peak_mb()),
            "started_mb": round(started),
        },
        sys.stdout,
    )


def main() -> int:
    """Print a line for each step; return 1 where one takes more than was promised."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--rows", type=int, default=12_000)
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        step(asked.step, Path(asked.folder), asked.rows)
        return 0
    within = True
    with tempfile.TemporaryDirectory(prefix="academy-roster-") as folder, database(asked.database) as url:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "academy.settings.test",
            "DATABASE_URL": url,
            "MEDIA_ROOT": f"{folder}/media",
        }
        for name in ["begin", *STEPS]:
            command = [sys.executable, "-m", "tests.benchmarks.roster", "--step", name, "--folder", folder]
            done = subprocess.run(
                [*command, "--rows", str(asked.rows)],
                cwd=ROOT,
                check=True,
                text=True,
                stdout=subprocess.PIPE,
            )
            if name == "begin":
                continue
            seen = json.loads(done.stdout)
            seconds, megabytes = PROMISED[name.split()[0]]
            within = within and seen["peak_mb"] < megabytes and seen["seconds"] < (seconds or float("inf"))
            print(
                f"{name:16} {seen['seconds']:6.1f} s ({seen['busy_seconds']:.1f} s of the processor), "
                f"{seen['peak_mb']} MB at the peak ({seen['started_mb']} MB before); "
                f"promised: {seconds or 'any'} s, {megabytes} MB"
            )
    return int(not within)


if __name__ == "__main__":
    raise SystemExit(main())
