"""Shapes of what people enter about seats."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enrollment.models import Organization
from practicum.models import SeatTerms


class SeatTermsForm(forms.ModelForm):
    """How the seats of a session are shared."""

    class Meta:
        model = SeatTerms
        fields = ["share_percent", "shares_end_hours", "give_back_hours", "hold_hours"]


class PeopleFilterForm(forms.Form):
    """What narrows the list of people."""

    q = forms.CharField(label=_("Name"), required=False, max_length=60)


class HoldForm(forms.Form):
    """Seats to be kept until people are named."""

    organization = forms.ModelChoiceField(label=_("Organization"), queryset=Organization.objects.none())
    seats = forms.IntegerField(label=_("Seats"), min_value=1, max_value=500, initial=2)

    def __init__(self, *args: Any, organizations: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["organization"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = organizations


class AppealForm(forms.Form):
    """Why a seat stayed empty."""

    appeal = forms.CharField(
        label=_("What happened"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


class AppealAnswerForm(forms.Form):
    """What is answered to an objection."""

    answer = forms.CharField(label=_("Answer"), max_length=300, help_text=_("The person reads it."))
