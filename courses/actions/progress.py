"""Opening lessons, and reading them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from cms.refusals import Refused
from courses.actions import beat_buffer
from courses.actions.completion import complete_lesson
from courses.actions.study_clock import read_state, rest_clock, save_beat, take_clock
from courses.actions.watching import ATTEMPTS
from courses.models import CompletionRule, CourseProgress, LessonPage, LessonProgress
from courses.models.access import may_study
from courses.models.outlines import CourseOutline, LessonOutline
from courses.rules import completion as completion_rules
from courses.rules import reading, watching
from courses.rules.prerequisites import missing
from courses.rules.refusals import COURSE_LOCKED, LESSON_LOCKED, MAY_NOT_STUDY, NOT_OPENED
from courses.rules.watching import NotCounted, Turn
from enrollment.models import User


def open_lesson(
    *,
    user: User,
    course: CourseOutline,
    lesson: LessonOutline,
    complete: frozenset[int] = frozenset(),
    now: dt.datetime | None = None,
) -> LessonProgress:
    """Begin a lesson, or return where ``user`` stands in it. The rule in force is copied now.

    ``complete``: lessons of the course that are complete, for courses studied in order.

    Raises:
        Refused: ``may_not_study``, ``lesson_locked`` in a course studied in order, or ``course_locked`` where
            a course that stands before this one is not complete.
    """
    now = now or timezone.now()
    if not may_study(user):
        raise Refused(MAY_NOT_STUDY)
    if not completion_rules.lesson_is_open(
        lesson.place,
        is_sequential=course.is_sequential,
        complete_before=[before.pk in complete for before in course.lessons[: lesson.place]],
    ):
        raise Refused(LESSON_LOCKED)
    found = LessonProgress.objects.filter(user=user, lesson_id=lesson.pk).first()
    if found is not None:
        return found
    if missing_before(user_id=user.pk, course=course):
        raise Refused(COURSE_LOCKED)
    video_seconds = lesson.video.duration_seconds if lesson.is_watched and lesson.video else 0.0
    try:
        with transaction.atomic():
            row = LessonProgress.objects.create(
                user=user,
                lesson_id=lesson.pk,
                course_id=course.pk,
                rule=lesson.rule,
                video_seconds=video_seconds,
                required_seconds=_required_seconds(lesson, video_seconds),
                opened_at=now,
                studied_at=now,
            )
            CourseProgress.objects.bulk_create(
                [
                    CourseProgress(
                        user=user,
                        course_id=course.pk,
                        last_lesson_id=lesson.pk,
                        started_at=now,
                        studied_at=now,
                    )
                ],
                update_conflicts=True,
                unique_fields=["user", "course"],
                update_fields=["last_lesson", "studied_at"],
            )
    except IntegrityError:
        # Another tab opened it at the same moment.
        return LessonProgress.objects.get(user=user, lesson_id=lesson.pk)
    return row


def missing_before(*, user_id: int, course: CourseOutline) -> tuple[int, ...]:
    """The courses that ``user_id`` must complete before this one (no query where none stands before it)."""
    if not course.prerequisites:
        return ()
    rows = CourseProgress.objects.filter(user_id=user_id, course_id__in=[course.pk, *course.prerequisites])
    complete = dict(rows.values_list("course_id", "completed_at"))
    return missing(
        course.prerequisites,
        {course_id for course_id, completed_at in complete.items() if completed_at is not None},
        has_begun=course.pk in complete,
    )


def _required_seconds(lesson: LessonOutline, video_seconds: float) -> float:
    if lesson.is_watched:
        return watching.required_seconds(video_seconds, lesson.watch_percent)
    if lesson.rule == CompletionRule.READ:
        body = LessonPage.objects.only("body").get(pk=lesson.pk).body
        characters = sum(len(text) for text in body.stream_block.get_searchable_content(body))
        return float(reading.least_seconds(characters, lesson.minutes, lesson.least_seconds))
    return 0.0


@dataclass(frozen=True)
class ReadAnswer:
    """What a reading beat came to."""

    read_seconds: float
    required_seconds: float
    end_reached: bool
    is_complete: bool
    reason: NotCounted | None = None


def read_on(
    *,
    user_id: int,
    lesson_id: int,
    share: float,
    is_visible: bool,
    tab: str,
    now: dt.datetime | None = None,
) -> ReadAnswer:
    """One beat of a reader: how far the text was seen (``share``, 0–1) and that it is still on the screen.

    Completes the lesson when the end is reached and the least reading time has passed by the server's clock.

    Raises:
        Refused: ``not_opened``: the lesson was never opened by this account, or is not published.
    """
    now = now or timezone.now()
    beat_buffer.settle(user_id)
    for _attempt in range(ATTEMPTS):
        state = read_state(user_id=user_id, lesson_id=lesson_id)
        if state is None:
            raise Refused(NOT_OPENED)
        end_reached = state.end_reached or share >= completion_rules.END_SHARE
        if state.rule != CompletionRule.READ or state.is_complete:
            return ReadAnswer(state.studied_seconds, state.required_seconds, end_reached, state.is_complete)
        turn = watching.whose_turn(state.holder, state.pk, tab, now)
        gained, reason = watching.judge_reading(
            turn=turn, is_visible=is_visible, last_beat_at=state.beat_at, now=now
        )
        studied = round(state.studied_seconds + gained, 2)
        takes_over = turn is Turn.FREE and is_visible
        if not save_beat(
            state=state,
            now=now,
            studied=studied,
            end_reached=end_reached,
            reason=reason,
            keeps_time=turn is Turn.MINE or takes_over,
            as_holder=turn is Turn.MINE,
        ):
            continue
        if takes_over and not take_clock(state=state, tab=tab, now=now):
            continue
        if turn is Turn.MINE and not is_visible:
            rest_clock(state=state)
        is_complete = end_reached and studied + 0.5 >= state.required_seconds
        if is_complete:
            is_complete = complete_lesson(progress_id=state.pk, now=now).is_complete
        return ReadAnswer(studied, state.required_seconds, end_reached, is_complete, reason)
    assert state is not None
    return ReadAnswer(state.studied_seconds, state.required_seconds, state.end_reached, False)
