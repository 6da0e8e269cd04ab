"""How `make test` shares the machine: with nobody in the same directory, and no core idle for long."""

from __future__ import annotations

from pathlib import Path

import pytest
import run_checks


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of logs of the test's own: the run that runs this test holds the real one."""
    monkeypatch.setattr(run_checks, "LOGS", tmp_path / "checks")
    return run_checks.LOGS


def test_a_second_run_in_the_same_directory_is_refused_with_a_sentence(logs: Path) -> None:
    with run_checks.alone():
        with pytest.raises(SystemExit) as refused, run_checks.alone():
            pytest.fail("two runs at once")
        assert "already running in this directory" in str(refused.value)
    with run_checks.alone():
        assert logs.is_dir()


def test_only_suites_begin_before_all_their_cores_are_free() -> None:
    eager = {step.name for step in run_checks.all_steps() if step.eager}
    assert eager == {"units-sqlite", "units-postgres"}
    # Journeys measure how quickly pages come: they wait for the whole machine.
    assert not next(step for step in run_checks.all_steps() if step.name == "journeys").eager
