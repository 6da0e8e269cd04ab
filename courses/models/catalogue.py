"""The catalogue as Wagtail pages: category → module → course → lesson.

Pages are written, reviewed and published in Wagtail; trainees are served by `courses.views` at short
addresses (``/courses/<course>/<lesson>/``), from the structure that `courses.models.outlines` keeps.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from functools import reduce
from operator import or_
from typing import Any, Self

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.blocks import StreamBlock
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page
from wagtail.models.pages import PageManager
from wagtail.query import PageQuerySet
from wagtail.search import index

from cms.lesson_blocks import lesson_blocks
from cms.page_form import AddressedPageForm
from cms.prepared import Prepared
from courses.rules.prerequisites import leads_back
from enrollment.models import Role, User


class CatalogStamp(models.Model):
    """One row whose mark changes with every change of the catalogue.

    Every process keeps the catalogue in memory under this mark, so that one small query tells whether what
    it keeps is still true, whichever process published. The mark is random: a number that only rises could
    come again after a rollback, and stand for something else.
    """

    mark = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("catalogue stamp")
        verbose_name_plural = _("catalogue stamps")

    def __str__(self) -> str:
        return str(self.mark)

    @classmethod
    def current(cls) -> int:
        """The mark now (one query); 0 before anything was ever published."""
        rows = _MARK.run()
        return rows[0][0] if rows else 0

    @classmethod
    def renew(cls) -> None:
        """Tell every process that the catalogue has changed, when this transaction commits."""
        mark = secrets.randbits(62) + 1
        if not CatalogStamp.objects.filter(pk=1).update(mark=mark):
            CatalogStamp.objects.bulk_create([CatalogStamp(pk=1, mark=mark)], ignore_conflicts=True)


_MARK = Prepared(lambda: CatalogStamp.objects.filter(pk=1).values_list("mark"))


class OpenStreamField(StreamField):
    """A StreamField whose blocks are asked for when they are needed, and whose migrations do not list them.

    Higher apps offer blocks when they start (`cms.offered_blocks`), after this class has been read. A new
    kind of block is no change of this app's tables and must not ask for a migration here.
    """

    block_types_arg: Any

    @cached_property
    def stream_block(self) -> StreamBlock:
        types: Any = self.block_types_arg
        self.block_types_arg = types() if callable(types) else types
        return super().stream_block

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        # Wagtail's own would ask for the blocks.
        name, path, _args, kwargs = models.Field.deconstruct(self)
        return name, path, [[]], kwargs


class CatalogueEntry(Page):
    """What the pages of the catalogue share: a short address of their own."""

    slug: str
    show_in_menus_default = False

    class Meta:
        abstract = True

    base_form_class = AddressedPageForm

    def own_path(self) -> str | None:
        """The address at which trainees find this page."""
        raise NotImplementedError

    def get_url_parts(self, request: HttpRequest | None = None) -> tuple[int, str | None, str | None] | None:
        parts = super().get_url_parts(request)
        if parts is None:
            return None
        site_id, root_url, path = parts
        return site_id, root_url, self.own_path() or path

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The tree's own address leads to the short one."""
        return redirect(self.own_path() or reverse("courses:catalog"))


class CatalogPage(CatalogueEntry):
    """The root of the catalogue; its workflow governs every page below."""

    introduction = RichTextField(_("introduction"), blank=True, features=["bold", "link", "ol", "ul"])

    template = "courses/preview_catalog.html"
    max_count = 1
    subpage_types = ["courses.CategoryPage"]
    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    search_fields = [*Page.search_fields, index.SearchField("introduction")]

    class Meta:
        verbose_name = _("course catalogue")
        verbose_name_plural = _("course catalogues")

    def own_path(self) -> str:
        return reverse("courses:catalog")


class CategoryPage(CatalogueEntry):
    """One of the academy's four categories."""

    code = models.SlugField(_("code"), max_length=30, unique=True, null=True, blank=True)
    summary = models.TextField(_("summary"), max_length=500, blank=True)

    template = "courses/preview_catalog.html"
    parent_page_types = ["courses.CatalogPage"]
    subpage_types = ["courses.ModulePage"]
    exclude_fields_in_copy = ["code"]
    content_panels = [*Page.content_panels, FieldPanel("code"), FieldPanel("summary")]
    search_fields = [*Page.search_fields, index.SearchField("summary")]

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def own_path(self) -> str:
        return f"{reverse('courses:catalog')}?category={self.code or ''}"


class ModuleQuerySet(PageQuerySet):
    """Which modules."""

    def taught_by(self, user: User) -> Self:
        """Those ``user`` is named on as an instructor."""
        return self.filter(instructors=user)

    def manageable_by(self, user: User) -> Self:
        """All for administrators; those one is named on as an instructor."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.scope.everything else self.filter(instructors=user)


class ModulePage(CatalogueEntry):
    """One of the ten modules; its instructors write its courses."""

    code = models.SlugField(_("code"), max_length=30, unique=True, null=True, blank=True)
    summary = models.TextField(_("summary"), max_length=500, blank=True)
    instructors = ParentalManyToManyField(
        "enrollment.User",
        blank=True,
        related_name="modules_taught",
        verbose_name=_("instructors"),
        limit_choices_to={"grants__role": Role.INSTRUCTOR},
        help_text=_("They write the courses of this module and submit them; an administrator publishes."),
    )

    objects = PageManager.from_queryset(ModuleQuerySet)()

    template = "courses/preview_catalog.html"
    parent_page_types = ["courses.CategoryPage"]
    subpage_types = ["courses.CoursePage"]
    exclude_fields_in_copy = ["code"]
    content_panels = [
        *Page.content_panels,
        FieldPanel("code"),
        FieldPanel("summary"),
        # Whoever could name instructors could give rights away.
        FieldPanel("instructors", permission="courses.appoint_instructors"),
    ]
    search_fields = [*Page.search_fields, index.SearchField("summary")]

    class Meta:
        verbose_name = _("module")
        verbose_name_plural = _("modules")
        permissions = [("appoint_instructors", "Can name the instructors of a module")]

    def own_path(self) -> str:
        return f"{reverse('courses:catalog')}?module={self.code or ''}"


class ModuleGroup(models.Model):
    """The group through which a module's instructors hold their page permissions.

    Wagtail's permissions run through groups everywhere (explorer, choosers, bulk actions), so each module
    has one that may add and edit below it, and not publish.
    """

    module = models.OneToOneField(
        ModulePage, on_delete=models.CASCADE, related_name="team", verbose_name=_("module")
    )
    group = models.OneToOneField(
        "auth.Group", on_delete=models.CASCADE, related_name="+", verbose_name=_("group")
    )

    class Meta:
        verbose_name = _("team of a module")
        verbose_name_plural = _("teams of modules")

    def __str__(self) -> str:
        return str(self.module)


class CourseQuerySet(PageQuerySet):
    """Which courses."""

    def writable_by(self, user: User) -> Self:
        """Those below modules that ``user`` manages, drafts too, for people who may enter the editor."""
        if not user.is_authenticated or not user.has_perm("wagtailadmin.access_admin"):
            return self.none()
        if user.scope.everything:
            return self
        paths = ModulePage.objects.manageable_by(user).values_list("path", flat=True)
        below = [models.Q(path__startswith=path) for path in paths]
        return self.filter(reduce(or_, below)) if below else self.none()


def _directly_before(courses: Collection[int]) -> Iterable[int]:
    through = CoursePage.prerequisites.through.objects
    return through.filter(from_coursepage__in=courses).values_list("to_coursepage", flat=True)


class CoursePage(CatalogueEntry):
    """A course: lessons in order."""

    summary = models.TextField(_("summary"), max_length=500, blank=True)
    cover = models.ForeignKey(
        "cms.AcademyImage",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cover"),
    )
    cohorts = ParentalManyToManyField(
        "enrollment.Cohort",
        blank=True,
        related_name="courses",
        verbose_name=_("suits"),
        help_text=_("Cohorts this course is written for; nobody else is shut out."),
    )
    prerequisites = ParentalManyToManyField(
        "courses.CoursePage",
        blank=True,
        related_name="leads_to",
        verbose_name=_("to be completed first"),
        help_text=_("Whoever has begun this course already goes on without them."),
    )
    review_due_on = models.DateField(
        _("content to be reviewed by"),
        null=True,
        blank=True,
        help_text=_("For legal content: its instructors are reminded two weeks before and on the day."),
    )
    is_mandatory = models.BooleanField(_("mandatory"), default=False)
    is_sequential = models.BooleanField(
        _("in order"), default=False, help_text=_("A lesson opens when the one before it is complete.")
    )
    needs_quizzes = models.BooleanField(
        _("tests belong to it"),
        default=True,
        help_text=_("The course is complete when every lesson is and every test of its lessons is passed."),
    )

    objects = PageManager.from_queryset(CourseQuerySet)()

    template = "courses/preview_course.html"
    parent_page_types = ["courses.ModulePage"]
    subpage_types = ["courses.LessonPage"]
    content_panels = [
        *Page.content_panels,
        FieldPanel("summary"),
        FieldPanel("cover"),
        MultiFieldPanel(
            [
                FieldPanel("cohorts"),
                FieldRowPanel(
                    [FieldPanel("is_mandatory"), FieldPanel("is_sequential"), FieldPanel("needs_quizzes")]
                ),
                FieldPanel("prerequisites", widget=forms.CheckboxSelectMultiple),
                FieldPanel("review_due_on"),
            ],
            heading=_("How it is studied"),
        ),
    ]
    search_fields = [
        *Page.search_fields,
        index.SearchField("summary"),
        index.FilterField("is_mandatory"),
    ]

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")

    def own_path(self) -> str:
        return reverse("courses:course", args=[self.slug])

    def clean(self) -> None:
        super().clean()
        chosen = [course.pk for course in self.prerequisites.all()]
        if self.pk and leads_back(self.pk, chosen, _directly_before):
            raise ValidationError(
                {"prerequisites": _("These courses lead back to this one: nobody could ever begin.")}
            )

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        # A copy keeps the slug of its original when it goes under another module.
        if self._state.adding and self.slug:
            self.slug = free_course_slug(self.slug)
        super().full_clean(*args, **kwargs)

    def _check_slug_is_unique(self) -> None:
        super()._check_slug_is_unique()
        taken = CoursePage.objects.filter(slug=self.slug).exclude(pk=self.pk)
        if self.slug in RESERVED_SLUGS or taken.exists():
            raise ValidationError(
                {"slug": _("Another course already has this address; choose a different one.")}
            )

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        context["lessons"] = (
            LessonPage.objects.child_of(self).live() if self.pk else LessonPage.objects.none()
        )
        return context


#: First parts of addresses under /courses/ that are not courses (courses.urls).
RESERVED_SLUGS = frozenset(
    {"search", "beat", "read", "record", "quiz", "attempt", "follow", "reflection", "questions", "teaching"}
)


def free_course_slug(slug: str) -> str:
    """``slug``, or with the lowest number behind it that no course has; addresses hold no module."""
    taken = {
        *RESERVED_SLUGS,
        *CoursePage.objects.filter(slug__startswith=slug).values_list("slug", flat=True),
    }
    candidate, number = slug, 1
    while candidate in taken:
        number += 1
        candidate = f"{slug}-{number}"
    return candidate


class CompletionRule(models.TextChoices):
    """What completes a lesson."""

    READ = "read", _("Reading to the end")
    WATCH = "watch", _("Watching the video")
    QUIZ = "quiz", _("Passing the test")
    REFLECT = "reflect", _("A reflection that is accepted")


class LessonPage(CatalogueEntry):
    """A lesson: text, perhaps a video, perhaps a test, perhaps a reflection to hand in."""

    summary = models.TextField(_("summary"), max_length=500, blank=True)
    video = models.ForeignKey(
        "cms.Video",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="lessons",
        verbose_name=_("video"),
    )
    body = OpenStreamField(lesson_blocks, blank=True, verbose_name=_("body"))
    study_minutes = models.PositiveSmallIntegerField(
        _("study time (minutes)"),
        default=15,
        validators=[MinValueValidator(1), MaxValueValidator(600)],
        help_text=_("Decides the hours by the hour rules in force."),
    )
    rule = models.CharField(
        _("complete by"), max_length=10, choices=CompletionRule.choices, default=CompletionRule.READ
    )
    watch_percent = models.PositiveSmallIntegerField(
        _("share of the video to watch (percent)"),
        default=80,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    least_seconds = models.PositiveIntegerField(
        _("shortest reading time (seconds)"),
        null=True,
        blank=True,
        help_text=_("Empty: worked out from the length of the text."),
    )
    quiz = models.ForeignKey(
        "courses.Quiz",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="lessons",
        verbose_name=_("test"),
    )
    reflection_task = models.TextField(
        _("what to reflect on"),
        max_length=1000,
        blank=True,
        help_text=_("Shown above the form in which a reflection is written."),
    )
    reflection_least_characters = models.PositiveSmallIntegerField(
        _("shortest reflection (characters)"), default=100, validators=[MaxValueValidator(5000)]
    )

    template = "courses/preview_lesson.html"
    parent_page_types = ["courses.CoursePage"]
    subpage_types: list[str] = []
    content_panels = [
        *Page.content_panels,
        FieldPanel("summary"),
        FieldPanel("video"),
        FieldPanel("body"),
        FieldPanel("quiz"),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("study_minutes"), FieldPanel("rule")]),
                FieldRowPanel([FieldPanel("watch_percent"), FieldPanel("least_seconds")]),
            ],
            heading=_("Completion and hours"),
        ),
        MultiFieldPanel(
            [FieldPanel("reflection_task"), FieldPanel("reflection_least_characters")],
            heading=_("Reflection"),
        ),
    ]
    search_fields = [
        *Page.search_fields,
        index.SearchField("summary"),
        index.SearchField("body"),
        index.FilterField("rule"),
    ]

    class Meta:
        verbose_name = _("lesson")
        verbose_name_plural = _("lessons")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(watch_percent__gte=1, watch_percent__lte=100),
                name="courses_lessonpage_share_is_percent",
                violation_error_message=_("The share to watch lies between 1 and 100 percent."),
            ),
            models.CheckConstraint(
                condition=models.Q(study_minutes__gte=1),
                name="courses_lessonpage_takes_time",
                violation_error_message=_("A lesson takes at least one minute."),
            ),
        ]

    def own_path(self) -> str | None:
        course = self.get_parent() if self.pk else None
        return reverse("courses:lesson", args=[course.slug, self.slug]) if course else None

    def clean(self) -> None:
        super().clean()
        if self.rule == CompletionRule.WATCH and not self.video_id:
            raise ValidationError({"rule": _("Choose a video, or another way of completing this lesson.")})
        if self.rule == CompletionRule.QUIZ and not self.quiz_id:
            raise ValidationError({"rule": _("Choose a test, or another way of completing this lesson.")})

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        context["course"] = self.get_parent() if self.path else None
        return context
