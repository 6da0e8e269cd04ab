"""When a message goes out and on which channels: the rules alone, over all hours and wishes."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules import messages as rules
from enrollment.rules.messages import Channel, Digest, Group, Wishes

SHANGHAI = ZoneInfo("Asia/Shanghai")
times = st.times(max_value=dt.time(23, 59)).map(lambda one: one.replace(second=0, microsecond=0))
moments = st.datetimes(dt.datetime(2025, 1, 1), dt.datetime(2027, 12, 31)).map(
    lambda one: one.replace(tzinfo=SHANGHAI)
)
wishes = st.builds(
    Wishes,
    channels=st.dictionaries(
        st.sampled_from([group.value for group in Group]),
        st.lists(st.sampled_from([channel.value for channel in Channel]), unique=True),
    ),
    quiet_from=times,
    quiet_until=times,
    digest=st.sampled_from([digest.value for digest in Digest]),
)
names = st.frozensets(st.sampled_from([channel.value for channel in Channel]))


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@given(now=moments, wish=wishes, is_urgent=st.booleans())
def test_nothing_goes_in_quiet_hours_nor_into_the_past(now, wish, is_urgent):
    due = rules.due_at(now, wish, is_urgent=is_urgent)
    assert due >= now
    assert not rules.is_quiet(due.time(), wish)


@given(now=moments, wish=wishes)
def test_what_is_urgent_waits_for_less_than_a_day_and_never_longer_than_the_rest(now, wish):
    urgent = rules.due_at(now, wish, is_urgent=True)
    assert urgent - now <= dt.timedelta(days=1)
    assert urgent <= rules.due_at(now, wish, is_urgent=False)


@given(now=moments, wish=wishes)
def test_everything_goes_within_eight_days(now, wish):
    assert rules.due_at(now, wish, is_urgent=False) - now <= dt.timedelta(days=8)


@given(now=moments, wish=wishes, attempts=st.integers(1, 20), later=st.booleans())
def test_a_failure_is_tried_again_later_outside_quiet_hours_and_not_for_ever(now, wish, attempts, later):
    verdict = rules.after_failure(now, wish, attempts=attempts, may_go_later=later)
    if not later or attempts >= rules.MOST_ATTEMPTS:
        assert verdict.next_try_at is None
    else:
        assert verdict.next_try_at is not None
        assert verdict.next_try_at > now
        assert not rules.is_quiet(verdict.next_try_at.time(), wish)


@given(group=st.sampled_from([group.value for group in Group]), wish=wishes, reach=names, offered=names)
def test_a_channel_is_chosen_offered_and_has_an_address(group, wish, reach, offered):
    found = rules.channels_for(group, wish, reachable=reach, offered=offered)
    assert len(found) == len(set(found))
    assert set(found) == set(wish.channels.get(group, ())) & reach & offered


@pytest.mark.parametrize(
    ("now", "digest", "urgent", "due"),
    [
        ("2026-11-25 12:00", Digest.AT_ONCE, False, "2026-11-25 12:00"),
        ("2026-11-25 22:00", Digest.AT_ONCE, False, "2026-11-26 07:00"),
        ("2026-11-25 03:30", Digest.AT_ONCE, False, "2026-11-25 07:00"),
        ("2026-11-25 07:00", Digest.AT_ONCE, False, "2026-11-25 07:00"),
        ("2026-11-25 07:59", Digest.DAILY, False, "2026-11-25 08:00"),
        ("2026-11-25 08:01", Digest.DAILY, False, "2026-11-26 08:00"),
        # A Wednesday; the Monday after it is the 30th.
        ("2026-11-25 12:00", Digest.WEEKLY, False, "2026-11-30 08:00"),
        ("2026-11-30 07:30", Digest.WEEKLY, False, "2026-11-30 08:00"),
        ("2026-11-30 09:00", Digest.WEEKLY, False, "2026-12-07 08:00"),
        ("2026-11-25 12:00", Digest.WEEKLY, True, "2026-11-25 12:00"),
        ("2026-11-25 23:59", Digest.WEEKLY, True, "2026-11-26 07:00"),
    ],
)
def test_when_it_goes(now, digest, urgent, due):
    assert rules.due_at(at(now), Wishes(digest=digest), is_urgent=urgent) == at(due)


def test_equal_times_mean_that_no_hour_is_quiet():
    wish = Wishes(quiet_from=dt.time(0), quiet_until=dt.time(0))
    assert rules.due_at(at("2026-11-25 03:00"), wish, is_urgent=False) == at("2026-11-25 03:00")
