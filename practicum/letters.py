"""The kinds of messages about sessions and visits."""

from enrollment.letters import Kind, register
from enrollment.rules.messages import Group
from practicum.calendar_mail import files_for


def register_kinds() -> None:
    """Add them to what can be told."""
    register(
        Kind("session_moved", Group.SCHEDULE, "calendar3", is_urgent=True, files=files_for),
        Kind("session_cancelled", Group.SCHEDULE, "calendar3", is_urgent=True, files=files_for),
        Kind("series_changed", Group.SCHEDULE, "calendar3", is_urgent=True, files=files_for),
        Kind("visit_briefing", Group.SCHEDULE, "geo-alt"),
        Kind("visit_news", Group.WORK, "geo-alt"),
        Kind("base_suspended", Group.WORK, "building", is_urgent=True),
        Kind("title_runs_out", Group.WORK, "award"),
        Kind("timetable_released", Group.SCHEDULE, "calendar3", is_urgent=True, files=files_for),
        Kind("seat_booked", Group.SCHEDULE, "calendar3", files=files_for),
        Kind("seat_moved_up", Group.SCHEDULE, "calendar3", is_urgent=True, files=files_for),
        Kind("seat_returned", Group.SCHEDULE, "calendar3", files=files_for),
        Kind("seat_free", Group.SCHEDULE, "calendar3", is_urgent=True),
        Kind("visit_due", Group.WORK, "geo-alt", is_urgent=True),
        Kind("visit_unanswered", Group.WORK, "geo-alt"),
        Kind("tomorrow", Group.SCHEDULE, "calendar3", is_urgent=True),
        Kind("names_due", Group.WORK, "calendar3", is_urgent=True),
        Kind("seat_hold_lapsed", Group.WORK, "calendar3", is_urgent=True),
        Kind("seat_missed", Group.SCHEDULE, "calendar3"),
        Kind("seat_appealed", Group.WORK, "calendar3"),
        Kind("seat_decided", Group.SCHEDULE, "calendar3"),
    )
