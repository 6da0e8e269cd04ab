"""Bases, sessions and attendance."""

from practicum.models.attendance import (
    Attendance,
    AttendanceStatus,
    CheckinEvent,
    Direction,
    EventsAreAppendOnly,
    Leave,
    LeaveStatus,
    Outcome,
    Source,
    new_nonce,
)
from practicum.models.base_imports import BaseImport
from practicum.models.bases import WEEKDAYS, BaseHost, BasePhoto, BaseStatus, Blackout, TrainingBase
from practicum.models.feeds import FEED_OF, SharedFeed, publishable
from practicum.models.host_links import HostDeed, HostLink, HostLinkUse, VisitPaper
from practicum.models.places import CalendarDay, Lecturer, Room, RoomKind, Vehicle, Venue, VenueKind
from practicum.models.series import SessionSeries
from practicum.models.sessions import (
    HOUR_KIND_OF,
    Audience,
    Booking,
    BookingStatus,
    CalendarFeed,
    Occupation,
    ResourceKind,
    Session,
    SessionKind,
    SessionMode,
    SessionStatus,
)
from practicum.models.suspensions import Suspension, SuspensionParty
from practicum.models.visits import Visit, VisitBatch, VisitStatus

__all__ = [
    "FEED_OF",
    "HOUR_KIND_OF",
    "WEEKDAYS",
    "Attendance",
    "AttendanceStatus",
    "Audience",
    "BaseHost",
    "BaseImport",
    "BasePhoto",
    "BaseStatus",
    "Blackout",
    "Booking",
    "BookingStatus",
    "CalendarDay",
    "CalendarFeed",
    "CheckinEvent",
    "Direction",
    "EventsAreAppendOnly",
    "HostDeed",
    "HostLink",
    "HostLinkUse",
    "Leave",
    "LeaveStatus",
    "Lecturer",
    "Occupation",
    "Outcome",
    "ResourceKind",
    "Room",
    "RoomKind",
    "Session",
    "SessionKind",
    "SessionMode",
    "SessionSeries",
    "SessionStatus",
    "SharedFeed",
    "Source",
    "Suspension",
    "SuspensionParty",
    "TrainingBase",
    "Vehicle",
    "Venue",
    "VenueKind",
    "Visit",
    "VisitBatch",
    "VisitPaper",
    "VisitStatus",
    "new_nonce",
    "publishable",
]
