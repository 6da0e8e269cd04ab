"""Sitting a test: what it asks, the attempt, saving as one writes, the result."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cms.refusals import Refused
from courses.actions import quizzes
from courses.models import LessonProgress, QuestionKind, QuestionVersion, Quiz, QuizAttempt
from courses.models.outlines import CourseOutline, LessonOutline, catalogue
from courses.views import for_learners
from enrollment.models.rulebook import rules_on
from enrollment.requests import AuthenticatedHttpRequest
from enrollment.rules.hours import quarters_for_quiz

LETTERS = "ABCDEFGHIJKLMNOP"


def _place(lesson_id: int) -> tuple[CourseOutline, LessonOutline]:
    held = catalogue()
    lesson = held.lessons.get(lesson_id)
    if lesson is None or lesson.quiz_pk is None:
        raise Http404
    return held.courses[lesson.course_pk], lesson


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_learners
def quiz(request: AuthenticatedHttpRequest, lesson_id: int) -> HttpResponse:
    """What the test asks, earlier attempts, and a button to begin (POST)."""
    course, lesson = _place(lesson_id)
    refusal = ""
    if request.method == "POST":
        complete = frozenset(
            LessonProgress.objects.filter(user_id=request.user.pk, course_id=course.pk)
            .complete()
            .values_list("lesson_id", flat=True)
        )
        try:
            begun = quizzes.begin(user=request.user, course=course, lesson=lesson, complete=complete)
        except Refused as error:
            refusal = error.sentence
        else:
            return redirect("courses:attempt", begun.pk)
    test = get_object_or_404(Quiz, pk=lesson.quiz_pk)
    attempts = list(QuizAttempt.objects.filter(user=request.user, quiz=test).order_by("-number"))
    graded = [attempt for attempt in attempts if not attempt.is_open]
    context = {
        "course": course,
        "lesson": lesson,
        "quiz": test,
        "question_count": test.items.count(),
        "attempts": graded,
        "best": max(graded, key=lambda attempt: attempt.percent, default=None),
        "has_passed": any(attempt.has_passed for attempt in graded),
        "open_attempt": next((attempt for attempt in attempts if attempt.is_open), None),
        "attempts_left": None if test.max_attempts is None else max(0, test.max_attempts - len(attempts)),
        "quarters": quarters_for_quiz(rules_on(timezone.localdate())),
        "refusal": refusal,
    }
    return render(request, "courses/quiz.html", context, status=409 if refusal else 200)


def _own(request: HttpRequest, attempt_id: int) -> QuizAttempt:
    return get_object_or_404(QuizAttempt.objects.select_related("quiz"), pk=attempt_id, user=request.user)


def _questions(attempt: QuizAttempt) -> list[dict[str, Any]]:
    versions = QuestionVersion.objects.in_bulk([item["version"] for item in attempt.plan])
    questions = []
    for place, item in enumerate(attempt.plan):
        version = versions[item["version"]]
        by_key = {option["key"]: option for option in version.options}
        chosen = attempt.answers.get(str(place), [])
        questions.append(
            {
                "place": place,
                "version": version,
                "is_multiple": version.kind == QuestionKind.MULTIPLE,
                "is_right": attempt.outcome[place] if place < len(attempt.outcome) else None,
                "points": item["points"],
                "options": [
                    {
                        "key": key,
                        "letter": letter,
                        "text": by_key[key]["text"],
                        "is_chosen": key in chosen,
                        "is_correct": by_key[key]["correct"],
                    }
                    for letter, key in zip(LETTERS, item["options"], strict=False)
                ],
            }
        )
    return questions


def _answers(data: Any, places: int) -> dict[str, list[str]]:
    """Answers by place; anything else is left out."""
    if not isinstance(data, dict):
        return {}
    return {
        str(place): [key for key in given if isinstance(key, str)]
        for place in range(places)
        if isinstance(given := data.get(str(place)), list)
    }


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_learners
def attempt(request: AuthenticatedHttpRequest, attempt_id: int) -> HttpResponse:
    """The attempt as it stands; POST hands it in."""
    sitting = _own(request, attempt_id)
    if request.method == "POST":
        answers = {str(place): request.POST.getlist(f"q{place}") for place in range(len(sitting.plan))}
        quizzes.submit(attempt_id=sitting.pk, user=request.user, answers=answers)
        return redirect("courses:attempt_result", sitting.pk)
    sitting = quizzes.close_if_overdue(attempt=sitting) or sitting
    if not sitting.is_open:
        return redirect("courses:attempt_result", sitting.pk)
    course, lesson = _place(sitting.lesson_id)
    questions = _questions(sitting)
    context = {
        "course": course,
        "lesson": lesson,
        "attempt": sitting,
        "questions": questions,
        "answered": sum(1 for question in questions if str(question["place"]) in sitting.answers),
        "seconds_left": (
            max(0, int((sitting.ends_at - timezone.now()).total_seconds())) if sitting.ends_at else None
        ),
    }
    return render(request, "courses/attempt.html", context)


@require_POST
def save(request: HttpRequest, attempt_id: int) -> HttpResponse:
    """Keep answers while one writes: ``{"answers": {"0": ["b"]}}``."""
    if not request.user.is_authenticated:
        return JsonResponse({"code": "signed_out"}, status=401)
    try:
        data = json.loads(request.body)
        places = 200
        answers = _answers(data.get("answers") if isinstance(data, dict) else None, places)
        saved = quizzes.save_answers(attempt_id=attempt_id, user=request.user, answers=answers)
    except ValueError:
        return JsonResponse({"code": "malformed"}, status=400)
    except QuizAttempt.DoesNotExist as error:
        raise Http404 from error
    except Refused as refusal:
        return JsonResponse({"code": refusal.code, "detail": refusal.sentence}, status=409)
    return JsonResponse({"saved": saved.saves, "answered": len(saved.answers)})


@never_cache
@require_GET
@for_learners
def result(request: AuthenticatedHttpRequest, attempt_id: int) -> HttpResponse:
    """What came of an attempt, question by question, with explanations."""
    sitting = _own(request, attempt_id)
    if sitting.is_open:
        return redirect("courses:attempt", sitting.pk)
    course, lesson = _place(sitting.lesson_id)
    progress = (
        LessonProgress.objects.filter(user=request.user, lesson_id=lesson.pk)
        .select_related("quiz_entry")
        .first()
    )
    sat = QuizAttempt.objects.filter(user=request.user, quiz_id=sitting.quiz_id).count()
    context = {
        "course": course,
        "lesson": lesson,
        "attempt": sitting,
        "questions": _questions(sitting),
        "right": sum(1 for flag in sitting.outcome if flag),
        "entry": progress.quiz_entry if progress else None,
        "may_repeat": sitting.quiz.max_attempts is None or sat < sitting.quiz.max_attempts,
        "next": course.after(lesson),
    }
    return render(request, "courses/result.html", context)
