"""Shapes of what is entered on the pages of a class."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.models import ClassLeaveKind, Cohort, Organization, TrainingClass
from enrollment.reports_classes import ORGANIZATION, PARK, parks
from enrollment.requests import number_in
from enrollment.roster.lookup import organizations_named
from enrollment.rules.class_policy import LEAVE_NO_TIME
from enrollment.rules.notice import KINDS as ATTACHED
from enrollment.timetables import Lesson

MOMENT_FORMAT = "%Y-%m-%dT%H:%M"
MOST_SEATS = 100_000


class ProposalForm(forms.Form):
    """By what seats are proposed."""

    level = forms.ChoiceField(
        label=_("Seats by"),
        choices=[(PARK, _("Park")), (ORGANIZATION, _("Organization"))],
        initial=PARK,
    )
    seats = forms.IntegerField(
        label=_("Seats to give out"),
        required=False,
        min_value=1,
        max_value=MOST_SEATS,
        help_text=_("Empty: all of the class."),
    )
    minimum_one = forms.BooleanField(
        label=_("At least one seat for each that has people"), required=False, initial=True
    )


class QuotaTableForm:
    """The table of quotas as it came back: a number of seats for each organization, and perhaps one more row.

    ``seats`` holds what is right; ``problems`` names each row that is not, and what to do.
    """

    def __init__(self, data: Mapping[str, str]) -> None:
        self.seats: dict[int, int] = {}
        self.problems: list[str] = []
        #: What was typed, so that a table that is refused comes back as it was.
        self.typed: dict[int, str] = {}
        for name, text in data.items():
            if not name.startswith("seats-") or (key := number_in(name[6:])) is None:
                continue
            self.typed[key] = text
            self._take(key, text)
        self._check_organizations()
        self._add(data.get("more_organization", ""), data.get("more_seats", ""))

    def _take(self, key: int, text: str) -> None:
        number = number_in(text.strip() or "0")
        if number is None or number > MOST_SEATS:
            name = Organization.objects.filter(pk=key).values_list("name", flat=True).first() or str(key)
            self.problems.append(
                gettext("%(organization)s: “%(text)s” is no number of seats; enter 0 or more.")
                % {"organization": name, "text": text[:20]}
            )
            return
        self.seats[key] = number

    def _check_organizations(self) -> None:
        known = set(Organization.objects.filter(pk__in=self.seats).values_list("pk", flat=True))
        if self.seats.keys() - known:
            self.problems.append(gettext("An organization of the table is no more; open the page again."))
            self.seats = {key: number for key, number in self.seats.items() if key in known}

    def _add(self, name: str, seats: str) -> None:
        if not name.strip():
            return
        found = organization_called(name)
        number = number_in(seats.strip())
        if found is None:
            self.problems.append(
                gettext("There is no organization “%(name)s”; type its code or full name.")
                % {"name": name[:60]}
            )
        elif number is None or number > MOST_SEATS:
            self.problems.append(
                gettext("Say how many seats %(organization)s gets.") % {"organization": found}
            )
        else:
            self.seats[found.pk] = number


def organization_called(name: str) -> Organization | None:
    """The one organization with this code, full name or short name."""
    known, dissolved = organizations_named([name.strip()], organization=None, actor=None)
    found = {pk for ids in known.values() for pk in ids} - dissolved
    rows = Organization.objects.active().filter(pk__in=found)
    return rows.first() if len(found) == 1 else None


class TermsForm(forms.Form):
    """Whom a class is for, and what it asks of presence."""

    cohorts = forms.ModelMultipleChoiceField(
        label=_("Further cohorts"),
        required=False,
        queryset=Cohort.objects.all(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Besides the cohort of the class. Without any cohort it is for everybody."),
    )
    parks = forms.ModelMultipleChoiceField(
        label=_("Only for these parks"),
        required=False,
        queryset=parks(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None: for the whole zone."),
    )
    organizations = forms.CharField(
        label=_("Only for these organizations and all below"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One code or full name on a line, besides the parks chosen above."),
    )
    absence_limit_percent = forms.IntegerField(
        label=_("Propose withdrawal at a share of absence (percent)"),
        required=False,
        min_value=1,
        max_value=100,
        help_text=_("Empty: withdrawal is never proposed. The class teacher decides in any case."),
    )
    leave_counts_as_absence = forms.BooleanField(label=_("Leave counts as absence here"), required=False)
    leave_teacher_hours = forms.IntegerField(
        label=_("Leave the class teacher decides on (hours)"),
        min_value=0,
        max_value=999,
        help_text=_("Longer leave is decided by the academy. A day counts as 8 hours; 0: all of it."),
    )

    @classmethod
    def of(cls, training_class: TrainingClass) -> TermsForm:
        """Filled with what holds now."""
        places = list(training_class.eligible_organizations.order_by("path"))
        chosen = [place for place in places if place.depth == 2]
        return cls(
            initial={
                "cohorts": list(training_class.further_cohorts.all()),
                "parks": chosen,
                "organizations": "\n".join(place.code for place in places if place not in chosen),
                "absence_limit_percent": training_class.absence_limit_percent,
                "leave_counts_as_absence": training_class.leave_counts_as_absence,
                "leave_teacher_hours": training_class.leave_teacher_hours,
            }
        )

    def clean_organizations(self) -> list[Organization]:
        """Each line as an organization."""
        found, unknown = [], []
        for line in self.cleaned_data["organizations"].splitlines():
            if not line.strip():
                continue
            place = organization_called(line)
            if place is None:
                unknown.append(line.strip())
            else:
                found.append(place)
        if unknown:
            raise forms.ValidationError(
                _("Not found: %(names)s. Type the code or the full name, one on a line."),
                params={"names": "、".join(unknown)},
            )
        return found

    @property
    def places(self) -> list[Organization]:
        """Parks and organizations together, each once."""
        every = [*self.cleaned_data["parks"], *self.cleaned_data["organizations"]]
        return list({place.pk: place for place in every}.values())


class ClassLeaveForm(forms.Form):
    """A leave slip of a class: for sessions that are ticked, else for a span of time."""

    kind = forms.ChoiceField(label=_("Kind"), choices=ClassLeaveKind.choices)
    sessions = forms.TypedMultipleChoiceField(
        label=_("Sessions you will miss"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick them, or give a span of time below instead."),
    )
    starts_at = forms.DateTimeField(
        label=_("From"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT_FORMAT),
        input_formats=[MOMENT_FORMAT, "%Y-%m-%d %H:%M"],
    )
    ends_at = forms.DateTimeField(
        label=_("To"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT_FORMAT),
        input_formats=[MOMENT_FORMAT, "%Y-%m-%d %H:%M"],
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, lessons: Sequence[Lesson], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["sessions"]
        field.choices = [(lesson.key, lesson_words(lesson)) for lesson in lessons]
        if not lessons:
            del self.fields["sessions"]

    def clean(self) -> dict[str, Any]:
        """Ticked sessions say when; otherwise both moments are needed."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("sessions"):
            data["starts_at"] = data["ends_at"] = None
        elif not self.errors and not (data.get("starts_at") and data.get("ends_at")):
            form_errors(self, [LEAVE_NO_TIME])
        return data


def lesson_words(lesson: Lesson) -> str:
    """When, and what: a line to tick."""
    begin, end = timezone.localtime(lesson.starts_at), timezone.localtime(lesson.ends_at)
    return f"{begin:%m-%d %H:%M}–{end:%H:%M} {lesson.title}"


class DecisionForm(forms.Form):
    """What the class teacher says to a slip."""

    answer = forms.CharField(label=_("Answer"), max_length=200, required=False)


class AttachmentForm(forms.Form):
    """A document for a notice."""

    file = forms.FileField(
        label=_("Document"),
        help_text=_("At most 20 MB."),
        widget=forms.FileInput(attrs={"accept": ",".join(sorted(ATTACHED))}),
    )


class ArchiveFileForm(forms.Form):
    """An archive that was downloaded."""

    file = forms.FileField(label=_("A downloaded archive"), widget=forms.FileInput(attrs={"accept": ".zip"}))


class CopyForm(forms.Form):
    """A class anew: when it begins, and what it is called."""

    title = forms.CharField(label=_("Title"), max_length=120)
    starts_on = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    code = forms.CharField(
        label=_("Class number"),
        max_length=30,
        required=False,
        help_text=_("Empty: the next number of the year."),
    )

    @classmethod
    def of(cls, training_class: TrainingClass) -> CopyForm:
        """A year later, on the same day of the week."""
        later = training_class.starts_on + dt.timedelta(weeks=52)
        while later <= timezone.localdate():
            later += dt.timedelta(weeks=52)
        title = training_class.title.replace(str(training_class.year), str(later.year))
        return cls(initial={"title": title, "starts_on": later})


def form_errors(form: forms.Form, reasons: Any) -> None:
    """Put each reason at its field of ``form``, or above it."""
    for reason in reasons:
        form.add_error(reason.field if reason.field in form.fields else None, str(reason))
