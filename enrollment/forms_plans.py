"""Shapes of what is entered about plans and needs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cms.templatetags.ui import month_name
from enrollment import need_answers
from enrollment.models import Cohort, NeedField, NeedsSurvey, NeedStatus, PlanEntry
from enrollment.rules.needs import LONGEST, TEXT


def months() -> list[tuple[int, str]]:
    """The months to choose from."""
    return [(number, month_name(number)) for number in range(1, 13)]


class YearForm(forms.Form):
    """A year to plan."""

    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2100)


class EntryForm(forms.Form):
    """One entry of a plan."""

    title = forms.CharField(label=_("Title"), max_length=120)
    month = forms.TypedChoiceField(label=_("Month"), coerce=int, choices=months)
    cohort = forms.ModelChoiceField(
        label=_("Cohort"), required=False, queryset=Cohort.objects.all(), empty_label=_("Everybody")
    )
    days = forms.IntegerField(label=_("Days of training"), min_value=1, max_value=60, initial=1)
    seats = forms.IntegerField(label=_("Seats"), min_value=1, max_value=100_000)
    budget = forms.DecimalField(
        label=_("Budget (yuan)"), required=False, min_value=0, max_digits=12, decimal_places=2
    )
    responsible = forms.CharField(label=_("Responsible"), max_length=60, required=False)
    note = forms.CharField(label=_("Remarks"), max_length=200, required=False)

    @classmethod
    def of(cls, entry: PlanEntry) -> EntryForm:
        """Filled with what stands in the plan."""
        return cls(initial={name: getattr(entry, name) for name in cls.base_fields})


class SurveyForm(forms.Form):
    """From when to when needs are asked."""

    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2100)
    opens_on = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    closes_on = forms.DateField(
        label=_("To"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    @classmethod
    def of(cls, survey: NeedsSurvey | None, today: dt.date) -> SurveyForm:
        """The survey that is open, else one for the coming year."""
        if survey is not None:
            return cls(
                initial={"year": survey.year, "opens_on": survey.opens_on, "closes_on": survey.closes_on}
            )
        ends = today + dt.timedelta(days=30)
        return cls(initial={"year": ends.year + 1, "opens_on": today, "closes_on": ends})


class NeedForm(forms.Form):
    """A need."""

    field = forms.ModelChoiceField(
        label=_("Field"),
        queryset=NeedField.objects.filter(is_active=True),
        widget=forms.RadioSelect,
        empty_label=None,
    )
    text = forms.CharField(
        label=_("What is needed"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What should be taught, to whom, and in what form."),
    )


class NeedFilter(forms.Form):
    """What narrows the list of needs."""

    year = forms.TypedChoiceField(label=_("Year"), required=False, coerce=int)
    field = forms.ModelChoiceField(
        label=_("Field"), required=False, queryset=NeedField.objects.all(), empty_label=_("All fields")
    )
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("All")), *NeedStatus.choices]
    )
    q = forms.CharField(
        label=_("Text or organization"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search"}),
    )

    def __init__(self, *args: Any, years: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        year: Any = self.fields["year"]
        year.choices = [("", _("All years")), *((year, str(year)) for year in years)]


class AnswerForm(forms.Form):
    """What answers a need."""

    kind = forms.ChoiceField(label=_("Answered by"))
    reference = forms.CharField(
        label=_("Number or title"), required=False, max_length=200, help_text=_("Not for an answer in words.")
    )
    text = forms.CharField(label=_("In words"), required=False, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind: Any = self.fields["kind"]
        kind.choices = [
            *((source.kind, source.label) for source in need_answers.sources()),
            (TEXT, _("In words")),
        ]
