"""The notice 通知 of a training class: its text, attachments, and which organizations have received it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting
from wagtail.fields import RichTextField

from enrollment.models.classes import TrainingClass
from enrollment.rules import notice as rules

if TYPE_CHECKING:
    from enrollment.models.accounts import User

FEATURES = ["bold", "italic", "ol", "ul"]
DEFAULT_TEXT = (
    "<p>各党组织：</p>"
    "<p>为提升党员教育培训质量，经研究，决定举办{名称}（班次编号{编号}）。现将有关事项通知如下：</p>"
    "<ol><li>培训时间：{时间}，共{天数}天。</li>"
    "<li>参训对象：{对象}。</li>"
    "<li>名额分配：共{名额}名，各单位名额见附表，请按名额推荐报名。</li>"
    "<li>有关要求：参训学员须遵守学习纪律，按时签到签退；确需请假的，须经班主任批准。</li></ol>"
    "<p>班主任：{班主任}</p>"
)


@register_setting(icon="doc-full-inverse")
class NoticeSettings(BaseGenericSetting):
    """How this academy writes its notices."""

    series = models.CharField(_("agency in the number"), max_length=20, default="党建院")
    number_pattern = models.CharField(
        _("form of the number"),
        max_length=60,
        default=rules.DEFAULT_NUMBER,
        help_text=_("With {series}, {year} and {serial}."),
    )
    issuer = models.CharField(_("issuing agency"), max_length=80, default="两新组织党建学院")
    text = RichTextField(
        _("text of a new notice"),
        features=FEATURES,
        default=DEFAULT_TEXT,
        help_text=_("Filled from the class: {名称} {编号} {时间} {天数} {对象} {名额} {班主任}."),
    )

    class Meta:
        verbose_name = _("notices of classes")

    def clean(self) -> None:
        """Numbers stay different, and every place is one."""
        if reason := rules.pattern_refusal(self.number_pattern):
            raise ValidationError({"number_pattern": str(reason)})
        if unknown := rules.unknown_places(self.text):
            raise ValidationError({"text": _("No such place: %(names)s.") % {"names": "、".join(unknown)}})


class ClassNoticeQuerySet(models.QuerySet["ClassNotice"]):
    """Which notices."""

    def visible_to(self, user: User) -> Self:
        """Those of classes one runs; published ones of classes one sees."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        return self.filter(
            Q(training_class__teacher=user)
            | Q(revision__gt=0, training_class__in=TrainingClass.objects.visible_to(user).values("pk"))
        )

    def manageable_by(self, user: User) -> Self:
        """Those of classes one runs."""
        return self.filter(training_class__in=TrainingClass.objects.manageable_by(user).values("pk"))


class ClassNotice(models.Model):
    """The notice of one class.

    ``body`` is what is being written, with places in braces; ``published_*`` is what was sent.
    A notice that is published again keeps its number and is received anew.
    """

    training_class = models.OneToOneField(
        TrainingClass, on_delete=models.CASCADE, related_name="notice", verbose_name=_("training class")
    )
    title = models.CharField(_("title"), max_length=150)
    body = RichTextField(
        _("text"),
        blank=True,
        features=FEATURES,
        help_text=_("Filled from the class: {名称} {编号} {时间} {天数} {对象} {名额} {班主任}."),
    )
    series = models.CharField(_("agency in the number"), max_length=20, blank=True, editable=False)
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True, editable=False)
    serial = models.PositiveIntegerField(_("serial number"), null=True, blank=True, editable=False)
    number = models.CharField(_("number"), max_length=80, blank=True, editable=False)
    issuer = models.CharField(_("issuing agency"), max_length=80, blank=True, editable=False)
    revision = models.PositiveSmallIntegerField(_("times published"), default=0, editable=False)
    published_title = models.CharField(_("published title"), max_length=150, blank=True, editable=False)
    published_text = models.TextField(_("published text"), blank=True, editable=False)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("published by"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = ClassNoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice of a class")
        verbose_name_plural = _("notices of classes")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "year", "serial"],
                name="enrollment_classnotice_number_once",
                violation_error_message=_("Another notice of this year already has this number."),
            ),
            models.CheckConstraint(
                condition=Q(revision=0, published_at__isnull=True)
                | Q(revision__gt=0, published_at__isnull=False, serial__isnull=False),
                name="enrollment_classnotice_published_has_number",
                violation_error_message=_("A published notice has a number and a date."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_published(self) -> bool:
        """Whether organizations have it."""
        return self.revision > 0


class NoticeAttachment(models.Model):
    """A document that goes with a notice; read by whoever may read the notice."""

    notice = models.ForeignKey(
        ClassNotice, on_delete=models.CASCADE, related_name="attachments", verbose_name=_("notice")
    )
    title = models.CharField(_("title"), max_length=150)
    file = models.FileField(_("file"), upload_to="notices/%Y/")
    size = models.PositiveIntegerField(_("size (bytes)"))
    digest = models.CharField(_("digest (SHA-256)"), max_length=64)
    added_by = models.ForeignKey(
        "enrollment.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("added by")
    )
    added_at = models.DateTimeField(_("added at"), auto_now_add=True)

    class Meta:
        verbose_name = _("attachment of a notice")
        verbose_name_plural = _("attachments of notices")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.title


class NoticeReceipt(models.Model):
    """An organization has received a notice: who said so, and when."""

    notice = models.ForeignKey(
        ClassNotice, on_delete=models.CASCADE, related_name="receipts", verbose_name=_("notice")
    )
    organization = models.ForeignKey(
        "enrollment.Organization", on_delete=models.PROTECT, related_name="+", verbose_name=_("organization")
    )
    revision = models.PositiveSmallIntegerField(_("times published"))
    user = models.ForeignKey(
        "enrollment.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("received by")
    )
    seen_at = models.DateTimeField(_("received at"))

    class Meta:
        verbose_name = _("receipt of a notice")
        verbose_name_plural = _("receipts of notices")
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "organization", "revision"],
                name="enrollment_noticereceipt_once",
                violation_error_message=_("This organization has confirmed the notice already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} · {self.organization_id}"
