"""How far somebody is: per lesson, per course, and which lesson is earning right now."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from courses.models.catalogue import CompletionRule, CoursePage, LessonPage
from enrollment.models import User


class LessonProgressQuerySet(models.QuerySet["LessonProgress"]):
    """Which rows."""

    def visible_to(self, user: User) -> Self:
        """One's own; those of modules one teaches; all for administrators."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        from courses.models.catalogue import ModulePage

        condition = Q(user=user)
        for path in ModulePage.objects.filter(instructors=user).values_list("path", flat=True):
            condition |= Q(course__path__startswith=path)
        return self.filter(condition)

    def complete(self) -> Self:
        """Those whose lesson is complete."""
        return self.filter(completed_at__isnull=False)


class LessonProgress(models.Model):
    """One person in one lesson. The rule is copied when the lesson is opened: later edits take nothing away.

    ``studied_seconds`` is what the server's clock allowed: unique seconds of the video, or reading time.
    """

    user = models.ForeignKey(
        "enrollment.User", on_delete=models.CASCADE, related_name="lesson_progress", verbose_name=_("user")
    )
    lesson = models.ForeignKey(
        LessonPage, on_delete=models.PROTECT, related_name="progress", verbose_name=_("lesson")
    )
    course = models.ForeignKey(
        CoursePage,
        on_delete=models.PROTECT,
        related_name="lesson_progress",
        verbose_name=_("course"),
        help_text=_("The course the lesson stood in when it was opened."),
    )
    rule = models.CharField(_("complete by"), max_length=10, choices=CompletionRule.choices)
    video_seconds = models.FloatField(_("length of the video (seconds)"), default=0)
    required_seconds = models.FloatField(_("needed (seconds)"), default=0)
    studied_seconds = models.FloatField(_("counted (seconds)"), default=0)
    intervals = models.JSONField(_("watched stretches"), default=list, blank=True)
    position = models.FloatField(_("position in the video (seconds)"), default=0)
    end_reached = models.BooleanField(_("read to the end"), default=False)
    beat_at = models.DateTimeField(_("last beat"), null=True, blank=True)
    beats = models.PositiveIntegerField(_("beats"), default=0)
    not_counted = models.JSONField(
        _("what did not count"),
        default=list,
        blank=True,
        help_text=_("The latest beats that earned nothing, and why."),
    )
    opened_at = models.DateTimeField(_("opened at"))
    studied_at = models.DateTimeField(_("last studied at"))
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    quiz_passed_at = models.DateTimeField(_("test passed at"), null=True, blank=True)
    reflection_accepted_at = models.DateTimeField(_("reflection accepted at"), null=True, blank=True)
    entry = models.ForeignKey(
        "enrollment.HourEntry",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ledger entry"),
    )
    quiz_entry = models.ForeignKey(
        "enrollment.HourEntry",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ledger entry of the test"),
    )

    objects = LessonProgressQuerySet.as_manager()

    class Meta:
        verbose_name = _("progress in a lesson")
        verbose_name_plural = _("progress in lessons")
        indexes = [
            models.Index(fields=["user", "course"], name="courses_progress_user_course"),
            models.Index(fields=["course", "lesson"], name="courses_progress_funnel"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["user", "lesson"], name="courses_lessonprogress_once_per_lesson"),
            models.CheckConstraint(
                condition=Q(video_seconds=0) | Q(studied_seconds__lte=F("video_seconds") + 0.01),
                name="courses_lessonprogress_within_video",
                violation_error_message=_("No more can be watched than the video is long."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} · {self.lesson_id}"

    @property
    def is_complete(self) -> bool:
        """Whether the lesson is complete."""
        return self.completed_at is not None

    @property
    def share(self) -> float:
        """Counted part of what is needed, 0–1."""
        if self.completed_at is not None:
            return 1.0
        if self.required_seconds <= 0:
            return 0.0
        return min(1.0, self.studied_seconds / self.required_seconds)


class StudyClock(models.Model):
    """Which lesson, in which tab, is earning for an account: one at a time (domain §5).

    The holder keeps it while its beats arrive. Whoever takes it over earns from that moment on, never
    before, so the spans that two lessons were paid for cannot overlap. See docs/rules/progress.md.
    """

    user = models.OneToOneField(
        "enrollment.User",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="study_clock",
        verbose_name=_("user"),
    )
    progress = models.ForeignKey(
        LessonProgress,
        on_delete=models.CASCADE,
        related_name="clocks",
        verbose_name=_("progress in a lesson"),
    )
    tab = models.CharField(_("tab"), max_length=40)
    is_running = models.BooleanField(_("running"), default=True)
    turn = models.PositiveIntegerField(_("turn"), default=1)
    taken_at = models.DateTimeField(_("taken at"))
    present_at = models.DateTimeField(_("known to be there at"), null=True, blank=True)
    asked_at = models.DateTimeField(_("asked whether somebody is there at"), null=True, blank=True)

    class Meta:
        verbose_name = _("study clock")
        verbose_name_plural = _("study clocks")

    def __str__(self) -> str:
        return f"{self.user_id} → {self.progress_id}"


class CourseProgress(models.Model):
    """One person in one course: derived from the lessons, and derivable again at any time.

    What is complete stays complete: a lesson added later takes nothing away.
    """

    user = models.ForeignKey(
        "enrollment.User", on_delete=models.CASCADE, related_name="course_progress", verbose_name=_("user")
    )
    course = models.ForeignKey(
        CoursePage, on_delete=models.PROTECT, related_name="progress", verbose_name=_("course")
    )
    completed_lessons = models.PositiveSmallIntegerField(_("complete lessons"), default=0)
    passed_quizzes = models.PositiveSmallIntegerField(_("passed tests"), default=0)
    last_lesson = models.ForeignKey(
        LessonPage,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("last lesson"),
    )
    started_at = models.DateTimeField(_("begun at"))
    studied_at = models.DateTimeField(_("last studied at"))
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("progress in a course")
        verbose_name_plural = _("progress in courses")
        indexes = [models.Index(fields=["user", "-studied_at"], name="courses_courseprogress_recent")]
        constraints = [
            models.UniqueConstraint(fields=["user", "course"], name="courses_courseprogress_once_per_course")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} · {self.course_id}"
