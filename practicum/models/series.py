"""Series: sessions that are held again and again by one pattern."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.models import TrainingClass
from practicum.models.bases import WEEKDAYS
from practicum.models.sessions import SessionKind, SessionMode
from practicum.rules.series import Pattern

if TYPE_CHECKING:
    from enrollment.models import User


class SessionSeriesQuerySet(models.QuerySet["SessionSeries"]):
    """Which series."""

    def visible_to(self, user: User) -> Self:
        """All for administrators; those of classes one is the teacher of."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        return self.filter(training_class__teacher=user)

    def manageable_by(self, user: User) -> Self:
        """Who sees a series runs it."""
        return self.visible_to(user)


class SessionSeries(models.Model):
    """What the sessions of a series have in common, and the days of the week on which they are held.

    Each member is a session (``Session.series``): it may be moved, called off and settled by itself.
    """

    title = models.CharField(_("title"), max_length=120)
    kind = models.CharField(_("kind"), max_length=12, choices=SessionKind.choices, default=SessionKind.LESSON)
    mode = models.CharField(
        _("mode"), max_length=10, choices=SessionMode.choices, default=SessionMode.OFFLINE
    )
    training_class = models.ForeignKey(
        TrainingClass,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="session_series",
        verbose_name=_("training class"),
    )
    weekdays = models.CharField(
        _("weekdays"),
        max_length=7,
        validators=[RegexValidator(r"^[1-7]{1,7}$", _("Days are digits from 1 (Monday) to 7 (Sunday)."))],
    )
    every_weeks = models.PositiveSmallIntegerField(
        _("every so many weeks"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(8)],
        help_text=_("1: every week; 2: every other week."),
    )
    first_on = models.DateField(_("from"))
    last_on = models.DateField(_("to"))
    begins_at = models.TimeField(_("begins at"))
    ends_at = models.TimeField(_("ends at"))
    skips_holidays = models.BooleanField(
        _("not on public holidays"), default=True, help_text=_("By the table of holidays.")
    )
    skips_makeup_days = models.BooleanField(
        _("not on make-up workdays"),
        default=True,
        help_text=_("A weekend day that is worked to make up for a holiday."),
    )
    left_out = models.JSONField(_("days left out"), default=list, blank=True)

    room = models.ForeignKey(
        "practicum.Room",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="session_series",
        verbose_name=_("room"),
    )
    base = models.ForeignKey(
        "practicum.TrainingBase",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="session_series",
        verbose_name=_("training base"),
    )
    place = models.CharField(_("other place"), max_length=120, blank=True)
    online_url = models.URLField(_("address online"), blank=True)
    lecturer = models.ForeignKey(
        "practicum.Lecturer",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="session_series",
        verbose_name=_("lecturer"),
    )
    vehicles = models.ManyToManyField(
        "practicum.Vehicle", blank=True, related_name="session_series", verbose_name=_("vehicles")
    )
    bring = models.CharField(_("what to bring"), max_length=200, blank=True)
    note = models.TextField(_("note for participants"), blank=True)
    seats = models.PositiveIntegerField(_("seats"), null=True, blank=True)
    is_open = models.BooleanField(_("open for booking"), default=False)
    quarters = models.PositiveSmallIntegerField(_("quarter hours"), null=True, blank=True)
    dimension = models.CharField(_("category or module"), max_length=80, null=True, blank=True)
    opens_before_minutes = models.PositiveSmallIntegerField(_("sign-in opens before (minutes)"), default=30)
    closes_after_minutes = models.PositiveSmallIntegerField(_("sign-out closes after (minutes)"), default=60)

    #: Rises with each change, so that each is told once.
    sequence = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = SessionSeriesQuerySet.as_manager()

    class Meta:
        verbose_name = _("series of sessions")
        verbose_name_plural = _("series of sessions")
        ordering = ["-first_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_on__gte=F("first_on")),
                name="practicum_sessionseries_in_order",
                violation_error_message=_("A series cannot end before it begins."),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("begins_at")),
                name="practicum_sessionseries_hours_in_order",
                violation_error_message=_("A session ends after it begins."),
            ),
            models.CheckConstraint(
                condition=Q(every_weeks__gte=1, every_weeks__lte=8),
                name="practicum_sessionseries_every_weeks",
                violation_error_message=_("A series is held every one to eight weeks."),
            ),
            models.CheckConstraint(
                condition=~Q(weekdays=""),
                name="practicum_sessionseries_has_weekdays",
                violation_error_message=_("Choose at least one weekday."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def pattern(self) -> Pattern:
        """On which days it is held, for the rules."""
        return Pattern(
            weekdays=frozenset(int(digit) for digit in self.weekdays),
            first_on=self.first_on,
            last_on=self.last_on,
            every_weeks=self.every_weeks,
            skips_holidays=self.skips_holidays,
            skips_makeup_days=self.skips_makeup_days,
            left_out=frozenset(dt.date.fromisoformat(day) for day in self.left_out),
        )

    @property
    def weekday_names(self) -> str:
        """The days of the week, as words."""
        return "、".join(str(name) for digit, name in WEEKDAYS if digit in self.weekdays)

    @property
    def hours_of_day(self) -> str:
        """From when to when, as figures."""
        return f"{self.begins_at:%H:%M}–{self.ends_at:%H:%M}"
