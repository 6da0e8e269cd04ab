"""Question bank, tests and course assignments in the Wagtail admin, under one heading."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel
from wagtail.snippets.views.chooser import ChooseResultsView, ChooseView, SnippetChooserViewSet
from wagtail.snippets.views.snippets import (
    CreateView,
    DeleteView,
    EditView,
    HistoryView,
    IndexView,
    SnippetViewSet,
    SnippetViewSetGroup,
    UsageView,
)

from courses.actions.assignments import announce
from courses.actions.questions import keep_version
from courses.models import CourseAssignment, ModulePage, Question, Quiz


class ManageableMixin:
    """Listings show what one may manage."""

    def get_base_queryset(self) -> QuerySet[Any]:
        """Rows of modules one teaches; all for administrators."""
        return super().get_base_queryset().manageable_by(self.request.user)  # type: ignore[misc,attr-defined]


class ManageableObjectMixin:
    """Rows of other modules do not exist here: Wagtail's own views ask for the model's permission alone."""

    def get_object(self, *args: Any, **kwargs: Any) -> Any:
        """The row, where whoever asks may manage it."""
        found = super().get_object(*args, **kwargs)  # type: ignore[misc]
        if found is None:
            return None
        mine = type(found).objects.manageable_by(self.request.user)  # type: ignore[attr-defined]
        if not mine.filter(pk=found.pk).exists():
            raise Http404
        return found


class OwnDeleteView(ManageableObjectMixin, DeleteView):
    """Deletes what one may manage."""


class OwnHistoryView(ManageableObjectMixin, HistoryView):
    """The history of what one may manage."""


class OwnUsageView(ManageableObjectMixin, UsageView):
    """Where it is used."""


class ChooseManageableView(ChooseView):
    """Choosers offer what one may manage."""

    def get_object_list(self) -> QuerySet[Any]:
        """Rows of modules one teaches; all for administrators."""
        return super().get_object_list().manageable_by(self.request.user)


class ChooseManageableResultsView(ChooseResultsView):
    """The same for its results."""

    def get_object_list(self) -> QuerySet[Any]:
        """Rows of modules one teaches; all for administrators."""
        return super().get_object_list().manageable_by(self.request.user)


class ManageableChooserViewSet(SnippetChooserViewSet):
    """A chooser of what one may manage."""

    choose_view_class = ChooseManageableView
    choose_results_view_class = ChooseManageableResultsView


def offer_own_modules(form: Any, request: HttpRequest) -> None:
    """Let the form offer the modules that whoever fills it in may write for."""
    field = form.fields.get("module")
    if field is not None:
        field.queryset = ModulePage.objects.manageable_by(request.user)
        field.required = not request.user.scope.everything


class QuestionCreateView(CreateView):
    """A new question begins with its first version."""

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        offer_own_modules(form, self.request)
        return form

    @transaction.atomic
    def save_instance(self) -> Question:
        self.form.instance.created_by = self.request.user
        question: Question = super().save_instance()
        keep_version(question=question, actor=self.request.user)
        return question


class QuestionEditView(ManageableObjectMixin, EditView):
    """A changed question is a new version; attempts keep the one they were given."""

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        offer_own_modules(form, self.request)
        return form

    @transaction.atomic
    def save_instance(self) -> Question:
        question: Question = super().save_instance()
        keep_version(question=question, actor=self.request.user)
        return question


class QuestionIndexView(ManageableMixin, IndexView):
    """The bank."""

    def get_base_queryset(self) -> QuerySet[Any]:
        """With the module, which every row names."""
        return super().get_base_queryset().select_related("module")


class QuestionViewSet(SnippetViewSet):
    """Questions with their options and key."""

    model = Question
    icon = "help"
    menu_label = _("Question bank")
    list_display = ("__str__", "kind", "module", "version_number", "updated_at")
    list_filter = ("kind", "is_retired")
    list_per_page = 50
    add_view_class = QuestionCreateView
    edit_view_class = QuestionEditView
    index_view_class = QuestionIndexView
    delete_view_class = OwnDeleteView
    history_view_class = OwnHistoryView
    usage_view_class = OwnUsageView
    chooser_viewset_class = ManageableChooserViewSet
    copy_view_enabled = False
    panels = (
        FieldRowPanel([FieldPanel("module"), FieldPanel("kind")]),
        FieldPanel("text"),
        FieldPanel("options"),
        FieldPanel("explanation"),
        FieldPanel("is_retired"),
    )


class QuizCreateView(CreateView):
    """Notes who made the test."""

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        offer_own_modules(form, self.request)
        return form

    def save_instance(self) -> Quiz:
        self.form.instance.created_by = self.request.user
        quiz: Quiz = super().save_instance()
        return quiz


class QuizEditView(ManageableObjectMixin, EditView):
    """Edits a test; attempts that were begun keep what they were given."""

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        offer_own_modules(form, self.request)
        return form


class QuizIndexView(ManageableMixin, IndexView):
    """Tests with the number of their questions."""

    def get_base_queryset(self) -> QuerySet[Any]:
        """With module and count, which every row shows."""
        return super().get_base_queryset().select_related("module").annotate(question_count=Count("items"))


class QuizViewSet(SnippetViewSet):
    """Tests made of questions of the bank."""

    model = Quiz
    icon = "tick"
    menu_label = _("Tests")
    list_display = ("title", "module", "pass_percent", "time_limit_minutes")
    list_per_page = 50
    add_view_class = QuizCreateView
    edit_view_class = QuizEditView
    index_view_class = QuizIndexView
    delete_view_class = OwnDeleteView
    history_view_class = OwnHistoryView
    usage_view_class = OwnUsageView
    chooser_viewset_class = ManageableChooserViewSet
    copy_view_enabled = False
    panels = (
        FieldRowPanel([FieldPanel("title"), FieldPanel("module")]),
        FieldPanel("introduction"),
        InlinePanel("items", label=_("question"), heading=_("Questions"), min_num=1),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("pass_percent"), FieldPanel("time_limit_minutes")]),
                FieldRowPanel([FieldPanel("max_attempts"), FieldPanel("shuffles_questions")]),
                FieldPanel("shuffles_options"),
            ],
            heading=_("How it is sat"),
        ),
    )


class AssignmentCreateView(CreateView):
    """Notes who gave the course."""

    def save_instance(self) -> CourseAssignment:
        self.form.instance.created_by = self.request.user
        assignment: CourseAssignment = super().save_instance()
        announce(assignment=assignment)
        return assignment


class AssignmentEditView(EditView):
    """Who gets another day hears of it."""

    def save_instance(self) -> CourseAssignment:
        assignment: CourseAssignment = super().save_instance()
        announce(assignment=assignment)
        return assignment


class AssignmentIndexView(IndexView):
    """Assignments with what every row names."""

    def get_base_queryset(self) -> QuerySet[Any]:
        """Without a query per row."""
        return (
            super()
            .get_base_queryset()
            .select_related("course", "cohort", "training_class", "organization", "created_by")
        )


class AssignmentViewSet(SnippetViewSet):
    """Courses given to cohorts, classes and organizations."""

    model = CourseAssignment
    icon = "calendar-check"
    menu_label = _("Course assignments")
    list_display = ("course", "target", "due_on", "is_mandatory")
    list_per_page = 50
    add_view_class = AssignmentCreateView
    edit_view_class = AssignmentEditView
    index_view_class = AssignmentIndexView
    copy_view_enabled = False
    panels = (
        FieldPanel("course"),
        FieldRowPanel([FieldPanel("due_on"), FieldPanel("is_mandatory")]),
        MultiFieldPanel(
            [FieldPanel("cohort"), FieldPanel("training_class"), FieldPanel("organization")],
            heading=_("Given to (one of the three)"),
        ),
    )


class TeachingGroup(SnippetViewSetGroup):
    """教学内容: what instructors and administrators write beside the pages."""

    menu_label = _("Teaching content")
    menu_icon = "openquote"
    menu_name = "teaching"
    menu_order = 110
    items = (QuestionViewSet, QuizViewSet, AssignmentViewSet)
