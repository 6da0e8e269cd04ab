"""Series of sessions in the admin: a form that shows each day before anything is planned."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, cast

from django import forms
from django.db.models import Count, Model, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.widgets import AdminDateInput, AdminTimeInput

from cms.refusals import Refused
from enrollment.models import QUARTERS_PER_HOUR, User
from enrollment.viewsets.scoped import (
    CreateThroughAction,
    EditThroughAction,
    InScopeMixin,
    ScopedIndexView,
    ScopedViewSet,
    ThroughActionMixin,
    show_refusal,
)
from practicum.actions import series as actions
from practicum.actions.series import Member, SeriesPlan
from practicum.actions.sessions import SessionPlan
from practicum.models import Audience, SessionSeries, SessionStatus
from practicum.rules.series import Pattern
from practicum.viewsets.places import WeekdaysField
from practicum.viewsets.sessions import CHOOSING, PLANNED, CancelForm, SessionForm, counted_for

WHAT = {
    "fresh": _("will be planned"),
    "kept": _("will be changed"),
    "dropped": _("will be called off"),
}
#: Between two days that are left out somebody writes blanks, commas or new lines.
BETWEEN_DAYS = re.compile(r"[\s,，、;；]+")


class DaysField(forms.CharField):
    """Days as people list them: 2026-10-12, 2026-10-19."""

    widget = forms.Textarea(attrs={"rows": 2})

    def prepare_value(self, value: Any) -> Any:
        """A stored list as one line."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> frozenset[dt.date]:
        """The days; the first word that is none is named."""
        found = set()
        for word in filter(None, BETWEEN_DAYS.split(super().clean(value))):
            try:
                found.add(dt.date.fromisoformat(word))
            except ValueError:
                raise forms.ValidationError(
                    _("“%(word)s” is not a day. Write days like 2026-10-12, with a comma between them."),
                    params={"word": word},
                ) from None
        return frozenset(found)


class SeriesForm(SessionForm):
    """A series as somebody wants it."""

    weekdays = WeekdaysField(label=_("weekdays"))
    left_out = DaysField(
        label=_("days left out"),
        required=False,
        help_text=_("Days without a session, like 2026-10-12, with a comma between them."),
    )

    class Meta:
        model = SessionSeries
        fields = [
            "title",
            "kind",
            "mode",
            "training_class",
            "weekdays",
            "every_weeks",
            "first_on",
            "last_on",
            "begins_at",
            "ends_at",
            "skips_holidays",
            "skips_makeup_days",
            "left_out",
            "room",
            "base",
            "dimension",
            "place",
            "online_url",
            "lecturer",
            "vehicles",
            "bring",
            "note",
            "is_open",
            "seats",
            "opens_before_minutes",
            "closes_after_minutes",
        ]
        widgets = {
            **CHOOSING,
            "first_on": AdminDateInput,
            "last_on": AdminDateInput,
            "begins_at": AdminTimeInput,
            "ends_at": AdminTimeInput,
        }

    def _post_clean(self) -> None:
        """The action judges the whole, and keeps it; the form leaves the series as it stands."""

    def series_plan(self) -> SeriesPlan:
        """What the action is asked for."""
        data = dict(self.cleaned_data)
        hours, dimension = data["hours"], counted_for(data.pop("dimension"))
        booked = data["training_class"] is None or data["is_open"]
        anywhen = timezone.now()
        template = SessionPlan(
            starts_at=anywhen,
            ends_at=anywhen,
            dimension=dimension,
            quarters=None if hours is None else round(hours * QUARTERS_PER_HOUR),
            audience=Audience.BOOKINGS if booked else None,
            **{name: data[name] for name in PLANNED if name in data and name != "ends_at"},
        )
        pattern = Pattern(
            weekdays=frozenset(int(digit) for digit in data["weekdays"]),
            first_on=data["first_on"],
            last_on=data["last_on"],
            every_weeks=data["every_weeks"],
            skips_holidays=data["skips_holidays"],
            skips_makeup_days=data["skips_makeup_days"],
            left_out=data["left_out"],
        )
        return SeriesPlan(pattern, data["begins_at"], data["ends_at"], template)


class WithPreview(ThroughActionMixin):
    """“Show the days” runs the action and takes it back; a refusal shows the same table."""

    template_name = "practicum/admin/series.html"
    request: HttpRequest
    members: list[Member] | None = None
    produced_error_code = ""

    def standing(self) -> SessionSeries | None:
        """The series that is changed; None for a new one."""
        return None

    def form_valid(self, form: forms.ModelForm) -> HttpResponse:
        """The deed, or what it would be."""
        assert isinstance(form, SeriesForm)
        if "look" not in self.request.POST:
            return super().form_valid(form)
        if not self._looked(form):
            return self.form_invalid(form)
        shown: HttpResponse = self.render_to_response(self.get_context_data(form=form))  # type: ignore[attr-defined]
        return shown

    def form_invalid(self, form: SeriesForm) -> HttpResponse:
        """Show each day, when days are what stands against it."""
        if self.produced_error_code == "series_member":
            # Each day has its sentences in the table; above the form stands where to look.
            form.errors.clear()
            form.add_error(None, _("Some days cannot be held: see the table. Nothing was saved."))
            self._looked(form)
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        return response

    def _looked(self, form: SeriesForm) -> bool:
        try:
            self.members = actions.preview(
                plan=form.series_plan(),
                series=self.standing(),
                actor=cast("User", self.request.user),
                now=timezone.now(),
            )
        except Refused as refused:
            show_refusal(form, refused)
            return False
        return True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the days."""
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        if self.members is not None:
            context["members"] = [
                (member.day, WHAT[member.what], [str(found) for found in member.reasons])
                for member in self.members
            ]
            context["clashing"] = sum(bool(member.reasons) for member in self.members)
        return context


class CreateSeries(WithPreview, CreateThroughAction):
    """Planning a series."""

    def perform(self, form: forms.ModelForm) -> Model:
        """By the action."""
        assert isinstance(form, SeriesForm)
        return actions.begin(plan=form.series_plan(), actor=cast("User", self.request.user))


class EditSeries(WithPreview, EditThroughAction):
    """Changing what is to come of a series."""

    def standing(self) -> SessionSeries:
        """The series as it stands."""
        return cast("SessionSeries", self.object)

    def perform(self, form: forms.ModelForm) -> Model:
        """By the action."""
        assert isinstance(form, SeriesForm)
        return actions.amend(
            series=self.standing(),
            plan=form.series_plan(),
            actor=cast("User", self.request.user),
            now=timezone.now(),
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the members of the series, each a way to move or call off that one alone."""
        context = super().get_context_data(**kwargs)
        context["sessions"] = self.standing().sessions.order_by("starts_at", "pk")
        return context


class EndSeries(InScopeMixin, generic.DeleteView):
    """A series is ended, not deleted: what was held stays."""

    template_name = "practicum/admin/end_series.html"
    page_title = _("Call off the rest of the series")

    def get_form(self, form_class: Any = None) -> forms.Form:
        """Asks for the reason."""
        return CancelForm(self.request.POST or None)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the form and how many sessions it concerns."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context.setdefault("form", self.get_form())
        context["coming"] = self.object.sessions.unsettled().filter(starts_at__gt=timezone.now()).count()
        return context

    def post(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Call off, or say why not."""
        form = self.get_form()
        if form.is_valid():
            try:
                count = actions.end(
                    series=self.object,
                    actor=request.user,
                    reason_given=form.cleaned_data["reason"],
                    now=timezone.now(),
                )
            except Refused as refused:
                show_refusal(form, refused)
            else:
                messages.success(request, _("%(count)s sessions were called off.") % {"count": count})
                return redirect(self.get_success_url())
        return self.render_to_response(self.get_context_data(form=form))


class SeriesIndexView(ScopedIndexView):
    """Series with class and place, and how many sessions each has."""

    select_related = ("training_class", "room__venue", "base", "lecturer")

    def get_base_queryset(self) -> Any:
        """With counts, by one query."""
        return (
            super()
            .get_base_queryset()
            .annotate(session_count=Count("sessions", filter=~Q(sessions__status=SessionStatus.CANCELLED)))
        )

    @property
    def columns(self) -> list[Column]:
        """What, when, where."""
        return [
            self.titled("title", label=_("Title"), get_url=self.get_edit_url, sort_key="title"),
            Column("days", label=_("Weekdays"), accessor="weekday_names"),
            Column("time", label=_("Time"), accessor="hours_of_day"),
            Column("first", label=_("From"), accessor="first_on", sort_key="first_on"),
            Column("last", label=_("To"), accessor="last_on", sort_key="last_on"),
            Column("class", label=_("Training class"), accessor="training_class"),
            Column("sessions", label=_("Sessions"), accessor="session_count"),
        ]


class SeriesViewSet(ScopedViewSet):
    """Series of sessions."""

    model = SessionSeries
    icon = "history"
    menu_label = _("Series of sessions")
    menu_order = 302
    form_class = SeriesForm
    index_view_class = SeriesIndexView
    add_view_class = CreateSeries
    edit_view_class = EditSeries
    delete_view_class = EndSeries
    search_fields = ("title", "training_class__title")
    search_backend_name = None
