"""Shapes of what people enter at the timetable."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.db.models import Model, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import ClassStatus, TrainingClass, User
from practicum.actions.moving import Move
from practicum.forms import MomentField
from practicum.models import Lecturer, Room, Session, TrainingBase, Vehicle

#: A month as a calendar shows it, with the days before and after.
LONGEST_SPAN = dt.timedelta(days=45)


class RoomField(forms.ModelChoiceField):
    """A room, told apart by its venue."""

    def label_from_instance(self, obj: Any) -> str:
        """Venue and room."""
        return f"{obj.venue} · {obj}"


class PlannerFilterForm(forms.Form):
    """What of all the calendar shows."""

    room = RoomField(
        label=_("Room"),
        required=False,
        empty_label=_("All rooms"),
        queryset=Room.objects.filter(is_active=True).select_related("venue"),
    )
    base = forms.ModelChoiceField(
        label=_("Training base"),
        required=False,
        empty_label=_("All bases"),
        queryset=TrainingBase.objects.listed(),
    )
    lecturer = forms.ModelChoiceField(
        label=_("Lecturer"),
        required=False,
        empty_label=_("All lecturers"),
        queryset=Lecturer.objects.filter(is_active=True),
    )
    vehicle = forms.ModelChoiceField(
        label=_("Vehicle"),
        required=False,
        empty_label=_("All vehicles"),
        queryset=Vehicle.objects.filter(is_active=True),
    )
    training_class = forms.ModelChoiceField(
        label=_("Training class"),
        required=False,
        empty_label=_("All classes"),
        queryset=TrainingClass.objects.none(),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        under_way = (ClassStatus.NOMINATING, ClassStatus.RUNNING)
        field = self.fields["training_class"]
        assert isinstance(field, forms.ModelChoiceField)
        classes = TrainingClass.objects.manageable_by(user).filter(status__in=under_way)
        field.queryset = classes.order_by("starts_on", "pk")

    def chosen(self) -> dict[str, Model]:
        """What was chosen, by field; an unknown choice counts as none."""
        return {name: row for name, row in getattr(self, "cleaned_data", {}).items() if row is not None}

    def condition(self) -> Q:
        """Sessions that have to do with everything chosen."""
        found = Q()
        for name, row in self.chosen().items():
            found &= Q(**{"vehicles" if name == "vehicle" else name: row})
        return found

    def resources(self) -> dict[str, Model]:
        """The chosen things that may be closed on some days."""
        return {name: row for name, row in self.chosen().items() if name != "training_class"}


class SpanForm(forms.Form):
    """From when to when the calendar shows."""

    start = forms.DateTimeField()
    end = forms.DateTimeField()

    def clean(self) -> dict[str, Any]:
        """A span in order, no longer than a month's page."""
        data = super().clean() or {}
        start, end = data.get("start"), data.get("end")
        if start is not None and end is not None and not start < end <= start + LONGEST_SPAN:
            raise forms.ValidationError(_("Say from when to when, at most 45 days."))
        return data


class TimesForm(forms.Form):
    """Where a session was dragged to."""

    starts_at = forms.DateTimeField()
    ends_at = forms.DateTimeField()


class MoveForm(forms.Form):
    """A new time, room and lecturer for a session."""

    starts_at = MomentField(label=_("Begins"))
    ends_at = MomentField(label=_("Ends"))
    room = RoomField(
        label=_("Room"),
        required=False,
        empty_label=_("No room"),
        queryset=Room.objects.filter(is_active=True).select_related("venue"),
    )
    lecturer = forms.ModelChoiceField(
        label=_("Lecturer"),
        required=False,
        empty_label=_("No lecturer"),
        queryset=Lecturer.objects.filter(is_active=True),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, required=False, help_text=_("It stays in the log.")
    )

    def __init__(self, *args: Any, session: Session, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "starts_at": timezone.localtime(session.starts_at),
            "ends_at": timezone.localtime(session.ends_at),
            "room": session.room,
            "lecturer": session.lecturer,
            **kwargs.get("initial", {}),
        }
        super().__init__(*args, **kwargs)
        room, lecturer = self.fields["room"], self.fields["lecturer"]
        assert isinstance(room, forms.ModelChoiceField)
        assert isinstance(lecturer, forms.ModelChoiceField)
        # What it has now may be chosen again, in use or not: the action says what is wrong with it.
        room.queryset = Room.objects.filter(Q(is_active=True) | Q(pk=session.room_id)).select_related("venue")
        lecturer.queryset = Lecturer.objects.filter(Q(is_active=True) | Q(pk=session.lecturer_id))

    def move(self) -> Move:
        """What the action is asked for."""
        data = self.cleaned_data
        return Move(data["starts_at"], data["ends_at"], data["room"], data["lecturer"], with_place=True)
