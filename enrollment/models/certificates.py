"""Certificates, the template they are made with, and proofs of study: numbered, confirmed to strangers."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NoReturn, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrollment.models.classes import Enrollment, TrainingClass
from enrollment.models.hours import as_hours
from enrollment.models.organizations import under
from enrollment.rules.certificate_template import Draft

if TYPE_CHECKING:
    from decimal import Decimal

    from enrollment.models.accounts import User


class Orientation(models.TextChoices):
    """How the paper lies."""

    LANDSCAPE = "landscape", _("Landscape")
    PORTRAIT = "portrait", _("Portrait")


class VersionsStay(TypeError):
    """Somebody tried to change or delete a version of the template; certificates were made with it."""


class CertificateTemplate(models.Model):
    """One version of what stands on a certificate. A change is a new version; the highest is in force."""

    version = models.PositiveSmallIntegerField(_("version"), unique=True)
    title = models.CharField(_("title"), max_length=16)
    body = models.TextField(_("text"))
    footer = models.TextField(_("foot"))
    signatory = models.CharField(_("signed by"), max_length=40)
    orientation = models.CharField(
        _("paper"), max_length=10, choices=Orientation.choices, default=Orientation.LANDSCAPE
    )
    #: A PNG that we wrote ourselves, kept with its version: no picture library changes what was issued.
    seal = models.BinaryField(_("seal"), null=True, blank=True, editable=True)
    created_by = models.ForeignKey(
        "enrollment.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("saved by")
    )
    created_at = models.DateTimeField(_("saved at"), auto_now_add=True)

    class Meta:
        verbose_name = _("certificate template")
        verbose_name_plural = _("certificate templates")
        ordering = ["-version"]
        constraints = [
            models.CheckConstraint(
                condition=Q(body__contains="{姓名}"),
                name="enrollment_certificatetemplate_names_the_person",
                violation_error_message=_("The name is missing: write {姓名} in the text."),
            ),
            models.CheckConstraint(
                condition=Q(footer__contains="{编号}") & Q(footer__contains="{二维码}"),
                name="enrollment_certificatetemplate_can_be_checked",
                violation_error_message=_("The number {编号} and the QR code {二维码} stand in the foot."),
            ),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(signatory=""),
                name="enrollment_certificatetemplate_has_title_and_signatory",
                violation_error_message=_("A certificate has a title, and somebody signs it."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} v{self.version}"

    @classmethod
    def in_force(cls) -> CertificateTemplate:
        """The version that certificates are made with now; every database begins with one."""
        return cls.objects.order_by("-version")[0]

    @property
    def draft(self) -> Draft:
        """What the rules judge."""
        return Draft(self.title, self.body, self.footer, self.signatory)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise VersionsStay("A version of the certificate template is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise VersionsStay("A version of the certificate template is never deleted.")


class CertificateQuerySet(models.QuerySet["Certificate"]):
    """Which certificates."""

    def visible_to(self, user: User) -> Self:
        """One's own, those of classes one teaches, and those of people whose records one keeps."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        condition = Q(enrollment__trainee__user=user) | Q(training_class__teacher=user)
        if paths := user.scope.managed_paths:
            condition |= under(paths, "enrollment__trainee__home_organization__path")
        return self.filter(condition)

    def manageable_by(self, user: User) -> Self:
        """Those of classes one teaches; all for administrators."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.scope.everything else self.filter(training_class__teacher=user)

    def in_force(self) -> Self:
        """Neither revoked nor replaced."""
        return self.filter(revoked_at__isnull=True, replaced_at__isnull=True)


class Certificate(models.Model):
    """结业证书: numbered, and confirmed to a stranger by its verification code."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    verification_code = models.CharField(_("verification code"), max_length=32, unique=True)
    training_class = models.ForeignKey(
        TrainingClass, on_delete=models.PROTECT, related_name="certificates", verbose_name=_("training class")
    )
    enrollment = models.OneToOneField(
        Enrollment,
        on_delete=models.PROTECT,
        null=True,
        related_name="certificate",
        verbose_name=_("enrolment"),
        help_text=_("Whose certificate this is; empty once another one has taken its place."),
    )
    template = models.ForeignKey(
        CertificateTemplate, on_delete=models.PROTECT, related_name="certificates", verbose_name=_("template")
    )
    printed = models.JSONField(
        _("what stands on it"),
        default=dict,
        help_text=_("As it was when issued: later changes of the person or class do not change the paper."),
    )
    issued_at = models.DateTimeField(_("issued at"), auto_now_add=True)
    issued_by = models.ForeignKey(
        "enrollment.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("issued by")
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    revoked_reason = models.CharField(_("reason of revocation"), max_length=200, blank=True)
    replaced_at = models.DateTimeField(_("replaced at"), null=True, blank=True)
    replaced_reason = models.CharField(_("reason of replacement"), max_length=200, blank=True)
    replaced_by = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replaces",
        verbose_name=_("replaced by"),
    )

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        constraints = [
            models.CheckConstraint(
                # A replaced one leaves its place first, then its successor is written, then named here.
                condition=Q(replaced_at__isnull=True, replaced_by__isnull=True, enrollment__isnull=False)
                | Q(replaced_at__isnull=False, enrollment__isnull=True),
                name="enrollment_certificate_current_or_replaced",
                violation_error_message=_("A certificate is somebody's, or another one took its place."),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_in_force(self) -> bool:
        """Neither revoked nor replaced."""
        return self.revoked_at is None and self.replaced_at is None

    @property
    def holder(self) -> str:
        """The name on the paper."""
        return str(self.printed.get("name", ""))


class ProofKind(models.TextChoices):
    """What a proof says."""

    YEAR = "year", _("Proof of study hours")
    RECORD = "record", _("Study record")


class StudyProofQuerySet(models.QuerySet["StudyProof"]):
    """Which proofs."""

    def visible_to(self, user: User) -> Self:
        """One's own, and those of people whose records one keeps."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        condition = Q(trainee__user=user)
        if paths := user.scope.managed_paths:
            condition |= under(paths, "trainee__home_organization__path")
            condition |= under(paths, "trainee__host_organization__path")
        return self.filter(condition)

    def update(self, **kwargs: Any) -> NoReturn:
        raise VersionsStay("What was printed is never changed.")


class StudyProof(models.Model):
    """学时证明 or 学习档案: what the ledger said when it was printed, kept so that it can be confirmed.

    Asked for again while the figures are the same, the same proof is given: a number stands for its figures.
    """

    number = models.CharField(_("number"), max_length=40, unique=True)
    verification_code = models.CharField(_("verification code"), max_length=32, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=ProofKind.choices)
    trainee = models.ForeignKey(
        "enrollment.Trainee", on_delete=models.PROTECT, related_name="proofs", verbose_name=_("trainee")
    )
    year = models.PositiveSmallIntegerField(_("year"), default=0, help_text=_("0: every year."))
    quarters = models.IntegerField(_("quarter hours"))
    printed = models.JSONField(_("what stands on it"), default=dict)
    digest = models.CharField(_("digest of what stands on it"), max_length=64)
    issued_at = models.DateTimeField(_("issued at"), auto_now_add=True)
    issued_by = models.ForeignKey(
        "enrollment.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("issued by")
    )

    objects = StudyProofQuerySet.as_manager()

    class Meta:
        verbose_name = _("proof of study")
        verbose_name_plural = _("proofs of study")
        ordering = ["-issued_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["trainee", "kind", "year", "digest"],
                name="enrollment_studyproof_once_per_figures",
                violation_error_message=_("This has been printed already."),
            ),
            models.CheckConstraint(
                condition=Q(kind="year", year__gt=0) | Q(kind="record", year=0),
                name="enrollment_studyproof_year_fits",
                violation_error_message=_("A proof of hours names its year."),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def hours(self) -> Decimal:
        """Hours that were confirmed."""
        return as_hours(self.quarters)

    @property
    def holder(self) -> str:
        """The name on the paper."""
        return str(self.printed.get("name", ""))

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise VersionsStay("What was printed is never changed.")
        super().save(*args, **kwargs)


class StatisticalReturn(models.Model):
    """党员培训情况 as it was when its year was closed. Closing a year again keeps the earlier copy."""

    year = models.PositiveSmallIntegerField(_("year"))
    figures = models.JSONField(_("figures"))
    digest = models.CharField(_("digest"), max_length=64)
    frozen_at = models.DateTimeField(_("frozen at"), auto_now_add=True)
    frozen_by = models.ForeignKey(
        "enrollment.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("closed by")
    )

    class Meta:
        verbose_name = _("statistical return")
        verbose_name_plural = _("statistical returns")
        ordering = ["-year", "-frozen_at", "-pk"]
        indexes = [models.Index(fields=["year", "-frozen_at"], name="enrollment_return_of_year")]

    def __str__(self) -> str:
        return f"{self.year} · {self.frozen_at:%Y-%m-%d}"

    @classmethod
    def of(cls, year: int) -> StatisticalReturn | None:
        """The copy that counts for ``year``: the latest one."""
        return cls.objects.filter(year=year).first()

    @property
    def frozen_on(self) -> dt.date:
        """The day it was frozen."""
        return self.frozen_at.date()
