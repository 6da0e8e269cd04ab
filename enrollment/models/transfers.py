"""People who go from one organization to another, and out of the zone, with what is handed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.models.organizations import under
from enrollment.models.people import Post

if TYPE_CHECKING:
    from enrollment.models.accounts import User


class TransferState(models.TextChoices):
    """Where a transfer stands."""

    OPEN = "open", _("Waits for an answer")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LEFT_ZONE = "left_zone", _("Left the zone")


class PersonTransferQuerySet(models.QuerySet["PersonTransfer"]):
    """Which transfers. Nobody acts on their own."""

    def visible_to(self, user: User) -> Self:
        """All for administrators; those out of and into organizations that one looks after."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        others = self.exclude(trainee__user=user)
        if user.scope.everything:
            return others
        paths = user.scope.managed_paths
        if not paths:
            return self.none()
        return others.filter(under(paths, "from_organization__path") | under(paths, "to_organization__path"))

    def answerable_by(self, user: User) -> Self:
        """Those into organizations that one looks after."""
        return self._on_side(user, "to_organization")

    def withdrawable_by(self, user: User) -> Self:
        """Those out of organizations that one looks after."""
        return self._on_side(user, "from_organization")

    def _on_side(self, user: User, side: str) -> Self:
        seen = self.visible_to(user)
        if not user.is_authenticated or user.scope.everything:
            return seen
        paths = user.scope.managed_paths
        return seen.filter(under(paths, f"{side}__path")) if paths else seen

    def open(self) -> Self:
        """Those that wait."""
        return self.filter(state=TransferState.OPEN)


class PersonTransfer(models.Model):
    """One transfer of one person; ``sheet`` is the hand-over sheet as of the start or the acceptance."""

    trainee = models.ForeignKey(
        "enrollment.Trainee", on_delete=models.CASCADE, related_name="transfers", verbose_name=_("trainee")
    )
    from_organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.PROTECT,
        related_name="transfers_out",
        verbose_name=_("giving organization"),
    )
    to_organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="transfers_in",
        verbose_name=_("receiving organization"),
    )
    destination = models.CharField(
        _("destination outside the zone"),
        max_length=120,
        blank=True,
        help_text=_("Where somebody goes who leaves."),
    )
    on = models.DateField(_("effective on"))
    post = models.CharField(_("post there"), max_length=20, choices=Post.choices, default=Post.MEMBER)
    reason = models.CharField(_("reason"), max_length=200)
    state = models.CharField(
        _("state"), max_length=10, choices=TransferState.choices, default=TransferState.OPEN, editable=False
    )
    sheet = models.JSONField(default=dict, encoder=DjangoJSONEncoder, editable=False)
    started_by = models.ForeignKey(
        "enrollment.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("started by")
    )
    started_at = models.DateTimeField(_("started at"))
    answer = models.CharField(_("answer"), max_length=200, blank=True)
    answered_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
    )
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    reminders = models.PositiveSmallIntegerField(_("reminders sent"), default=0, editable=False)

    objects = PersonTransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("transfer of a person")
        verbose_name_plural = _("transfers of people")
        ordering = ["-started_at", "-pk"]
        indexes = [
            models.Index(
                fields=["started_at"], condition=Q(state="open"), name="enrollment_transfer_open_since"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["trainee"],
                condition=Q(state="open"),
                name="enrollment_persontransfer_one_open",
                violation_error_message=_("A transfer of this person waits for an answer already."),
            ),
            models.CheckConstraint(
                condition=Q(state="left_zone", to_organization__isnull=True)
                | ~Q(state="left_zone") & Q(to_organization__isnull=False),
                name="enrollment_persontransfer_goes_somewhere",
                violation_error_message=_("Name the receiving organization, or where outside the zone."),
            ),
            models.CheckConstraint(
                condition=Q(to_organization__isnull=True) | ~Q(to_organization=F("from_organization")),
                name="enrollment_persontransfer_elsewhere",
                violation_error_message=_("This person is in that organization already."),
            ),
            models.CheckConstraint(
                condition=Q(state="open", answered_at__isnull=True)
                | ~Q(state="open") & Q(answered_at__isnull=False),
                name="enrollment_persontransfer_answered_once_closed",
                violation_error_message=_("A transfer is answered when it is closed."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trainee} · {self.from_organization} → {self.to_organization or self.destination}"

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.state == TransferState.OPEN

    @property
    def goes_to(self) -> str:
        """Where the person goes, in words."""
        return str(self.to_organization or self.destination)
