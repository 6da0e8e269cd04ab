"""What the site adds to the Wagtail admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.panels import FieldPanel
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import CreateView, EditView, SnippetViewSet

from cms.actions.video import prepare_later
from cms.models import Video


class VideoCreateView(CreateView):
    """Adding a video starts its preparation."""

    def save_instance(self) -> Video:
        self.form.instance.uploaded_by = self.request.user
        video: Video = super().save_instance()
        prepare_later(video=video)
        return video


class VideoEditView(EditView):
    """A new file is prepared again; a new title is not."""

    def save_instance(self) -> Video:
        has_new_file = "file" in self.form.changed_data
        video: Video = super().save_instance()
        if has_new_file:
            prepare_later(video=video)
        return video


class VideoViewSet(SnippetViewSet):
    """Videos: upload, captions, and where their preparation stands."""

    model = Video
    icon = "media"
    menu_label = _("Videos")
    add_view_class = VideoCreateView
    edit_view_class = VideoEditView
    list_display = ("title", "status", "duration_seconds", "created_at")
    list_filter = ("status",)
    add_to_admin_menu = False
    panels = (FieldPanel("title"), FieldPanel("file"), FieldPanel("captions"), FieldPanel("poster"))


register_snippet(VideoViewSet)


@hooks.register("construct_explorer_page_queryset")
def newest_news_first(parent_page: Any, pages: Any, request: HttpRequest) -> Any:
    """News are listed newest first unless another order is chosen."""
    if parent_page.specific_class is not None and parent_page.specific_class.__name__ == "NewsIndexPage":
        return pages if "ordering" in request.GET else pages.order_by("-first_published_at")
    return pages


@hooks.register("register_log_actions")
def register_log_actions(actions: Any) -> None:
    """Background work stands in the audit log, and so does whoever fetches a result."""
    actions.register_action("cms.job.begin", _("Begin background work"), _("Background work begun"))
    actions.register_action("cms.job.cancel", _("Cancel background work"), _("Background work cancelled"))
    actions.register_action("cms.job.fetch", _("Fetch a result"), _("Result of background work fetched"))
