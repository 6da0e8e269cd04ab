"""Which sessions stand in whose calendar by mail, and the SEQUENCE that was sent last."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from practicum.models.sessions import Session


class CalendarInvitation(models.Model):
    """A session that was sent to a person's calendar. Its SEQUENCE only rises (RFC 5546)."""

    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, related_name="calendar_invitations", verbose_name=_("session")
    )
    user = models.ForeignKey(
        "enrollment.User",
        on_delete=models.CASCADE,
        related_name="calendar_invitations",
        verbose_name=_("account"),
    )
    sequence = models.PositiveIntegerField(_("sequence"))
    is_cancelled = models.BooleanField(_("taken out of the calendar"), default=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("calendar invitation")
        verbose_name_plural = _("calendar invitations")
        constraints = [
            models.UniqueConstraint(fields=["session", "user"], name="practicum_calendarinvitation_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.session}"
