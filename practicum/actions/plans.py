"""A session's plan as plain data, so that it can wait in a draft and be taken back after a release."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Model

from cms.refusals import Refused
from enrollment.models import TrainingClass
from practicum.actions.sessions import SessionPlan
from practicum.models import Lecturer, Room, Session, TrainingBase, Vehicle
from practicum.rules.reasons import reason

MOMENTS = ("starts_at", "ends_at")
POINTERS: dict[str, type[Model]] = {
    "training_class": TrainingClass,
    "room": Room,
    "base": TrainingBase,
    "lecturer": Lecturer,
}
PLAIN = (
    "title", "kind", "mode", "place", "online_url", "audience", "seats", "is_open", "hour_kind", "quarters",
    "dimension", "bring", "note", "opens_before_minutes", "closes_after_minutes",
)  # fmt: skip


def frozen(plan: SessionPlan) -> dict[str, Any]:
    """``plan`` as JSON: moments as text, everything else that it names by key."""
    found: dict[str, Any] = {name: getattr(plan, name) for name in PLAIN}
    for name in MOMENTS:
        found[name] = getattr(plan, name).isoformat()
    for name in POINTERS:
        found[name] = one.pk if (one := getattr(plan, name)) is not None else None
    found["vehicles"] = [one.pk for one in plan.vehicles]
    found["trainee_ids"] = list(plan.trainee_ids)
    return {name: str(value) if name in ("kind", "mode") else value for name, value in found.items()}


def thawed(data: Mapping[str, Any]) -> SessionPlan:
    """The plan again.

    Raises:
        Refused: a room, base, lecturer, class or vehicle that it names is no longer there.
    """
    values: dict[str, Any] = {name: data[name] for name in PLAIN if name in data}
    for name in MOMENTS:
        values[name] = dt.datetime.fromisoformat(data[name])
    for name, model in POINTERS.items():
        if (key := data.get(name)) is not None:
            values[name] = model._default_manager.filter(pk=key).first()
            if values[name] is None:
                raise Refused(reason("plan_lost", name, title=data.get("title", "")))
    vehicles = list(Vehicle.objects.filter(pk__in=data.get("vehicles", ())))
    if len(vehicles) < len(data.get("vehicles", ())):
        raise Refused(reason("plan_lost", "vehicles", title=data.get("title", "")))
    return SessionPlan(**values, vehicles=tuple(vehicles), trainee_ids=tuple(data.get("trainee_ids", ())))


def plan_of(session: Session) -> SessionPlan:
    """A session as it is, as a plan."""
    return SessionPlan(
        **{name: getattr(session, name) for name in (*PLAIN, *MOMENTS, *POINTERS)},
        vehicles=list(session.vehicles.all()),
    )
