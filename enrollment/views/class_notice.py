"""The notice of a class: read, published, received, printed, with its attachments."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import FileResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from cms.refusals import Refused
from enrollment.actions import notices as actions
from enrollment.forms_classes import AttachmentForm
from enrollment.models import ClassNotice, NoticeAttachment
from enrollment.reports_notices import receptions
from enrollment.requests import number_in
from enrollment.views.class_access import Opened, open_for_anybody


def _notice(opened: Opened) -> ClassNotice | None:
    rows = ClassNotice.objects.visible_to(opened.user).select_related("published_by")
    found = rows.filter(training_class=opened.training_class).first()
    if found is not None:
        found.training_class = opened.training_class
    return found


def _shown(opened: Opened, notice: ClassNotice | None) -> dict[str, Any]:
    """What stands on the page: what was published; for whoever writes it also what would be."""
    if notice is None:
        return {"notice": None}
    # Both texts went through clean_html when they were made.
    return {
        "notice": notice,
        "text": mark_safe(notice.published_text),  # noqa: S308
        "draft": mark_safe(actions.text_of(notice)) if opened.rights.manages else "",  # noqa: S308
        "has_changes": opened.rights.manages
        and (notice.title, actions.text_of(notice)) != (notice.published_title, notice.published_text),
        "attachments": list(notice.attachments.all()),
    }


@login_required
@require_http_methods(["GET", "POST"])
def class_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """The notice, who has received it, and what can be done with it."""
    opened = open_for_anybody(request, pk)
    notice = _notice(opened)
    if request.method == "POST":
        return _act(request, opened, notice)
    rows = receptions(notice, request.user) if notice is not None and notice.is_published else []
    own = request.user.scope.managed_paths
    context = opened.context(
        "class_notice",
        **_shown(opened, notice),
        file_form=AttachmentForm(),
        receptions=rows if opened.rights.manages or own else [],
        received=sum(row.receipt is not None for row in rows),
        can_confirm=any(row.receipt is None and row.organization.path.startswith(own) for row in rows if own),
    )
    return render(request, "enrollment/class_notice.html", context)


Deed = Callable[[HttpRequest, ClassNotice], str]


def _publish(request: HttpRequest, notice: ClassNotice) -> str:
    published = actions.publish_notice(notice=notice, actor=request.user)
    return _("Published as %(number)s; the organizations with a quota are told.") % {
        "number": published.number
    }


def _attach(request: HttpRequest, notice: ClassNotice) -> str:
    file = request.FILES.get("file")
    if file is None:
        raise Http404
    return _("%(name)s is attached.") % {
        "name": actions.attach(notice=notice, file=file, actor=request.user).title
    }


def _detach(request: HttpRequest, notice: ClassNotice) -> str:
    row = get_object_or_404(notice.attachments, pk=number_in(request.POST.get("attachment", "")))
    actions.detach(attachment=row, actor=request.user)
    return _("%(name)s is no longer attached.") % {"name": row.title}


DEEDS: dict[str, Deed] = {"publish": _publish, "attach": _attach, "detach": _detach}


def _act(request: HttpRequest, opened: Opened, notice: ClassNotice | None) -> HttpResponse:
    name = request.POST.get("do", "")
    back = redirect("enrollment:class_notice", pk=opened.training_class.pk)
    try:
        if name == "confirm" and notice is not None:
            actions.acknowledge_notice(notice=notice, actor=request.user)
            messages.success(request, _("Thank you: the notice is confirmed for your organizations."))
            return back
        if not opened.rights.manages:
            raise Http404
        if name == "begin":
            begun = actions.begin_notice(training_class=opened.training_class, actor=request.user)
            return redirect(reverse("class_notices:edit", args=[begun.pk]))
        if name not in DEEDS or notice is None:
            raise Http404
        messages.success(request, DEEDS[name](request, notice))
    except Refused as refused:
        messages.error(request, refused.sentence)
    return back


@login_required
@require_GET
def class_notice_file(request: HttpRequest, pk: int, file_pk: int) -> HttpResponseBase:
    """One attachment, to whoever may read the notice; always as a download."""
    opened = open_for_anybody(request, pk)
    notice = _notice(opened)
    row: NoticeAttachment = get_object_or_404(NoticeAttachment, pk=file_pk, notice=notice)
    if not row.file.storage.exists(row.file.name):
        raise Http404
    response = FileResponse(
        row.file.open("rb"),
        as_attachment=True,
        filename=row.title,
        content_type=mimetypes.guess_type(row.title)[0] or "application/octet-stream",
    )
    response["Cache-Control"] = "private, no-store"
    return response
