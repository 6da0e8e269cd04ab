"""What the admin screens of this app share: only rows in scope, and writes through actions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.choosers import BaseFilterForm
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.views.generic.chooser import ChooseResultsView, ChooseView
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.log_actions import log
from wagtail.permission_policies import ModelPermissionPolicy

from cms.paging import CountedSoFar
from cms.refusals import Refused
from enrollment.models import User

#: A cell that begins so would be run as a formula by a spreadsheet.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def in_scope(queryset: QuerySet[Any], user: User, relation: str = "visible_to") -> QuerySet[Any]:
    """The part of ``queryset`` that ``user`` may see or manage; all of a model that has no owners."""
    narrowing = getattr(queryset, relation, None)
    if narrowing is None and relation == "manageable_by":
        narrowing = getattr(queryset, "visible_to", None)
    return narrowing(user) if narrowing is not None else queryset


class ReadOnlyPolicy(ModelPermissionPolicy):
    """Nobody adds, changes or deletes these rows by a form, whatever their permissions say."""

    def user_has_permission(self, user: User, action: str) -> bool:
        """Only looking is allowed."""
        return action == "view" and super().user_has_permission(user, action)


class ScopedIndexView(generic.IndexView):
    """A listing of what is in scope, fetched with what its rows show."""

    select_related: tuple[str, ...] = ()
    paginator_class = CountedSoFar
    results_template_name = "enrollment/admin/listing_results.html"

    def get_base_queryset(self) -> QuerySet[Any]:
        """Rows in scope."""
        return in_scope(super().get_base_queryset(), self.request.user).select_related(*self.select_related)

    def titled(self, name: str, column: type[TitleColumn] = TitleColumn, **kwargs: Any) -> Column:
        """The first column: what a row is called, with what can be done beside it."""
        return self._get_title_column_class(column)(name, **kwargs)

    def to_row_dict(self, item: Any) -> dict[str, Any]:
        """A row of the export: local times, and no cell that a spreadsheet would run."""
        return {name: safe_cell(value) for name, value in super().to_row_dict(item).items()}

    def as_spreadsheet(self, queryset: Any, spreadsheet_format: str) -> HttpResponse:
        """Exports of personal data stand in the audit log."""
        log(
            self.request.user,
            "enrollment.people.export",
            user=self.request.user,
            data={"what": self.model._meta.label},
        )
        return super().as_spreadsheet(queryset, spreadsheet_format)


def safe_cell(value: Any) -> Any:
    """``value`` as it may stand in a sheet."""
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        return timezone.make_naive(timezone.localtime(value), timezone.get_current_timezone())
    if isinstance(value, str) and value.startswith(FORMULA_SIGNS):
        return f"'{value}"
    return value


class InScopeMixin:
    """Refuses rows out of scope as if they did not exist."""

    relation = "manageable_by"
    request: HttpRequest

    def get_object(self, *args: Any, **kwargs: Any) -> Model:
        """The row, if it is in scope."""
        found = super().get_object(*args, **kwargs)  # type: ignore[misc]
        rows = in_scope(type(found)._default_manager.filter(pk=found.pk), self.request.user, self.relation)
        if not rows.exists():
            raise Http404
        return found


class ThroughActionMixin:
    """Saves by calling ``perform``; a refusal is shown on the form, at its field."""

    request: HttpRequest
    form: forms.ModelForm
    produced_error_code: str
    produced_error_message: str | None

    def perform(self, form: forms.ModelForm) -> Model:
        """Call the action with what ``form`` says; return the row."""
        raise NotImplementedError

    def save_instance(self) -> Model:
        """Instead of ``form.save()``."""
        return self.perform(self.form)

    def form_valid(self, form: forms.ModelForm) -> HttpResponse:
        """Save, or show why not."""
        try:
            return super().form_valid(form)  # type: ignore[misc]
        except Refused as refused:
            show_refusal(form, refused)
            self.produced_error_code = refused.code
            self.produced_error_message = refused.sentence
            return self.form_invalid(form)  # type: ignore[attr-defined]


def show_refusal(form: forms.BaseForm, refused: Refused) -> None:
    """Put each reason at its field of ``form``, or above the form."""
    for reason in refused.reasons:
        form.add_error(reason.field if reason.field in form.fields else None, str(reason))


class CreateThroughAction(ThroughActionMixin, generic.CreateView):
    """A new row, by an action."""


class EditThroughAction(ThroughActionMixin, InScopeMixin, generic.EditView):
    """A change, by an action."""


class ScopedDeleteView(InScopeMixin, generic.DeleteView):
    """Deletes only what is in scope."""


class ScopedInspectView(InScopeMixin, generic.InspectView):
    """Shows only what is in scope."""

    relation = "visible_to"


class ScopedViewSet(ModelViewSet):
    """An admin screen of this app."""

    index_view_class = ScopedIndexView
    delete_view_class = ScopedDeleteView
    inspect_view_class = ScopedInspectView
    add_to_admin_menu = True
    copy_view_enabled = False
    add_to_reference_index = False
    form_class: type[forms.BaseForm] | None = None

    def get_form_class(self, for_update: bool = False) -> type[forms.BaseForm]:
        """The form written for this screen, or Wagtail's own."""
        return self.form_class or super().get_form_class(for_update)

    def register_admin_url_finder(self) -> None:
        """Rows of the audit log lead to these screens."""
        super().register_admin_url_finder()


class NameFilterForm(BaseFilterForm):
    """A search by what a name or code contains: no index needed, and any part of a Chinese name is found."""

    q = forms.CharField(label=_("Search"), required=False, widget=forms.TextInput(attrs={"type": "search"}))
    searched: tuple[str, ...] = ("name",)

    def filter(self, objects: QuerySet[Any]) -> QuerySet[Any]:
        """``objects`` that contain the words."""
        objects = super().filter(objects)
        words = self.cleaned_data.get("q", "").strip()
        self.is_searching, self.search_query = bool(words), words
        for word in words.split():
            objects = objects.filter(self.holding(word))
        return objects

    def holding(self, word: str) -> Q:
        """Rows that contain ``word``."""
        condition = Q()
        for name in self.searched:
            condition |= Q(**{f"{name}__icontains": word})
        return condition


class ScopedChoosing:
    """The list inside a chooser: only what is in scope, with a second column."""

    request: HttpRequest
    model_class: type[Model]
    related: Sequence[str] = ()
    more: Sequence[tuple[str, Any]] = ()

    def get_object_list(self) -> QuerySet[Any]:
        """Rows in scope."""
        return in_scope(self.model_class._default_manager.all(), self.request.user).select_related(
            *self.related
        )

    @property
    def columns(self) -> list[Column]:
        """The title and what tells namesakes apart."""
        # Columns are kept by name: a second "title" would take the place of the link to choose by.
        more = (Column(f"more_{name}", label=label, accessor=name) for name, label in self.more)
        return [*super().columns, *more]  # type: ignore[misc]


class ScopedChooseView(ScopedChoosing, ChooseView):
    """The chooser's window."""


class ScopedChooseResultsView(ScopedChoosing, ChooseResultsView):
    """The chooser's results."""
