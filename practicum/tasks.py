"""What the background queue does for the practicum; schedules are made by migration 0004."""

from __future__ import annotations

import datetime as dt
import logging

from django.db.models import Q
from django.utils import timezone

from cms.refusals import Refused
from enrollment.models import ClassStatus, TrainingClass
from practicum.actions import bookings, papers, reminders
from practicum.actions.attendance import due_sessions, settle
from practicum.actions.news import tell_of_title
from practicum.actions.sessions import follow_roster
from practicum.actions.suspensions import lift_due
from practicum.models import Audience, BaseStatus, HoldStatus, Session, TrainingBase, WaitingStatus
from practicum.rules.suspensions import TITLE_WARNING_DAYS

logger = logging.getLogger(__name__)


def settle_due() -> int:
    """Settle sessions whose sign-out has closed.

    The number settled. One that fails does not hold up the rest.
    """
    now, settled = timezone.now(), 0
    for session in due_sessions(now):
        try:
            settle(session=session, now=now)
            settled += 1
        except Refused as refused:
            logger.warning("session %s was not settled: %s", session.pk, refused)
    return settled


def align_rosters() -> int:
    """Let coming sessions occupy the people who are on their class's roster now; the number of classes.

    They follow each change at once (`follow_roster`); this makes good what a stopped process missed, and
    takes people who have become free since.
    """
    now = timezone.now()
    classes = TrainingClass.objects.filter(
        status__in=[ClassStatus.NOMINATING, ClassStatus.RUNNING],
        pk__in=Session.objects.unsettled()
        .filter(audience=Audience.ROSTER, ends_at__gt=now)
        .values("training_class"),
    )
    for training_class in classes:
        try:
            follow_roster(training_class)
        except Refused as refused:
            logger.warning("roster of class %s was not followed: %s", training_class.pk, refused)
    return len(classes)


def tend_bases() -> int:
    """Lift suspensions that are over, and call to mind titles that run out soon; how many of both."""
    now = timezone.now()
    today = timezone.localdate(now)
    lifted = lift_due(now=now)
    ending = TrainingBase.objects.exclude(status=BaseStatus.RETIRED).filter(
        title_expires_on__range=(today, today + dt.timedelta(days=TITLE_WARNING_DAYS))
    )
    for base in ending:
        tell_of_title(base)
    return lifted + len(ending)


def tend_seats() -> int:
    """Let kept seats lapse and whoever waits move up; how many sessions were looked after.

    What has expired keeps no seat even before this runs; this tells people and gives the seats on.
    """
    now = timezone.now()
    wanted = Q(waiting_parties__status=WaitingStatus.WAITING) | Q(
        seat_holds__status=HoldStatus.STANDING, seat_holds__expires_at__lte=now
    )
    sessions = list(Session.objects.filter(wanted).distinct().order_by("pk"))
    for session in sessions:
        try:
            bookings.tend(session=session, now=now)
        except Refused as refused:
            logger.warning("seats of session %s were not tended: %s", session.pk, refused)
    return len(sessions)


def remind() -> int:
    """Every hour: what is due is called to mind, each thing once; how many messages are new."""
    return reminders.remind(now=timezone.now())


def clear_papers() -> int:
    """Every night: documents of visits beyond their retention period go."""
    return papers.clear_papers(today=timezone.localdate())
