"""Forms of the workbench: the shape of input, and friendly refusals."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms import BoundField
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import BranchActivity, CohortCode, Organization, Post, User
from enrollment.roster import messages
from enrollment.roster.guard import MAX_BYTES
from enrollment.roster.lookup import organizations_named
from enrollment.rules.roster import Column

#: More organizations than this are named by typing, not picked from a list.
LONGEST_SELECT = 40


class MemberFilter(forms.Form):
    """What narrows the list of members."""

    q = forms.CharField(
        label=_("Name, organization or phone"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    cohort = forms.ChoiceField(
        label=_("Cohort"), required=False, choices=[("", _("All")), *CohortCode.choices]
    )
    state = forms.ChoiceField(
        label=_("Target"),
        required=False,
        choices=[
            ("", _("All")),
            ("short", _("Still short")),
            ("reached", _("Target reached")),
            ("exempt", _("Exempt")),
        ],
    )


class RosterForm(forms.Form):
    """A roster to be read."""

    file = forms.FileField(
        label=_("Roster (.xlsx or .csv)"),
        help_text=_("At most 20 MB. Nothing is saved before you confirm the preview."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={"required": _("Choose the roster to send first.")},
    )

    def clean_file(self) -> UploadedFile:
        """The size is refused before anything is kept; what is inside is judged in the background."""
        file: UploadedFile = self.cleaned_data["file"]
        if file.size is not None and file.size > MAX_BYTES:
            raise ValidationError(str(messages.file_reason("too_large", megabytes=MAX_BYTES // 1024 // 1024)))
        return file


#: What a column of a roster may be said to hold; its running number is left out like any other.
COLUMN_CHOICES = [
    ("", _("Leave out")),
    *((column.value, messages.FIELDS[column]) for column in Column if column is not Column.NUMBER),
]


class ColumnsForm(forms.Form):
    """What each column of a roster holds; ``columns`` are those of its verdict or of its question."""

    def __init__(self, *args: Any, columns: Sequence[Mapping[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.columns = {place: column for place, column in enumerate(columns) if column["title"]}
        for place, column in self.columns.items():
            is_number = column["field"] == Column.NUMBER
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=column["title"],
                choices=COLUMN_CHOICES,
                required=False,
                initial="" if is_number else column["field"],
                # Read aloud with its heading: the visible label is the head of the row.
                widget=forms.Select(attrs={"aria-label": column["title"]}),
            )

    def rows(self) -> list[tuple[Mapping[str, Any], BoundField]]:
        """Each column with its field, in the order of the sheet."""
        return [(column, self[f"column_{place}"]) for place, column in self.columns.items()]

    def told(self) -> dict[int, str]:
        """Place → what it holds, without the columns that are left out."""
        return {place: value for place in self.columns if (value := self.cleaned_data.get(f"column_{place}"))}


class ActivityForm(forms.Form):
    """One branch activity on one day. Attendees are chosen beside it."""

    organization = forms.CharField(label=_("Organization"), max_length=120)
    form = forms.ChoiceField(label=_("Form of activity"), choices=BranchActivity.Form.choices)
    title = forms.CharField(label=_("Title"), max_length=120)
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    starts = forms.TimeField(
        label=_("From (time)"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    ends = forms.TimeField(
        label=_("To (time)"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    place = forms.CharField(label=_("Place"), max_length=120, required=False)
    submission_key = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["submission_key"].initial = uuid.uuid4().hex
        places = list(
            Organization.objects.manageable_by(user).active().values_list("pk", "name")[: LONGEST_SELECT + 1]
        )
        self.picks_from_list = len(places) <= LONGEST_SELECT
        if self.picks_from_list:
            self.fields["organization"] = forms.TypedChoiceField(
                label=_("Organization"), choices=places, coerce=int, initial=places[0][0] if places else None
            )
        else:
            self.fields["organization"].help_text = _("Type its full name, short name or code.")

    def clean_organization(self) -> Organization:
        """The organization picked or typed, among those the person looks after."""
        said = self.cleaned_data["organization"]
        reach = Organization.objects.manageable_by(self.user).active()
        if not self.picks_from_list:
            known, dissolved = organizations_named([said], organization=None, actor=self.user)
            found = {pk for ids in known.values() for pk in ids} - dissolved
            if len(found) != 1:
                raise ValidationError(
                    _("No single organization of yours has this name; type its full name or code.")
                )
            said = found.pop()
        organization: Organization | None = reach.filter(pk=said).first()
        if organization is None:
            raise ValidationError(_("You do not look after this organization."))
        return organization

    def clean(self) -> dict[str, Any]:
        """Local day and times as moments."""
        data = super().clean() or {}
        if all(data.get(name) is not None for name in ("day", "starts", "ends")):
            zone = timezone.get_current_timezone()
            data["starts_at"] = dt.datetime.combine(data["day"], data["starts"], zone)
            data["ends_at"] = dt.datetime.combine(data["day"], data["ends"], zone)
        return data


class TransferForm(forms.Form):
    """Where a person of one's own goes, from when, and why."""

    WITHIN, LEAVES = "within", "leaves"

    where = forms.ChoiceField(
        label=_("Where to"),
        choices=[(WITHIN, _("To another organization of the zone")), (LEAVES, _("Out of the zone"))],
        initial=WITHIN,
        widget=forms.RadioSelect,
    )
    organization = forms.CharField(
        label=_("Receiving organization"),
        max_length=120,
        required=False,
        help_text=_("Type its full name, short name or code."),
    )
    post = forms.ChoiceField(label=_("Post there"), choices=Post.choices, initial=Post.MEMBER, required=False)
    destination = forms.CharField(
        label=_("Destination outside the zone"),
        max_length=120,
        required=False,
        help_text=_("Only for somebody who leaves the zone."),
    )
    on = forms.DateField(
        label=_("Effective on"),
        initial=timezone.localdate,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("First day in the new organization; for somebody who leaves, the last day here."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def clean_post(self) -> str:
        """A plain member unless something else is chosen."""
        return self.cleaned_data["post"] or Post.MEMBER

    def clean(self) -> dict[str, Any]:
        """The organization that is meant, where the person stays in the zone."""
        data = super().clean() or {}
        said = data.get("organization", "")
        if data.get("where") != self.WITHIN:
            return data
        if not said:
            self.add_error("organization", _("Name the receiving organization."))
            return data
        known, dissolved = organizations_named([said], organization=None, actor=None)
        found = {pk for ids in known.values() for pk in ids} - dissolved
        if len(found) != 1:
            self.add_error(
                "organization", _("No single organization has this name; type its full name or code.")
            )
            return data
        data["organization"] = Organization.objects.get(pk=found.pop())
        return data


class WithdrawForm(forms.Form):
    """Why somebody is taken back from a class."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
