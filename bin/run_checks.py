"""Run every check and every test, a few at a time, and say at the end how they went.

    bin/run_checks.py                 everything
    bin/run_checks.py --only types    one step (repeatable)
    bin/run_checks.py --fast          the inner loop
    bin/run_checks.py --list          the names

What each step printed is kept in build/checks/NAME.log and shown when it fails. A step whose servers
this machine does not have is skipped with a sentence; under CI=true that is a failure.
"""

import argparse
import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import private_services
import processes
from workplace import BUILD, PYTHON, ROOT, VENV

LOGS = BUILD / "checks"
DEMO = BUILD / "demo"
PROGRAMS = VENV / "bin"
CORES = os.cpu_count() or 2
STEP_MINUTES = 10
ON_CI = os.environ.get("CI") == "true"


@dataclass(frozen=True, eq=False)
class Step:
    """One check: what to run, how many cores it keeps busy and what it needs from the machine."""

    name: str
    command: tuple[object, ...]
    cores: int = 1
    needs: tuple[str, ...] = ()
    #: Steps that have to have passed before.
    after: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    is_pytest: bool = False
    #: Begins as soon as one core is free, not all that it can use.
    eager: bool = False
    fast: bool = False

    @property
    def log(self) -> Path:
        """Where its output is kept."""
        return LOGS / f"{self.name}.log"

    @property
    def report(self) -> Path:
        """Where pytest writes its counts."""
        return LOGS / f"{self.name}.xml"


@dataclass
class Outcome:
    """How a step ended, in tests for pytest and as one check otherwise."""

    step: Step
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    remark: str = ""


def suite(name: str, where: str, *arguments: str, workers: int = CORES, **options: str) -> Step:
    """Return a step that runs pytest over a part of the suite; keywords become its environment."""
    needs = tuple(what for what, variable in (("postgresql", "postgres"),) if variable in name)
    parallel = ("-n", str(workers)) if workers > 1 else ()
    return Step(
        name,
        (PYTHON, "-m", "pytest", *where.split(), "-q", *parallel, *arguments),
        cores=min(max(workers, 1), CORES),
        needs=needs,
        environment=options,
        is_pytest=True,
    )


# Named by their folders: what is not run need not be imported either.
RACES = "tests/concurrency"
JOURNEYS = "tests/e2e"
UNITS = f"tests --ignore={JOURNEYS} --ignore={RACES}"


def all_steps() -> list[Step]:
    """Return every step: those for one core first, side by side, then the suites one after the other."""
    manage = (PYTHON, ROOT / "manage.py")
    in_test = {"DJANGO_SETTINGS_MODULE": "academy.settings.test"}
    templates = [
        path for path in ("templates", "cms/templates", "courses/templates") if (ROOT / path).is_dir()
    ]
    return [
        # Loading takes minutes of one core; everything before the journeys runs beside it.
        Step("demo", (PYTHON, ROOT / "bin" / "prepare_demo.py", "--current"), environment=demo()),
        Step("style", (PROGRAMS / "ruff", "check", "."), fast=True),
        Step("format", (PROGRAMS / "ruff", "format", "--check", "."), fast=True),
        Step("layers", (PROGRAMS / "lint-imports", "--no-cache"), fast=True),
        Step("types", (PROGRAMS / "mypy",)),
        Step("types-frontend", (sys.executable, ROOT / "bin" / "build_frontend.py", "--types")),
        Step("templates", (PROGRAMS / "djlint", *templates, "--lint", "--quiet")),
        Step("migrations", (*manage, "makemigrations", "--check", "--dry-run"), environment=in_test),
        Step("messages", (PYTHON, ROOT / "bin" / "check_messages.py"), needs=("xgettext",)),
        Step("deploy", (*manage, "check", "--deploy", "--fail-level", "WARNING"), environment=production()),
        suite("races-sqlite", RACES, "-m", "not postgres", workers=1),
        suite("races-postgres", RACES, workers=1),
        # Dealt out a few at a time, so that no worker keeps the long ones at the end to itself.
        replace(suite("units-sqlite", UNITS, "--maxschedchunk=4", "-m", "not postgres"), eager=True),
        replace(suite("units-postgres", UNITS, "--maxschedchunk=4"), eager=True),
        replace(
            # Much of a journey is waiting (a film plays to its end): three share two cores.
            suite("journeys", JOURNEYS, "--dist", "worksteal", workers=CORES + 1),
            needs=("chromium",),
            after=("demo",),
            # Playwright's event loop and the live server's records share one process.
            environment={
                "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
                "E2E_DATABASE": str(DEMO / "academy.sqlite3"),
                "E2E_MEDIA": str(DEMO / "media"),
            },
        ),
    ]


def inner_loop() -> Step:
    """Return the unit tests that do not take seconds each, on SQLite."""
    return suite("units-fast", UNITS, "-m", "not postgres and not slow")


def demo() -> dict[str, str]:
    """Return the environment that the demo academy is loaded in, for the journeys to copy."""
    return {
        "DJANGO_SETTINGS_MODULE": "academy.settings.dev",
        "DATABASE_URL": f"sqlite:///{DEMO / 'academy.sqlite3'}",
        "MEDIA_ROOT": str(DEMO / "media"),
        "LOG_LEVEL": "WARNING",
    }


def production() -> dict[str, str]:
    """Return the environment of a safe installation, for `check --deploy`."""
    return {
        "DJANGO_SETTINGS_MODULE": "academy.settings.production",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "IDENTITY_PEPPER": secrets.token_urlsafe(64),
        "DATABASE_URL": "postgres://academy@127.0.0.1:5432/academy",
        "ALLOWED_HOSTS": "academy.example.cn",
        "SITE_URL": "https://academy.example.cn",
    }


class Machine:
    """What this machine offers, and the servers started for this run."""

    def __init__(self) -> None:
        self.servers = contextlib.ExitStack()
        self.environment: dict[str, dict[str, str]] = {}

    def missing(self, need: str) -> str:
        """Return why a need cannot be met, or nothing; start the server when it is one."""
        if need == "postgresql":
            return self._postgresql()
        return "" if shutil.which(need) else f"{need} is not installed"

    def _postgresql(self) -> str:
        if "postgresql" in self.environment:
            return ""
        try:
            url = self.servers.enter_context(private_services.postgresql())
        except private_services.UnavailableError as error:
            return str(error)
        self.environment["postgresql"] = {"DATABASE_URL": url}
        return ""


class Run:
    """Steps under way; at most as many as the machine has cores for."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.under_way: dict[Step, tuple[subprocess.Popen[str], float]] = {}
        self.outcomes: list[Outcome] = []

    def all(self, steps: Iterable[Step]) -> None:
        """Run the steps in order, each as soon as its cores (for an eager one: a core) are free."""
        for step in steps:
            wanted = 1 if step.eager else step.cores
            while self.under_way and self._busy() + wanted > CORES:
                self._wait()
            self._start(step)
        while self.under_way:
            self._wait()

    def _busy(self) -> int:
        return sum(step.cores for step in self.under_way)

    def _has_passed(self, name: str) -> bool:
        """Return whether a step passed; waits for one under way."""
        while any(step.name == name for step in self.under_way):
            self._wait()
        return any(outcome.step.name == name and not outcome.failed for outcome in self.outcomes)

    def _start(self, step: Step) -> None:
        wanting = [why for need in step.needs if (why := self.machine.missing(need))]
        wanting += [f"{name} did not pass" for name in step.after if not self._has_passed(name)]
        if wanting:
            self._finish(Outcome(step, failed=int(ON_CI), skipped=int(not ON_CI), remark="; ".join(wanting)))
            return
        environment = dict(step.environment)
        if "postgresql" in step.needs:
            environment |= self.machine.environment["postgresql"]
        elif step.is_pytest:
            # A DATABASE_URL of the caller must not turn the SQLite suite into another one.
            environment["DATABASE_URL"] = f"sqlite:///{LOGS / step.name}.sqlite3"
        command = [*step.command, f"--junitxml={step.report}"] if step.is_pytest else step.command
        step.report.unlink(missing_ok=True)
        with step.log.open("w") as log:
            process = processes.start(command, environment=environment, output=log.fileno())
        self.under_way[step] = (process, time.monotonic())

    def _wait(self) -> None:
        while True:
            for step, (process, began) in self.under_way.items():
                late = time.monotonic() - began > STEP_MINUTES * 60
                if process.poll() is None and not late:
                    continue
                del self.under_way[step]
                processes.stop(process)
                outcome = judge(step, process.returncode)
                outcome.seconds = time.monotonic() - began
                if late:
                    outcome.failed, outcome.remark = (
                        outcome.failed or 1,
                        f"ended after {STEP_MINUTES} minutes",
                    )
                self._finish(outcome)
                return
            time.sleep(0.05)

    def _finish(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        word = "FAILED" if outcome.failed else "rests" if outcome.skipped and not outcome.passed else "ok"
        counts = f"{outcome.passed} passed" if outcome.step.is_pytest and word != "rests" else ""
        counts += f", {outcome.failed} failed" if counts and outcome.failed else ""
        remark = "; ".join(part for part in (counts, outcome.remark) if part)
        print(f"{outcome.step.name:16} {word:7} {outcome.seconds:6.1f} s  {remark}".rstrip(), flush=True)
        if outcome.step.is_pytest and outcome.passed and not outcome.failed:
            # Pytest's own last line, as it stands in the log.
            print(outcome.step.log.read_text().rstrip().rpartition("\n")[2], flush=True)
        if outcome.failed and outcome.step.log.exists():
            print(
                "\n".join("    " + line for line in outcome.step.log.read_text().splitlines()[-150:]),
                flush=True,
            )

    def end(self) -> None:
        """End what is still under way."""
        for process, _ in self.under_way.values():
            processes.stop(process, patience=3)


def judge(step: Step, status: int) -> Outcome:
    """Turn an exit status, and pytest's own counts, into an outcome."""
    if not step.is_pytest:
        return Outcome(step, passed=int(status == 0), failed=int(status != 0))
    try:
        suite = ElementTree.parse(step.report).getroot().find("testsuite")
        counted = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}  # type: ignore[union-attr]
    except (OSError, ElementTree.ParseError, AttributeError):
        return Outcome(step, failed=1, remark="pytest did not get as far as a report")
    failed = counted["failures"] + counted["errors"]
    passed = counted["tests"] - failed - counted["skipped"]
    if status == 5:  # pytest found nothing to run
        return Outcome(step, failed=1, remark="no test was found")
    if status and not failed:
        failed = 1
    return Outcome(step, passed=passed, failed=failed, skipped=counted["skipped"])


def chosen(steps: list[Step], only: list[str], *, fast: bool) -> list[Step]:
    """Return the steps that were asked for."""
    names = [step.name for step in steps]
    if unknown := [name for name in only if name not in names]:
        raise SystemExit(f"There is no step {unknown[0]!r}; the steps are: {' '.join(names)}")
    if only:
        wanted = {*only, *(name for step in steps if step.name in only for name in step.after)}
        return [step for step in steps if step.name in wanted]
    return [*(step for step in steps if step.fast), inner_loop()] if fast else steps


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Refuse a second run in the same directory: they share build/, and each would spoil the other's demo."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / "running.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(
                "Checks are already running in this directory. Wait for them, or use another clone."
            ) from None
        yield


def stop_on(*signals: signal.Signals) -> None:
    """Let signals end the run through its clean-up."""

    def leave(sign: int, _frame: object) -> None:
        raise SystemExit(128 + sign)

    for sign in signals:
        signal.signal(sign, leave)


def main() -> int:
    """Run, summarize, and return 1 when anything failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--fast", action="store_true", help="style, layers and the unit tests that are quick")
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_args()
    steps = all_steps()
    if asked.list:
        print("\n".join(step.name for step in steps))
        return 0
    stop_on(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    processes.die_with_parent()
    began = time.monotonic()
    machine = Machine()
    with alone(), machine.servers:
        run = Run(machine)
        try:
            run.all(chosen(steps, asked.only, fast=asked.fast))
        finally:
            run.end()
    return summary(run.outcomes, time.monotonic() - began)


def summary(outcomes: list[Outcome], seconds: float) -> int:
    """Print the closing lines; return the exit status."""
    resting = [
        outcome for outcome in outcomes if outcome.remark and not outcome.passed and not outcome.failed
    ]
    broken = [outcome.step.name for outcome in outcomes if outcome.failed]
    print(f"\n{len(outcomes) - len(resting)} steps in {seconds:.0f} s")
    for outcome in resting:
        print(f"rests: {outcome.step.name} ({outcome.remark})")
    if broken:
        print(f"failed: {' '.join(broken)}")
    passed, failed, skipped = (
        sum(getattr(o, name) for o in outcomes) for name in ("passed", "failed", "skipped")
    )
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
