"""For instructors and administrators: who is where in a course."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from wagtail.log_actions import log

from cms import spreadsheets
from cms.spreadsheets import Sheet
from courses.models import CoursePage, CourseProgress
from courses.models.access import may_follow
from courses.models.outlines import CourseOutline, catalogue
from courses.reports.following import HeatLine, days_to_complete, follow_course, heat_lines
from enrollment.requests import AuthenticatedHttpRequest

PEOPLE_PER_PAGE = 50


def _followed(request: HttpRequest, slug: str) -> CourseOutline:
    """The course, for those who teach it; to others the page does not exist."""
    held = catalogue()
    course = held.courses_by_slug.get(slug)
    if course is None or not may_follow(request.user, held.modules[course.module_pk].instructor_pks):
        raise Http404
    return course


@require_safe
@login_required
def follow(request: HttpRequest, slug: str) -> HttpResponse:
    """The lesson funnel and the people of one course."""
    course = _followed(request, slug)
    following = follow_course(course)
    page = Paginator(following.people, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "course": course,
        "following": following,
        "page_obj": page,
        "total": len(course.lessons),
        "days": days_to_complete(course),
        "heat": [_chart(line) for line in heat_lines(course)],
    }
    return render(request, "courses/follow.html", context)


def _chart(line: HeatLine) -> dict[str, object]:
    """A line as components/chart.html draws it."""
    return {
        "line": line,
        "id": f"heat-{line.lesson.pk}",
        "chart": {
            "type": "line",
            "categories": [moment for moment, _count in line.parts],
            "series": [{"name": _("People"), "data": line.counts}],
        },
        "columns": [{"label": _("Moment")}, {"label": _("People"), "number": True}],
        "rows": [[{"text": moment}, {"text": count}] for moment, count in line.parts],
    }


@require_safe
@login_required
def export(request: AuthenticatedHttpRequest, slug: str) -> HttpResponse:
    """Who is where, lesson by lesson and video by video, as a workbook; who took it is logged."""
    course = _followed(request, slug)
    following = follow_course(course)
    people = [
        [
            row.user.get_full_name(),
            _organization(row),
            row.completed_lessons,
            row.passed_quizzes,
            _day(row.started_at),
            _day(row.studied_at),
            _day(row.completed_at),
        ]
        for row in following.people
    ]
    lessons = [[row.lesson.title, row.opened, row.completed, row.passed] for row in following.funnel]
    videos = [
        [line.lesson.title, moment, count] for line in heat_lines(course) for moment, count in line.parts
    ]
    log(
        CoursePage.objects.get(pk=course.pk),
        "courses.follow.export",
        user=request.user,
        data={"rows": len(people)},
    )
    person_heads = [_("Name"), _("Organization"), _("Lessons complete"), _("Tests passed")]
    day_heads = [_("Begun on"), _("Last studied"), _("Completed on")]
    lesson_heads = [_("Lesson"), _("Opened it"), _("Completed it"), _("Tests passed")]
    book = spreadsheets.workbook(
        Sheet(_("People in this course"), [*person_heads, *day_heads], people, widths=(14, 38)),
        Sheet(_("Lesson by lesson"), lesson_heads, lessons),
        Sheet(_("Videos"), [_("Lesson"), _("Moment"), _("People")], videos),
    )
    name = _("Progress in %(title)s") % {"title": course.title}
    return spreadsheets.attachment(book, f"{name}.xlsx")


def _organization(row: CourseProgress) -> str:
    trainee = getattr(row.user, "trainee", None)
    home = trainee.home_organization if trainee is not None else None
    return str(home.name) if home is not None else ""


def _day(moment: dt.datetime | None) -> str:
    return timezone.localdate(moment).isoformat() if moment is not None else ""
