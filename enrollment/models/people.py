"""Trainees, the posts they hold, and when they are exempt."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from wagtail.search import index

from enrollment.models.organizations import under

if TYPE_CHECKING:
    from enrollment.models.accounts import User


#: What stands in the place of a name that was erased: no language, and no name that anybody bears.
ERASED_NAME = "***"


class CohortCode(models.TextChoices):
    """The three cohorts 三支队伍."""

    SECRETARY = "secretary", _("Secretaries")
    AFFAIRS_WORKER = "affairs_worker", _("Affairs workers")
    MEMBER = "member", _("Members")


class Cohort(models.Model):
    """One of the three trainee cohorts, as a row that classes and courses can point to."""

    code = models.CharField(_("code"), max_length=20, choices=CohortCode.choices, unique=True)
    name = models.CharField(_("name"), max_length=40)
    sort_order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("cohort")
        verbose_name_plural = _("cohorts")
        ordering = ["sort_order"]

    def __str__(self) -> str:
        return self.get_code_display()


class Post(models.TextChoices):
    """Posts in an organization. Every post but the last two makes its holder a committee member 班子成员."""

    SECRETARY = "secretary", _("Secretary")
    DEPUTY_SECRETARY = "deputy_secretary", _("Deputy secretary")
    ORGANIZATION_MEMBER = "organization_member", _("Committee member for organization")
    PUBLICITY_MEMBER = "publicity_member", _("Committee member for publicity")
    DISCIPLINE_MEMBER = "discipline_member", _("Committee member for discipline")
    COMMITTEE_MEMBER = "committee_member", _("Committee member")
    AFFAIRS_WORKER = "affairs_worker", _("Affairs worker")
    MEMBER = "member", _("Member")


COMMITTEE_POSTS = frozenset(
    {
        Post.SECRETARY,
        Post.DEPUTY_SECRETARY,
        Post.ORGANIZATION_MEMBER,
        Post.PUBLICITY_MEMBER,
        Post.DISCIPLINE_MEMBER,
        Post.COMMITTEE_MEMBER,
    }
)


class MemberStatus(models.TextChoices):
    """Standing of a Party member."""

    FULL = "full", _("Full member")
    PROBATIONARY = "probationary", _("Probationary member")


def _belonging(paths: tuple[str, ...]) -> list[models.QuerySet[Trainee, Any]]:
    """Numbers of people at home at or below ``paths``, and of those whose host lies there.

    Two questions and no “or”: each is answered from an index, where one over both would read everybody.
    """
    people = Trainee.objects.order_by().values("pk")
    return [
        people.filter(under(paths, f"{relation}__path"))
        for relation in ("home_organization", "host_organization")
    ]


class TraineeQuerySet(models.QuerySet["Trainee"]):
    """Which trainees."""

    def visible_to(self, user: User) -> Self:
        """Those ``user`` may see: oneself, and people whose home or host organization is in scope."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        own = Trainee.objects.order_by().filter(user=user).values("pk")
        return self.filter(pk__in=own.union(*_belonging(user.scope.visible_paths), all=True))

    def manageable_by(self, user: User) -> Self:
        """Those whose record ``user`` may edit (never one's own only for being oneself)."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        paths = user.scope.managed_paths
        if not paths:
            return self.none()
        at_home, as_hosts = _belonging(paths)
        return self.filter(pk__in=at_home.union(as_hosts, all=True))

    def active(self) -> Self:
        """Those still in the zone."""
        return self.filter(left_on__isnull=True)

    def unmerged(self) -> Self:
        """Those whose record has not been merged into another one."""
        return self.filter(merged_into__isnull=True)


class Trainee(index.Indexed, models.Model):
    """A person on the roster. Held once, with the least data that serves study (domain §7)."""

    user = models.OneToOneField(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="trainee",
        verbose_name=_("account"),
    )
    name = models.CharField(_("name"), max_length=60)
    gender = models.CharField(
        _("gender"), max_length=1, blank=True, choices=[("m", _("Male")), ("f", _("Female"))]
    )
    ethnicity = models.CharField(_("ethnic group"), max_length=20, blank=True)
    born_on = models.DateField(
        _("date of birth"),
        null=True,
        blank=True,
        help_text=_("Month precision is kept as the first of the month."),
    )
    education = models.CharField(_("education"), max_length=20, blank=True)
    phone = models.CharField(_("mobile phone"), max_length=20, null=True, blank=True)
    identity_digest = models.CharField(
        _("identity digest"), max_length=64, null=True, blank=True, editable=False
    )
    identity_tail = models.CharField(_("last four of identity number"), max_length=4, blank=True)
    joined_on = models.DateField(_("joined the Party on"), null=True, blank=True)
    member_status = models.CharField(
        _("member status"), max_length=15, choices=MemberStatus.choices, default=MemberStatus.FULL
    )
    home_organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.PROTECT,
        related_name="members",
        verbose_name=_("home organization"),
    )
    host_organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="hosted_members",
        verbose_name=_("host organization"),
        help_text=_("For a mobile member: where they live and work now."),
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    left_on = models.DateField(_("left on"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged_records",
        verbose_name=_("merged into"),
        help_text=_("The record of the same person that stays; what this one held has gone there."),
    )
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = TraineeQuerySet.as_manager()

    search_fields = [
        index.SearchField("name"),
        index.AutocompleteField("name"),
        index.FilterField("home_organization_id"),
    ]

    class Meta:
        verbose_name = _("trainee")
        verbose_name_plural = _("trainees")
        indexes = [models.Index(fields=["name"], name="enrollment_trainee_name")]
        constraints = [
            models.UniqueConstraint(
                fields=["phone"],
                condition=Q(left_on__isnull=True, phone__isnull=False),
                name="enrollment_trainee_phone_once",
                violation_error_message=_("Another person on the roster already has this mobile phone."),
            ),
            models.UniqueConstraint(
                fields=["identity_digest"],
                condition=Q(left_on__isnull=True, identity_digest__isnull=False),
                name="enrollment_trainee_identity_once",
                violation_error_message=_("Another person on the roster already has this identity number."),
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True)
                | Q(left_on__isnull=False) & ~Q(merged_into=models.F("id")),
                name="enrollment_trainee_merged_is_off_roster",
                violation_error_message=_("A record that was merged into another is not on the roster."),
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True)
                | Q(
                    left_on__isnull=False,
                    name=ERASED_NAME,
                    phone__isnull=True,
                    identity_digest__isnull=True,
                    born_on__isnull=True,
                    user__isnull=True,
                    note="",
                ),
                name="enrollment_trainee_erased_is_bare",
                violation_error_message=_("This person has been erased; nothing can be written about them."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_erased(self) -> bool:
        """Whether nothing is left of the person but what stands in ledger and figures."""
        return self.erased_at is not None

    @property
    def masked_phone(self) -> str:
        """The phone as others see it: 138****1234."""
        return f"{self.phone[:3]}****{self.phone[-4:]}" if self.phone and len(self.phone) >= 7 else ""

    @property
    def is_mobile(self) -> bool:
        """Whether this is a mobile member 流动党员: home and host organization differ."""
        return (
            self.host_organization_id is not None and self.host_organization_id != self.home_organization_id
        )


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    """Which appointments."""

    def on(self, day: dt.date) -> Self:
        """Those in force on ``day``."""
        return self.filter(Q(ended_on__isnull=True) | Q(ended_on__gte=day), started_on__lte=day)

    def current(self) -> Self:
        """Those that have not ended."""
        return self.filter(ended_on__isnull=True)


class Appointment(models.Model):
    """A post held in an organization from one day to another (both included); it decides the cohort."""

    trainee = models.ForeignKey(
        Trainee, on_delete=models.CASCADE, related_name="appointments", verbose_name=_("trainee")
    )
    organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.PROTECT,
        related_name="appointments",
        verbose_name=_("organization"),
    )
    post = models.CharField(_("post"), max_length=20, choices=Post.choices, default=Post.MEMBER)
    cohort = models.CharField(
        _("cohort"), max_length=20, choices=CohortCode.choices, default=CohortCode.MEMBER
    )
    on_committee = models.BooleanField(_("on the committee"), default=False)
    started_on = models.DateField(_("from"))
    ended_on = models.DateField(_("to"), null=True, blank=True)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        ordering = ["-started_on"]
        indexes = [
            # Few of them are new, and they are looked for on every first page of a workbench.
            models.Index(
                fields=["started_on"],
                condition=Q(post=Post.SECRETARY, ended_on__isnull=True),
                name="enrollment_secretary_since",
            ),
            # Who had another post before; most have not.
            models.Index(
                fields=["trainee"],
                condition=Q(ended_on__isnull=False),
                name="enrollment_appointment_over",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["trainee"],
                condition=Q(ended_on__isnull=True),
                name="enrollment_appointment_one_current",
                violation_error_message=_("This person already has a current post; end it first."),
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=models.F("started_on")),
                name="enrollment_appointment_dates_in_order",
                violation_error_message=_("An appointment cannot end before it begins."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trainee} · {self.get_post_display()}"


class Exemption(models.Model):
    """Takes someone out of the denominator between two days (both included): old, ill, disabled."""

    class Ground(models.TextChoices):
        """Grounds named by the rules (domain §2)."""

        AGE = "age", _("Old age")
        ILLNESS = "illness", _("Illness")
        DISABILITY = "disability", _("Disability")
        OTHER = "other", _("Other")

    trainee = models.ForeignKey(
        Trainee, on_delete=models.CASCADE, related_name="exemptions", verbose_name=_("trainee")
    )
    ground = models.CharField(_("ground"), max_length=12, choices=Ground.choices)
    reason = models.CharField(_("reason"), max_length=200)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)
    recorded_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    class Meta:
        verbose_name = _("exemption")
        verbose_name_plural = _("exemptions")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=models.F("starts_on")),
                name="enrollment_exemption_dates_in_order",
                violation_error_message=_("An exemption cannot end before it begins."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trainee} · {self.get_ground_display()}"
