"""Sessions as calendar files (RFC 5545): stable identity, rising SEQUENCE, cancelled ones said to be so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Event, Timezone, vCalAddress, vText

from enrollment.models import User
from practicum.models import Session

ZONE = "Asia/Shanghai"
#: How often a calendar programme should ask again.
REFRESH = dt.timedelta(hours=1)
REMINDER = dt.timedelta(minutes=-60)


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//academy//practicum//ZH")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def invitation_for(
    session: Session, *, to: User, sequence: int, is_cancelled: bool, address: str, organizer: str
) -> bytes:
    """One session for one person's calendar (RFC 5546): REQUEST, or CANCEL when it is no longer theirs.

    The UID is the one of the feeds; ``sequence`` is higher each time something is sent.
    """
    calendar = _calendar("CANCEL" if is_cancelled else "REQUEST")
    calendar.add_component(Timezone.from_tzid(ZONE))
    event = _event(session, ZoneInfo(ZONE), address)
    for name in ("sequence", "status", "dtstamp"):
        event.pop(name)
    event.add("sequence", sequence)
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    event.add("dtstamp", timezone.now())
    host = vCalAddress(f"mailto:{organizer}")
    host.params["CN"] = vText(_("Party-building Academy"))
    event.add("organizer", host)
    guest = vCalAddress(f"mailto:{to.email}")
    guest.params["CN"] = vText(str(to))
    guest.params["ROLE"] = vText("REQ-PARTICIPANT")
    # Whether somebody comes is said by leave and seats, not by an answer to this mail.
    guest.params["RSVP"] = vText("FALSE")
    event.add("attendee", guest)
    if is_cancelled:
        event.subcomponents.clear()
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def feed_for(sessions: Iterable[Session], *, address_of: Callable[[int], str], name: str = "") -> bytes:
    """A calendar of ``sessions`` called ``name``; ``address_of`` gives the page of one by its key."""
    calendar = _calendar("PUBLISH")
    academy = _("Party-building Academy")
    calendar.add("x-wr-calname", f"{name} · {academy}" if name else academy)
    calendar.add("x-wr-timezone", ZONE)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add_component(Timezone.from_tzid(ZONE))
    zone = ZoneInfo(ZONE)
    for session in sessions:
        calendar.add_component(_event(session, zone, address_of(session.pk)))
    return bytes(calendar.to_ical())


def _event(session: Session, zone: ZoneInfo, address: str) -> Event:
    event = Event()
    event.add("uid", f"session-{session.uid}@academy")
    event.add("sequence", session.sequence)
    event.add("dtstamp", session.updated_at)
    event.add("last-modified", session.updated_at)
    event.add("dtstart", session.starts_at.astimezone(zone))
    event.add("dtend", session.ends_at.astimezone(zone))
    event.add("summary", session.title)
    event.add("location", place_of(session))
    event.add("status", "CANCELLED" if session.is_cancelled else "CONFIRMED")
    event.add("url", address)
    lines = [str(session.training_class) if session.training_class else "", session.note]
    if session.bring:
        lines.append(_("Please bring: %(what)s") % {"what": session.bring})
    if session.is_cancelled and session.cancel_reason:
        lines.append(_("Cancelled: %(why)s") % {"why": session.cancel_reason})
    event.add("description", "\n".join(filter(None, lines)))
    if session.base is not None and session.base.latitude is not None and session.base.longitude is not None:
        event.add("geo", (float(session.base.latitude), float(session.base.longitude)))
    if not session.is_cancelled:
        reminder = Alarm()
        reminder.add("action", "DISPLAY")
        reminder.add("description", session.title)
        reminder.add("trigger", REMINDER)
        event.add_component(reminder)
    return event


def place_of(session: Session) -> str:
    """Where a session is held, with its address."""
    where = session.where
    if session.room is not None and session.room.venue.address:
        return f"{where}，{session.room.venue.address}"
    if session.base is not None:
        return f"{where}，{session.base.address}"
    return where
