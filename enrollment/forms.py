"""Forms of the class roster."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enrollment.models import Organization, TrainingClass


class WithdrawalForm(forms.Form):
    """Why somebody is taken out of a class."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class QuotaForm(forms.Form):
    """Seats for one organization, named by its code as it stands in every list."""

    organization = forms.CharField(label=_("Organization code"), max_length=40)
    seats = forms.IntegerField(label=_("Seats"), min_value=0, max_value=100_000)

    def clean_organization(self) -> Organization:
        """The organization with that code."""
        found = Organization.objects.active().filter(code=self.cleaned_data["organization"].strip()).first()
        if found is None:
            raise forms.ValidationError(_("There is no organization with this code."))
        return found


class GroupsForm(forms.Form):
    """How large the groups are to be."""

    size = forms.IntegerField(label=_("People in a group"), min_value=2, max_value=100, initial=10)


class SearchForm(forms.Form):
    """Whom to put on the roster."""

    q = forms.CharField(
        label=_("Name or mobile phone"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


def status_choices(training_class: TrainingClass, following: Any) -> list[tuple[str, str]]:
    """Statuses that can follow, with their names, in the order of a class's life."""
    statuses = type(training_class)._meta.get_field("status").choices or []
    return [(str(value), str(label)) for value, label in statuses if value in following]
