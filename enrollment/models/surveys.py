"""The satisfaction survey of a class 满意度测评: its questions, and answers that belong to nobody.

Who has answered stands at the place in the class (``Enrollment.has_answered_survey``); what was answered is a
sheet with a random key, without a person and without a time. Nothing joins the two.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.rules import survey as rules

if TYPE_CHECKING:
    from enrollment.models.accounts import User


class ClassSurveyQuerySet(models.QuerySet["ClassSurvey"]):
    """Which surveys."""

    def manageable_by(self, user: User) -> Self:
        """All for administrators; those of classes one is teacher of."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.scope.everything else self.filter(training_class__teacher=user)


class ClassSurvey(models.Model):
    """The survey of one class: prepared, open until a moment, over."""

    training_class = models.OneToOneField(
        "enrollment.TrainingClass",
        on_delete=models.CASCADE,
        related_name="survey",
        verbose_name=_("training class"),
    )
    minimum_answers = models.PositiveSmallIntegerField(
        _("results from so many answers on"), default=rules.MINIMUM_ANSWERS
    )
    opened_at = models.DateTimeField(_("opened at"), null=True, blank=True)
    closes_at = models.DateTimeField(_("open until"), null=True, blank=True)
    reminded_on = models.DateField(_("reminded on"), null=True, blank=True)

    objects = ClassSurveyQuerySet.as_manager()

    class Meta:
        verbose_name = _("satisfaction survey")
        verbose_name_plural = _("satisfaction surveys")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(minimum_answers__gte=rules.FEWEST),
                name="enrollment_classsurvey_answers_hide_persons",
                violation_error_message=_("Results of fewer than 3 answers would show who said what."),
            ),
            models.CheckConstraint(
                condition=Q(opened_at__isnull=True, closes_at__isnull=True)
                | Q(opened_at__isnull=False, closes_at__isnull=False, closes_at__gte=F("opened_at")),
                name="enrollment_classsurvey_open_until",
                violation_error_message=_("A survey that was opened says until when."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.training_class_id}"

    def state_at(self, now: dt.datetime) -> rules.State:
        """Where it stands at ``now``."""
        return rules.state(self.opened_at, self.closes_at, now)


class QuestionKind(models.TextChoices):
    """How a question is answered."""

    RATING = rules.Kind.RATING.value, _("Five grades")
    CHOICE = rules.Kind.CHOICE.value, _("One of several answers")
    TEXT = rules.Kind.TEXT.value, _("In words")


class SurveyQuestion(models.Model):
    """A question of a survey; without a survey it is one of the academy's standard questions."""

    survey = models.ForeignKey(
        ClassSurvey,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="questions",
        verbose_name=_("satisfaction survey"),
    )
    number = models.PositiveSmallIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=10, choices=QuestionKind.choices)
    text = models.CharField(_("question"), max_length=rules.LONGEST_QUESTION)
    choices = models.JSONField(_("answers to choose from"), default=list, blank=True)

    class Meta:
        verbose_name = _("question of a survey")
        verbose_name_plural = _("questions of surveys")
        ordering = ["survey", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["survey", "number"],
                name="enrollment_surveyquestion_numbered",
                violation_error_message=_("Each question of a survey has its own number."),
            ),
            models.UniqueConstraint(
                fields=["number"],
                condition=Q(survey__isnull=True),
                name="enrollment_surveyquestion_standard_numbered",
                violation_error_message=_("Each standard question has its own number."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in rules.Kind]),
                name="enrollment_surveyquestion_kind_known",
                violation_error_message=_("A question is answered by grades, by choosing or in words."),
            ),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def asked(self) -> rules.Question:
        """The question as the rules read it."""
        return rules.Question(self.number, rules.Kind(self.kind), self.text, tuple(self.choices))


class SurveySheet(models.Model):
    """What somebody answered, by the numbers of the questions. It names nobody and no time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    survey = models.ForeignKey(
        ClassSurvey, on_delete=models.CASCADE, related_name="sheets", verbose_name=_("satisfaction survey")
    )
    answers = models.JSONField(_("answers"))
    is_on_paper = models.BooleanField(_("keyed in from paper"), default=False)

    class Meta:
        verbose_name = _("answered survey")
        verbose_name_plural = _("answered surveys")
        # By a random key: the order tells nothing.
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.pk)
