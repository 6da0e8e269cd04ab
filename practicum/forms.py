"""Shapes of what people enter."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import IndustryTag, Organization, OrganizationKind, TagKind, TitleLevel
from practicum.models import AttendanceStatus, Session, TrainingBase, Vehicle, Visit
from practicum.rules.attendance import RULINGS
from practicum.rules.visits import Batch

TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
MOMENT_FORMAT = "%Y-%m-%dT%H:%M"


class MomentField(forms.DateTimeField):
    """A local day and time, in the browser's own control."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "widget", forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT_FORMAT)
        )
        kwargs.setdefault("input_formats", [MOMENT_FORMAT, "%Y-%m-%d %H:%M"])
        super().__init__(**kwargs)


class BaseFilterForm(forms.Form):
    """What narrows the directory of bases."""

    q = forms.CharField(label=_("Search"), required=False, max_length=60)
    park = forms.ModelChoiceField(
        label=_("Park"),
        required=False,
        empty_label=_("All parks"),
        queryset=Organization.objects.filter(kind=OrganizationKind.PARK),
    )
    field = forms.ModelChoiceField(
        label=_("Industry field"),
        required=False,
        empty_label=_("All fields"),
        queryset=IndustryTag.objects.filter(kind=TagKind.FIELD),
    )
    title = forms.ChoiceField(
        label=_("Title of honour"), required=False, choices=[("", _("All titles")), *TitleLevel.choices]
    )


class CodeForm(forms.Form):
    """The numeric code of the screen."""

    code = forms.RegexField(
        r"^\d{6}$",
        label=_("Code on the screen"),
        error_messages={"invalid": _("The code has six digits.")},
    )


class CorrectionForm(forms.Form):
    """A decision of staff about one person."""

    ruling = forms.ChoiceField(
        label=_("Decide"),
        required=False,
        widget=forms.RadioSelect,
        choices=[
            ("", _("Judge by the times")),
            *[(value, label) for value, label in AttendanceStatus.choices if value in RULINGS],
        ],
    )
    signed_in_at = forms.TimeField(label=_("Signed in at"), required=False, widget=TIME)
    signed_out_at = forms.TimeField(label=_("Signed out at"), required=False, widget=TIME)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("It stays on record with your name."),
    )

    def __init__(self, *args: Any, session: Session, **kwargs: Any) -> None:
        self.session = session
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("signed_in_at", "signed_out_at"):
            if (clock := data.get(name)) is not None:
                data[name] = self._on_the_day(clock)
        if not self.errors and not any(
            data.get(name) for name in ("ruling", "signed_in_at", "signed_out_at")
        ):
            self.add_error("ruling", _("Choose a decision, or give a time."))
        return data

    def _on_the_day(self, clock: dt.time) -> dt.datetime:
        """``clock`` on the day of the session; past midnight where the session runs over it."""
        start = timezone.localtime(self.session.starts_at)
        moment = dt.datetime.combine(start.date(), clock, tzinfo=start.tzinfo)
        if self.session.ends_at > moment + dt.timedelta(days=1) - dt.timedelta(hours=1):
            moment += dt.timedelta(days=1)
        return moment


class ReasonForm(forms.Form):
    """A refusal with its reason."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class SuspensionForm(forms.Form):
    """Why a base receives nobody, and until when."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
    ends_on = forms.DateField(
        label=_("Suspended until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Without a last day it holds until it is lifted."),
    )


class ElsewhereForm(forms.Form):
    """Where a visit goes that lost its place."""

    base = forms.ModelChoiceField(
        label=_("Other base"), queryset=TrainingBase.objects.active(), empty_label=_("Choose a base")
    )
    starts_at = MomentField(label=_("Begins"), help_text=_("It lasts as long as planned."))
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("Visitors and the first base read it.")
    )

    def __init__(self, *args: Any, visit: Visit, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "starts_at": timezone.localtime(visit.starts_at),
            "reason": _first_reason(visit),
            **kwargs.get("initial", {}),
        }
        super().__init__(*args, **kwargs)
        rows = TrainingBase.objects.active().exclude(pk=visit.base_id).select_related("park")
        field = self.fields["base"]
        field.queryset = rows  # type: ignore[attr-defined]
        field.label_from_instance = _base_in_list  # type: ignore[attr-defined]


def _first_reason(visit: Visit) -> str:
    """What the base said of its suspension, to begin with."""
    standing = visit.base.suspensions.standing().first()
    return standing.reason if standing is not None else ""


def _base_in_list(base: TrainingBase) -> str:
    """A base as one chooses it: with its park and how many it takes."""
    facts = _("%(people)s people a batch") % {"people": base.capacity_per_batch}
    return " · ".join(str(part) for part in (base.name, base.park, facts) if part)


class SafetyForm(forms.Form):
    """What the base wants visitors to mind."""

    text = forms.CharField(
        label=_("What visitors should mind"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Where to gather, what to wear, what not to touch or photograph."),
    )


class PaperForm(forms.Form):
    """A document handed in."""

    file = forms.FileField(
        label=_("Add a document"),
        help_text=_("PDF, JPG, PNG, DOCX or XLSX, up to 10 MB."),
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png,.docx,.xlsx"}),
    )


class RatingForm(forms.Form):
    """How a visit was; the base also says how many came."""

    stars = forms.TypedChoiceField(
        label=_("Rating"),
        coerce=int,
        widget=forms.RadioSelect,
        choices=[
            (5, _("5 · very good")),
            (4, _("4 · good")),
            (3, _("3 · fair")),
            (2, _("2 · poor")),
            (1, _("1 · bad")),
        ],
    )
    received = forms.IntegerField(label=_("People who came"), min_value=0, max_value=10000, required=False)
    comment = forms.CharField(
        label=_("What should be better"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, of_base: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not of_base:
            del self.fields["received"]


class HeadcountForm(forms.Form):
    """How many come; late, with a reason."""

    headcount = forms.IntegerField(label=_("People who will come"), min_value=1, max_value=10000)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        required=False,
        help_text=_("Only after the day for changes; the base reads it."),
    )


class VehiclesField(forms.ModelMultipleChoiceField):
    """Vehicles with their seats."""

    def label_from_instance(self, obj: Any) -> str:
        """The vehicle and how many it takes."""
        return _("%(vehicle)s (%(seats)s seats)") % {"vehicle": obj, "seats": obj.seats}


class VehiclesForm(forms.Form):
    """What a visit rides in."""

    vehicles = VehiclesField(
        label=_("Vehicles"),
        queryset=Vehicle.objects.filter(is_active=True),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class LeaveForm(forms.Form):
    """A leave slip."""

    reason = forms.CharField(label=_("Why you cannot come"), max_length=200)


class ProposalForm(forms.Form):
    """Up to three batches that a base offers instead."""

    ROWS = 3
    message = forms.CharField(label=_("Message to the academy"), max_length=300, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for row in range(1, self.ROWS + 1):
            needed = row == 1
            self.fields[f"starts_{row}"] = MomentField(label=_("Begins"), required=needed)
            self.fields[f"ends_{row}"] = forms.TimeField(label=_("Ends"), required=needed, widget=TIME)
            self.fields[f"people_{row}"] = forms.IntegerField(label=_("People"), required=needed, min_value=1)

    def rows(self) -> list[list[forms.BoundField]]:
        """The fields of each batch, for the template."""
        return [
            [self[f"starts_{row}"], self[f"ends_{row}"], self[f"people_{row}"]]
            for row in range(1, self.ROWS + 1)
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for row in range(1, self.ROWS + 1):
            given = [data.get(f"{name}_{row}") for name in ("starts", "ends", "people")]
            if any(given) and not all(given):
                self.add_error(f"starts_{row}", _("Give beginning, end and people of this batch."))
        return data

    @property
    def batches(self) -> list[Batch]:
        """The batches that were filled in."""
        found = []
        for row in range(1, self.ROWS + 1):
            if (start := self.cleaned_data.get(f"starts_{row}")) is None:
                continue
            start = timezone.localtime(start)
            end = dt.datetime.combine(start.date(), self.cleaned_data[f"ends_{row}"], tzinfo=start.tzinfo)
            found.append(Batch(start, end, self.cleaned_data[f"people_{row}"]))
        return found


class PreparationForm(forms.ModelForm):
    """Who leads a visit, and what of its preparation is done."""

    class Meta:
        model = Visit
        fields = ["leader_name", "leader_phone", "is_insured", "has_safety_plan", "briefing"]
        widgets = {"briefing": forms.Textarea(attrs={"rows": 6})}
