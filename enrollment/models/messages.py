"""Messages to people: what stands in their inbox, how it went out, and what each person chose."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, NoReturn, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrollment.rules.messages import QUIET_FROM, QUIET_UNTIL, Wishes
from enrollment.rules.messages import Channel as ChannelRule
from enrollment.rules.messages import Digest as DigestRule
from enrollment.rules.messages import Group as GroupRule

if TYPE_CHECKING:
    from enrollment.models.accounts import User


class MessageGroup(models.TextChoices):
    """What messages are about."""

    CLASSES = GroupRule.CLASSES.value, _("Classes and certificates")
    SCHEDULE = GroupRule.SCHEDULE.value, _("Dates: sessions and visits")
    STUDY = GroupRule.STUDY.value, _("Courses and study hours")
    WORK = GroupRule.WORK.value, _("My tasks in the academy")


class MessageChannel(models.TextChoices):
    """Ways out of the academy; the inbox is always there besides."""

    EMAIL = ChannelRule.EMAIL.value, _("Email")
    SMS = ChannelRule.SMS.value, _("Text message")
    WECOM = ChannelRule.WECOM.value, _("WeCom")


class MessageDigest(models.TextChoices):
    """How often somebody wants to hear."""

    AT_ONCE = DigestRule.AT_ONCE.value, _("At once")
    DAILY = DigestRule.DAILY.value, _("Once a day, in the morning")
    WEEKLY = DigestRule.WEEKLY.value, _("Once a week, on Monday morning")


class MessagePreference(models.Model):
    """What one person chose; without a row the defaults hold."""

    user = models.OneToOneField(
        "enrollment.User",
        on_delete=models.CASCADE,
        related_name="message_preference",
        verbose_name=_("user"),
    )
    channels = models.JSONField(
        _("channels"), default=dict, help_text=_("For each group of messages the channels it goes out on.")
    )
    quiet_from = models.TimeField(_("quiet from"), default=QUIET_FROM)
    quiet_until = models.TimeField(_("quiet until"), default=QUIET_UNTIL)
    digest = models.CharField(
        _("how often"), max_length=10, choices=MessageDigest.choices, default=MessageDigest.AT_ONCE
    )
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("choice of messages")
        verbose_name_plural = _("choices of messages")
        constraints = [
            models.CheckConstraint(
                condition=Q(digest__in=MessageDigest.values),
                name="enrollment_messagepreference_digest_known",
                violation_error_message=_("“How often” is at once, once a day or once a week."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} · {self.get_digest_display()}"

    @property
    def wishes(self) -> Wishes:
        """The row as the rules read it."""
        return Wishes(self.channels, self.quiet_from, self.quiet_until, self.digest)


class MessageQuerySet(models.QuerySet["Message"]):
    """Which messages."""

    def visible_to(self, user: User) -> Self:
        """One's own, and nobody else's: administrators do not read letters of others."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(recipient=user)

    def unread(self) -> Self:
        """Those not opened yet."""
        return self.filter(read_at__isnull=True)


class Message(models.Model):
    """One message to one person. What it says is put together from ``kind`` and ``context`` when it is shown
    or sent, in the language of whoever reads it then."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recipient = models.ForeignKey(
        "enrollment.User", on_delete=models.CASCADE, related_name="inbox", verbose_name=_("recipient")
    )
    kind = models.CharField(_("kind"), max_length=40)
    context = models.JSONField(_("what it tells"), default=dict, encoder=DjangoJSONEncoder)
    link = models.CharField(_("leads to"), max_length=300, blank=True)
    key = models.CharField(
        _("key"), max_length=120, help_text=_("The same key reaches a person once, however often it is sent.")
    )
    created_at = models.DateTimeField(_("created at"))
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["recipient", "-created_at"], name="enrollment_message_inbox"),
            # The frame of every page counts these.
            models.Index(
                fields=["recipient"], condition=Q(read_at__isnull=True), name="enrollment_message_unread"
            ),
            models.Index(fields=["kind", "recipient", "-created_at"], name="enrollment_message_kind"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "key"],
                name="enrollment_message_key_once",
                violation_error_message=_("This person has this message already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.recipient_id}"


class DeliveryState(models.TextChoices):
    """Where a delivery stands."""

    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed, will be tried again")
    GIVEN_UP = "given_up", _("Given up")


#: States that something is still to come of.
OPEN_DELIVERIES = frozenset({DeliveryState.WAITING, DeliveryState.SENDING, DeliveryState.FAILED})
#: States that somebody may want to do something about.
STUCK_DELIVERIES = frozenset({DeliveryState.FAILED, DeliveryState.GIVEN_UP})


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Which deliveries."""

    def due(self, now: dt.datetime) -> Self:
        """Those a sender may take: their time has come, or whoever took them is silent for too long."""
        return self.filter(state__in=OPEN_DELIVERIES, due_at__lte=now)

    def stuck(self) -> Self:
        """Those that did not go through, whether they will be tried again or were given up."""
        return self.filter(state__in=STUCK_DELIVERIES)


class Delivery(models.Model):
    """One message on its way over one channel.

    What is due to one person on one channel goes in one letter; the rows of a letter share ``batch``, which
    stays the same over all attempts, so that a receiver can tell a repetition. ``claim`` names the sender
    that has it now: one that was overtaken writes nothing. ``due_at`` is when somebody may take it (again).
    """

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("message")
    )
    channel = models.CharField(_("channel"), max_length=10, choices=MessageChannel.choices)
    state = models.CharField(
        _("state"), max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    #: Attempts that count no longer, because somebody had it tried again.
    forgiven = models.PositiveSmallIntegerField(_("attempts forgiven"), default=0)
    due_at = models.DateTimeField(_("next try"))
    batch = models.UUIDField(_("letter"), null=True, blank=True, editable=False)
    claim = models.UUIDField(_("sender"), null=True, blank=True, editable=False)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=["waiting", "sending", "failed"]),
                name="enrollment_delivery_due",
            ),
            models.Index(fields=["batch"], name="enrollment_delivery_batch"),
            models.Index(
                fields=["claim"], condition=Q(claim__isnull=False), name="enrollment_delivery_claim"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["message", "channel"],
                name="enrollment_delivery_once_per_channel",
                violation_error_message=_("This message is on its way over this channel already."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=DeliveryState.values),
                name="enrollment_delivery_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} · {self.channel} · {self.state}"


class AttemptIsAppendOnly(TypeError):
    """Somebody tried to change or delete what came of an attempt."""


class AttemptQuerySet(models.QuerySet["DeliveryAttempt"]):
    """Which attempts. Updating and deleting them is refused; they go with their message alone."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AttemptIsAppendOnly("Results of attempts are never updated.")

    def delete(self) -> NoReturn:
        raise AttemptIsAppendOnly("Results of attempts are never deleted.")


class DeliveryAttempt(models.Model):
    """What came of one attempt to deliver: written once."""

    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="results", verbose_name=_("delivery")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=DeliveryState.choices)
    error = models.CharField(_("error"), max_length=300, blank=True)
    ended_at = models.DateTimeField(_("ended at"))

    objects = AttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("attempt at a delivery")
        verbose_name_plural = _("attempts at deliveries")
        ordering = ["ended_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["delivery", "number"], name="enrollment_deliveryattempt_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id} · {self.number} · {self.outcome}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise AttemptIsAppendOnly("Results of attempts are never updated.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AttemptIsAppendOnly("Results of attempts are never deleted.")
