"""The lesson page, and the plain record of what counted."""

from __future__ import annotations

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from cms.refusals import Refused
from courses.actions import beat_buffer
from courses.actions.progress import missing_before, open_lesson
from courses.models import CompletionRule, LessonProgress, PresencePrompts
from courses.models.access import may_study
from courses.models.outlines import catalogue
from courses.reports.studying import row_of, studying
from courses.reports.texts import body_of, outline_of, piece
from courses.rules.refusals import COURSE_LOCKED, MAY_NOT_STUDY, NOT_COUNTED
from courses.rules.watching import NotCounted
from courses.views import for_learners
from courses.views.catalogue import part_of_the_catalogue
from enrollment.models.rulebook import rules_on
from enrollment.requests import AuthenticatedHttpRequest
from enrollment.rules.hours import quarters_for_lesson, quarters_for_quiz


@require_safe
def lesson(request: HttpRequest, slug: str, lesson_slug: str) -> HttpResponse:
    """A lesson: video, text, outline, and what it has earned."""
    user = request.user
    if not user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    beat_buffer.settle(user.pk)
    found = studying(user.pk, slug)
    if not (found and found.is_learner) and not may_study(user):
        return render(request, "courses/closed.html", {"reason": MAY_NOT_STUDY}, status=403)
    if found is None:
        return part_of_the_catalogue("", lesson_slug)
    outline = found.course.by_slug.get(lesson_slug)
    if outline is None:
        raise Http404
    course, complete = found.course, found.complete
    mine = found.rows.get(outline.pk)
    if mine is None:
        try:
            begun = open_lesson(user=user, course=course, lesson=outline, complete=complete)
        except Refused as refusal:
            first = (
                missing_before(user_id=user.pk, course=course) if refusal.code == COURSE_LOCKED.code else ()
            )
            context = {
                "reason": refusal.sentence,
                "course": course,
                "lesson": course.before(outline),
                "missing": [found.held.courses[pk] for pk in first],
            }
            return render(request, "courses/closed.html", context, status=403)
        mine = row_of(begun)
    rules = rules_on(timezone.localdate())
    quarters = quarters_for_lesson(outline.minutes, rules)
    fixed = {
        "course": course,
        "lesson": outline,
        "quarters": quarters,
        "next": course.after(outline),
        "previous": course.before(outline),
    }
    key = f"{outline.pk}:{found.held.mark}:{quarters}"
    required = mine.required_seconds
    counted = min(mine.studied_seconds, required)
    context = {
        **fixed,
        "head": piece("lesson_head", key, fixed),
        "steps": piece("lesson_steps", key, fixed),
        "mine": mine,
        "is_complete": mine.is_complete,
        "counted": counted,
        "percent": 100 if mine.is_complete else int(100 * counted / required) if required else 0,
        "reads": mine.rule == CompletionRule.READ,
        "watches": mine.rule == CompletionRule.WATCH,
        "reflects": mine.rule == CompletionRule.REFLECT,
        "quiz_quarters": quarters_for_quiz(rules) if outline.quiz_pk else 0,
        "video": outline.video if outline.has_film else None,
        "body": body_of(outline, user),
        "outline": outline_of(
            course, found.held.mark, current=outline, complete=complete, passed=found.passed
        ),
        "done": len(complete & course.lesson_pks),
    }
    return render(request, "courses/lesson.html", context)


@require_safe
@for_learners
def record(request: AuthenticatedHttpRequest, lesson_id: int) -> HttpResponse:
    """What counted in one lesson, what did not, and why."""
    beat_buffer.settle(request.user.pk)
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
        "prompts": PresencePrompts.load(request_or_site=request)
        if row.rule == CompletionRule.WATCH
        else None,
    }
    return render(request, "courses/record.html", context)
