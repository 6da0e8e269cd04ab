"""What the site adds to the Wagtail admin."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import quote, unquote
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django_vite.core.asset_loader import DjangoViteAssetLoader
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.panels import FieldPanel, HelpPanel, ObjectList
from wagtail.admin.ui.tables import Column
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import CreateView, EditView, SnippetViewSet

from cms import views_uploads
from cms.actions.captions import keep_uploaded
from cms.actions.uploads import take_over
from cms.actions.video import prepare_later, retry
from cms.document_access import may_see
from cms.models import AcademyDocument, Video
from cms.refusals import Refused
from cms.video_form import VideoForm
from cms.views_captions import captions, version


class VideoCreateView(CreateView):
    """Adding a video starts its preparation."""

    def save_instance(self) -> Video:
        self.form.instance.uploaded_by = self.request.user
        video: Video = super().save_instance()
        take_over(self.form.cleaned_data.get("upload"), self.request.user)
        if video.captions:
            keep_uploaded(video=video, actor=self.request.user)
        prepare_later(video=video)
        return video


class VideoEditView(EditView):
    """A new file is prepared again; a new title is not."""

    def save_instance(self) -> Video:
        has_new_file = not {"file", "upload"}.isdisjoint(self.form.changed_data)
        video: Video = super().save_instance()
        take_over(self.form.cleaned_data.get("upload"), self.request.user)
        if has_new_file:
            prepare_later(video=video)
        if "captions" in self.form.changed_data and video.captions:
            keep_uploaded(video=video, actor=self.request.user)
        return video


class VideoStateColumn(Column):
    """Where the preparation of a video stands: a bar that asks for itself while it goes on."""

    cell_template_name = "cms/admin/video_state_cell.html"


class VideoViewSet(SnippetViewSet):
    """Videos: upload, captions, and where their preparation stands."""

    model = Video
    icon = "media"
    menu_label = _("Videos")
    add_view_class = VideoCreateView
    edit_view_class = VideoEditView
    list_display = (
        "title",
        VideoStateColumn("status", label=_("status"), sort_key="status"),
        "duration_seconds",
        "created_at",
    )
    list_filter = ("status",)
    add_to_admin_menu = False
    edit_handler = ObjectList(
        [
            HelpPanel(template="cms/admin/video_state_panel.html", heading=_("Preparation")),
            FieldPanel("title"),
            FieldPanel("file"),
            HelpPanel(template="cms/admin/video_upload_panel.html", heading=_("On its way")),
            FieldPanel("captions"),
            FieldPanel("poster"),
        ],
        base_form_class=VideoForm,
    )

    def get_urlpatterns(self) -> list[Any]:
        """Beside Wagtail's own: how far the preparation is, and once more."""
        return [
            *super().get_urlpatterns(),
            path("state/<str:pk>/", self.state, name="state"),
            path("captions/<str:pk>/", self.captions, name="captions"),
            path("captions/<str:pk>/<int:number>/", self.caption_version, name="caption_version"),
            path("upload/", self.begin_upload, name="begin_upload"),
            path("upload/<uuid:key>/", self.upload, name="upload"),
            path("retry/<str:pk>/", require_POST(self.retry), name="retry"),
        ]

    def _video(self, request: HttpRequest, pk: str) -> Video:
        """A video that this person may change; to others it does not exist."""
        found: Video = get_object_or_404(
            self.permission_policy.instances_user_has_permission_for(request.user, "change"), pk=unquote(pk)
        )
        return found

    def state(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The piece of the page that tells how far it is; asked for while it goes on."""
        return render(request, "cms/admin/video_state.html", {"video": self._video(request, pk)})

    def captions(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Its captions, to be corrected in place."""
        return captions(request, self._video(request, pk))

    def caption_version(self, request: HttpRequest, pk: str, number: int) -> HttpResponse:
        """A version of its captions."""
        return version(request, self._video(request, pk), number)

    def _sender(self, request: HttpRequest) -> None:
        """To those who may not add or change videos, there is nowhere to send one."""
        if not self.permission_policy.user_has_any_permission(request.user, ["add", "change"]):
            raise Http404

    def begin_upload(self, request: HttpRequest) -> HttpResponse:
        """A large video begins to come in pieces."""
        self._sender(request)
        return views_uploads.begin(request)

    def upload(self, request: HttpRequest, key: str) -> HttpResponse:
        """One more piece of it."""
        self._sender(request)
        return views_uploads.upload(request, key)

    def retry(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Prepare it once more."""
        video = self._video(request, pk)
        try:
            retry(video=video, actor=request.user)
        except Refused as refusal:
            messages.error(request, refusal.sentence)
        else:
            messages.success(request, _("The video is being prepared once more."))
        return redirect(self.get_url_name("edit"), quote(video.pk))


register_snippet(VideoViewSet)


@hooks.register("insert_global_admin_js")
def background_work_asks_again() -> SafeString:
    """What tells of background work in the admin renews itself."""
    url = DjangoViteAssetLoader.instance().generate_vite_asset_url("src/admin.ts")
    return format_html('<script type="module" src="{}"></script>', url)


@hooks.register("before_serve_document")
def only_to_those_who_may(document: AcademyDocument, request: HttpRequest) -> None:
    """Wagtail's own address gives a file to those who may see it; to others there is none.

    Raises:
        Http404: ``request.user`` may not see the document.
    """
    if not may_see(request.user, document):
        raise Http404


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
    actions.register_action("cms.form.export", _("Take a form along"), _("Form exported or printed"))
    actions.register_action("cms.captions.correct", _("Correct captions"), _("Captions corrected"))
    actions.register_action("cms.upload.begin", _("Begin to send a file"), _("Began to send a file"))
    actions.register_action("cms.video.retry", _("Prepare a video again"), _("Video prepared again"))
    actions.register_action("cms.job.fetch", _("Fetch a result"), _("Result of background work fetched"))
