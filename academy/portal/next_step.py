"""The one thing to do next, chosen from all that could be done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Step(Enum):
    """Why this comes first."""

    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    TODAY = "today"
    DUE = "due"
    CONTINUE = "continue"
    BROWSE = "browse"


@dataclass(frozen=True)
class Meeting:
    """A session as far as the choice needs it."""

    title: str
    url: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    where: str
    is_open: bool
    signed_in: bool
    signed_out: bool
    needs_sign_out: bool
    is_cancelled: bool


class Study(Protocol):
    """A course as far as the choice needs it."""

    @property
    def title(self) -> str:
        """What it is called."""

    @property
    def url(self) -> str:
        """Where it goes on."""

    @property
    def due_on(self) -> dt.date | None:
        """By when it is to be completed."""


@dataclass(frozen=True)
class NextStep:
    """What comes first, and where it leads."""

    step: Step
    title: str = ""
    url: str = ""
    meeting: Meeting | None = None
    due_on: dt.date | None = None


def choose(
    *,
    now: dt.datetime,
    today: Sequence[Meeting],
    due: Sequence[Study],
    begun: Sequence[Study],
    catalog_url: str,
    is_exempt: bool = False,
) -> NextStep:
    """A session of today first, then a course that is due, then what was begun, then the catalogue.

    A session whose sign-in is open goes before one later today. ``due`` comes with the earliest first. The
    exempt are never pressed by a date: for them a due course is one to begin.
    """
    held = [meeting for meeting in today if not meeting.is_cancelled]
    for meeting in held:
        if meeting.is_open and not meeting.signed_in and now < meeting.ends_at:
            return NextStep(Step.SIGN_IN, meeting.title, meeting.url, meeting)
    for meeting in held:
        if meeting.is_open and meeting.signed_in and not meeting.signed_out and meeting.needs_sign_out:
            # Until shortly before the end there is nothing to do but to be there.
            step = Step.SIGN_OUT if now >= meeting.ends_at - dt.timedelta(minutes=10) else Step.TODAY
            return NextStep(step, meeting.title, meeting.url, meeting)
    for meeting in held:
        if now < meeting.starts_at and not meeting.signed_out:
            return NextStep(Step.TODAY, meeting.title, meeting.url, meeting)
    if due and not is_exempt:
        return NextStep(Step.DUE, due[0].title, due[0].url, due_on=due[0].due_on)
    if begun:
        return NextStep(Step.CONTINUE, begun[0].title, begun[0].url)
    if due:
        return NextStep(Step.CONTINUE, due[0].title, due[0].url)
    return NextStep(Step.BROWSE, url=catalog_url)
