"""Trainees and exemptions in the admin, with a person's ledger beside the record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import django_filters
from django import forms
from django.db.models import Model, OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views import View
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.viewsets.chooser import ChooserViewSet
from wagtail.admin.widgets import AdminDateInput
from wagtail.admin.widgets.button import HeaderButton

from enrollment.actions import exemptions
from enrollment.actions import people as actions
from enrollment.actions.journal import note
from enrollment.models import Appointment, CohortCode, Exemption, Organization, Post, Trainee
from enrollment.reports import ledger_of, year_of, years_of
from enrollment.requests import number_in
from enrollment.viewsets.organizations import organization_chooser
from enrollment.viewsets.scoped import (
    CreateThroughAction,
    EditThroughAction,
    InScopeMixin,
    NameFilterForm,
    ScopedChooseResultsView,
    ScopedChooseView,
    ScopedIndexView,
    ScopedInspectView,
    ScopedViewSet,
)

#: Fewer figures are in too many phones to tell anybody.
LEAST_FIGURES = 3


def holding(words: str) -> Q:
    """Those whose name holds ``words``, or whose phone does if there are enough figures in them."""
    condition = Q(name__holds=words)
    if sum(character.isdigit() for character in words) >= LEAST_FIGURES:
        condition |= Q(phone__icontains=words)
    return condition


class TraineeFilterForm(NameFilterForm):
    """By name or phone."""

    def holding(self, word: str) -> Q:
        """As in the listing."""
        return holding(word)


class _ChooseTrainee:
    filter_form_class = TraineeFilterForm
    related: Sequence[str] = ("home_organization",)

    def get_object_list(self) -> Any:
        """Without records that were merged: their person is found by the one that stays."""
        return super().get_object_list().unmerged()  # type: ignore[misc]

    more: Sequence[tuple[str, Any]] = (
        ("home_organization", _("Organization")),
        ("masked_phone", _("Mobile phone")),
    )


class ChooseTraineeView(_ChooseTrainee, ScopedChooseView):
    """Choose a person."""


class ChooseTraineeResultsView(_ChooseTrainee, ScopedChooseResultsView):
    """Choose a person: results."""


class TraineeChooserViewSet(ChooserViewSet):
    """Never a select box of twelve thousand people."""

    model = Trainee
    icon = "user"
    choose_one_text = _("Choose a person")
    choose_another_text = _("Choose another person")
    choose_view_class = ChooseTraineeView
    choose_results_view_class = ChooseTraineeResultsView
    per_page = 20


trainee_chooser = TraineeChooserViewSet("trainee_chooser")

DETAILS = (
    "gender",
    "ethnicity",
    "born_on",
    "education",
    "phone",
    "joined_on",
    "member_status",
    "host_organization",
    "note",
)


class TraineeForm(WagtailAdminModelForm):
    """A roster record with the present post; each part is written by its own action."""

    post = forms.ChoiceField(label=_("Post"), choices=Post.choices, initial=Post.MEMBER)
    started_on = forms.DateField(
        label=_("Post or organization since"),
        required=False,
        widget=AdminDateInput,
        help_text=_("The year's requirement changes from this day. Empty: since before this year, or today."),
    )

    class Meta:
        model = Trainee
        fields = ["name", "home_organization", "post", "started_on", *DETAILS, "left_on"]
        widgets = {
            "home_organization": organization_chooser.widget_class(),
            "host_organization": organization_chooser.widget_class(),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            held = self.instance.appointments.current().first()
            self.initial["post"] = held.post if held else Post.MEMBER
        else:
            del self.fields["left_on"]

    def clean_phone(self) -> str | None:
        """No phone is no phone, not an empty one that two people share."""
        return self.cleaned_data["phone"] or None


class LookedAt(View):
    """Opening a record shows the phone in full: who did so is logged, and the person can read it."""

    object: Trainee

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Note the look once the page has been put together, so that a refused one is none."""
        response: HttpResponse = super().get(request, *args, **kwargs)  # type: ignore[misc]
        if response.status_code == HTTPStatus.OK:
            note(self.object, "enrollment.person.look", actor=request.user)
        return response


class CreateView(CreateThroughAction):
    """Admission."""

    def perform(self, form: forms.ModelForm) -> Model:
        """By the action."""
        data = form.cleaned_data
        return actions.admit(
            name=data["name"],
            organization=data["home_organization"],
            post=data["post"],
            started_on=data["started_on"],
            actor=self.request.user,
            **{name: data[name] for name in DETAILS},
        )


class EditView(LookedAt, EditThroughAction):
    """Amending, appointing, transferring, leaving."""

    def perform(self, form: forms.ModelForm) -> Model:
        """One action for the record and the post, another for leaving."""
        data, changed = form.cleaned_data, set(form.changed_data)
        details = {name: data[name] for name in ("name", *DETAILS) if name in changed}
        if "host_organization" in details:
            host = details.pop("host_organization")
            details["host_organization_id"] = host.pk if host else None
        moved = {"home_organization", "post"} & changed
        [trainee] = actions.amend_in_bulk(
            changes=[
                actions.Amendment(
                    trainee_id=form.instance.pk,
                    details=details,
                    post=data["post"] if moved else None,
                    organization_id=data["home_organization"].pk if moved else None,
                    on=data["started_on"],
                )
            ],
            actor=self.request.user,
        )
        if "left_on" in changed and data["left_on"] is not None:
            trainee = actions.depart(trainee=trainee, on=data["left_on"], actor=self.request.user)
        return trainee


class InspectView(LookedAt, ScopedInspectView):
    """The record with the ledger of a year beside it."""

    template_name = "enrollment/admin/trainee.html"
    page_title = _("Study record")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """One year's report and entries."""
        context = super().get_context_data(**kwargs)
        years = years_of(self.object)
        asked = number_in(self.request.GET.get("year", ""))
        year = asked if asked in years else timezone.localdate().year
        return context | {
            "years": years,
            "report": year_of(self.object, year),
            "entries": ledger_of(self.object, year)[:200],
            "appointments": self.object.appointments.select_related("organization"),
            "exemptions": self.object.exemptions.all(),
        }

    @property
    def header_buttons(self) -> list[Any]:
        """The way to a new exemption."""
        url = f"{reverse('exemptions:add')}?trainee={self.object.pk}"
        return [
            *super().header_buttons,
            HeaderButton(_("Record an exemption"), url=url, icon_name="minus-inverse"),
        ]


class TraineeFilterSet(WagtailFilterSet):
    """Filters of the listing."""

    cohort = django_filters.ChoiceFilter(label=_("Cohort"), choices=CohortCode.choices, method="in_cohort")
    park = django_filters.ModelChoiceFilter(
        label=_("Park"), queryset=Organization.objects.filter(depth=2), method="below"
    )
    active = django_filters.ChoiceFilter(
        label=_("Still on the roster"),
        choices=[("yes", _("Yes")), ("no", _("Has left"))],
        method="still_here",
    )

    class Meta:
        model = Trainee
        fields = ["member_status"]

    def in_cohort(self, queryset: Any, _name: str, cohort: str) -> Any:
        """People whose present post is in ``cohort``."""
        held = Appointment.objects.current().filter(cohort=cohort)
        return queryset.filter(pk__in=held.values("trainee_id"))

    def below(self, queryset: Any, _name: str, park: Organization) -> Any:
        """People of the park and everything under it."""
        return queryset.filter(home_organization__path__startswith=park.path)

    def still_here(self, queryset: Any, _name: str, value: str) -> Any:
        """On the roster, or gone."""
        return queryset.filter(left_on__isnull=value == "yes")


class IndexView(ScopedIndexView):
    """People with their present post."""

    select_related = ("home_organization", "host_organization")
    default_ordering = ("home_organization__path", "name", "pk")

    def get_base_queryset(self) -> Any:
        """With the post of today, read beside the row."""
        held = Appointment.objects.current().filter(trainee=OuterRef("pk"))
        people = super().get_base_queryset().filter(merged_into__isnull=True)
        return people.annotate(present_post=Subquery(held.values("post")[:1]))

    def search_queryset(self, queryset: Any) -> Any:
        """Any part of a name or phone, from an index where the database has one."""
        return queryset.filter(holding(self.search_query)) if self.is_searching else queryset

    @property
    def columns(self) -> list[Column]:
        """Name, organization, post, phone (masked), whether they left."""
        return [
            self.titled("name", label=_("Name"), get_url=self.get_inspect_url, sort_key="name"),
            Column("home_organization", label=_("Organization"), accessor="home_organization"),
            Column("post", label=_("Post"), accessor=post_of),
            Column("phone", label=_("Mobile phone"), accessor="masked_phone"),
            Column("left_on", label=_("Left on"), accessor="left_on"),
        ]


def post_of(trainee: Trainee) -> str:
    """The post of a listed trainee, in words."""
    post = getattr(trainee, "present_post", None)
    return str(Post(post).label) if post else ""


class TraineeViewSet(ScopedViewSet):
    """People on the roster."""

    model = Trainee
    icon = "user"
    menu_label = _("Trainees")
    menu_order = 220
    form_class = TraineeForm
    index_view_class = IndexView
    add_view_class = CreateView
    edit_view_class = EditView
    inspect_view_class = InspectView
    inspect_view_enabled = True
    filterset_class = TraineeFilterSet
    search_fields = ("name", "phone")
    search_backend_name = None
    list_per_page = 50
    list_export = (
        "name",
        "home_organization",
        "get_member_status_display",
        "masked_phone",
        "joined_on",
        "left_on",
    )
    export_filename = "trainees"

    def get_urlpatterns(self) -> list[Any]:
        """People leave; they are not deleted, for the ledger keeps what they earned."""
        return [pattern for pattern in super().get_urlpatterns() if pattern.name != "delete"]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """No way to the delete screen anywhere."""
        given = super().get_common_view_kwargs(**kwargs)
        given.pop("delete_url_name", None)
        return given


class ExemptionForm(WagtailAdminModelForm):
    """Who is exempt, on what ground, from when to when."""

    class Meta:
        model = Exemption
        fields = ["trainee", "ground", "reason", "starts_on", "ends_on"]
        widgets = {"trainee": trainee_chooser.widget_class()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["trainee"].disabled = True


class CreateExemptionView(CreateThroughAction):
    """Recording an exemption."""

    def get_initial(self) -> dict[str, Any]:
        """The person one came from."""
        initial = super().get_initial()
        asked = number_in(self.request.GET.get("trainee", ""))
        if asked is not None:
            initial["trainee"] = Trainee.objects.visible_to(self.request.user).filter(pk=asked).first()
        return initial | {"starts_on": dt.date(timezone.localdate().year, 1, 1)}

    def perform(self, form: forms.ModelForm) -> Model:
        """By the action."""
        return exemptions.exempt(actor=self.request.user, **form.cleaned_data)


class EditExemptionView(EditThroughAction):
    """Correcting or ending an exemption."""

    def perform(self, form: forms.ModelForm) -> Model:
        """By the action."""
        data = {name: form.cleaned_data[name] for name in ("ground", "reason", "starts_on", "ends_on")}
        exemption = Exemption.objects.get(pk=form.instance.pk)
        return exemptions.change_exemption(exemption=exemption, actor=self.request.user, **data)


class DeleteExemptionView(InScopeMixin, generic.DeleteView):
    """Taking an exemption back."""

    def delete_action(self) -> None:
        """By the action."""
        exemptions.withdraw_exemption(exemption=self.object, actor=self.request.user)


class ExemptionIndexView(ScopedIndexView):
    """Exemptions with their people."""

    select_related = ("trainee", "trainee__home_organization", "recorded_by")


class ExemptionViewSet(ScopedViewSet):
    """Exemptions."""

    model = Exemption
    icon = "minus-inverse"
    menu_label = _("Exemptions")
    menu_order = 240
    form_class = ExemptionForm
    index_view_class = ExemptionIndexView
    add_view_class = CreateExemptionView
    edit_view_class = EditExemptionView
    delete_view_class = DeleteExemptionView
    list_display = (
        "trainee",
        Column("organization", label=_("Organization"), accessor="trainee.home_organization"),
        Column("ground", label=_("Ground"), accessor="get_ground_display"),
        "starts_on",
        "ends_on",
    )
    list_filter = ("ground",)
    search_fields = ("trainee__name",)
    search_backend_name = None
    list_export = ("trainee", "get_ground_display", "reason", "starts_on", "ends_on")
    export_filename = "exemptions"


trainee_viewset = TraineeViewSet("trainees")
exemption_viewset = ExemptionViewSet("exemptions")
