"""Forms of classes and certificates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enrollment.models import Organization, Orientation, TrainingClass
from enrollment.rules.class_life import MOST_GROUPS


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


class PartForm(forms.Form):
    """The group of one person, and their part in it and in the class."""

    group = forms.IntegerField(label=_("Group"), required=False, min_value=1, max_value=MOST_GROUPS)
    is_leader = forms.BooleanField(label=_("Group leader"), required=False)
    is_monitor = forms.BooleanField(label=_("Class monitor"), required=False)


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


class ReasonForm(forms.Form):
    """Why a certificate is revoked or replaced."""

    reason = forms.CharField(label=_("Reason"), max_length=200, strip=True)


class CheckForm(forms.Form):
    """What somebody types from a certificate or a proof of study."""

    number = forms.CharField(label=_("Number on the paper"), max_length=40, strip=True)
    code = forms.CharField(label=_("Verification code"), max_length=40, strip=True)


class TemplateForm(forms.Form):
    """The text of certificates, as staff write it; the rules judge it."""

    based_on = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    title = forms.CharField(label=_("Title"), max_length=60, required=False)
    body = forms.CharField(
        label=_("Text"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )
    footer = forms.CharField(
        label=_("Foot"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    signatory = forms.CharField(label=_("Signed by"), max_length=100, required=False)
    orientation = forms.ChoiceField(label=_("Paper"), choices=Orientation.choices)
    seal = forms.FileField(
        label=_("Picture of the seal"),
        required=False,
        help_text=_(
            "PNG with a transparent ground, or JPEG; 2 MB at most. Left empty, the seal stays as it is."
        ),
    )
    without_seal = forms.BooleanField(label=_("Leave the place of the seal empty"), required=False)
