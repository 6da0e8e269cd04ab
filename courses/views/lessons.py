"""The lesson page, and the plain record of what counted."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from cms.refusals import Refused
from courses.actions.progress import open_lesson
from courses.models import CompletionRule, LessonProgress
from courses.models.outlines import catalogue
from courses.reports.texts import body_of, outline_of
from courses.rules.refusals import NOT_COUNTED
from courses.rules.watching import NotCounted
from courses.views import for_learners
from enrollment.models.rulebook import rules_on
from enrollment.rules.hours import quarters_for_lesson, quarters_for_quiz

#: Of every lesson of the course for its outline; of this lesson for its page.
_COLUMNS = (
    "lesson_id",
    "completed_at",
    "quiz_passed_at",
    "studied_seconds",
    "required_seconds",
    "position",
    "end_reached",
    "entry_id",
    "entry__quarters",
    "quiz_entry__quarters",
    "rule",
)


@require_safe
@for_learners
def lesson(request: HttpRequest, slug: str, lesson_slug: str) -> HttpResponse:
    """A lesson: video, text, outline, and what it has earned."""
    held = catalogue()
    course = held.courses_by_slug.get(slug)
    outline = course.by_slug.get(lesson_slug) if course else None
    if course is None or outline is None:
        raise Http404
    rows = {
        row["lesson_id"]: row
        for row in LessonProgress.objects.filter(user_id=request.user.pk, course_id=course.pk).values(
            *_COLUMNS
        )
    }
    complete = frozenset(pk for pk, row in rows.items() if row["completed_at"])
    passed = frozenset(pk for pk, row in rows.items() if row["quiz_passed_at"])
    mine = rows.get(outline.pk)
    if mine is None:
        try:
            begun = open_lesson(user=request.user, course=course, lesson=outline, complete=complete)
        except Refused as refusal:
            return render(
                request,
                "courses/closed.html",
                {"reason": refusal.sentence, "course": course, "lesson": course.before(outline)},
                status=403,
            )
        mine = {name: getattr(begun, name, None) for name in _COLUMNS}
    rules = rules_on(timezone.localdate())
    video = outline.video if outline.has_film else None
    required = mine["required_seconds"]
    counted = min(mine["studied_seconds"], required) if required else 0
    context = {
        "course": course,
        "lesson": outline,
        "mine": mine,
        "is_complete": mine["completed_at"] is not None,
        "counted": counted,
        "remaining": max(0, round(required - counted)),
        "percent": 100 if mine["completed_at"] else int(100 * counted / required) if required else 0,
        "reads": mine["rule"] == CompletionRule.READ,
        "watches": mine["rule"] == CompletionRule.WATCH,
        "quarters": quarters_for_lesson(outline.minutes, rules),
        "quiz_quarters": quarters_for_quiz(rules) if outline.quiz_pk else 0,
        "video": video,
        "body": body_of(outline),
        "outline": outline_of(course, held.mark, current=outline, complete=complete, passed=passed),
        "done": len(complete & course.lesson_pks),
        "next": course.after(outline),
        "previous": course.before(outline),
    }
    return render(request, "courses/lesson.html", context)


@require_safe
@for_learners
def record(request: HttpRequest, lesson_id: int) -> HttpResponse:
    """What counted in one lesson, what did not, and why."""
    held = catalogue()
    outline = held.lessons.get(lesson_id)
    row = (
        LessonProgress.objects.filter(user_id=request.user.pk, lesson_id=lesson_id)
        .select_related("entry", "quiz_entry")
        .first()
    )
    if outline is None or row is None:
        raise Http404
    notes = [
        {
            "sentence": NOT_COUNTED[NotCounted(note["code"])],
            "seconds": note["seconds"],
            "from": parse_datetime(note["from"]),
            "until": parse_datetime(note["until"]),
        }
        for note in reversed(row.not_counted)
    ]
    stretches = [
        {
            "start": start,
            "end": end,
            "x": 100 * start / row.video_seconds,
            "width": 100 * (end - start) / row.video_seconds,
        }
        for start, end in row.intervals
        if row.video_seconds
    ]
    context = {
        "lesson": outline,
        "course": held.courses[outline.course_pk],
        "progress": row,
        "notes": notes,
        "stretches": stretches,
    }
    return render(request, "courses/record.html", context)
