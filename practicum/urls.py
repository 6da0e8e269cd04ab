"""Addresses of the practicum."""

from django.urls import path

from practicum.views import bases, door, host, links, staff, study, visits

app_name = "practicum"
urlpatterns = [
    path("schedule/", study.schedule, name="schedule"),
    path("calendar/", study.subscribe, name="subscribe"),
    path("feeds/<str:token>.ics", study.feed, name="feed"),
    path("bases/", bases.base_list, name="base_list"),
    path("bases/map.json", bases.base_map, name="base_map"),
    path("bases/<slug:code>/", bases.base, name="base"),
    path("check-in/", door.enter, name="enter"),
    path("my-code/", door.my_code, name="my_code"),
    path("c/<int:pk>/<str:digits>/", door.scan, name="scan"),
    path("sessions/<int:pk>/", study.session, name="session"),
    path("sessions/<int:pk>/seat/", study.seat, name="seat"),
    path("sessions/<int:pk>/leave/", study.ask_leave, name="ask_leave"),
    path("sessions/<int:pk>/check-in/", door.checkin, name="checkin"),
    path("sessions/<int:pk>/code/", door.code_screen, name="code_screen"),
    path("sessions/<int:pk>/code/state/", door.code_state, name="code_state"),
    path("sessions/<int:pk>/scanner/", door.scanner, name="scanner"),
    path("sessions/<int:pk>/scanned/", door.scanned, name="scanned"),
    path("sessions/<int:pk>/attendance/", staff.attendance, name="attendance"),
    path("sessions/<int:pk>/attendance/roll-call/", staff.roll_call, name="roll_call"),
    path("sessions/<int:pk>/attendance/settle/", staff.settle, name="settle"),
    path("sessions/<int:pk>/attendance/<int:trainee_pk>/", staff.person, name="person"),
    path("sessions/<int:pk>/leaves/<int:leave_pk>/", staff.decide_leave, name="decide_leave"),
    path("classes/<int:pk>/timetable/", staff.timetable, name="timetable"),
    path("visits/<int:pk>/", visits.visit, name="visit"),
    path("visits/<int:pk>/move/", visits.move, name="visit_move"),
    path("visits/<int:pk>/link/", visits.link, name="visit_link"),
    path("visits/<int:pk>/papers/", visits.hand_in, name="visit_papers"),
    path("visits/<int:pk>/rating/", visits.rate, name="visit_rating"),
    path("papers/<int:pk>/", visits.paper, name="paper"),
    path("papers/<int:pk>/remove/", visits.remove_paper, name="paper_remove"),
    path("bases/<slug:code>/link/", bases.link, name="base_link"),
    path("h/<str:token>/", links.entrance, name="link"),
    path("h/<str:token>/<int:pk>/", links.visit, name="link_visit"),
    path("h/<str:token>/<int:pk>/answer/", links.answer, name="link_answer"),
    path("h/<str:token>/<int:pk>/papers/<int:paper_pk>/", links.paper, name="link_paper"),
    path("host/", host.host, name="host"),
    path("host/visits/<int:pk>/", host.host_visit, name="host_visit"),
    path("host/visits/<int:pk>/answer/", host.host_answer, name="host_answer"),
    path("host/papers/<int:pk>/", host.host_paper, name="host_paper"),
]
