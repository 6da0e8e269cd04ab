"""Hours, courses and dates for the people of the portal's tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import count

import pytest
from django.utils import timezone

from enrollment.actions.hours import credit_hours
from enrollment.models import HourEntry, HourKind, Trainee, User

_numbers = count(1)


@pytest.fixture
def credit() -> Callable[..., HourEntry]:
    """``credit(user, quarters, kind)``: post hours of this year, each with evidence and a time of its own."""

    def post(user: User, quarters: int, kind: str = HourKind.BRANCH, **details) -> HourEntry:
        number = next(_numbers)
        begins = timezone.now() - dt.timedelta(minutes=number)
        return credit_hours(
            trainee=Trainee.objects.get(user=user),
            kind=kind,
            quarters=quarters,
            title=details.pop("title", f"示例活动{number}"),
            evidence_type=details.pop("evidence_type", "branch"),
            evidence_id=details.pop("evidence_id", f"portal-{number}"),
            occurred_at=begins,
            actor=None,
            **details,
        )

    return post


@pytest.fixture
def this_year() -> int:
    """The calendar year in the academy's time zone."""
    return timezone.localdate().year
