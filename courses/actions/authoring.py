"""Making the catalogue: pages, their publication, and who may write them.

People write in the Wagtail editor; these are the doors for everything else (the demo academy, imports).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from wagtail.models import GroupPagePermission, Page, Site, Workflow, WorkflowPage

from cms.models import AcademyImage, Video
from cms.refusals import Reason, Refused
from courses.models import (
    CatalogPage,
    CatalogStamp,
    CategoryPage,
    CompletionRule,
    CoursePage,
    LessonPage,
    ModuleGroup,
    ModulePage,
    Quiz,
)
from enrollment.models import Cohort, User

AnyPage = TypeVar("AnyPage", bound=Page)

#: Content as people write it down: ``{"type": "paragraph", "value": "<p>…</p>"}``.
Content = Mapping[str, Any]

#: Made by the migrations; administrators may rename or replace it.
WORKFLOW_NAME = "管理员审核"
#: What instructors may do below their modules. Publishing is the administrator's.
INSTRUCTOR_PAGE_PERMISSIONS = ("add_page", "change_page")


@transaction.atomic
def found_catalogue(*, title: str = "课程目录", actor: User | None = None) -> CatalogPage:
    """Return the catalogue page, made under the default site's root if there is none yet.

    Its workflow is attached; a catalogue that stands outside the site (because the site was given a new
    root) is moved under it.
    """
    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    root: Page = site.root_page if site else Page.get_first_root_node()
    catalogue: CatalogPage | None = CatalogPage.objects.first()
    if catalogue is None:
        catalogue = CatalogPage(title=title, slug="courses", show_in_menus=True, owner=actor)
        root.add_child(instance=catalogue)
    elif not catalogue.path.startswith(root.path):
        catalogue.move(root, pos="last-child", user=actor)
        catalogue = CatalogPage.objects.get(pk=catalogue.pk)
    workflow = Workflow.objects.filter(name=WORKFLOW_NAME, active=True).first()
    if workflow is not None:
        WorkflowPage.objects.get_or_create(page=catalogue.page_ptr, defaults={"workflow": workflow})
    return catalogue


@transaction.atomic
def create_category(
    *,
    code: str,
    title: str,
    summary: str = "",
    catalogue: CatalogPage | None = None,
    actor: User | None = None,
) -> CategoryPage:
    """Add and publish a category."""
    page = CategoryPage(code=code, title=title, slug=code.lower(), summary=summary, owner=actor)
    return _add(page, catalogue or found_catalogue(actor=actor), actor)


@transaction.atomic
def create_module(
    *,
    category: CategoryPage,
    code: str,
    title: str,
    summary: str = "",
    instructors: Iterable[User] = (),
    actor: User | None = None,
) -> ModulePage:
    """Add and publish a module with its instructors."""
    page = ModulePage(code=code, title=title, slug=code.lower(), summary=summary, owner=actor)
    page.instructors = list(instructors)
    module = _add(page, category, actor)
    form_team(module=module)
    return module


@transaction.atomic
def appoint_instructors(
    *, module: ModulePage, instructors: Iterable[User], actor: User | None = None
) -> ModulePage:
    """Name the instructors of ``module``: exactly these from now on."""
    module.instructors = list(instructors)
    publish(page=module, actor=actor)
    form_team(module=module)
    return module


@transaction.atomic
def form_team(*, module: ModulePage) -> Group:
    """Bring the group behind ``module`` in line with its published instructors. Safe to repeat."""
    name = f"{module.code or module.pk} {module.title}"[:150]
    team = ModuleGroup.objects.filter(module=module).select_related("group").first()
    if team is None:
        if Group.objects.filter(name=name).exists():
            name = f"{name[:130]} ({module.pk})"
        group = Group.objects.create(name=name)
        ModuleGroup.objects.create(module=module, group=group)
    else:
        group = team.group
    for permission in Permission.objects.filter(
        content_type__app_label="wagtailcore", codename__in=INSTRUCTOR_PAGE_PERMISSIONS
    ):
        GroupPagePermission.objects.get_or_create(group=group, page=module.page_ptr, permission=permission)
    group.user_set.set(User.objects.filter(modules_taught=module))  # type: ignore[attr-defined]
    return group


@transaction.atomic
def create_course(
    *,
    module: ModulePage,
    title: str,
    slug: str,
    summary: str = "",
    cover: AcademyImage | None = None,
    cohorts: Iterable[Cohort | str] = (),
    is_mandatory: bool = False,
    is_sequential: bool = False,
    needs_quizzes: bool = True,
    prerequisites: Iterable[CoursePage] = (),
    review_due_on: dt.date | None = None,
    published: bool = True,
    actor: User | None = None,
) -> CoursePage:
    """Add a course under ``module``. ``cohorts`` are rows or codes.

    Raises:
        Refused: ``slug_taken``: another course has this address.
    """
    if CoursePage.objects.filter(slug=slug).exists():
        raise Refused(
            Reason("slug_taken", _("Another course already has the address “%(slug)s”."), {"slug": slug})
        )
    page = CoursePage(
        title=title,
        slug=slug,
        summary=summary,
        cover=cover,
        is_mandatory=is_mandatory,
        is_sequential=is_sequential,
        needs_quizzes=needs_quizzes,
        review_due_on=review_due_on,
        owner=actor,
    )
    page.prerequisites = list(prerequisites)
    wanted = list(cohorts)
    codes = [cohort for cohort in wanted if isinstance(cohort, str)]
    page.cohorts = [cohort for cohort in wanted if isinstance(cohort, Cohort)] + list(
        Cohort.objects.filter(code__in=codes) if codes else []
    )
    return _add(page, module, actor, published=published)


@transaction.atomic
def create_lesson(
    *,
    course: CoursePage,
    title: str,
    slug: str,
    blocks: Sequence[Content],
    figures: Mapping[str, AcademyImage] | None = None,
    summary: str = "",
    minutes: int = 15,
    video: Video | None = None,
    quiz: Quiz | None = None,
    rule: CompletionRule | str | None = None,
    watch_percent: int = 80,
    least_seconds: int | None = None,
    reflection_task: str = "",
    reflection_least_characters: int = 100,
    published: bool = True,
    actor: User | None = None,
) -> LessonPage:
    """Add a lesson at the end of ``course``. ``figures`` gives the pictures that blocks name.

    Without ``rule`` a lesson with a video is completed by watching it, any other by reading it.
    """
    page = LessonPage(
        title=title,
        slug=slug,
        summary=summary,
        body=stream_data(blocks, figures or {}),
        study_minutes=minutes,
        video=video,
        quiz=quiz,
        rule=rule or (CompletionRule.WATCH if video else CompletionRule.READ),
        watch_percent=watch_percent,
        least_seconds=least_seconds,
        reflection_task=reflection_task,
        reflection_least_characters=reflection_least_characters,
        owner=actor,
    )
    return _add(page, course, actor, published=published)


def stream_data(blocks: Sequence[Content], figures: Mapping[str, AcademyImage]) -> list[dict[str, Any]]:
    """Content as people write it down, in the form in which a StreamField stores it.

    A figure may name its picture (``figure``); a table is ``caption``, ``header`` and ``rows``.

    Raises:
        Refused: ``unknown_figure``: a picture is named that ``figures`` does not hold.
    """
    return [{"type": block["type"], "value": _stored(block, figures)} for block in blocks]


def _stored(block: Content, figures: Mapping[str, AcademyImage]) -> Any:
    value = block["value"]
    if block["type"] == "figure" and "figure" in value:
        image = figures.get(value["figure"])
        if image is None:
            raise Refused(
                Reason("unknown_figure", _("There is no picture “%(name)s”."), {"name": value["figure"]})
            )
        return {"image": image.pk, "caption": value.get("caption", ""), "alt": value.get("alt", "")}
    if block["type"] == "table" and "rows" in value:
        header = value.get("header")
        return {
            "data": [*([header] if header else []), *value["rows"]],
            "cell": [],
            "mergeCells": [],
            "table_caption": value.get("caption", ""),
            "table_header_choice": "row" if header else "neither",
            "first_row_is_table_header": bool(header),
            "first_col_is_header": False,
        }
    return value


@transaction.atomic
def publish(*, page: Page, actor: User | None = None) -> None:
    """Publish ``page`` as it stands in memory, as a revision that its history shows."""
    page.save_revision(user=actor, log_action=actor is not None).publish(user=actor)


def renew_catalogue() -> None:
    """Tell every process that pages, videos or quizzes of the catalogue have changed."""
    CatalogStamp.renew()


def _add(page: AnyPage, parent: Page, actor: User | None, *, published: bool = True) -> AnyPage:
    page.live = False
    page.has_unpublished_changes = True
    parent.add_child(instance=page)
    if published:
        publish(page=page, actor=actor)
        page.refresh_from_db()
    else:
        page.save_revision(user=actor)
    return page
