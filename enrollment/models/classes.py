"""Training classes, their quotas and rosters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.search import index

from enrollment.models.organizations import under
from enrollment.rules.class_policy import LEAVE_TEACHER_HOURS, AbsencePolicy
from enrollment.rules.eligibility import Terms

if TYPE_CHECKING:
    from enrollment.models.accounts import User


class ClassStatus(models.TextChoices):
    """Life of a training class 培训班."""

    DRAFT = "draft", _("Draft")
    NOMINATING = "nominating", _("Nominations open")
    RUNNING = "running", _("Running")
    CLOSED = "closed", _("Closed")
    ARCHIVED = "archived", _("Archived")
    CANCELLED = "cancelled", _("Cancelled")


#: Statuses in which trainees see the class among theirs.
CLASS_STATUSES_SHOWN = frozenset(
    {ClassStatus.NOMINATING, ClassStatus.RUNNING, ClassStatus.CLOSED, ClassStatus.ARCHIVED}
)


class TrainingClassQuerySet(models.QuerySet["TrainingClass"]):
    """Which classes."""

    def visible_to(self, user: User) -> Self:
        """All for administrators; those one teaches, is on the roster of, or has a quota in."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        condition = Q(teacher=user) | Q(
            status__in=CLASS_STATUSES_SHOWN,
            pk__in=Enrollment.objects.filter(trainee__user=user)
            .exclude(status=EnrollmentStatus.WITHDRAWN)
            .values("training_class"),
        )
        if paths := user.scope.visible_paths:
            condition |= Q(
                status__in=CLASS_STATUSES_SHOWN,
                pk__in=Quota.objects.filter(under(paths, "organization__path")).values("training_class"),
            )
        return self.filter(condition)

    def manageable_by(self, user: User) -> Self:
        """All for administrators; those one is class teacher of."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        return self.filter(teacher=user)

    def running(self) -> Self:
        """Those being held now."""
        return self.filter(status=ClassStatus.RUNNING)


class TrainingClass(index.Indexed, models.Model):
    """A training class with the policies that its attendance is judged by."""

    code = models.CharField(_("class number"), max_length=30, unique=True)
    title = models.CharField(_("title"), max_length=120)
    year = models.PositiveSmallIntegerField(_("year"))
    cohort = models.ForeignKey(
        "enrollment.Cohort",
        on_delete=models.PROTECT,
        related_name="classes",
        verbose_name=_("cohort"),
        null=True,
        blank=True,
    )
    status = models.CharField(
        _("status"), max_length=12, choices=ClassStatus.choices, default=ClassStatus.DRAFT
    )
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"))
    teacher = models.ForeignKey(
        "enrollment.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="classes_taught",
        verbose_name=_("class teacher"),
    )
    capacity = models.PositiveIntegerField(_("capacity"), default=50)
    description = models.TextField(_("description"), blank=True)
    is_centralized = models.BooleanField(_("counts as centralized training"), default=True)
    late_after_minutes = models.PositiveSmallIntegerField(_("late after (minutes)"), default=10)
    early_before_minutes = models.PositiveSmallIntegerField(_("early before the end (minutes)"), default=10)
    needs_sign_out = models.BooleanField(_("sign-out needed"), default=True)
    further_cohorts = models.ManyToManyField(
        "enrollment.Cohort",
        blank=True,
        related_name="+",
        verbose_name=_("further cohorts"),
        help_text=_("Besides the cohort of the class. Without any cohort it is for everybody."),
    )
    eligible_organizations = models.ManyToManyField(
        "enrollment.Organization",
        blank=True,
        related_name="+",
        verbose_name=_("only for these organizations and all below"),
        help_text=_("Empty: for the whole zone."),
    )
    absence_limit_percent = models.PositiveSmallIntegerField(
        _("propose withdrawal at a share of absence (percent)"),
        null=True,
        blank=True,
        help_text=_("Empty: withdrawal is never proposed. The class teacher decides in any case."),
    )
    leave_counts_as_absence = models.BooleanField(_("leave counts as absence here"), default=False)
    leave_teacher_hours = models.PositiveSmallIntegerField(
        _("leave the class teacher decides on (hours)"),
        default=LEAVE_TEACHER_HOURS,
        help_text=_("Longer leave is decided by the academy. 0: all of it."),
    )
    dimension = models.CharField(
        _("category or module"),
        max_length=80,
        blank=True,
        default="",
        help_text=_("What its sessions count for, unless a session says otherwise."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = TrainingClassQuerySet.as_manager()

    search_fields = [
        index.SearchField("title"),
        index.AutocompleteField("title"),
        index.FilterField("status"),
    ]

    class Meta:
        verbose_name = _("training class")
        verbose_name_plural = _("training classes")
        ordering = ["-starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="enrollment_trainingclass_dates_in_order",
                violation_error_message=_("A class cannot end before it begins."),
            ),
            models.CheckConstraint(
                condition=Q(capacity__gte=1),
                name="enrollment_trainingclass_has_seats",
                violation_error_message=_("A class has at least one seat."),
            ),
            models.CheckConstraint(
                condition=Q(absence_limit_percent__isnull=True)
                | Q(absence_limit_percent__gte=1, absence_limit_percent__lte=100),
                name="enrollment_trainingclass_absence_limit_is_a_share",
                violation_error_message=_("A share of absence lies between 1 and 100 percent."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Its page: what it is, and how far it has come."""
        return reverse("enrollment:class_page", args=[self.pk])

    @property
    def absence_policy(self) -> AbsencePolicy:
        """At which share of absence withdrawal is proposed, for the rules."""
        return AbsencePolicy(self.absence_limit_percent, self.leave_counts_as_absence)

    @property
    def terms(self) -> Terms:
        """Whom it is for (two queries, one for the cohort where it was not fetched)."""
        cohorts = [self.cohort] if self.cohort is not None else []
        cohorts += list(self.further_cohorts.all())
        return Terms(
            {cohort.code: cohort for cohort in cohorts},
            {place.path: place for place in self.eligible_organizations.order_by("path")},
        )

    def is_run_by(self, user: User) -> bool:
        """Whether ``user`` is its teacher or an administrator."""
        return bool(user.scope.everything or self.teacher_id == user.pk)


class Quota(models.Model):
    """Seats of a class given to one organization 名额."""

    training_class = models.ForeignKey(
        TrainingClass, on_delete=models.CASCADE, related_name="quotas", verbose_name=_("training class")
    )
    organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.PROTECT,
        related_name="quotas",
        verbose_name=_("organization"),
    )
    seats = models.PositiveIntegerField(_("seats"))

    class Meta:
        verbose_name = _("quota")
        verbose_name_plural = _("quotas")
        constraints = [
            models.UniqueConstraint(
                fields=["training_class", "organization"],
                name="enrollment_quota_one_per_organization",
                violation_error_message=_("This organization already has a quota in this class."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.organization} · {self.seats}"


class EnrollmentStatus(models.TextChoices):
    """Where a trainee stands in a class."""

    NOMINATED = "nominated", _("Nominated")
    ENROLLED = "enrolled", _("Enrolled")
    WAITLISTED = "waitlisted", _("On the waitlist")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    COMPLETED = "completed", _("Completed")


#: Statuses that hold a seat.
SEATED_STATUSES = frozenset(
    {EnrollmentStatus.NOMINATED, EnrollmentStatus.ENROLLED, EnrollmentStatus.COMPLETED}
)
#: Statuses on the roster 花名册.
ROSTER_STATUSES = frozenset({EnrollmentStatus.ENROLLED, EnrollmentStatus.COMPLETED})


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    """Which enrolments."""

    def visible_to(self, user: User) -> Self:
        """One's own, those of classes one teaches, and those of people in scope."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        condition = Q(trainee__user=user) | Q(training_class__teacher=user)
        if paths := user.scope.visible_paths:
            condition |= under(paths, "trainee__home_organization__path")
        return self.filter(condition)

    def seated(self) -> Self:
        """Those that hold a seat."""
        return self.filter(status__in=SEATED_STATUSES)

    def waiting(self) -> Self:
        """Those on the waitlist, in its order."""
        return self.filter(status=EnrollmentStatus.WAITLISTED).order_by("waiting_since", "pk")

    def on_roster(self) -> Self:
        """Those on the roster."""
        return self.filter(status__in=ROSTER_STATUSES)


class Enrollment(models.Model):
    """One trainee in one class."""

    training_class = models.ForeignKey(
        TrainingClass, on_delete=models.CASCADE, related_name="enrollments", verbose_name=_("training class")
    )
    trainee = models.ForeignKey(
        "enrollment.Trainee", on_delete=models.PROTECT, related_name="enrollments", verbose_name=_("trainee")
    )
    status = models.CharField(
        _("status"), max_length=12, choices=EnrollmentStatus.choices, default=EnrollmentStatus.NOMINATED
    )
    quota = models.ForeignKey(
        Quota,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="enrollments",
        verbose_name=_("quota"),
    )
    group_number = models.PositiveSmallIntegerField(_("group"), null=True, blank=True)
    is_monitor = models.BooleanField(_("class monitor"), default=False)
    is_group_leader = models.BooleanField(_("group leader"), default=False)
    nominated_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("nominated by"),
    )
    waiting_since = models.DateTimeField(_("waiting since"), null=True, blank=True, editable=False)
    note = models.CharField(_("reason"), max_length=200, blank=True)
    has_answered_survey = models.BooleanField(
        _("has answered the survey"),
        default=False,
        editable=False,
        help_text=_("That, not what: answers name nobody."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["training_class", "status"], name="enrollment_enrol_status")]
        constraints = [
            models.UniqueConstraint(
                fields=["training_class", "trainee"],
                name="enrollment_enrollment_once_per_class",
                violation_error_message=_("This person is already in this class."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.trainee} · {self.training_class}"


class RosterImport(models.Model):
    """One uploaded roster 花名册: read, judged row by row, shown, and applied only when confirmed."""

    class Status(models.TextChoices):
        """Life of an import."""

        READING = "reading", _("Being read")
        COLUMNS = "columns", _("Waiting for its columns")
        READY = "ready", _("Waiting for confirmation")
        APPLYING = "applying", _("Being applied")
        APPLIED = "applied", _("Applied")
        FAILED = "failed", _("Failed")
        DISCARDED = "discarded", _("Discarded")
        UNDOING = "undoing", _("Being taken back")
        UNDONE = "undone", _("Taken back")

    organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="roster_imports",
        verbose_name=_("organization"),
        help_text=_("People outside this organization and below are refused."),
    )
    file = models.FileField(_("file"), upload_to="rosters/%Y/%m/")
    file_name = models.CharField(_("file name"), max_length=200)
    file_digest = models.CharField(_("file digest"), max_length=64)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.READING)
    header_row = models.PositiveSmallIntegerField(
        _("row of the header"),
        null=True,
        blank=True,
        help_text=_("Where somebody said so; otherwise it is found."),
    )
    verdict = models.JSONField(_("verdict"), default=dict)
    error = models.CharField(_("error"), max_length=300, blank=True)
    uploaded_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("uploaded by"),
    )
    uploaded_at = models.DateTimeField(_("uploaded at"), auto_now_add=True)
    applied_at = models.DateTimeField(_("applied at"), null=True, blank=True)
    undone_at = models.DateTimeField(_("taken back at"), null=True, blank=True)

    class Meta:
        verbose_name = _("roster import")
        verbose_name_plural = _("roster imports")
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.file_name
