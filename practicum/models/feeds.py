"""Calendars of things: a class, base, room or lecturer, for whoever is given the secret address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrollment.models import TrainingClass
from practicum.models.bases import TrainingBase
from practicum.models.places import Lecturer, Room
from practicum.models.sessions import Session, SessionQuerySet, new_feed_token

if TYPE_CHECKING:
    from enrollment.models import User

#: What has a calendar.
Thing = TrainingClass | TrainingBase | Room | Lecturer
#: What a calendar may be of: the name of the field, here and at a session.
FEED_OF = ("training_class", "base", "room", "lecturer")


def _only(name: str) -> Q:
    """The one field is filled and the others are not."""
    return Q(**{f"{one}__isnull": one != name for one in FEED_OF})


class SharedFeedQuerySet(models.QuerySet["SharedFeed"]):
    """Which calendars."""

    def standing(self) -> Self:
        """Those whose address works."""
        return self.filter(revoked_at__isnull=True)


class SharedFeed(models.Model):
    """The secret address of a thing's calendar. Revoking it makes the old address answer 404."""

    training_class = models.ForeignKey(
        "enrollment.TrainingClass",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="calendar_feeds",
        verbose_name=_("training class"),
    )
    base = models.ForeignKey(
        TrainingBase,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="calendar_feeds",
        verbose_name=_("training base"),
    )
    room = models.ForeignKey(
        Room,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="calendar_feeds",
        verbose_name=_("room"),
    )
    lecturer = models.ForeignKey(
        Lecturer,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="calendar_feeds",
        verbose_name=_("lecturer"),
    )
    token = models.CharField(_("token"), max_length=64, unique=True, default=new_feed_token, editable=False)
    created_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    objects = SharedFeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("shared calendar")
        verbose_name_plural = _("shared calendars")
        constraints = [
            models.CheckConstraint(
                condition=_only("training_class") | _only("base") | _only("room") | _only("lecturer"),
                name="practicum_sharedfeed_of_one_thing",
                violation_error_message=_("A calendar is of one class, base, room or lecturer."),
            ),
            models.CheckConstraint(condition=~Q(token=""), name="practicum_sharedfeed_has_token"),
            *(
                models.UniqueConstraint(
                    fields=[one],
                    condition=Q(revoked_at__isnull=True),
                    name=f"practicum_sharedfeed_one_of_a_{one}",
                    violation_error_message=_("This calendar already has an address."),
                )
                for one in FEED_OF
            ),
        ]

    def __str__(self) -> str:
        return str(self.thing)

    @property
    def thing(self) -> Thing:
        """What it is the calendar of."""
        found: Thing = getattr(self, self.kind)
        return found

    @property
    def kind(self) -> str:
        """The name of the field that is filled."""
        return next(one for one in FEED_OF if getattr(self, f"{one}_id") is not None)

    def sessions(self) -> SessionQuerySet:
        """What stands in it, cancelled ones too: a calendar has to be told of those."""
        return Session.objects.filter(**{self.kind: getattr(self, f"{self.kind}_id")})


def publishable(kind: str, user: User) -> models.QuerySet[Thing]:
    """The things of ``kind`` whose calendar ``user`` may hand out: what they run, receive for, or are.

    Raises:
        KeyError: there is no such kind.
    """
    if not user.is_authenticated or not user.is_active:
        return TrainingClass.objects.none()
    everything = user.scope.everything
    bases = TrainingBase.objects.all() if everything else TrainingBase.objects.hosted_by(user)
    rooms = Room.objects.select_related("venue")
    lecturers = Lecturer.objects.filter(is_active=True)
    found: dict[str, models.QuerySet[Thing]] = {
        "training_class": TrainingClass.objects.manageable_by(user),
        "base": bases,
        "room": rooms if everything else rooms.none(),
        "lecturer": lecturers if everything else lecturers.filter(user=user),
    }
    return found[kind]
