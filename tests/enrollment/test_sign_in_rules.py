"""The lock-out as a pure rule, and what devices and codes are called."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.devices import device_name
from enrollment.rules.invitations import ALPHABET, LENGTH, normalized, spelled
from enrollment.rules.sign_in import LockOut, Record, Verdict, attempt, failure, success

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
LIMIT = LockOut(failures=5, minutes=15)


def test_the_fifth_failure_locks_for_fifteen_minutes():
    record = Record()
    for number in range(1, 6):
        verdict, record = attempt(record, now=NOW, limit=LIMIT)
        assert verdict is Verdict.JUDGE
        record = failure(record, now=NOW, limit=LIMIT)
        assert (record.locked_until is not None) == (number == 5)
    assert record.locked_until == NOW + dt.timedelta(minutes=15)


def test_a_lock_is_neither_lengthened_by_trying_nor_forgotten_early():
    record = Record(5, NOW + dt.timedelta(minutes=15))
    almost = NOW + dt.timedelta(minutes=15, seconds=-1)
    assert attempt(record, now=almost, limit=LIMIT) == (Verdict.LOCKED, record)
    assert failure(record, now=almost, limit=LIMIT).locked_until == record.locked_until
    verdict, after = attempt(record, now=NOW + dt.timedelta(minutes=15), limit=LIMIT)
    assert (verdict, after) == (Verdict.JUDGE, Record(1, None))


def test_attempts_that_are_being_judged_count():
    record = Record()
    for _ in range(5):
        verdict, record = attempt(record, now=NOW, limit=LIMIT)
        assert verdict is Verdict.JUDGE
    assert attempt(record, now=NOW, limit=LIMIT)[0] is Verdict.WAIT
    assert attempt(success(), now=NOW, limit=LIMIT)[0] is Verdict.JUDGE


@given(st.lists(st.sampled_from(["begin", "fail", "pass", "wait a minute"]), max_size=60))
def test_between_two_locks_no_more_are_judged_than_allowed(events):
    record, now, judged = Record(), NOW, 0
    for event in events:
        if event == "begin":
            verdict, new = attempt(record, now=now, limit=LIMIT)
            judged = (1 if record.locked_until else judged + 1) if verdict is Verdict.JUDGE else judged
            record = new
        elif event == "fail" and record.failures:
            record = failure(record, now=now, limit=LIMIT)
        elif event == "pass":
            record, judged = success(), 0
        else:
            now += dt.timedelta(minutes=1)
        assert judged <= LIMIT.failures
        assert 0 <= record.failures <= LIMIT.failures


@given(st.text(alphabet=ALPHABET, min_size=LENGTH, max_size=LENGTH))
def test_a_code_survives_being_printed_and_typed(code):
    assert normalized(spelled(code)) == code
    assert normalized(f" {spelled(code).lower()} ") == code


@pytest.mark.parametrize("typed", ["", "ABCD", "U" * 16, "ABCD-EFGH-JKLM-NPQRS", "ＡＢＣＤ"])
def test_what_is_no_code_means_nothing(typed):
    assert normalized(typed) == ""


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Linux; Android 9) AppleWebKit/537.36 Chrome/86 MicroMessenger/8.0", "微信 · Android"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120 Safari/537.36 Edg/120",
            "Edge · Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 16_0 like Mac OS X) Version/16.0 Safari/604", "Safari · iPhone"),
        ("curl/8", ""),
    ],
)
def test_a_browser_is_named_as_its_owner_would(agent, name):
    assert device_name(agent) == name
