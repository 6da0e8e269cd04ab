"""What the practicum adds to the Wagtail admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet, ViewSetGroup

from practicum.viewsets.choosers import CHOOSERS
from practicum.viewsets.places import (
    BaseViewSet,
    CalendarDayViewSet,
    ClosureViewSet,
    LecturerViewSet,
    RoomViewSet,
    VehicleViewSet,
    VenueViewSet,
)
from practicum.viewsets.series import SeriesViewSet
from practicum.viewsets.sessions import SessionViewSet, VisitViewSet


class PracticumGroup(ViewSetGroup):
    """Practice and attendance."""

    menu_label = _("Practice and attendance")
    menu_icon = "date"
    menu_order = 300
    items = (
        SessionViewSet("practicum_sessions"),
        SeriesViewSet("practicum_series"),
        VisitViewSet("practicum_visits"),
        BaseViewSet("practicum_bases"),
        VenueViewSet("practicum_venues"),
        RoomViewSet("practicum_rooms"),
        VehicleViewSet("practicum_vehicles"),
        LecturerViewSet("practicum_lecturers"),
        ClosureViewSet("practicum_closures"),
        CalendarDayViewSet("practicum_calendar"),
    )


@hooks.register("register_admin_viewset")
def register_viewsets() -> list[ViewSet | ViewSetGroup]:
    """The screens and the choosers."""
    return [PracticumGroup(), *CHOOSERS]


class StatisticsMenuItem(MenuItem):
    """The sums of the practicum, for administrators."""

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(request.user.scope.everything)


@hooks.register("register_reports_menu_item")
def statistics() -> MenuItem:
    """The way to them, among the reports."""
    url = reverse("practicum:statistics")
    return StatisticsMenuItem(
        _("Practicum statistics"), url, name="practicum-statistics", icon_name="table", order=40
    )


#: Every action that the audit log may name, and how it reads there.
LOGGED = {
    "practicum.schedule": (_("Schedule a session"), _("Scheduled")),
    "practicum.reschedule": (_("Change a session"), _("Changed or moved")),
    "practicum.cancel": (_("Cancel a session"), _("Cancelled")),
    "practicum.statistics_export": (_("Export practicum statistics"), _("Practicum statistics exported")),
    "practicum.stand_in": (_("Find a stand-in for a session"), _("Another took the place of what is closed")),
    "practicum.series_begin": (_("Plan a series of sessions"), _("Series planned")),
    "practicum.series_amend": (_("Change a series of sessions"), _("Series changed from then on")),
    "practicum.series_end": (_("Call off the rest of a series"), _("Rest of the series called off")),
    "practicum.settle": (_("Post a session's hours"), _("Hours posted")),
    "practicum.correct": (_("Correct an attendance"), _("Attendance corrected")),
    "practicum.book": (_("Book a seat"), _("Seat booked")),
    "practicum.give_back": (_("Give a seat back"), _("Seat given back")),
    "practicum.seat_wait": (_("Wait for seats"), _("Waits for seats")),
    "practicum.seat_wait_end": (_("Stop waiting for seats"), _("Stopped waiting for seats")),
    "practicum.seat_move_up": (_("Move up from the waitlist"), _("Moved up from the waitlist")),
    "practicum.seat_hold": (_("Keep seats without names"), _("Seats kept without names")),
    "practicum.seat_hold_release": (_("Give kept seats back"), _("Kept seats given back")),
    "practicum.seat_hold_lapse": (_("Let kept seats lapse"), _("Kept seats lapsed")),
    "practicum.seat_terms": (_("Set how seats are shared"), _("Sharing of seats set")),
    "practicum.seat_missed": (_("Note an empty seat"), _("Seat stayed empty")),
    "practicum.seat_mended": (_("Take an empty seat back"), _("Empty seat taken back")),
    "practicum.seat_appeal": (_("Object to an empty seat"), _("Objected to an empty seat")),
    "practicum.seat_appeal_decide": (
        _("Decide on an objection to an empty seat"),
        _("Objection to an empty seat decided"),
    ),
    "practicum.draft": (_("Draft a change of the timetable"), _("Change of the timetable drafted")),
    "practicum.draft_discard": (_("Discard a drafted change"), _("Drafted change discarded")),
    "practicum.release": (_("Release the timetable"), _("Timetable released")),
    "practicum.ask_leave": (_("Ask for leave"), _("Asked for leave")),
    "practicum.decide_leave": (_("Decide on leave"), _("Decided on leave")),
    "practicum.share_feed": (_("Share a calendar"), _("Calendar shared")),
    "practicum.revoke_feed": (_("Revoke a calendar address"), _("Calendar address revoked")),
    "practicum.visit_request": (_("Request a visit"), _("Visit requested")),
    "practicum.visit_check": (_("Pass a visit on to the base"), _("Passed on to the base")),
    "practicum.visit_reject": (_("Do not take a visit up"), _("Visit not taken up")),
    "practicum.visit_confirm": (_("Confirm a visit"), _("Visit confirmed")),
    "practicum.visit_decline": (_("Decline a visit"), _("Visit declined")),
    "practicum.visit_propose": (_("Propose another date"), _("Another date proposed")),
    "practicum.visit_accept": (_("Accept the base's proposal"), _("Proposal accepted")),
    "practicum.visit_refuse": (_("Refuse the base's proposal"), _("Proposal refused")),
    "practicum.visit_prepare": (_("Prepare a visit"), _("Visit prepared")),
    "practicum.visit_brief": (_("Send the briefing notice"), _("Briefing sent")),
    "practicum.visit_hold": (_("Note that a visit took place"), _("Visit held")),
    "practicum.visit_headcount": (_("State the headcount of a visit"), _("Headcount stated")),
    "practicum.visit_vehicles": (_("Allocate vehicles to a visit"), _("Vehicles allocated")),
    "practicum.visit_safety": (_("Keep safety notes of a visit"), _("Safety notes kept")),
    "practicum.visit_paper": (_("Hand in a document of a visit"), _("Document handed in")),
    "practicum.visit_paper_remove": (_("Remove a document of a visit"), _("Document removed")),
    "practicum.link_issue": (_("Make a link for a base"), _("Link for the base made")),
    "practicum.link_revoke": (_("Take a base's link back"), _("Link of the base taken back")),
    "practicum.visit_rate": (_("Rate a visit"), _("Visit rated")),
    "practicum.visit_archive": (_("Archive a visit"), _("Visit archived")),
    "practicum.bases_receive": (_("Send a table of bases"), _("Table of bases sent")),
    "practicum.bases_import": (_("Import training bases"), _("Training bases imported")),
    "practicum.bases_discard": (_("Discard a table of bases"), _("Table of bases discarded")),
    "practicum.bases_clear": (_("Clear a table of bases"), _("Table of bases cleared")),
    "practicum.base_suspend": (_("Suspend a base"), _("Base suspended")),
    "practicum.base_resume": (_("Let a base receive again"), _("Base receives visitors again")),
    "practicum.visit_elsewhere": (
        _("Ask another base for a visit"),
        _("Asked for in place of another visit"),
    ),
    "practicum.visit_cancel": (_("Cancel a visit"), _("Visit cancelled")),
}


@hooks.register("register_log_actions")
def register_log_actions(actions: Any) -> None:
    """Name our actions in the audit log."""
    for code, (label, message) in LOGGED.items():
        actions.register_action(code, label, message)
