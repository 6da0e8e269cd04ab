"""Work on courses that takes longer than somebody waits for an answer."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.actions import jobs
from cms.jobs import Kind, Outcome, Parameters, Progress, register
from cms.refusals import Refused
from cms.rules.jobs import NOT_ALLOWED
from courses.actions.documents import import_document
from courses.models import CoursePage

DOCUMENT = "courses.document"


def _course(user: Any, parameters: Parameters) -> CoursePage | None:
    return CoursePage.objects.writable_by(user).filter(pk=parameters["course"]).first()


def _may_write(user: Any, parameters: Parameters) -> bool:
    return _course(user, parameters) is not None


def _import_document(user: Any, parameters: Parameters, progress: Progress) -> Outcome:
    """A lesson out of a Word document; the file goes with it, or a week after it was refused."""
    course = _course(user, parameters)
    if course is None:
        raise Refused(NOT_ALLOWED)
    key = parameters["upload"]
    with jobs.open_upload(name=key) as file:
        lesson, left_out = import_document(
            course=course,
            file=file,
            name=parameters["name"],
            key=key,
            actor=user,
            heard=lambda read: progress.step(read, 0),
        )
    jobs.drop_upload(name=key)
    told = _(
        "The draft “%(title)s” stands at the end of “%(course)s”. Look it through before you submit it."
    ) % {
        "title": lesson.title[:60],
        "course": course.title[:60],
    }
    if left_out:
        told += " " + ngettext(
            "%(count)s thing could not be taken over (a formula, chart or drawing); put it in as a picture.",
            "%(count)s things could not be taken over (formulas, charts, drawings); put them in as pictures.",
            left_out,
        ) % {"count": left_out}
    return Outcome(told, url=reverse("wagtailadmin_pages:edit", args=[lesson.pk]))


def register_kinds() -> None:
    """Offer them to the queue."""
    register(Kind(DOCUMENT, _may_write, _import_document))
