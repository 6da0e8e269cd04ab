"""The ledger in the admin (read, and reversed with a reason), the hour rules, and closing a year."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views import generic
from wagtail.admin.widgets.button import Button
from wagtail.permissions import register_permission_policy

from cms.refusals import Refused
from enrollment.actions import hour_rules, years
from enrollment.actions.claims import claim_behind, withdraw_claim
from enrollment.actions.hours import reverse_entry
from enrollment.dimensions import dimensions, label_of
from enrollment.models import HourEntry, HourKind, HourMinimum, HourRule, Organization, User, YearClosure
from enrollment.viewsets.scoped import (
    CreateThroughAction,
    EditThroughAction,
    ReadOnlyPolicy,
    ScopedIndexView,
    ScopedViewSet,
    show_refusal,
)


class ReversalForm(forms.Form):
    """Why an entry is taken back."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stays in the ledger beside both entries, with your name."),
    )


def state_of(entry: HourEntry) -> str:
    """Whether an entry counts, has been taken back, or takes one back."""
    if entry.reverses_id is not None:
        return gettext("Reversal")
    return gettext("Reversed") if getattr(entry, "reversal", None) is not None else gettext("Counts")


class EntryFilterSet(WagtailFilterSet):
    """Filters of the ledger."""

    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=HourKind.choices)
    park = django_filters.ModelChoiceFilter(
        label=_("Park"), queryset=Organization.objects.filter(depth=2), method="below"
    )
    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=[("counts", _("Counts")), ("reversed", _("Reversed or reversal"))],
        method="in_state",
    )

    class Meta:
        model = HourEntry
        fields = ["year", "is_late"]

    def below(self, queryset: Any, _name: str, park: Organization) -> Any:
        """Entries earned in the park and everything under it."""
        return queryset.filter(organization__path__startswith=park.path)

    def in_state(self, queryset: Any, _name: str, value: str) -> Any:
        """Counting, or taken back."""
        standing = queryset.filter(reverses__isnull=True, reversal__isnull=True)
        return standing if value == "counts" else queryset.exclude(pk__in=standing.values("pk"))


class EntryIndexView(ScopedIndexView):
    """The ledger, latest first."""

    select_related = ("trainee", "organization", "rule", "recorded_by", "reversal")
    default_ordering = ("-recorded_at", "-pk")

    @property
    def columns(self) -> list[Column]:
        """What, who, how much, on what evidence, and whether it counts."""
        return [
            self.titled("title", label=_("What for"), get_url=self.reverse_url),
            Column("trainee", label=_("Trainee"), accessor="trainee"),
            Column("organization", label=_("Organization"), accessor="organization"),
            Column("kind", label=_("Kind"), accessor="get_kind_display"),
            Column("hours", label=_("Hours"), accessor="hours"),
            Column("state", label=_("State"), accessor=state_of),
            DateColumn("recorded_at", label=_("Recorded at")),
        ]

    def reverse_url(self, entry: HourEntry) -> str | None:
        """The way to taking an entry back, where it still counts and the person may."""
        if not self.request.user.scope.is_administrator or state_of(entry) != gettext("Counts"):
            return None
        return reverse("hour_entries:reverse", args=[entry.pk])

    def get_list_more_buttons(self, instance: HourEntry) -> list[Any]:
        """Only this: entries are never changed."""
        url = self.reverse_url(instance)
        return [Button(_("Reverse"), url=url, icon_name="undo", priority=1)] if url else []


register_permission_policy(HourEntry, ReadOnlyPolicy(HourEntry))


class HourEntryViewSet(ScopedViewSet):
    """The ledger of study hours."""

    model = HourEntry
    icon = "clipboard-list"
    menu_label = _("Ledger of hours")
    menu_order = 230
    index_view_class = EntryIndexView
    filterset_class = EntryFilterSet
    form_fields = ()
    search_fields = ("trainee__name", "title", "evidence_id")
    search_backend_name = None
    list_per_page = 50
    list_export = (
        "recorded_at",
        "trainee",
        "organization",
        "year",
        "get_kind_display",
        "hours",
        "title",
        "evidence_type",
        "evidence_id",
        "is_late",
        "note",
    )
    export_filename = "ledger"

    def get_urlpatterns(self) -> list[Any]:
        """Listing and reversal; no form, no deletion."""
        listing = [p for p in super().get_urlpatterns() if p.name in {"index", "index_results"}]
        return [*listing, path("reverse/<int:pk>/", self.reverse, name="reverse")]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Without ways to screens that do not exist."""
        given = super().get_common_view_kwargs(**kwargs)
        for name in ("add", "edit", "delete", "history", "usage", "copy", "inspect"):
            given.pop(f"{name}_url_name", None)
        return given

    def get_index_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """The same for the listing."""
        given = super().get_index_view_kwargs(**kwargs)
        for name in ("add", "edit", "delete", "copy", "inspect"):
            given.pop(f"{name}_url_name", None)
        return given

    def register_admin_url_finder(self) -> None:
        """An entry has no form to lead to."""

    def reverse(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask why, then take the entry back by one of its own."""
        if not request.user.scope.is_administrator:
            raise PermissionDenied
        entries = HourEntry.objects.visible_to(request.user).select_related("trainee", "organization", "rule")
        entry = get_object_or_404(entries, pk=pk)
        form = ReversalForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                _take_back(entry, request.user, form.cleaned_data["reason"])
            except Refused as refused:
                show_refusal(form, refused)
            else:
                messages.success(
                    request, gettext("The hours have been reversed; both entries stay in the ledger.")
                )
                return redirect("hour_entries:index")
        return TemplateResponse(
            request,
            "enrollment/admin/reverse_entry.html",
            {
                "header_title": _("Reverse hours"),
                "header_icon": "undo",
                "entry": entry,
                "form": form,
                "back_url": reverse("hour_entries:index"),
                "breadcrumbs_items": [
                    {"url": reverse("wagtailadmin_home"), "label": _("Home")},
                    {"url": reverse("hour_entries:index"), "label": _("Ledger of hours")},
                    {"url": "", "label": _("Reverse hours")},
                ],
            },
        )


class RuleForm(WagtailAdminModelForm):
    """One version of a rule."""

    class Meta:
        model = HourRule
        fields = ["code", "value", "effective_from", "effective_to", "source", "note"]


class SaveRuleMixin:
    """Both screens save a rule by the same action."""

    request: HttpRequest

    def perform(self, form: forms.ModelForm) -> Model:
        """By the action."""
        return hour_rules.save_rule(rule=form.instance, actor=self.request.user)


class CreateRuleView(SaveRuleMixin, CreateThroughAction):
    """A new version."""


class EditRuleView(SaveRuleMixin, EditThroughAction):
    """A change of a version that was not used yet."""


class DeleteRuleView(generic.DeleteView):
    """Taking away a version that was never used."""

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """By the action; a refusal leads back with its sentence."""
        try:
            return super().form_valid(form)
        except Refused as refused:
            messages.error(self.request, refused.sentence)
            return redirect(self.get_success_url())

    def delete_action(self) -> None:
        """By the action."""
        hour_rules.remove_rule(rule=self.object, actor=self.request.user)


def value_of(rule: HourRule) -> str:
    """The figure without needless zeros: 32, 0.25."""
    return f"{rule.value.normalize():f}"


class RuleIndexView(ScopedIndexView):
    """Rules with their dates and sources."""

    default_ordering = ("code", "-effective_from")

    @property
    def columns(self) -> list[Column]:
        """What it decides, the figure, from when to when, and who says so."""
        return [
            self.titled("code", label=_("Rule"), accessor="get_code_display", get_url=self.get_edit_url),
            Column("value", label=_("Value"), accessor=value_of),
            Column("effective_from", label=_("Effective from"), accessor="effective_from"),
            Column("effective_to", label=_("Effective to"), accessor="effective_to"),
            Column("source", label=_("Source"), accessor="source"),
        ]


class HourRuleViewSet(ScopedViewSet):
    """Hour rules with their sources."""

    model = HourRule
    icon = "history"
    menu_label = _("Hour rules")
    menu_order = 270
    form_class = RuleForm
    add_view_class = CreateRuleView
    edit_view_class = EditRuleView
    delete_view_class = DeleteRuleView
    index_view_class = RuleIndexView
    list_filter = ("code",)
    search_fields = ("source", "note")
    search_backend_name = None
    list_export = ("code", "get_code_display", "value", "effective_from", "effective_to", "source", "note")
    export_filename = "hour-rules"


def _take_back(entry: HourEntry, actor: User, reason: str) -> None:
    """What was approved on a claim is taken back with the claim, so that both say the same."""
    claim = claim_behind(entry)
    if claim is not None:
        withdraw_claim(claim=claim, actor=actor, reason=reason)
    else:
        reverse_entry(entry=entry, actor=actor, reason=reason)


class MinimumForm(WagtailAdminModelForm):
    """One version of a minimum; the category or module is picked from those that are taught."""

    dimension = forms.ChoiceField(label=_("category or module"))

    class Meta:
        model = HourMinimum
        fields = ["dimension", "cohort", "hours", "effective_from", "effective_to", "source"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {one.code: one.label for one in dimensions()}
        if self.instance.pk:
            choices.setdefault(self.instance.dimension, self.instance.dimension)
        self.fields["dimension"].choices = list(choices.items())


class SaveMinimumMixin:
    """Both screens save a minimum by the same action."""

    request: HttpRequest

    def perform(self, form: forms.ModelForm) -> Model:
        """By the action."""
        return hour_rules.save_minimum(minimum=form.instance, actor=self.request.user)


class CreateMinimumView(SaveMinimumMixin, CreateThroughAction):
    """A new minimum."""


class EditMinimumView(SaveMinimumMixin, EditThroughAction):
    """A change of one, or its end."""


class DeleteMinimumView(generic.DeleteView):
    """Taking one away."""

    def delete_action(self) -> None:
        """By the action."""
        hour_rules.remove_minimum(minimum=self.object, actor=self.request.user)


class MinimumIndexView(ScopedIndexView):
    """Minimums with their dates and sources."""

    default_ordering = ("dimension", "cohort", "-effective_from")

    @property
    def columns(self) -> list[Column]:
        """In what, of whom, how much, from when to when, and who says so."""
        return [
            self.titled(
                "dimension",
                label=_("category or module"),
                accessor=lambda row: label_of(row.dimension),
                get_url=self.get_edit_url,
            ),
            Column(
                "cohort", label=_("Cohort"), accessor=lambda row: row.get_cohort_display() or gettext("All")
            ),
            Column("hours", label=_("Hours"), accessor=lambda row: f"{row.hours.normalize():f}"),
            Column("effective_from", label=_("Effective from"), accessor="effective_from"),
            Column("effective_to", label=_("Effective to"), accessor="effective_to"),
            Column("source", label=_("Source"), accessor="source"),
        ]


class HourMinimumViewSet(ScopedViewSet):
    """Least hours in categories and modules."""

    model = HourMinimum
    icon = "history"
    menu_label = _("Least hours of categories")
    menu_order = 275
    form_class = MinimumForm
    add_view_class = CreateMinimumView
    edit_view_class = EditMinimumView
    delete_view_class = DeleteMinimumView
    index_view_class = MinimumIndexView
    search_fields = ("dimension", "source")
    search_backend_name = None


class ClosureForm(WagtailAdminModelForm):
    """Which year."""

    class Meta:
        model = YearClosure
        fields = ["year"]


class CloseYearView(CreateThroughAction):
    """Closing a year."""

    def perform(self, form: forms.ModelForm) -> Model:
        """By the action."""
        return years.close_year(year=form.cleaned_data["year"], actor=self.request.user)

    def get_success_buttons(self) -> list[Any]:
        """There is nothing to edit about it."""
        return []


class ReopenYearView(generic.DeleteView):
    """Opening a closed year again."""

    page_title = _("Reopen")

    def delete_action(self) -> None:
        """By the action."""
        years.reopen_year(closure=self.object, actor=self.request.user)


class ClosureIndexView(ScopedIndexView):
    """Closed years and who closed them."""

    select_related = ("closed_by",)


class YearClosureViewSet(ScopedViewSet):
    """Closed years."""

    model = YearClosure
    icon = "lock"
    menu_label = _("Closed years")
    menu_order = 280
    form_class = ClosureForm
    index_view_class = ClosureIndexView
    add_view_class = CloseYearView
    delete_view_class = ReopenYearView
    list_display = ("year", "closed_at", "closed_by", "late_until")
    search_fields = ("year",)
    search_backend_name = None

    def get_urlpatterns(self) -> list[Any]:
        """A closure is made or taken back, not edited."""
        return [pattern for pattern in super().get_urlpatterns() if pattern.name != "edit"]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Without a way to the edit screen."""
        given = super().get_common_view_kwargs(**kwargs)
        given.pop("edit_url_name", None)
        return given


hour_entry_viewset = HourEntryViewSet("hour_entries")
hour_rule_viewset = HourRuleViewSet("hour_rules")
hour_minimum_viewset = HourMinimumViewSet("hour_minimums")
year_closure_viewset = YearClosureViewSet("year_closures")
