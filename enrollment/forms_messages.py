"""The form in which people say what they want to hear, how and when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enrollment.models import MessageChannel, MessageDigest, MessageGroup
from enrollment.rules.messages import Wishes


class ClockInput(forms.TimeInput):
    """A time as browsers let it be chosen."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class PreferenceForm(forms.Form):
    """Channels for each group of messages, quiet hours, and how often."""

    quiet_from = forms.TimeField(
        label=_("Quiet from"),
        widget=ClockInput(),
        required=False,
        help_text=_("Nothing is sent to you in the quiet hours; it waits for their end."),
    )
    quiet_until = forms.TimeField(label=_("Quiet until"), widget=ClockInput(), required=False)
    digest = forms.ChoiceField(
        label=_("How often"),
        choices=MessageDigest.choices,
        widget=forms.RadioSelect,
        help_text=_("What cannot wait, such as a session that moved, goes at once all the same."),
    )

    def __init__(self, data: Any = None, *, offered: Iterable[str], wishes: Wishes) -> None:
        initial: dict[str, Any] = {
            "quiet_from": wishes.quiet_from if wishes.quiet_from != wishes.quiet_until else None,
            "quiet_until": wishes.quiet_until if wishes.quiet_from != wishes.quiet_until else None,
            "digest": wishes.digest,
        }
        self.offered = [channel for channel in MessageChannel if channel.value in set(offered)]
        for group in MessageGroup:
            initial[group.value] = list(wishes.channels.get(group.value, ()))
        super().__init__(data, initial=initial)
        # What is not offered now is kept as it was chosen: a gateway may be away for a day.
        hidden = {channel.value for channel in MessageChannel} - {one.value for one in self.offered}
        self.kept = {
            group.value: [name for name in initial[group.value] if name in hidden] for group in MessageGroup
        }
        choices = [(channel.value, channel.label) for channel in self.offered]
        asked = {
            group.value: forms.MultipleChoiceField(
                label=group.label,
                choices=choices,
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )
            for group in MessageGroup
        }
        self.fields = {**asked, **self.fields}

    def channels(self) -> dict[str, list[str]]:
        """For each group what was ticked, and what could not be shown."""
        return {
            group.value: [*self.cleaned_data[group.value], *self.kept[group.value]] for group in MessageGroup
        }
