"""The tree of organizations, level by level: for administrators all of it, for zone leaders their part."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from academy import reports
from enrollment import reports_organizations as organizations
from enrollment.models import Organization
from enrollment.requests import number_in

#: A level has no more pages than this.
MOST_PAGES = 10_000


def _allowed(request: HttpRequest) -> None:
    if not reports.may_see_zone(request.user.scope):
        raise PermissionDenied


def _page(request: HttpRequest) -> int:
    return min(number_in(request.GET.get("page", "")) or 0, MOST_PAGES)


def _common(request: HttpRequest) -> dict[str, Any]:
    return {"year": timezone.localdate().year, "in_admin": request.user.scope.everything}


@login_required
@require_GET
def tree(request: HttpRequest) -> HttpResponse:
    """The whole page: a search, and the tree closed, or opened at the organization asked for."""
    _allowed(request)
    common = _common(request)
    words = request.GET.get("q", "").strip()[:100]
    at = None
    if code := request.GET.get("at", ""):
        at = get_object_or_404(Organization.objects.visible_to(request.user).active(), code=code)
        level = organizations.tree_opened_at(at, request.user, common["year"])
        if request.GET.get("open"):
            _open(level, at, request, common["year"])
    else:
        level = organizations.tree_roots(request.user, common["year"])
        for node in level.nodes[:1]:
            if len(level.nodes) == 1:
                node.below = organizations.tree_level(node.organization, request.user, common["year"])
    found = organizations.tree_search(words, request.user)
    return render(
        request,
        "academy/tree.html",
        common | {"level": level, "at": at, "words": words, "found": found},
    )


def _open(level: organizations.TreeLevel, at: Organization, request: HttpRequest, year: int) -> None:
    """Without script a branch is opened by its address."""
    found = None
    waiting = [level]
    while waiting and found is None:
        current = waiting.pop()
        found = next((node for node in current.nodes if node.organization == at), None)
        waiting += [node.below for node in current.nodes if node.below is not None]
    if found is not None:
        found.below = organizations.tree_level(at, request.user, year, page=_page(request))


@login_required
@require_GET
def below(request: HttpRequest, code: str) -> HttpResponse:
    """One page of a level, as a piece of the tree."""
    _allowed(request)
    common = _common(request)
    parent = get_object_or_404(Organization.objects.visible_to(request.user).active(), code=code)
    level = organizations.tree_level(parent, request.user, common["year"], page=_page(request))
    context = common | {"level": level, "appended": "more" in request.GET}
    return render(request, "academy/pieces/tree_level.html", context)
