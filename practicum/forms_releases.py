"""Shapes of what staff enter into the draft of the timetable."""

from __future__ import annotations

import dataclasses
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from enrollment.models import TrainingClass
from practicum.actions.sessions import SessionPlan
from practicum.forms import MomentField
from practicum.models import Audience, Lecturer, Room, SessionKind, SessionMode, TrainingBase, Vehicle

PLANNED = [field.name for field in dataclasses.fields(SessionPlan)]


class DraftForm(forms.Form):
    """A session as it is wanted. What is not asked here stays as ``began`` has it."""

    title = forms.CharField(label=_("Title"), max_length=120)
    training_class = forms.ModelChoiceField(
        label=_("Training class"),
        queryset=TrainingClass.objects.none(),
        required=False,
        empty_label=_("None: people book seats"),
    )
    starts_at = MomentField(label=_("Begins"))
    ends_at = MomentField(label=_("Ends"))
    kind = forms.ChoiceField(label=_("Kind"), choices=SessionKind.choices)
    mode = forms.ChoiceField(label=_("Mode"), choices=SessionMode.choices)
    room = forms.ModelChoiceField(label=_("Room"), queryset=Room.objects.none(), required=False)
    base = forms.ModelChoiceField(
        label=_("Training base"), queryset=TrainingBase.objects.none(), required=False
    )
    place = forms.CharField(label=_("Other place"), max_length=120, required=False)
    online_url = forms.URLField(label=_("Address online"), required=False, assume_scheme="https")
    lecturer = forms.ModelChoiceField(label=_("Lecturer"), queryset=Lecturer.objects.none(), required=False)
    vehicles = forms.ModelMultipleChoiceField(
        label=_("Vehicles"),
        queryset=Vehicle.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    seats = forms.IntegerField(label=_("Seats"), min_value=1, max_value=3000, required=False)
    bring = forms.CharField(label=_("What to bring"), max_length=200, required=False)
    note = forms.CharField(
        label=_("Note for participants"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(
        self,
        *args: Any,
        classes: QuerySet[TrainingClass],
        must_have_class: bool,
        began: SessionPlan | None = None,
        **kwargs: Any,
    ) -> None:
        self.began = began
        if began is not None:
            kwargs["initial"] = {name: getattr(began, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        choices: dict[str, QuerySet[Any]] = {
            "training_class": classes,
            "room": Room.objects.filter(is_active=True).select_related("venue"),
            "base": TrainingBase.objects.all(),
            "lecturer": Lecturer.objects.filter(is_active=True),
            "vehicles": Vehicle.objects.filter(is_active=True),
        }
        for name, rows in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows
        # A teacher drafts for the classes that are theirs; sessions without a class are the academy's.
        self.fields["training_class"].required = must_have_class

    def plan(self) -> SessionPlan:
        """What is drafted. Hours follow the new times, unless they are as before."""
        data = {name: value for name, value in self.cleaned_data.items() if name in PLANNED}
        data["vehicles"] = list(data["vehicles"])
        has_class = data["training_class"] is not None
        if self.began is None:
            return SessionPlan(**data, is_open=not has_class)
        timed = {"starts_at", "ends_at"} & set(self.changed_data)
        return dataclasses.replace(
            self.began,
            **data,
            quarters=None if timed else self.began.quarters,
            audience=self.began.audience if has_class else Audience.BOOKINGS,
        )


class ReleaseForm(forms.Form):
    """What a release is about."""

    note = forms.CharField(
        label=_("What it is about"),
        max_length=200,
        required=False,
        help_text=_("Stands in the message and in the changelog."),
    )


class ReasonForm(forms.Form):
    """Why something public is taken back."""

    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("Everybody concerned reads it."))
