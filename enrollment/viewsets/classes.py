"""Training classes in the admin; the roster itself has a page of its own, shared with affairs workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django import forms
from django.db.models import Count, Model, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column
from wagtail.admin.viewsets.chooser import ChooserViewSet
from wagtail.admin.widgets.button import Button, HeaderButton

from enrollment import dimensions
from enrollment.actions import classes as actions
from enrollment.models import (
    ROSTER_STATUSES,
    ClassStatus,
    EnrollmentStatus,
    Role,
    TrainingClass,
    User,
)
from enrollment.viewsets.scoped import (
    CreateThroughAction,
    EditThroughAction,
    NameFilterForm,
    ScopedChooseResultsView,
    ScopedChooseView,
    ScopedIndexView,
    ScopedViewSet,
)


class ClassFilterForm(NameFilterForm):
    """By title or number."""

    searched = ("title", "code")


class _ChooseClass:
    filter_form_class = ClassFilterForm
    more: Sequence[tuple[str, Any]] = (("code", _("Class number")), ("get_status_display", _("Status")))


class ChooseClassView(_ChooseClass, ScopedChooseView):
    """Choose a class."""


class ChooseClassResultsView(_ChooseClass, ScopedChooseResultsView):
    """Choose a class: results."""


class ClassChooserViewSet(ChooserViewSet):
    """Training classes for other forms."""

    model = TrainingClass
    icon = "group"
    choose_one_text = _("Choose a class")
    choose_another_text = _("Choose another class")
    choose_view_class = ChooseClassView
    choose_results_view_class = ChooseClassResultsView
    per_page = 20


class_chooser = ClassChooserViewSet("class_chooser")


def class_teachers() -> Any:
    """Accounts that may be class teacher: instructors and administrators, a short list."""
    teaching = (Role.INSTRUCTOR, Role.ADMINISTRATOR)
    return User.objects.filter(is_active=True, grants__role__in=teaching).distinct().order_by("name", "pk")


class ClassForm(WagtailAdminModelForm):
    """A training class and its policies."""

    dimension = forms.ChoiceField(
        label=_("category or module"),
        required=False,
        help_text=_("What its sessions count for, unless a session says otherwise."),
    )

    class Meta:
        model = TrainingClass
        fields = [
            "title",
            "code",
            "cohort",
            "starts_on",
            "ends_on",
            "teacher",
            "capacity",
            "description",
            "is_centralized",
            "dimension",
            "late_after_minutes",
            "early_before_minutes",
            "needs_sign_out",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["teacher"].queryset = class_teachers()
        self.fields["dimension"].choices = [("", "—"), *dimensions.choices(self.instance.dimension)]
        if not self.instance.pk:
            self.fields["code"].required = False
            self.fields["code"].help_text = _("Empty: the next number of the year.")


class CreateView(CreateThroughAction):
    """Opening a class."""

    def perform(self, form: forms.ModelForm) -> Model:
        """By the action."""
        return actions.open_class(actor=self.request.user, **form.cleaned_data)

    def get_success_url(self) -> str:
        """On to quotas and roster."""
        return reverse("enrollment:class_roster", args=[self.object.pk])


class EditView(EditThroughAction):
    """Amending a class."""

    def perform(self, form: forms.ModelForm) -> Model:
        """By the action, with what changed."""
        return actions.amend_class(
            training_class=form.instance,
            actor=self.request.user,
            **{name: form.cleaned_data[name] for name in form.changed_data},
        )

    @property
    def header_buttons(self) -> list[Any]:
        """The way to the roster."""
        url = reverse("enrollment:class_roster", args=[self.object.pk])
        return [*super().header_buttons, HeaderButton(_("Roster"), url=url, icon_name="list-ul")]


class ClassFilterSet(WagtailFilterSet):
    """Filters of the listing."""

    status = django_filters.ChoiceFilter(label=_("Status"), choices=ClassStatus.choices)

    class Meta:
        model = TrainingClass
        fields = ["status", "year", "cohort"]


class IndexView(ScopedIndexView):
    """Classes with the number of people on their rosters."""

    select_related = ("cohort", "teacher")
    default_ordering = ("-starts_on", "-pk")

    def get_base_queryset(self) -> Any:
        """With counts, by one query."""
        return (
            super()
            .get_base_queryset()
            .annotate(
                on_roster=Count("enrollments", filter=Q(enrollments__status__in=ROSTER_STATUSES)),
                waiting=Count("enrollments", filter=Q(enrollments__status=EnrollmentStatus.WAITLISTED)),
            )
        )

    @property
    def columns(self) -> list[Column]:
        """Title, number, cohort, days, status, people."""
        return [
            self.titled("title", label=_("Title"), get_url=roster_url, sort_key="title"),
            Column("code", label=_("Class number"), accessor="code"),
            Column("cohort", label=_("Cohort"), accessor="cohort"),
            Column("starts_on", label=_("From"), accessor="starts_on", sort_key="starts_on"),
            Column("status", label=_("Status"), accessor="get_status_display"),
            Column("seats", label=_("People on the roster"), accessor=seats_of),
        ]

    def get_list_more_buttons(self, instance: TrainingClass) -> list[Any]:
        """The roster before all else."""
        return [
            Button(_("Roster"), url=roster_url(instance), icon_name="list-ul", priority=1),
            *super().get_list_more_buttons(instance),
        ]


def roster_url(training_class: TrainingClass) -> str:
    """The page of the class's roster."""
    return reverse("enrollment:class_roster", args=[training_class.pk])


def seats_of(training_class: Any) -> str:
    """“38 / 50”, with the waitlist when somebody waits."""
    text = f"{training_class.on_roster} / {training_class.capacity}"
    return f"{text} (+{training_class.waiting})" if training_class.waiting else text


class TrainingClassViewSet(ScopedViewSet):
    """Training classes."""

    model = TrainingClass
    icon = "list-ul"
    menu_label = _("Training classes")
    menu_order = 200
    form_class = ClassForm
    index_view_class = IndexView
    add_view_class = CreateView
    edit_view_class = EditView
    filterset_class = ClassFilterSet
    search_fields = ("title", "code")
    search_backend_name = None
    list_export = (
        "code",
        "title",
        "year",
        "cohort",
        "get_status_display",
        "starts_on",
        "ends_on",
        "capacity",
    )
    export_filename = "classes"

    def get_urlpatterns(self) -> list[Any]:
        """Classes are cancelled, not deleted."""
        return [pattern for pattern in super().get_urlpatterns() if pattern.name != "delete"]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """No way to the delete screen anywhere."""
        given = super().get_common_view_kwargs(**kwargs)
        given.pop("delete_url_name", None)
        return given


training_class_viewset = TrainingClassViewSet("classes")
