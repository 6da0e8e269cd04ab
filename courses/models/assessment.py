"""The question bank, quizzes and attempts.

A question is edited in place and every change of its substance makes a new version; an attempt freezes
the versions it was given, their order and the order of the options, so later edits change no result.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.html import strip_tags
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail import blocks
from wagtail.models import Orderable
from wagtail.search import index

from courses.models.catalogue import ModulePage, OpenStreamField
from courses.rules.grading import GRACE_SECONDS, options_problem
from enrollment.models import User


class QuestionKind(models.TextChoices):
    """How a question is answered."""

    SINGLE = "single", _("One right answer")
    MULTIPLE = "multiple", _("Several right answers")
    TRUE_FALSE = "true_false", _("True or false")


#: What to say about each answer of `courses.rules.grading.options_problem`.
OPTION_PROBLEMS = {
    "too_few": _("A question has at least two options."),
    "too_many": _("Too many options: a true-or-false question has two, others at most sixteen."),
    "empty": _("An option is empty."),
    "repeated": _("Two options say the same."),
    "no_key": _("Mark the right option."),
    "several_keys": _("Only one option can be right in a question of this kind."),
}


class OptionBlock(blocks.StructBlock):
    """One option of a question."""

    text = blocks.CharBlock(max_length=500, label=_("Option"))
    correct = blocks.BooleanBlock(required=False, label=_("right"))

    class Meta:
        icon = "tick-inverse"
        label = _("Option")


class ByModuleQuerySet(models.QuerySet[Any]):
    """Questions and quizzes belong to a module; its instructors write them."""

    def manageable_by(self, user: User) -> Self:
        """All for administrators; those of modules one teaches, and those one made."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        return self.filter(
            Q(module__in=ModulePage.objects.filter(instructors=user).values("pk")) | Q(created_by=user)
        )


class Question(index.Indexed, models.Model):
    """A question of the bank, as it stands now; its versions are what attempts were given."""

    module = models.ForeignKey(
        ModulePage,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="questions",
        verbose_name=_("module"),
    )
    kind = models.CharField(
        _("kind"), max_length=12, choices=QuestionKind.choices, default=QuestionKind.SINGLE
    )
    text = models.TextField(_("question"), max_length=2000)
    options = OpenStreamField([("option", OptionBlock())], verbose_name=_("options"))
    explanation = models.TextField(_("explanation"), max_length=2000, blank=True)
    version_number = models.PositiveIntegerField(_("version"), default=0, editable=False)
    is_retired = models.BooleanField(_("retired"), default=False)
    created_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = ByModuleQuerySet.as_manager()

    search_fields = [
        index.SearchField("text"),
        index.AutocompleteField("text"),
        index.FilterField("kind"),
        index.FilterField("module"),
        index.FilterField("is_retired"),
    ]

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return Truncator(strip_tags(self.text)).chars(60)

    def clean(self) -> None:
        super().clean()
        problem = options_problem(self.plain_options, self.kind)
        if problem:
            raise ValidationError({"options": OPTION_PROBLEMS[problem]})

    @property
    def plain_options(self) -> list[dict[str, Any]]:
        """The options as ``[{"text": …, "correct": …}, …]``."""
        return [
            {"text": option.value["text"].strip(), "correct": bool(option.value["correct"])}
            for option in self.options
        ]


class QuestionVersion(models.Model):
    """One wording of a question with its options and key; never changed."""

    question = models.ForeignKey(
        Question, on_delete=models.CASCADE, related_name="versions", verbose_name=_("question")
    )
    number = models.PositiveIntegerField(_("version"))
    kind = models.CharField(_("kind"), max_length=12, choices=QuestionKind.choices)
    text = models.TextField(_("question"))
    options = models.JSONField(_("options"))
    explanation = models.TextField(_("explanation"), blank=True)
    created_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("version of a question")
        verbose_name_plural = _("versions of questions")
        ordering = ["question", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["question", "number"], name="courses_questionversion_number_once_per_question"
            )
        ]

    def __str__(self) -> str:
        return f"{self.question} · {self.number}"

    @property
    def correct_keys(self) -> frozenset[str]:
        """The keys of the right options."""
        return frozenset(option["key"] for option in self.options if option["correct"])


class Quiz(index.Indexed, ClusterableModel):
    """A test: questions of the bank in order, with the share that passes."""

    module = models.ForeignKey(
        ModulePage,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="quizzes",
        verbose_name=_("module"),
    )
    title = models.CharField(_("title"), max_length=120)
    introduction = models.TextField(_("introduction"), max_length=1000, blank=True)
    pass_percent = models.PositiveSmallIntegerField(
        _("passed at (percent)"), default=60, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    time_limit_minutes = models.PositiveSmallIntegerField(
        _("time limit (minutes)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty: no limit. The server keeps the time."),
    )
    max_attempts = models.PositiveSmallIntegerField(
        _("attempts allowed"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty: as often as one likes; the best attempt counts."),
    )
    shuffles_questions = models.BooleanField(_("questions in random order"), default=False)
    shuffles_options = models.BooleanField(_("options in random order"), default=True)
    created_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = ByModuleQuerySet.as_manager()

    search_fields = [
        index.SearchField("title"),
        index.AutocompleteField("title"),
        index.FilterField("module"),
    ]

    class Meta:
        verbose_name = _("test")
        verbose_name_plural = _("tests")
        ordering = ["title", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(pass_percent__gte=1, pass_percent__lte=100),
                name="courses_quiz_pass_is_percent",
                violation_error_message=_("The passing share lies between 1 and 100 percent."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class QuizQuestion(Orderable):
    """A question in a quiz: its latest version, or one that is pinned."""

    quiz = ParentalKey(Quiz, on_delete=models.CASCADE, related_name="items", verbose_name=_("test"))
    question = models.ForeignKey(
        Question, on_delete=models.PROTECT, related_name="uses", verbose_name=_("question")
    )
    pinned = models.ForeignKey(
        QuestionVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("pinned version"),
    )
    points = models.PositiveSmallIntegerField(_("points"), default=1, validators=[MinValueValidator(1)])

    class Meta(Orderable.Meta):
        verbose_name = _("question of a test")
        verbose_name_plural = _("questions of a test")
        constraints = [
            models.UniqueConstraint(
                fields=["quiz", "question"],
                name="courses_quizquestion_once_per_quiz",
                violation_error_message=_("A test asks each question once."),
            )
        ]

    def __str__(self) -> str:
        return str(self.question)

    def clean(self) -> None:
        super().clean()
        if self.pinned_id and self.pinned and self.pinned.question_id != self.question_id:
            raise ValidationError({"pinned": _("This version belongs to another question.")})


class AttemptStatus(models.TextChoices):
    """Where an attempt stands."""

    OPEN = "open", _("In progress")
    GRADED = "graded", _("Graded")


class QuizAttemptQuerySet(models.QuerySet["QuizAttempt"]):
    """Which attempts."""

    def overdue(self, now: dt.datetime) -> Self:
        """Open ones whose time was up so long ago that nothing can still be on its way."""
        latest = now - dt.timedelta(seconds=GRACE_SECONDS)
        return self.filter(status=AttemptStatus.OPEN, ends_at__lt=latest)


class QuizAttempt(models.Model):
    """One sitting. ``plan`` is frozen at the beginning, ``answers`` is saved as it is written, graded once.

    ``plan``: ``[{"version": id, "options": ["b", "a", …], "points": 1}, …]``;
    ``answers``: ``{"0": ["b"], …}`` by place in the plan; ``outcome``: ``[true, false, …]``.
    """

    user = models.ForeignKey(
        "enrollment.User", on_delete=models.CASCADE, related_name="quiz_attempts", verbose_name=_("user")
    )
    quiz = models.ForeignKey(Quiz, on_delete=models.PROTECT, related_name="attempts", verbose_name=_("test"))
    lesson = models.ForeignKey(
        "courses.LessonPage", on_delete=models.PROTECT, related_name="quiz_attempts", verbose_name=_("lesson")
    )
    number = models.PositiveSmallIntegerField(_("attempt"))
    status = models.CharField(
        _("status"), max_length=8, choices=AttemptStatus.choices, default=AttemptStatus.OPEN
    )
    plan = models.JSONField(_("questions as given"))
    pass_percent = models.PositiveSmallIntegerField(_("passed at (percent)"))
    answers = models.JSONField(_("answers"), default=dict, blank=True)
    outcome = models.JSONField(_("outcome"), default=list, blank=True)
    begun_at = models.DateTimeField(_("begun at"))
    ends_at = models.DateTimeField(_("time is up at"), null=True, blank=True)
    saved_at = models.DateTimeField(_("answers saved at"), null=True, blank=True)
    saves = models.PositiveIntegerField(_("saves"), default=0)
    graded_at = models.DateTimeField(_("graded at"), null=True, blank=True)
    earned_points = models.PositiveIntegerField(_("points earned"), default=0)
    possible_points = models.PositiveIntegerField(_("points possible"), default=0)
    has_passed = models.BooleanField(_("passed"), default=False)

    objects = QuizAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["-begun_at"]
        indexes = [
            # Few are open among all that were ever sat; the queue asks for those every few minutes.
            models.Index(
                fields=["ends_at"], condition=Q(status=AttemptStatus.OPEN), name="courses_attempt_open_ends"
            ),
        ]
        constraints = [
            # Two devices that begin at once come to the same attempt.
            models.UniqueConstraint(
                fields=["user", "quiz"],
                condition=Q(status=AttemptStatus.OPEN),
                name="courses_quizattempt_one_open",
                violation_error_message=_("You already have this test open."),
            ),
            models.UniqueConstraint(
                fields=["user", "quiz", "number"], name="courses_quizattempt_number_once_per_quiz"
            ),
            models.CheckConstraint(
                condition=Q(earned_points__lte=models.F("possible_points")),
                name="courses_quizattempt_points_within_possible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} · {self.quiz_id} · {self.number}"

    @property
    def is_open(self) -> bool:
        """Whether answers are still taken."""
        return self.status == AttemptStatus.OPEN

    @property
    def percent(self) -> int:
        """Points earned, in percent, rounded down."""
        return self.earned_points * 100 // self.possible_points if self.possible_points else 0
