"""Work on courses that takes longer than somebody waits for an answer."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.actions import jobs
from cms.jobs import Kind, Outcome, Parameters, Progress, register
from cms.refusals import Refused
from cms.rules.jobs import NOT_ALLOWED
from courses.actions.documents import import_document
from courses.actions.packing import pack
from courses.actions.unpacking import Unpacked, unpack
from courses.models import CoursePage, ModulePage
from courses.rules.archives import file_name_of

DOCUMENT = "courses.document"
EXPORT = "courses.archive.export"
IMPORT = "courses.archive.import"


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


def _packed(user: Any, parameters: Parameters) -> CoursePage | ModulePage | None:
    if "module" in parameters:
        return ModulePage.objects.manageable_by(user).filter(pk=parameters["module"]).first()
    return _course(user, parameters)


def _may_export(user: Any, parameters: Parameters) -> bool:
    return user.has_perm("wagtailadmin.access_admin") and _packed(user, parameters) is not None


def _export(user: Any, parameters: Parameters, progress: Progress) -> Outcome:
    """A course or module as one archive. It holds the answers of tests: only its writers may have it."""
    page = _packed(user, parameters)
    if page is None:
        raise Refused(NOT_ALLOWED)
    file = pack(page=page, actor=user, heard=progress.step)
    return Outcome(file=file, file_name=file_name_of(page.title, timezone.localdate()))


def _target(user: Any, parameters: Parameters) -> ModulePage | None:
    return ModulePage.objects.manageable_by(user).filter(pk=parameters["module"]).first()


def _may_import(user: Any, parameters: Parameters) -> bool:
    if not user.has_perm("wagtailadmin.access_admin"):
        return False
    if parameters["module"] is None:
        return bool(user.scope.everything)
    return _target(user, parameters) is not None


def _import(user: Any, parameters: Parameters, progress: Progress) -> Outcome:
    """Courses out of an archive."""
    key = parameters["upload"]
    with jobs.open_upload(name=key) as file:
        found = unpack(
            file=file,
            name=parameters["name"],
            module=_target(user, parameters) if parameters["module"] is not None else None,
            actor=user,
            publishes=parameters["publishes"],
            heard=progress.step,
        )
    jobs.drop_upload(name=key)
    return Outcome(told(found), url=reverse("wagtailadmin_explore", args=[found.module.pk]))


def told(found: Unpacked) -> str:
    """What an import came to, as a sentence."""
    return _(
        "%(courses)s: %(made)s pages, files and questions are new, %(changed)s were brought up to date, "
        "%(same)s were so already."
    ) % {
        "courses": "、".join(f"“{title[:30]}”" for title in found.courses[:3])
        + (" …" if len(found.courses) > 3 else ""),
        "made": found.made,
        "changed": found.changed,
        "same": found.same,
    }


def register_kinds() -> None:
    """Offer them to the queue."""
    register(Kind(DOCUMENT, _may_write, _import_document))
    register(Kind(EXPORT, _may_export, _export))
    register(Kind(IMPORT, _may_import, _import))
