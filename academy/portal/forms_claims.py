"""Forms for hours that somebody asks for: external training and adjustments."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.refusals import Refused
from enrollment.evidence import EvidenceFile, inspect
from enrollment.models import QUARTERS_PER_HOUR, ExternalTraining


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


def _time(label: Any, initial: dt.time) -> forms.TimeField:
    return forms.TimeField(
        label=label, initial=initial, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )


class TrainingForm(forms.Form):
    """A training held by somebody else, with its evidence."""

    title = forms.CharField(label=_("Title of the training"), max_length=120)
    organizer = forms.CharField(label=_("Organizer"), max_length=120)
    first_day = _day(_("First day"))
    starts = _time(_("Begins at"), dt.time(9))
    last_day = _day(_("Last day"))
    ends = _time(_("Ends at"), dt.time(17))
    amount = forms.DecimalField(
        label=_("How many"), max_digits=6, decimal_places=2, min_value=Decimal("0.25"), initial=1
    )
    unit = forms.ChoiceField(
        label=_("measured in"),
        choices=ExternalTraining.Unit.choices,
        initial=ExternalTraining.Unit.DAY,
        help_text=_("Half days and days are turned into hours by the rules in force on the first day."),
    )
    file = forms.FileField(
        label=_("Evidence file"),
        help_text=_("A PDF, JPG or PNG file of at most 10 MB: notice, certificate or sign-in sheet."),
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
    )
    submission_key = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["submission_key"].initial = uuid.uuid4().hex

    def clean_file(self) -> EvidenceFile:
        """What is in the file decides, not what it is called."""
        sent: UploadedFile = self.cleaned_data["file"]
        try:
            return inspect(sent, sent.size)
        except Refused as refused:
            raise ValidationError(refused.sentence) from None

    def clean(self) -> dict[str, Any]:
        """Local days and times as moments."""
        data = super().clean() or {}
        zone = timezone.get_default_timezone()
        for moment, day, time in (("starts_at", "first_day", "starts"), ("ends_at", "last_day", "ends")):
            if data.get(day) is not None and data.get(time) is not None:
                data[moment] = dt.datetime.combine(data[day], data[time], zone)
        return data

    #: Where a refusal of the action is shown.
    FIELD_OF = {
        "title": "title",
        "organizer": "organizer",
        "amount": "amount",
        "file": "file",
        "starts_at": "first_day",
        "ends_at": "last_day",
        "year": "first_day",
    }


class AdjustmentForm(forms.Form):
    """Hours that no other source can bring."""

    title = forms.CharField(label=_("What for"), max_length=120)
    hours = forms.DecimalField(
        label=_("Hours"), max_digits=5, decimal_places=2, min_value=Decimal("0.25"), max_value=Decimal(100)
    )
    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2100)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stays in the ledger with your name and that of whoever approves."),
    )
    submission_key = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["submission_key"].initial = uuid.uuid4().hex
        self.fields["year"].initial = timezone.localdate().year

    def clean_hours(self) -> Decimal:
        """Whole quarters."""
        hours: Decimal = self.cleaned_data["hours"]
        if hours * QUARTERS_PER_HOUR % 1:
            raise ValidationError(_("Hours are recorded in quarters: 0.25, 0.5, 0.75, 1 …"))
        return hours


def show(form: forms.Form, refused: Refused, field_of: dict[str, str] | None = None) -> None:
    """Put each reason at its field of ``form``, or above the form."""
    for reason in refused.reasons:
        name = (field_of or {}).get(reason.field, reason.field)
        form.add_error(name if name in form.fields else None, str(reason))
