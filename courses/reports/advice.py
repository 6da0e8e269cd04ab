"""Which course would help somebody who is short of hours."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from courses.models import CourseProgress
from courses.models.outlines import catalogue
from enrollment.advice import Suggestion


def next_courses(user_ids: Sequence[int]) -> dict[int, Suggestion]:
    """For each account the course begun last, else the first not completed, mandatory ones first.

    Two queries, however many accounts.
    """
    held = catalogue()
    courses = sorted(
        (course for course in held.courses.values() if course.lessons), key=lambda one: not one.is_mandatory
    )
    completed: dict[int, set[int]] = defaultdict(set)
    begun: dict[int, tuple[dt.datetime, int]] = {}
    rows = CourseProgress.objects.filter(user__in=user_ids).order_by()
    for user_id, course_id, studied_at, completed_at in rows.values_list(
        "user_id", "course_id", "studied_at", "completed_at"
    ):
        if completed_at is not None:
            completed[user_id].add(course_id)
        elif course_id in held.courses:
            begun[user_id] = max(begun.get(user_id, (studied_at, course_id)), (studied_at, course_id))
    found = {}
    for user_id in user_ids:
        if user_id in begun:
            course = held.courses[begun[user_id][1]]
        else:
            first = next((one for one in courses if one.pk not in completed[user_id]), None)
            if first is None:
                continue
            course = first
        found[user_id] = Suggestion(course.title, course.url)
    return found
