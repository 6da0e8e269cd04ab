"""Every refusal of the practicum: its code and its sentence."""

from __future__ import annotations

from cms.refusals import Reason
from cms.refusals import sentence as _

SENTENCES = {
    # Scheduling
    "ends_before_it_begins": _("It must end after it begins."),
    "too_long": _("One session lasts at most a day; plan several."),
    "class_or_seats_missing": _("Name the class, or say how many seats can be booked."),
    "two_places": _("Name a room or a base, not both."),
    "place_missing": _("Say where it is held: a room, a base or another place."),
    "room_not_in_use": _("%(who)s is not in use."),
    "room_too_small": _("%(who)s has %(seats)s seats; %(people)s people are expected."),
    "vehicles_too_small": _("The vehicles have %(seats)s seats; %(people)s people are expected."),
    "blacked_out": _("%(who)s cannot be had from %(first)s to %(last)s: %(why)s."),
    "occupied": _("%(who)s is taken %(when)s by “%(title)s” (%(where)s)."),
    "people_occupied": _("%(who)s: already at “%(title)s” (%(where)s) %(when)s."),
    "occupied_meanwhile": _(
        "Somebody else took the same time a moment ago. Look at the timetable and try again."
    ),
    "not_stranded": _("This session is settled already: the closure no longer stands against it."),
    "still_closed": _("%(who)s is what cannot be had. Choose another."),
    "session_cancelled": _("This session was cancelled."),
    "session_settled": _("The hours of this session are posted; correct persons one by one."),
    "session_of_a_visit": _(
        "This session belongs to a visit: its date is agreed with the base, on the page of the visit."
    ),
    "move_into_the_past": _("It cannot begin in the past."),
    "session_not_over": _("The session is still running; it can be settled when it has ended."),
    "series_without_weekday": _("Choose at least one weekday."),
    "series_out_of_order": _("A series cannot end before it begins."),
    "series_too_long": _("A series spans at most 400 days; plan another one after it."),
    "series_too_many": _("These are %(sessions)s sessions; a series has at most %(most)s."),
    "series_without_day": _(
        "No day is left: the weekdays do not occur in this span, or are holidays, make-up workdays or left"
        " out."
    ),
    "series_day_dropped": _("The series is no longer held on this day."),
    "series_member": _("%(day)s: %(why)s"),
    "reason_missing": _("Say why: the reason is kept."),
    # Bases
    "base_not_active": _("This base does not receive visitors at present."),
    "base_over_capacity": _("%(headcount)s people are too many for one batch; the base takes %(capacity)s."),
    "base_closed_that_weekday": _("The base is not open on %(day)s."),
    "base_closed_that_hour": _("The base is open from %(opens)s to %(closes)s."),
    "base_blacked_out": _("The base is closed from %(first)s to %(last)s: %(why)s."),
    "base_day_full": _("The base already has its %(batches)s batches on %(day)s."),
    "base_lead_time": _("The base asks for %(days)s working days' notice."),
    "base_not_suspended": _("This base is not suspended."),
    "suspended_by_academy": _("The academy suspended this base; only the academy lets it receive again."),
    "suspension_is_past": _("The last day is past. Leave it empty, or name today or a later day."),
    "same_base": _("This is the base that the visit is at already. Choose another one."),
    # Visits
    "move_not_open": _("That cannot be done while the visit is “%(stage)s”."),
    "visit_headcount": _("The batches hold %(sum)s people; the visit is of %(headcount)s."),
    "no_batches": _("Propose at least one date."),
    "visit_not_ready": _("Before the briefing: %(missing)s."),
    "visit_not_over": _("The visit has not taken place yet."),
    "visit_outrun": _("Another group was confirmed for this time. Ask for another date."),
    "changes_closed": _(
        "Changes were due by %(day)s. Agree with the base first, then say here why it could not wait."
    ),
    "headcount_over": _(
        "%(headcount)s people do not fit: %(batches)s batches of at most %(capacity)s. Ask the base for"
        " another batch."
    ),
    "headcount_below_seats": _("%(taken)s people already have a place in batch %(number)s."),
    "visit_over": _("The visit is closed; nothing can be changed any more."),
    # Links of bases
    "link_unknown": _("This link does not lead anywhere. Ask the academy for the right one."),
    "link_expired": _("This link has expired. Ask the academy for a new one."),
    "link_revoked": _("This link was taken back. Ask the academy for the new one."),
    "link_busy": _("This link was used too often in a short time. Wait a minute, then open it again."),
    # Papers
    "papers_too_many": _("The visit has %(most)s documents already; remove one first."),
    "paper_too_large": _(
        "“%(name)s” is larger than %(megabytes)s MB. Make it smaller, or send several files."
    ),
    "paper_of_other_kind": _("“%(name)s” cannot be taken. PDF, JPG, PNG, DOCX and XLSX can."),
    "paper_not_what_it_says": _(
        "“%(name)s” is empty or not what its name says. Save it anew and send it again."
    ),
    # Seats
    "not_open_for_booking": _("Seats of this session cannot be booked."),
    "session_has_begun": _("The session has begun."),
    "no_seats_left": _("All seats are taken."),
    "already_booked": _("There is already a seat for this person."),
    "not_booked": _("There is no seat to give back."),
    "nobody_chosen": _("Choose at least one person."),
    "share_used_up": _(
        "%(organization)s has its share of %(share)s seats. From %(when)s on, seats that are left go to"
        " anybody; until then people can wait."
    ),
    "booking_later": _(
        "Seats of yours stayed empty lately. Until %(until)s you can book once shares have ended (%(when)s)."
    ),
    "booking_paused": _(
        "Seats of yours stayed empty several times. You can book again from %(until)s; you may object under"
        " “Seats that stayed empty”."
    ),
    "people_cannot_book": _("%(who)s: seats stayed empty lately, so that no seat can be booked now."),
    "already_waiting": _("%(who)s: already waits together with others."),
    "not_waiting": _("Nobody of you waits for this session."),
    "party_of_one_organization": _("Only people of one organization wait together. Choose them one by one."),
    "party_too_large": _("%(people)s people never fit: one organization may have %(share)s seats here."),
    "hold_exists": _("%(organization)s already keeps seats here. Name who comes, or give them back first."),
    "hold_too_late": _("So shortly before the session seats are given to named people only."),
    "no_hold": _("There are no seats kept any more."),
    "seats_below_taken": _("%(taken)s seats are taken already; there cannot be fewer."),
    "appeal_too_late": _("Objections are taken within %(days)s days, once."),
    "appeal_decided": _("This objection was decided already."),
    # Timetable in draft
    "plan_lost": _("“%(title)s”: a place, lecturer, class or vehicle it names is no longer there."),
    "change_released": _("This change was released or discarded meanwhile."),
    "release_rolled_back": _("This release was rolled back already."),
    "changed_since": _("“%(title)s” was changed or held since; roll back a later release first."),
    "changed_since_draft": _(
        "“%(title)s” was changed after this was drafted; open the draft, compare and save it again."
    ),
    "draft_in_the_way": _("“%(title)s” is in the draft again; discard that draft first."),
    "nothing_to_release": _("There is nothing in the draft to release."),
    "release_line": _("“%(title)s”: %(why)s"),
    # Check-in
    "not_a_trainee": _("This account is not on the roster of trainees."),
    "not_expected": _("You are not on the roster of this session."),
    "not_open_yet": _("Sign-in is not open yet."),
    "sign_in_closed": _("Sign-in has closed. Please turn to the staff."),
    "sign_out_not_open_yet": _("Sign-out is not open yet."),
    "sign_out_closed": _("Sign-out has closed. Please turn to the staff."),
    "wrong_code": _("This code is not valid, or no longer. Take the one on the screen now."),
    "too_many_tries": _("Too many wrong codes. Wait a minute, or turn to the staff."),
    "ticket_expired": _("The scan is too long ago. Scan the code on the screen again."),
    "nonce_used": _("This sign-in was already used."),
    "no_session_open": _("No session of yours is open for this code now."),
    "attendance_before_session": _("This time does not lie in the session."),
    # Leave
    "leave_exists": _("Leave was already asked for."),
    "leave_decided": _("This leave was already decided."),
    # Closing a class
    "class_without_sessions": _("No session was planned: make the timetable, or say where it is kept."),
    "class_sessions_to_come": _("%(sessions)s sessions are still to come: hold or cancel them."),
    "class_sessions_unsettled": _("%(sessions)s sessions wait to be settled: post their hours."),
    "class_exceptions_open": _("%(people)s attendances wait for a decision: settle each of them."),
}


def reason(code: str, field: str = "", **params: object) -> Reason:
    """The refusal called ``code``, about form field ``field``; ``params`` fill its sentence."""
    return Reason(code, SENTENCES[code], params, field)
