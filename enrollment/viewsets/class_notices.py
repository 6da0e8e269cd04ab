"""Notices in the admin: where their text is written; they are published from the page of the class."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Model
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column
from wagtail.admin.widgets.button import HeaderButton

from enrollment.actions import notices as actions
from enrollment.models import ClassNotice
from enrollment.viewsets.scoped import EditThroughAction, ScopedIndexView, ScopedViewSet


class NoticeForm(WagtailAdminModelForm):
    """Title and text."""

    class Meta:
        model = ClassNotice
        fields = ["title", "body"]


class EditView(EditThroughAction):
    """Writing a notice."""

    def perform(self, form: forms.ModelForm) -> Model:
        """By the action."""
        return actions.write_notice(notice=form.instance, actor=self.request.user, **form.cleaned_data)

    def get_success_url(self) -> str:
        """Back to the class, where it is read as it will be and published."""
        return reverse("enrollment:class_notice", args=[self.object.training_class_id])

    @property
    def header_buttons(self) -> list[Any]:
        """The way to the class."""
        url = reverse("enrollment:class_notice", args=[self.object.training_class_id])
        return [*super().header_buttons, HeaderButton(_("Notice of the class"), url=url, icon_name="view")]


class IndexView(ScopedIndexView):
    """Notices, the latest first."""

    select_related = ("training_class",)
    default_ordering = ("-created_at", "-pk")

    @property
    def columns(self) -> list[Column]:
        """Title, number, class, when."""
        return [
            self.titled("title", label=_("Title"), get_url=self.get_edit_url),
            Column("number", label=_("Number"), accessor="number"),
            Column("training_class", label=_("Training class"), accessor="training_class"),
            Column("published_at", label=_("Published at"), accessor="published_at"),
        ]


class ClassNoticeViewSet(ScopedViewSet):
    """Notices of classes."""

    model = ClassNotice
    icon = "doc-full"
    menu_label = _("Notices of classes")
    menu_order = 210
    form_class = NoticeForm
    index_view_class = IndexView
    edit_view_class = EditView
    search_fields = ("title", "number")
    search_backend_name = None

    def get_urlpatterns(self) -> list[Any]:
        """Begun on the page of a class, and never deleted."""
        return [
            pattern
            for pattern in super().get_urlpatterns()
            if pattern.name not in {"delete", "add", "inspect"}
        ]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """No way to screens that are not there."""
        given = super().get_common_view_kwargs(**kwargs)
        for name in ("delete_url_name", "add_url_name"):
            given.pop(name, None)
        return given


class_notice_viewset = ClassNoticeViewSet("class_notices")
