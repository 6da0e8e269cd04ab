"""Keeps what processes hold of the catalogue in step with its pages. Plumbing only: no rule lives here."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import m2m_changed, post_delete, post_save
from wagtail.models import Page
from wagtail.signals import page_published, page_unpublished, post_page_move

from cms.models import Video
from courses.actions.authoring import form_team, renew_catalogue
from courses.actions.publishing import follow_later
from courses.models import CatalogPage, CategoryPage, CoursePage, LessonPage, ModulePage, Quiz

#: What the held structure is read from.
SOURCES = (CatalogPage, CategoryPage, ModulePage, CoursePage, LessonPage, Quiz, Video)


def _changed(**kwargs: Any) -> None:
    if not kwargs.get("raw"):
        renew_catalogue()


def _moved(*, instance: Page, **kwargs: Any) -> None:
    if isinstance(instance.specific, SOURCES):
        renew_catalogue()


def _module_published(*, instance: ModulePage, **kwargs: Any) -> None:
    form_team(module=instance)


def _demand_changed(*, instance: CoursePage | LessonPage, **kwargs: Any) -> None:
    course = instance if isinstance(instance, CoursePage) else instance.get_parent()
    follow_later(course_id=course.pk)


def connect() -> None:
    """Listen to every way in which a page of the catalogue can change."""
    for model in SOURCES:
        post_save.connect(_changed, sender=model, dispatch_uid=f"courses.freshness.save.{model.__name__}")
        post_delete.connect(_changed, sender=model, dispatch_uid=f"courses.freshness.delete.{model.__name__}")
        page_published.connect(
            _changed, sender=model, dispatch_uid=f"courses.freshness.publish.{model.__name__}"
        )
        page_unpublished.connect(
            _changed, sender=model, dispatch_uid=f"courses.freshness.unpublish.{model.__name__}"
        )
    for kind in (CoursePage, LessonPage):
        for name, signal in (("publish", page_published), ("unpublish", page_unpublished)):
            uid = f"courses.freshness.demand.{name}.{kind.__name__}"
            signal.connect(_demand_changed, sender=kind, dispatch_uid=uid)
    m2m_changed.connect(
        _changed, sender=CoursePage.prerequisites.through, dispatch_uid="courses.freshness.prerequisites"
    )
    m2m_changed.connect(_changed, sender=CoursePage.cohorts.through, dispatch_uid="courses.freshness.cohorts")
    m2m_changed.connect(
        _changed, sender=ModulePage.instructors.through, dispatch_uid="courses.freshness.instructors"
    )
    post_page_move.connect(_moved, dispatch_uid="courses.freshness.move")
    page_published.connect(_module_published, sender=ModulePage, dispatch_uid="courses.freshness.team")
