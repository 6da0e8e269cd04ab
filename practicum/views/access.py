"""Who may open a page: signed in, and with the row in scope."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from enrollment.models import Trainee, TrainingClass, User
from practicum.models import Session
from practicum.models.sessions import SessionQuerySet

__all__ = ["LoginRequiredMixin", "may_plan", "run_session", "trainee_of", "visible_session"]


def visible_session(request: HttpRequest, pk: int, rows: SessionQuerySet | None = None) -> Session:
    """The session at this address, or 404 for whoever has nothing to do with it."""
    sessions = Session.objects.with_place() if rows is None else rows
    found: Session = get_object_or_404(sessions.visible_to(request.user), pk=pk)
    return found


def run_session(request: HttpRequest, pk: int) -> Session:
    """The session at this address for those who take its attendance; 404 for others."""
    found: Session = get_object_or_404(Session.objects.with_place().run_by(request.user), pk=pk)
    return found


def may_plan(user: User | Any) -> bool:
    """Whether one plans the timetable: administrators, and teachers of a class for their classes."""
    return bool(user.scope.everything) or TrainingClass.objects.filter(teacher=user).exists()


def trainee_of(user: User | Any) -> Trainee:
    """The roster record behind an account.

    Raises:
        PermissionDenied: the account belongs to nobody on the roster.
    """
    found = Trainee.objects.filter(user=user).first()
    if found is None:
        raise PermissionDenied
    return found
