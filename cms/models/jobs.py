"""A piece of background work that somebody waits for."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.rules import jobs as rules


class JobStatus(models.TextChoices):
    """Life of a piece of background work."""

    WAITING = "waiting", _("Waiting its turn")
    RUNNING = "running", _("At work")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


#: Those that go on.
OPEN_STATUSES = (JobStatus.WAITING, JobStatus.RUNNING)


class JobQuerySet(models.QuerySet["Job"]):
    """Which work."""

    def visible_to(self, user: Any) -> Self:
        """One's own and nobody else's: a result holds what its owner may see."""
        return self.filter(owner=user) if user.is_authenticated and user.is_active else self.none()

    def open(self) -> Self:
        """What waits or is at work."""
        return self.filter(status__in=OPEN_STATUSES)

    def ended_before(self, moment: dt.datetime) -> Self:
        """What came to its end before ``moment``."""
        return self.filter(ended_at__lt=moment)


class Job(models.Model):
    """A piece of background work: who asked for it, how far it is, and what came of it.

    The queue runs it (``cms.actions.jobs.run``); ``kind`` names an entry of ``cms.jobs.KINDS``.
    """

    kind = models.CharField(_("kind"), max_length=60)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="jobs",
        verbose_name=_("asked for by"),
    )
    title = models.CharField(_("title"), max_length=200)
    #: The language in which it was asked for: words of the result are in it.
    language = models.CharField(_("language"), max_length=10)
    parameters = models.JSONField(_("parameters"), default=dict)
    #: The same work is not begun twice at a time: a digest of kind and parameters.
    digest = models.CharField(_("digest"), max_length=64)
    status = models.CharField(
        _("status"), max_length=10, choices=JobStatus.choices, default=JobStatus.WAITING
    )
    done = models.PositiveIntegerField(_("done"), default=0)
    whole = models.PositiveIntegerField(_("of"), default=0)
    message = models.CharField(_("message"), max_length=300, blank=True)
    file = models.FileField(_("result"), upload_to="jobs/", max_length=200, blank=True)
    file_name = models.CharField(_("file name"), max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("asked for at"), default=timezone.now)
    queued_at = models.DateTimeField(_("queued at"), default=timezone.now)
    started_at = models.DateTimeField(_("begun at"), null=True, blank=True)
    seen_at = models.DateTimeField(_("last heard of"), null=True, blank=True)
    url = models.CharField(_("leads to"), max_length=200, blank=True)
    cancel_asked_at = models.DateTimeField(_("cancelling asked for at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("background work")
        verbose_name_plural = _("background work")
        ordering = ["-created_at", "-pk"]
        indexes = [
            # The list of one's own; and what is tended every minute, which is nearly nothing.
            models.Index(fields=["owner", "-created_at"], name="cms_job_of_owner"),
            models.Index(
                fields=["seen_at"], condition=Q(status__in=["waiting", "running"]), name="cms_job_open"
            ),
            models.Index(fields=["ended_at"], name="cms_job_ended"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "digest"],
                condition=Q(status__in=["waiting", "running"]),
                name="cms_job_once_at_a_time",
                violation_error_message=_("This is being worked on already."),
            ),
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "running"], ended_at__isnull=True)
                | Q(status__in=["done", "failed", "cancelled"], ended_at__isnull=False),
                name="cms_job_ended_has_moment",
                violation_error_message=_("Work that has ended names when."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """The page that shows how far it is."""
        return reverse("jobs:job", args=[self.pk])

    @property
    def is_open(self) -> bool:
        """Whether it waits or is at work."""
        return self.status in OPEN_STATUSES

    @property
    def pulse(self) -> rules.Pulse:
        """What the rules judge by."""
        return rules.Pulse(
            is_running=self.status == JobStatus.RUNNING,
            attempts=self.attempts,
            queued_at=self.queued_at,
            seen_at=self.seen_at,
            cancel_asked=self.cancel_asked_at is not None,
        )

    @property
    def percent(self) -> int | None:
        """How much is done; nothing where the whole is not known yet."""
        if self.status == JobStatus.DONE:
            return 100
        return rules.percent(self.done, self.whole) if self.whole else None

    @property
    def tone(self) -> str:
        """The colour of its badge."""
        return {"done": "good", "failed": "brand", "running": "info"}.get(self.status, "")

    @property
    def kept_until(self) -> dt.datetime | None:
        """When it and its result are taken away."""
        return self.ended_at + dt.timedelta(days=rules.KEEP_DAYS) if self.ended_at else None
