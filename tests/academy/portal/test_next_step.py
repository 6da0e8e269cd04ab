"""What the first page puts first."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import pytest

from academy.portal.next_step import Meeting, Step, choose

NOW = dt.datetime(2026, 5, 12, 9, 0, tzinfo=dt.UTC)
LATER = Meeting(
    title="下午的课",
    url="/s/2/",
    starts_at=NOW + dt.timedelta(hours=5),
    ends_at=NOW + dt.timedelta(hours=7),
    where="一号教室",
    is_open=False,
    signed_in=False,
    signed_out=False,
    needs_sign_out=True,
    is_cancelled=False,
)
OPEN = replace(
    LATER,
    title="上午的课",
    url="/s/1/",
    starts_at=NOW + dt.timedelta(minutes=10),
    ends_at=NOW + dt.timedelta(hours=2),
    is_open=True,
)


@dataclass(frozen=True)
class Course:
    title: str
    url: str
    due_on: dt.date | None = None


DUE = Course("指定课程", "/courses/due/", dt.date(2026, 5, 20))
BEGUN = Course("学了一半", "/courses/begun/")


def chosen(**situation):
    return choose(
        **{"now": NOW, "today": [], "due": [], "begun": [], "catalog_url": "/courses/", **situation}
    )


def test_an_open_sign_in_goes_before_everything():
    step = chosen(today=[LATER, OPEN], due=[DUE], begun=[BEGUN])
    assert (step.step, step.url) == (Step.SIGN_IN, "/s/1/")


def test_a_session_later_today_goes_before_courses():
    step = chosen(today=[LATER], due=[DUE], begun=[BEGUN])
    assert (step.step, step.url) == (Step.TODAY, "/s/2/")


def test_a_cancelled_session_is_no_step():
    assert chosen(today=[replace(OPEN, is_cancelled=True)], due=[DUE]).step is Step.DUE


def test_signing_out_is_offered_shortly_before_the_end_and_not_before():
    inside = replace(OPEN, signed_in=True)
    assert chosen(today=[inside]).step is Step.TODAY
    end = replace(inside, ends_at=NOW + dt.timedelta(minutes=5))
    assert chosen(today=[end]).step is Step.SIGN_OUT


def test_whoever_signed_out_goes_on_to_the_next_thing():
    done = replace(OPEN, signed_in=True, signed_out=True)
    assert chosen(today=[done, LATER]).url == "/s/2/"


def test_no_sign_out_is_asked_where_the_class_needs_none():
    done = replace(OPEN, signed_in=True, needs_sign_out=False, starts_at=NOW - dt.timedelta(hours=1))
    assert chosen(today=[done], begun=[BEGUN]).step is Step.CONTINUE


def test_nobody_is_sent_to_sign_in_after_the_end():
    over = replace(OPEN, starts_at=NOW - dt.timedelta(hours=3), ends_at=NOW - dt.timedelta(minutes=5))
    assert chosen(today=[over]).step is Step.BROWSE


def test_a_due_course_goes_before_one_that_was_begun():
    step = chosen(due=[DUE], begun=[BEGUN])
    assert (step.step, step.due_on) == (Step.DUE, DUE.due_on)


@pytest.mark.parametrize(("begun", "url"), [([BEGUN], BEGUN.url), ([], DUE.url)])
def test_the_exempt_are_pressed_by_no_date(begun, url):
    step = chosen(due=[DUE], begun=begun, is_exempt=True)
    assert (step.step, step.url, step.due_on) == (Step.CONTINUE, url, None)


def test_with_nothing_to_do_the_catalogue_is_offered():
    assert chosen().url == "/courses/"
