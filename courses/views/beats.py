"""Beats of players and readers: the most frequent requests, so they do nothing but their work."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from cms.refusals import Refused
from courses.actions import progress, watching
from courses.rules.refusals import NOT_COUNTED
from courses.rules.watching import NotCounted

#: A beat is a handful of numbers.
LONGEST_BODY = 2000


@dataclass(frozen=True)
class Malformed(Exception):
    """The beat cannot be read; ``field`` is what is wrong with it."""

    field: str


def _number(data: dict[str, Any], name: str, default: float | None = None) -> float:
    value = data.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise Malformed(name)
    return float(value)


def _read(request: HttpRequest) -> tuple[dict[str, Any], str]:
    if len(request.body) > LONGEST_BODY:
        raise Malformed("body")
    try:
        data = json.loads(request.body)
    except ValueError as error:
        raise Malformed("body") from error
    if not isinstance(data, dict):
        raise Malformed("body")
    tab = data.get("session", "")
    if not isinstance(tab, str) or not 1 <= len(tab) <= 40:
        raise Malformed("session")
    return data, tab


def _problem(status: int, code: str, detail: str) -> HttpResponse:
    return JsonResponse({"code": code, "detail": detail}, status=status)


def _refusal(error: Malformed | Refused) -> HttpResponse:
    if isinstance(error, Refused):
        return _problem(409, error.code, error.sentence)
    return _problem(
        400, "malformed", gettext("This beat cannot be read: %(field)s.") % {"field": error.field}
    )


def _why(reason: NotCounted | None) -> dict[str, str]:
    return {"reason": reason.value, "sentence": str(NOT_COUNTED[reason])} if reason else {}


@require_POST
def beat(request: HttpRequest, lesson_id: int) -> HttpResponse:
    """One beat of the player: ``{position, from, playing, speed, visible, session, present}``."""
    if not request.user.is_authenticated:
        return _problem(401, "signed_out", gettext("You have been signed out; sign in to go on."))
    try:
        data, tab = _read(request)
        answer = watching.beat(
            user_id=request.user.pk,
            lesson_id=lesson_id,
            position=_number(data, "position"),
            start=_number(data, "from") if "from" in data else None,
            is_playing=data.get("playing") is True,
            is_visible=data.get("visible", True) is True,
            speed=_number(data, "speed", 1.0),
            is_answered=data.get("present") is True,
            tab=tab,
        )
    except (Malformed, Refused) as error:
        return _refusal(error)
    return JsonResponse(
        {
            "watched_seconds": answer.watched_seconds,
            "share": answer.share,
            "counted_to": answer.counted_to,
            "complete": answer.is_complete,
            "ask_seconds": answer.ask_seconds,
            **_why(answer.reason),
        }
    )


@require_POST
def read(request: HttpRequest, lesson_id: int) -> HttpResponse:
    """One beat of a reader: ``{share, visible, session}``."""
    if not request.user.is_authenticated:
        return _problem(401, "signed_out", gettext("You have been signed out; sign in to go on."))
    try:
        data, tab = _read(request)
        answer = progress.read_on(
            user_id=request.user.pk,
            lesson_id=lesson_id,
            share=_number(data, "share"),
            is_visible=data.get("visible", True) is True,
            tab=tab,
        )
    except (Malformed, Refused) as error:
        return _refusal(error)
    return JsonResponse(
        {
            "read_seconds": round(answer.read_seconds, 1),
            "required_seconds": round(answer.required_seconds, 1),
            "end_reached": answer.end_reached,
            "complete": answer.is_complete,
            **_why(answer.reason),
        }
    )
