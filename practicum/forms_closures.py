"""Shapes of what people enter where a lecturer, room or vehicle cannot be had."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from practicum.models import Blackout, Lecturer, Room, Vehicle

LABELS = {"lecturer": _("Other lecturer"), "room": _("Other room"), "vehicle": _("Other vehicle")}


class SubstituteField(forms.ModelChoiceField):
    """What can take the place of what is closed, with what tells it apart."""

    def label_from_instance(self, obj: Any) -> str:
        """A room with its venue and seats, a vehicle with its seats, a lecturer with the unit."""
        if isinstance(obj, Room):
            return _("%(thing)s (%(seats)s seats)") % {"thing": f"{obj.venue} · {obj}", "seats": obj.capacity}
        if isinstance(obj, Vehicle):
            return _("%(thing)s (%(seats)s seats)") % {"thing": obj, "seats": obj.seats}
        return " · ".join(part for part in (obj.name, obj.unit) if part)


def substitutes(closure: Blackout) -> QuerySet[Any]:
    """What could take the place; a base has no substitute here: its visits have a page of their own."""
    rows: dict[str, QuerySet[Any]] = {
        "lecturer": Lecturer.objects.filter(is_active=True),
        "room": Room.objects.filter(is_active=True).select_related("venue"),
        "vehicle": Vehicle.objects.filter(is_active=True),
    }
    found = rows.get(closure.kind, Room.objects.none())
    thing: Model = closure.thing
    return found.exclude(pk=thing.pk) if closure.kind in rows else found


class StandInForm(forms.Form):
    """Who or what takes the place."""

    substitute = SubstituteField(label="", queryset=Room.objects.none(), empty_label=_("Choose"))

    def __init__(self, *args: Any, closure: Blackout, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["substitute"]
        field.label = LABELS.get(closure.kind, "")
        field.queryset = substitutes(closure)  # type: ignore[attr-defined]


class CallOffForm(forms.Form):
    """Why a session is called off."""

    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("Everybody concerned reads it."))
