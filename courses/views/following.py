"""For instructors and administrators: who is where in a course."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from courses.models.access import may_follow
from courses.models.outlines import catalogue
from courses.reports.following import follow_course

PEOPLE_PER_PAGE = 50


@require_safe
@login_required
def follow(request: HttpRequest, slug: str) -> HttpResponse:
    """The lesson funnel and the people of one course."""
    held = catalogue()
    course = held.courses_by_slug.get(slug)
    # To others the page does not exist: who studies what is nobody else's business.
    if course is None or not may_follow(request.user, held.modules[course.module_pk].instructor_pks):
        raise Http404
    following = follow_course(course)
    page = Paginator(following.people, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    context = {"course": course, "following": following, "page_obj": page, "total": len(course.lessons)}
    return render(request, "courses/follow.html", context)
