"""The catalogue, one course, and search. Open to everyone; lessons are not."""

from __future__ import annotations

from math import inf
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from courses.actions.progress import missing_before
from courses.models.access import may_follow, may_study
from courses.models.outlines import Catalogue, CourseOutline, catalogue
from courses.reports.finding import search_catalogue
from courses.reports.learning import CourseStanding, catalog_progress
from courses.reports.studying import studying
from courses.reports.texts import outline_of, piece, rich
from courses.rules.prerequisites import missing
from enrollment.models import CohortCode
from enrollment.models.rulebook import rules_on
from enrollment.rules.hours import quarters_for_lesson, quarters_for_quiz

#: Lengths of courses that search offers: what they are called, and quarter hours from and below.
HOURS: dict[str, tuple[str | Promise, int, int | None]] = {
    "short": (_("Less than 1 study hour"), 0, 4),
    "middle": (_("1 to 2 study hours"), 4, 8),
    "long": (_("2 study hours and more"), 8, None),
}


def _scope(held: Catalogue, category: str, module: str) -> tuple[str, str, str]:
    """The asked-for category and module, where they exist, and the tree path to search below."""
    chosen = next((item for item in held.categories if item.code == category), None)
    within = next((item for item in held.modules.values() if item.code == module), None)
    if within is not None:
        return held.category_of_module[within.pk].code, within.code, within.path
    if chosen is not None:
        path = chosen.modules[0].path[:-4] if chosen.modules else "-"
        return chosen.code, "", path
    return "", "", ""


def course_quarters(course: CourseOutline) -> int:
    """Quarter hours that the whole course is worth today."""
    rules = rules_on(timezone.localdate())
    tests = len({lesson.quiz_pk for lesson in course.lessons if lesson.quiz_pk})
    return sum(quarters_for_lesson(lesson.minutes, rules) for lesson in course.lessons) + (
        tests * quarters_for_quiz(rules)
    )


@require_safe
def catalog(request: HttpRequest) -> HttpResponse:
    """Four categories, their modules, their courses, and where one stands."""
    held = catalogue()
    category, module, _path = _scope(held, request.GET.get("category", ""), request.GET.get("module", ""))
    cohort = request.GET.get("cohort", "")
    cohort = cohort if cohort in CohortCode.values else ""
    progress = catalog_progress(request.user, held) if request.user.is_authenticated else None
    shown = []
    for item in held.categories:
        if category and item.code != category:
            continue
        modules = []
        for part in item.modules:
            if module and part.code != module:
                continue
            courses = [course for course in part.courses if not cohort or cohort in course.cohorts]
            if not courses and cohort:
                continue
            modules.append(
                {
                    "module": part,
                    "courses": [
                        {
                            "course": course,
                            "quarters": course_quarters(course),
                            "standing": progress.of(course) if progress else None,
                            "missing": [
                                held.courses[pk]
                                for pk in missing(
                                    course.prerequisites,
                                    progress.completed if progress else (),
                                    has_begun=progress is not None and progress.of(course).has_begun,
                                )
                            ],
                        }
                        for course in courses
                    ],
                }
            )
        if modules:
            shown.append({"category": item, "modules": modules})
    context = {
        "catalogue": held,
        "introduction": rich(held.introduction),
        "shown": shown,
        "progress": progress,
        "category": category,
        "module": module,
        "cohort": cohort,
        "cohorts": CohortCode.choices,
    }
    return render(request, "courses/catalog.html", context)


def part_of_the_catalogue(category: str, module: str) -> HttpResponse:
    """Lead the page tree's own address of a category or module, where editors come from, to the catalogue.

    Raises:
        Http404: there is no such part.
    """
    category, module, _path = _scope(catalogue(), category, module)
    if not (category or module):
        raise Http404
    query = {"module": module} if module else {"category": category}
    return redirect(f"{reverse('courses:catalog')}?{urlencode(query)}")


@require_safe
def course(request: HttpRequest, slug: str) -> HttpResponse:
    """One course: what it is about, its lessons, and where one stands."""
    user = request.user
    found = studying(user.pk if user.is_authenticated else None, slug)
    if found is None:
        return part_of_the_catalogue(slug, "")
    outline, complete, passed = found.course, found.complete, found.passed
    live_complete = complete & outline.lesson_pks
    tests_done = not outline.needs_quizzes or outline.quiz_lesson_pks <= passed
    standing = CourseStanding(
        course=outline,
        completed_lessons=len(live_complete),
        is_complete=bool(outline.lessons) and live_complete == outline.lesson_pks and tests_done,
        has_begun=bool(found.rows),
        next_lesson=next((lesson for lesson in outline.lessons if lesson.pk not in complete), None),
    )
    module = found.held.modules[outline.module_pk]
    quarters = course_quarters(outline)
    # Asked of those alone whom it can hold up: one query, and none where no course stands before this one.
    held_up = (
        outline.prerequisites
        if not user.is_authenticated
        else missing_before(user_id=user.pk, course=outline)
        if not found.rows
        else ()
    )
    fixed = {
        "course": outline,
        "module": module,
        "category": found.held.category_of_module[module.pk],
        "quarters": quarters,
        "cohorts": [label for code, label in CohortCode.choices if code in outline.cohorts],
    }
    key = f"{outline.pk}:{found.held.mark}:{quarters}"
    context = {
        "course": outline,
        "crumbs": piece("course_crumbs", key, fixed),
        "head": piece("course_head", key, fixed),
        "standing": standing,
        "open_test": next(
            (lesson for lesson in outline.lessons if lesson.quiz_pk and lesson.pk not in passed), None
        ),
        "outline": outline_of(outline, found.held.mark, current=None, complete=complete, passed=passed),
        "earned": sum((row.quarters or 0) + (row.quiz_quarters or 0) for row in found.rows.values()),
        "missing": [found.held.courses[pk] for pk in held_up],
        "follows": user.is_authenticated and may_follow(user, module.instructor_pks),
    }
    return render(request, "courses/course.html", context)


def _suiting(held: Catalogue, cohort: str, hours: str) -> list[CourseOutline] | None:
    """The courses for a cohort and of a length, from memory; ``None`` where neither is asked for."""
    if not (cohort or hours):
        return None
    least, most = HOURS[hours][1:] if hours else (0, None)
    return [
        course
        for course in held.courses.values()
        if (not cohort or cohort in course.cohorts)
        and (not hours or least <= course_quarters(course) < (most or inf))
    ]


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find inside titles, summaries and the text of lessons."""
    held = catalogue()
    query = request.GET.get("q", "").strip()[:80]
    category, module, path = _scope(held, request.GET.get("category", ""), request.GET.get("module", ""))
    cohort, hours = request.GET.get("cohort", ""), request.GET.get("hours", "")
    cohort = cohort if cohort in CohortCode.values else ""
    hours = hours if hours in HOURS else ""
    may_open = may_study(request.user)
    found = (
        search_catalogue(
            held=held,
            query=query,
            path=path,
            with_lessons=may_open,
            within=_suiting(held, cohort, hours),
            page_number=request.GET.get("page"),
        )
        if query
        else None
    )
    context = {
        "catalogue": held,
        "query": query,
        "category": category,
        "module": module,
        "cohort": cohort,
        "cohorts": CohortCode.choices,
        "hours": hours,
        "hour_choices": [(code, label) for code, (label, _least, _most) in HOURS.items()],
        "found": found,
        "may_open": may_open,
        "page_obj": found.page if found else None,
    }
    return render(request, "courses/search.html", context)
