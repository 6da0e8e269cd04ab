"""Sessions and visits in the admin: forms that call the actions and show their refusals."""

from __future__ import annotations

import dataclasses
from typing import Any

import django_filters
from django import forms
from django.contrib.admin.utils import unquote
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.widgets import AdminDateInput
from wagtail.admin.widgets.button import HeaderButton

from cms.refusals import Refused
from enrollment import dimensions
from enrollment.models import QUARTERS_PER_HOUR, as_hours
from enrollment.viewsets.classes import class_chooser
from enrollment.viewsets.scoped import (
    CreateThroughAction,
    EditThroughAction,
    InScopeMixin,
    ScopedIndexView,
    ScopedViewSet,
    show_refusal,
)
from practicum.actions import sessions as actions
from practicum.actions import visits as visit_actions
from practicum.actions.sessions import SessionPlan
from practicum.models import Audience, Session, SessionKind, SessionStatus, Vehicle, Visit, VisitStatus
from practicum.viewsets.choosers import base_chooser, lecturer_chooser, room_chooser

#: Forms pick these from lists that may be long.
CHOOSING = {
    "training_class": class_chooser.widget_class,
    "room": room_chooser.widget_class,
    "base": base_chooser.widget_class,
    "lecturer": lecturer_chooser.widget_class,
    "vehicles": forms.CheckboxSelectMultiple,
}
CHOSEN_FOR_A_VISIT = ("base", "training_class", "lecturer", "vehicles")
#: A session counts for what its class or base says, or for nothing besides its kind.
BY_DEFAULT, NONE = "", "-"
PLANNED = [field.name for field in dataclasses.fields(SessionPlan)]


class SessionForm(WagtailAdminModelForm):
    """A session as somebody wants it; the action says whether it can be held."""

    instance: Session

    hours = forms.DecimalField(
        label=_("Study hours"),
        required=False,
        min_value=0,
        max_value=100,
        decimal_places=2,
        help_text=_("Empty: by the rule of that day (45 minutes are one hour)."),
    )

    dimension = forms.ChoiceField(
        label=_("category or module"),
        required=False,
        help_text=_("What its hours count for besides their kind."),
    )
    online_url = forms.URLField(label=_("address online"), required=False, assume_scheme="https")

    class Meta:
        model = Session
        fields = [
            "title",
            "kind",
            "mode",
            "training_class",
            "starts_at",
            "ends_at",
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
        widgets = CHOOSING

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["vehicles"].queryset = Vehicle.objects.filter(is_active=True)
        self.fields["dimension"].choices = [
            (BY_DEFAULT, _("As the class has it, else the base")),
            (NONE, _("None")),
            *dimensions.choices(self.instance.dimension),
        ]
        if self.instance.pk:
            kept = self.instance.dimension
            self.initial["dimension"] = BY_DEFAULT if kept is None else kept or NONE
            if self.instance.quarters is not None:
                self.fields["hours"].initial = as_hours(self.instance.quarters)

    def _post_clean(self) -> None:
        """Field by field only: what concerns the whole session, the action judges with its own sentences."""
        self.instance = forms.models.construct_instance(
            self,
            self.instance,
            [name for name in self._meta.fields if name != "vehicles"],
            self._meta.exclude,
        )

    def plan(self) -> SessionPlan:
        """What the action is asked for."""
        data = dict(self.cleaned_data)
        hours = data["hours"]
        moved = {"starts_at", "ends_at"} & set(self.changed_data) and "hours" not in self.changed_data
        audience: str | None = None
        if data["training_class"] is None or data["is_open"]:
            audience = Audience.BOOKINGS
        elif self.instance.pk:
            audience = self.instance.audience
        dimension = counted_for(data.pop("dimension"))
        return SessionPlan(
            **{name: data[name] for name in PLANNED if name in data},
            dimension=dimension,
            quarters=None if hours is None or moved else round(hours * QUARTERS_PER_HOUR),
            audience=audience,
        )


def counted_for(chosen: str) -> str | None:
    """What the field of category or module says to an action: None for the default, empty for none."""
    return None if chosen == BY_DEFAULT else "" if chosen == NONE else chosen


class CreateSession(CreateThroughAction):
    """Planning a session."""

    def perform(self, form: forms.ModelForm) -> Model:
        """By the action."""
        assert isinstance(form, SessionForm)
        return actions.schedule(plan=form.plan(), actor=self.request.user)


class EditSession(EditThroughAction):
    """Moving or changing a session."""

    def perform(self, form: forms.ModelForm) -> Model:
        """By the action."""
        assert isinstance(form, SessionForm)
        session = Session.objects.get(pk=form.instance.pk)
        return actions.reschedule(session=session, plan=form.plan(), actor=self.request.user)

    @property
    def header_buttons(self) -> list[Any]:
        """The way to attendance and code."""
        return [
            *super().header_buttons,
            HeaderButton(
                _("Attendance"),
                url=reverse("practicum:attendance", args=[self.object.pk]),
                icon_name="list-ul",
            ),
            HeaderButton(
                _("Show the code"),
                url=reverse("practicum:code_screen", args=[self.object.pk]),
                icon_name="view",
            ),
        ]


class CancelForm(forms.Form):
    """Why a session is called off."""

    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("Everybody concerned reads it."))


class CancelSession(InScopeMixin, generic.DeleteView):
    """A session is cancelled, not deleted: people's calendars must say so."""

    template_name = "practicum/admin/cancel_session.html"
    page_title = _("Cancel the session")

    def get_form(self, form_class: Any = None) -> forms.Form:
        """Asks for the reason."""
        return CancelForm(self.request.POST or None)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the form."""
        context = super().get_context_data(**kwargs)
        context.setdefault("form", self.get_form())
        return context

    def post(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Cancel, or say why not."""
        form = self.get_form()
        if form.is_valid():
            try:
                actions.cancel(
                    session=self.object, actor=request.user, reason_given=form.cleaned_data["reason"]
                )
            except Refused as refused:
                show_refusal(form, refused)
            else:
                messages.success(request, _("The session was cancelled."))
                return redirect(self.get_success_url())
        return self.render_to_response(self.get_context_data(form=form))


class SessionFilterSet(WagtailFilterSet):
    """Filters of the listing."""

    status = django_filters.ChoiceFilter(label=_("Status"), choices=SessionStatus.choices)
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=SessionKind.choices)
    since = django_filters.DateFilter(
        label=_("Since"), field_name="starts_at", lookup_expr="date__gte", widget=AdminDateInput
    )

    class Meta:
        model = Session
        fields = ["status", "kind", "since"]


class SessionIndexView(ScopedIndexView):
    """Sessions with class, place and lecturer."""

    select_related = ("training_class", "room__venue", "base", "lecturer")
    default_ordering = ("-starts_at", "-pk")

    @property
    def header_buttons(self) -> list[Any]:
        """The way to the calendar."""
        return [
            *super().header_buttons,
            HeaderButton(_("Plan in the calendar"), url=reverse("practicum:planner"), icon_name="date"),
        ]

    @property
    def columns(self) -> list[Column]:
        """What, when, where."""
        return [
            TitleColumn("title", label=_("Title"), get_url=self.get_edit_url, sort_key="title"),
            Column("starts_at", label=_("Begins"), accessor="starts_at", sort_key="starts_at"),
            Column("class", label=_("Training class"), accessor="training_class"),
            Column("where", label=_("Place"), accessor="where"),
            Column("lecturer", label=_("Lecturer"), accessor="lecturer"),
            Column("status", label=_("Status"), accessor="get_status_display"),
        ]


class SessionViewSet(ScopedViewSet):
    """Sessions."""

    model = Session
    icon = "date"
    menu_label = _("Sessions")
    menu_order = 300
    form_class = SessionForm
    index_view_class = SessionIndexView
    add_view_class = CreateSession
    edit_view_class = EditSession
    delete_view_class = CancelSession
    filterset_class = SessionFilterSet
    search_fields = ("title", "training_class__title")
    search_backend_name = None
    list_export = (
        "title",
        "kind",
        "training_class",
        "starts_at",
        "ends_at",
        "where",
        "lecturer",
        "hours",
        "status",
    )
    export_filename = "sessions"


class VisitForm(WagtailAdminModelForm):
    """A visit: asked of the base, or already agreed with it."""

    agreed = forms.BooleanField(
        label=_("Already agreed with the base"),
        required=False,
        help_text=_("The visit is confirmed at once. Otherwise the base is asked."),
    )
    dimension = forms.ChoiceField(label=_("category or module"), required=False)

    class Meta:
        model = Visit
        fields = [
            "base",
            "training_class",
            "title",
            "starts_at",
            "ends_at",
            "headcount",
            "purpose",
            "dimension",
            "lecturer",
            "vehicles",
        ]
        widgets = {name: CHOOSING[name] for name in CHOSEN_FOR_A_VISIT}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["dimension"].choices = [
            (BY_DEFAULT, _("As the class has it, else the base")),
            *dimensions.choices(self.instance.dimension),
        ]
        self.fields["title"].required = False
        self.fields["training_class"].required = True
        self.fields["headcount"].required = False
        self.fields["headcount"].help_text = _("Empty: everybody on the class roster.")
        self.fields["vehicles"].queryset = Vehicle.objects.filter(is_active=True)

    def _post_clean(self) -> None:
        """The action judges the whole."""


class CreateVisit(CreateThroughAction):
    """Asking for a visit, or entering one that was agreed."""

    def perform(self, form: forms.ModelForm) -> Model:
        """By the action."""
        data = form.cleaned_data
        shared = {
            "base": data["base"],
            "training_class": data["training_class"],
            "title": data["title"],
            "starts_at": data["starts_at"],
            "ends_at": data["ends_at"],
            "actor": self.request.user,
            "now": timezone.now(),
        }
        if data["agreed"]:
            return visit_actions.schedule_visit(
                **shared,
                lecturer=data["lecturer"],
                vehicles=list(data["vehicles"]),
                dimension=data["dimension"],
            )
        roster = data["training_class"].enrollments.on_roster().count()
        visit = visit_actions.request(
            **shared,
            headcount=data["headcount"] or roster or 1,
            details={name: data[name] for name in ("purpose", "lecturer", "dimension")},
        )
        visit.vehicles.set(data["vehicles"])
        return visit

    def get_success_url(self) -> str:
        """On to the visit's own page."""
        return reverse("practicum:visit", args=[self.object.pk])


class ToVisitPage:
    """A visit is changed and ended by moves, on its own page; nothing here edits or deletes one."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Go there; that page knows who may see it."""
        return redirect("practicum:visit", pk=unquote(str(kwargs["pk"])))


class EditVisit(ToVisitPage, InScopeMixin, generic.EditView):
    """Leads to the visit's page."""


class EndVisit(ToVisitPage, InScopeMixin, generic.DeleteView):
    """Leads to the visit's page."""


class VisitFilterSet(WagtailFilterSet):
    """Filters of the listing."""

    status = django_filters.ChoiceFilter(label=_("Status"), choices=VisitStatus.choices)

    class Meta:
        model = Visit
        fields = ["status"]


def visit_url(visit: Visit) -> str:
    """The page of a visit."""
    return reverse("practicum:visit", args=[visit.pk])


class VisitIndexView(ScopedIndexView):
    """Visits with base and class."""

    select_related = ("base", "training_class")
    default_ordering = ("-starts_at", "-pk")

    @property
    def columns(self) -> list[Column]:
        """What, where, when, and how it stands."""
        return [
            TitleColumn("title", label=_("Title"), get_url=visit_url, sort_key="title"),
            Column("base", label=_("Training base"), accessor="base"),
            Column("class", label=_("Training class"), accessor="training_class"),
            Column("starts_at", label=_("Begins"), accessor="starts_at", sort_key="starts_at"),
            Column("people", label=_("People"), accessor="headcount"),
            Column("status", label=_("Status"), accessor="get_status_display"),
        ]


class VisitViewSet(ScopedViewSet):
    """Visits to bases."""

    model = Visit
    icon = "site"
    menu_label = _("Visits")
    menu_order = 305
    form_class = VisitForm
    index_view_class = VisitIndexView
    add_view_class = CreateVisit
    edit_view_class = EditVisit
    delete_view_class = EndVisit
    filterset_class = VisitFilterSet
    search_fields = ("title", "base__name", "training_class__title")
    search_backend_name = None
    list_export = ("title", "base", "training_class", "starts_at", "ends_at", "headcount", "status")
    export_filename = "visits"
