"""In the editor, between “publish” and publishing: whom it concerns."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from wagtail.models import Page, Revision

from cms.refusals import Refused
from courses.actions.publishing import publish_as_seen
from courses.reports.impact import impact_of
from enrollment.requests import AuthenticatedHttpRequest


def _draft(request: HttpRequest, page_id: int, revision_id: int) -> tuple[Page, Revision]:
    """The page and its draft, for those who may publish it."""
    page = get_object_or_404(Page, pk=page_id)
    if not page.permissions_for_user(request.user).can_publish():
        raise PermissionDenied
    return page, get_object_or_404(Revision.page_revisions, pk=revision_id, object_id=str(page.pk))


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: AuthenticatedHttpRequest, page_id: int, revision_id: int) -> HttpResponse:
    """Show what publishing this draft does; publish it (POST)."""
    page, revision = _draft(request, page_id, revision_id)
    if request.method == "POST":
        try:
            publish_as_seen(page=page, revision=revision, actor=request.user)
        except Refused as refusal:
            messages.warning(request, refusal.sentence)
        else:
            messages.success(
                request, _("“%(title)s” is published.") % {"title": page.get_admin_display_title()}
            )
            return redirect("wagtailadmin_explore", page.get_parent().pk)
        return redirect("wagtailadmin_pages:edit", page.pk)
    draft = revision.as_object()
    return render(
        request, "courses/admin/impact.html", {"page": page, "draft": draft, "impact": impact_of(draft)}
    )
