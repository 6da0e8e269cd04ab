"""Choosers: a form picks one of many without loading them all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.viewsets.chooser import ChooserViewSet

from enrollment.models import User
from enrollment.viewsets.scoped import NameFilterForm, ScopedChooseResultsView, ScopedChooseView
from practicum.models import Lecturer, Room, Session, TrainingBase


class BaseFilterForm(NameFilterForm):
    """By name or unit."""

    searched = ("name", "unit", "code")


class _ChooseBase:
    filter_form_class = BaseFilterForm
    more: Sequence[tuple[str, Any]] = (("unit", _("Unit")), ("capacity_per_batch", _("People per batch")))


class ChooseBaseView(_ChooseBase, ScopedChooseView):
    """Choose a base."""


class ChooseBaseResultsView(_ChooseBase, ScopedChooseResultsView):
    """Choose a base: results."""


class BaseChooserViewSet(ChooserViewSet):
    """Training bases for other forms."""

    model = TrainingBase
    icon = "home"
    choose_one_text = _("Choose a base")
    choose_another_text = _("Choose another base")
    choose_view_class = ChooseBaseView
    choose_results_view_class = ChooseBaseResultsView
    per_page = 20


class RoomFilterForm(NameFilterForm):
    """By room or venue."""

    searched = ("name", "venue__name")


class _ChooseRoom:
    filter_form_class = RoomFilterForm
    related: Sequence[str] = ("venue",)
    more: Sequence[tuple[str, Any]] = (("venue", _("Venue")), ("capacity", _("Capacity (people)")))


class ChooseRoomView(_ChooseRoom, ScopedChooseView):
    """Choose a room."""


class ChooseRoomResultsView(_ChooseRoom, ScopedChooseResultsView):
    """Choose a room: results."""


class RoomChooserViewSet(ChooserViewSet):
    """Rooms for other forms."""

    model = Room
    icon = "desktop"
    choose_one_text = _("Choose a room")
    choose_another_text = _("Choose another room")
    choose_view_class = ChooseRoomView
    choose_results_view_class = ChooseRoomResultsView
    per_page = 20


class LecturerFilterForm(NameFilterForm):
    """By name, unit or subject."""

    searched = ("name", "unit", "subjects")


class _ChooseLecturer:
    filter_form_class = LecturerFilterForm
    more: Sequence[tuple[str, Any]] = (("title", _("Professional title")), ("subjects", _("Subjects")))


class ChooseLecturerView(_ChooseLecturer, ScopedChooseView):
    """Choose a lecturer."""


class ChooseLecturerResultsView(_ChooseLecturer, ScopedChooseResultsView):
    """Choose a lecturer: results."""


class LecturerChooserViewSet(ChooserViewSet):
    """Lecturers for other forms."""

    model = Lecturer
    icon = "user"
    choose_one_text = _("Choose a lecturer")
    choose_another_text = _("Choose another lecturer")
    choose_view_class = ChooseLecturerView
    choose_results_view_class = ChooseLecturerResultsView
    per_page = 20


class SessionFilterForm(NameFilterForm):
    """By title or class."""

    searched = ("title", "training_class__title")


class _ChooseSession:
    filter_form_class = SessionFilterForm
    ordering = ("-starts_at", "-pk")
    related: Sequence[str] = ("training_class",)
    more: Sequence[tuple[str, Any]] = (("starts_at", _("Begins")), ("training_class", _("Training class")))


class ChooseSessionView(_ChooseSession, ScopedChooseView):
    """Choose a session."""


class ChooseSessionResultsView(_ChooseSession, ScopedChooseResultsView):
    """Choose a session: results."""


class SessionChooserViewSet(ChooserViewSet):
    """Sessions for lessons, newest first."""

    model = Session
    icon = "date"
    choose_one_text = _("Choose a session")
    choose_another_text = _("Choose another session")
    choose_view_class = ChooseSessionView
    choose_results_view_class = ChooseSessionResultsView
    # Other forms offer the few sessions that they are about.
    register_widget = False
    per_page = 20


class UserFilterForm(NameFilterForm):
    """By name or user name."""

    searched = ("name", "username")


class _ChooseUser:
    filter_form_class = UserFilterForm
    more: Sequence[tuple[str, Any]] = (("username", _("User name")),)


class ChooseUserView(_ChooseUser, ScopedChooseView):
    """Choose an account."""


class ChooseUserResultsView(_ChooseUser, ScopedChooseResultsView):
    """Choose an account: results."""


class UserChooserViewSet(ChooserViewSet):
    """Accounts, for hosts and lecturers; forms ask for this widget by name."""

    model = User
    icon = "user"
    register_widget = False
    choose_one_text = _("Choose an account")
    choose_another_text = _("Choose another account")
    choose_view_class = ChooseUserView
    choose_results_view_class = ChooseUserResultsView
    per_page = 20


user_chooser = UserChooserViewSet("practicum_user_chooser")
base_chooser = BaseChooserViewSet("base_chooser")
room_chooser = RoomChooserViewSet("room_chooser")
lecturer_chooser = LecturerChooserViewSet("lecturer_chooser")
session_chooser = SessionChooserViewSet("session_chooser")
CHOOSERS = [user_chooser, base_chooser, room_chooser, lecturer_chooser, session_chooser]
