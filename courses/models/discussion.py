"""Questions about lessons, and the replies to them. What is hidden stays, with who hid it and why."""

from __future__ import annotations

import uuid
from typing import Self, TypeVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.models.catalogue import CoursePage, LessonPage, ModulePage
from courses.rules import discussion as rules
from enrollment.models import User

Said = TypeVar("Said", bound="Post")


class PostQuerySet(models.QuerySet[Said]):
    """What questions and replies share. ``course_path`` says how the course is reached."""

    course_path = "course__path"

    def shown(self) -> Self:
        """Those that nobody has hidden."""
        return self.filter(hidden_at__isnull=True)

    def manageable_by(self, user: User) -> Self:
        """Those of modules one teaches; all for administrators."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        condition = Q(pk__in=[])
        for path in ModulePage.objects.filter(instructors=user).values_list("path", flat=True):
            condition |= Q(**{f"{self.course_path}__startswith": path})
        return self.filter(condition)


class LessonQuestionQuerySet(PostQuerySet["LessonQuestion"]):
    """Which questions."""

    def waiting(self) -> Self:
        """Those shown to which no instructor has replied and of which no answer was accepted."""
        return self.shown().filter(answered_at__isnull=True)


class LessonReplyQuerySet(PostQuerySet["LessonReply"]):
    """Which replies."""

    course_path = "question__course__path"


class Post(models.Model):
    """Words of somebody about a lesson. ``key`` is the form's own: sent twice, it is one post."""

    author = models.ForeignKey(
        "enrollment.User", on_delete=models.CASCADE, related_name="+", verbose_name=_("written by")
    )
    key = models.UUIDField(_("key of the form"), default=uuid.uuid4)
    text = models.TextField(_("text"), max_length=rules.LONGEST_TEXT)
    written_at = models.DateTimeField(_("written at"))
    hidden_at = models.DateTimeField(_("hidden at"), null=True, blank=True)
    hidden_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("hidden by"),
    )
    hidden_reason = models.CharField(_("why it is hidden"), max_length=rules.LONGEST_REASON, blank=True)

    class Meta:
        abstract = True

    @property
    def is_hidden(self) -> bool:
        """Whether it was hidden."""
        return self.hidden_at is not None


class LessonQuestion(Post):
    """A question about a lesson, perhaps about a moment of its video. The lock of all that is said to it."""

    lesson = models.ForeignKey(
        LessonPage, on_delete=models.CASCADE, related_name="questions", verbose_name=_("lesson")
    )
    course = models.ForeignKey(
        CoursePage,
        on_delete=models.CASCADE,
        related_name="lesson_questions",
        verbose_name=_("course"),
        help_text=_("The course the lesson stood in when it was asked."),
    )
    at_seconds = models.PositiveIntegerField(_("time in the video (seconds)"), null=True, blank=True)
    answered_at = models.DateTimeField(
        _("answered at"),
        null=True,
        blank=True,
        help_text=_("An instructor replied, or an answer was accepted; asked on, it waits again."),
    )
    accepted = models.ForeignKey(
        "courses.LessonReply",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("accepted answer"),
    )

    objects = LessonQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question about a lesson")
        verbose_name_plural = _("questions about lessons")
        indexes = [
            models.Index(fields=["lesson", "-written_at"], name="courses_lessonquestion_list"),
            models.Index(fields=["answered_at", "written_at"], name="courses_lessonquestion_queue"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["author", "key"], name="courses_lessonquestion_once_per_form")
        ]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def at_clock(self) -> str:
        """The time in the video in words; empty where the question is about the whole lesson."""
        return rules.clock(self.at_seconds) if self.at_seconds is not None else ""


class LessonReply(Post):
    """A reply to a question. ``by_teacher``: its writer taught the module, or ran the academy, then."""

    question = models.ForeignKey(
        LessonQuestion, on_delete=models.CASCADE, related_name="replies", verbose_name=_("question")
    )
    by_teacher = models.BooleanField(_("by an instructor"), default=False)

    objects = LessonReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("reply to a question")
        verbose_name_plural = _("replies to questions")
        ordering = ["written_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["author", "key"], name="courses_lessonreply_once_per_form")
        ]

    def __str__(self) -> str:
        return self.text[:60]
