"""The annual plan of training, and the needs it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enrollment.models.organizations import under

if TYPE_CHECKING:
    from enrollment.models.accounts import User


class PlanStatus(models.TextChoices):
    """Life of a plan."""

    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")
    PUBLISHED = "published", _("Published")


class AnnualPlanQuerySet(models.QuerySet["AnnualPlan"]):
    """Which plans."""

    def visible_to(self, user: User) -> Self:
        """All for administrators; published ones for whoever has a role."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        if not user.scope.roles and not user.scope.visible_paths:
            return self.none()
        return self.filter(status=PlanStatus.PUBLISHED)

    def manageable_by(self, user: User) -> Self:
        """All for administrators."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.scope.everything else self.none()


class AnnualPlan(models.Model):
    """What the academy means to hold in a year."""

    year = models.PositiveSmallIntegerField(_("year"), unique=True)
    status = models.CharField(
        _("status"), max_length=10, choices=PlanStatus.choices, default=PlanStatus.DRAFT
    )
    approved_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("approved by"),
    )
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = AnnualPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("annual plan")
        verbose_name_plural = _("annual plans")
        ordering = ["-year"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="draft") | Q(approved_at__isnull=False),
                name="enrollment_annualplan_approved_once_it_holds",
                violation_error_message=_("A plan that holds was approved by somebody."),
            )
        ]

    def __str__(self) -> str:
        return str(self.year)

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("enrollment:plan", args=[self.year])

    @property
    def is_draft(self) -> bool:
        """Whether its entries may be changed."""
        return self.status == PlanStatus.DRAFT


class PlanEntry(models.Model):
    """One class that is planned."""

    plan = models.ForeignKey(
        AnnualPlan, on_delete=models.CASCADE, related_name="entries", verbose_name=_("annual plan")
    )
    title = models.CharField(_("title"), max_length=120)
    month = models.PositiveSmallIntegerField(_("month"))
    cohort = models.ForeignKey(
        "enrollment.Cohort",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cohort"),
    )
    days = models.PositiveSmallIntegerField(_("days of training"), default=1)
    seats = models.PositiveIntegerField(_("seats"))
    budget = models.DecimalField(_("budget (yuan)"), max_digits=12, decimal_places=2, null=True, blank=True)
    responsible = models.CharField(_("responsible"), max_length=60, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    training_class = models.OneToOneField(
        "enrollment.TrainingClass",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="plan_entry",
        verbose_name=_("training class"),
    )

    class Meta:
        verbose_name = _("entry of the plan")
        verbose_name_plural = _("entries of the plan")
        ordering = ["month", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(month__gte=1, month__lte=12),
                name="enrollment_planentry_month_of_a_year",
                violation_error_message=_("The month lies between 1 and 12."),
            ),
            models.CheckConstraint(
                condition=Q(days__gte=1, seats__gte=1),
                name="enrollment_planentry_has_days_and_seats",
                violation_error_message=_("An entry has at least one day and one seat."),
            ),
            models.CheckConstraint(
                condition=Q(budget__isnull=True) | Q(budget__gte=0),
                name="enrollment_planentry_budget_not_negative",
                violation_error_message=_("The budget is no negative figure."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class NeedField(models.Model):
    """One of the fields that needs are asked in: data, so that the academy can change them."""

    code = models.SlugField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=40)
    sort_order = models.PositiveSmallIntegerField(_("order"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("field of needs")
        verbose_name_plural = _("fields of needs")
        ordering = ["sort_order", "pk"]

    def __str__(self) -> str:
        return self.name


class NeedsSurvey(models.Model):
    """需求调研: from when to when needs for a year are asked."""

    year = models.PositiveSmallIntegerField(_("year"), unique=True)
    opens_on = models.DateField(_("from"))
    closes_on = models.DateField(_("to"))

    class Meta:
        verbose_name = _("needs survey")
        verbose_name_plural = _("needs surveys")
        ordering = ["-year"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_on__gte=F("opens_on")),
                name="enrollment_needssurvey_in_order",
                violation_error_message=_("A survey cannot end before it begins."),
            )
        ]

    def __str__(self) -> str:
        return str(self.year)


class NeedStatus(models.TextChoices):
    """Life of a need."""

    OPEN = "open", _("Open")
    MERGED = "merged", _("Merged with another need")
    CLOSED = "closed", _("Closed with an answer")


class TrainingNeedQuerySet(models.QuerySet["TrainingNeed"]):
    """Which needs."""

    def visible_to(self, user: User) -> Self:
        """One's own, and those of organizations in scope."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        condition = Q(asked_by=user)
        if paths := user.scope.visible_paths:
            condition |= under(paths, "organization__path")
        return self.filter(condition)

    def manageable_by(self, user: User) -> Self:
        """All for administrators, who merge and answer."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.scope.everything else self.none()

    def open(self) -> Self:
        """Those nobody has answered."""
        return self.filter(status=NeedStatus.OPEN)


class TrainingNeed(models.Model):
    """Somebody says what training is needed; it is closed with what answered it."""

    survey = models.ForeignKey(
        NeedsSurvey, on_delete=models.PROTECT, related_name="needs", verbose_name=_("needs survey")
    )
    field = models.ForeignKey(
        NeedField, on_delete=models.PROTECT, related_name="needs", verbose_name=_("field")
    )
    text = models.CharField(_("what is needed"), max_length=300)
    organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.PROTECT,
        related_name="training_needs",
        verbose_name=_("organization"),
    )
    asked_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="training_needs",
        verbose_name=_("asked by"),
    )
    asked_at = models.DateTimeField(_("asked at"))
    status = models.CharField(_("status"), max_length=10, choices=NeedStatus.choices, default=NeedStatus.OPEN)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="merged",
        verbose_name=_("merged into"),
    )
    answer_kind = models.CharField(_("answered by"), max_length=20, blank=True)
    answer_title = models.CharField(_("what answered it"), max_length=200, blank=True)
    answer_url = models.CharField(_("link"), max_length=300, blank=True)
    answer_text = models.CharField(_("answer"), max_length=300, blank=True)
    closed_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("closed by"),
    )
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    objects = TrainingNeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("training need")
        verbose_name_plural = _("training needs")
        ordering = ["-asked_at", "-pk"]
        indexes = [models.Index(fields=["survey", "status"], name="enrollment_need_status")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False) & ~Q(answer_kind="")
                | ~Q(status="closed") & Q(closed_at__isnull=True, answer_kind=""),
                name="enrollment_trainingneed_closed_with_answer",
                violation_error_message=_("A need is closed with what answered it."),
            ),
            models.CheckConstraint(
                condition=Q(status="merged", merged_into__isnull=False) & ~Q(merged_into=F("id"))
                | ~Q(status="merged") & Q(merged_into__isnull=True),
                name="enrollment_trainingneed_merged_into_one",
                violation_error_message=_("A merged need names the one it was merged into."),
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("enrollment:need", args=[self.pk])

    @property
    def tone(self) -> str:
        """How its status is coloured."""
        return {"open": "gold", "closed": "good"}.get(self.status, "")
