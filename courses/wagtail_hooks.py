"""What courses add to the Wagtail admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.widgets.button import Button
from wagtail.models import Page
from wagtail.permissions import register_permission_policy
from wagtail.snippets.models import register_snippet

from courses.actions.publishing import hold_back
from courses.models import CoursePage, LessonPage, LessonProgress, ModulePage, Question, Quiz
from courses.permissions import ByModulePolicy
from courses.reports.impact import impact_of
from courses.views import publishing
from courses.viewsets.bank import TeachingGroup

register_permission_policy(Question, ByModulePolicy(Question), exact_class=True)
register_permission_policy(Quiz, ByModulePolicy(Quiz), exact_class=True)
register_snippet(TeachingGroup)


@hooks.register("before_delete_page")
def keep_results(request: HttpRequest, page: Page) -> HttpResponse | None:
    """A page that people have studied is unpublished, not deleted: their results stand on it."""
    if LessonProgress.objects.filter(lesson__path__startswith=page.path).exists():
        messages.error(
            request,
            _("People have studied here, and their results refer to it. Unpublish the page instead."),
        )
        return redirect("wagtailadmin_pages:edit", page.pk)
    return None


@hooks.register("before_bulk_action")
def keep_results_in_bulk(
    request: HttpRequest, action_type: str, objects: list[Any], action: Any
) -> HttpResponse | None:
    """The same where several pages are deleted at once."""
    if action_type != "delete" or not objects or not isinstance(objects[0], Page):
        return None
    for page in objects:
        if (answer := keep_results(request, page)) is not None:
            return answer
    return None


@hooks.register("register_admin_urls")
def publishing_urls() -> list[Any]:
    """Between “publish” and publishing."""
    confirm = path("courses/publish/<int:page_id>/<int:revision_id>/", publishing.confirm, name="confirm")
    return [path("", include(([confirm], "courses_publishing"), namespace="courses_publishing"))]


@hooks.register("before_publish_page")
def show_impact_first(request: HttpRequest, page: Page) -> HttpResponse | None:
    """What concerns people who study is shown before it is published; the draft has been saved already."""
    if not isinstance(page, (CoursePage, LessonPage)):
        return None
    hold_back(page=page)
    impact = impact_of(page)
    if impact is None or not impact.matters:
        return None
    return redirect("courses_publishing:confirm", page.pk, page.latest_revision_id)


#: Every action that the audit log may name, and how it reads there.
LOGGED = {
    "courses.follow.export": (_("Export who is where"), _("Progress in a course exported")),
    "courses.archive.export": (_("Export courses"), _("Exported as an archive of courses")),
    "courses.archive.import": (_("Import courses"), _("An archive of courses imported")),
    "courses.document.import": (_("Import a Word document"), _("Lesson made of a Word document")),
    "courses.reflection.hand_in": (_("Hand in a reflection"), _("Reflection handed in")),
    "courses.reflection.accept": (_("Accept a reflection"), _("Reflection accepted")),
    "courses.reflection.hand_back": (_("Hand back a reflection"), _("Reflection handed back")),
    "courses.question.ask": (_("Ask about a lesson"), _("Asked about a lesson")),
    "courses.question.reply": (_("Reply to a question"), _("Replied to a question")),
    "courses.question.accept": (_("Accept an answer"), _("Answer accepted")),
    "courses.question.hide": (_("Hide a post"), _("Post hidden, with a reason")),
    "courses.question.show": (_("Show a hidden post again"), _("Hidden post shown again")),
}


@hooks.register("register_log_actions")
def register_log_actions(actions: Any) -> None:
    """What trainees hand in and instructors decide stands in the audit log."""
    for name, (label, message) in LOGGED.items():
        actions.register_action(name, label, message)


@hooks.register("register_page_header_buttons")
def bring_a_document(page: Page, user: Any, view_name: str, next_url: str | None = None) -> Iterator[Button]:
    """On a course: a lesson out of a Word document."""
    if page.specific_class is CoursePage and page.permissions_for_user(user).can_add_subpage():
        yield Button(
            _("Import a Word document"),
            f"{reverse('courses:teaching_import')}?course={page.pk}",
            icon_name="upload",
            priority=60,
        )


@hooks.register("register_page_header_buttons")
def take_along(page: Page, user: Any, view_name: str, next_url: str | None = None) -> Iterator[Button]:
    """On a course or module: all of it as one archive, or another one out of an archive."""
    kind = {CoursePage: "course", ModulePage: "module"}.get(page.specific_class)
    if kind is not None and page.permissions_for_user(user).can_edit():
        yield Button(
            _("Archive: export or import"),
            f"{reverse('courses:teaching_archive')}?page={kind}-{page.pk}",
            icon_name="download",
            priority=70,
        )


@hooks.register("construct_explorer_page_queryset")
def in_teaching_order(parent_page: Page, pages: Any, request: HttpRequest) -> Any:
    """Courses and lessons are listed in the order in which they are studied."""
    kinds = (CoursePage, LessonPage)
    children = getattr(parent_page.specific_class, "subpage_types", [])
    in_order = any(f"courses.{kind.__name__}" in children for kind in kinds)
    return pages if "ordering" in request.GET or not in_order else pages.order_by("path")
