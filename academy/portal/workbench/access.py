"""Who enters the workbench, and what its pages share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from enrollment.models import User

View = Callable[..., HttpResponse]
SECTIONS = (
    "workbench",
    "workbench_imports",
    "workbench_classes",
    "workbench_activities",
    "workbench_external",
    "workbench_adjustments",
    "workbench_requests",
    "workbench_transfers",
    "workbench_duplicates",
)


class WorkerRequest(HttpRequest):
    """A request of somebody who has entered the workbench."""

    user: User


def for_organization_workers(view: View) -> View:
    """Only for people who look after organizations; to others the workbench does not exist."""

    @login_required
    @functools.wraps(view)
    def guarded(request: WorkerRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        scope = request.user.scope
        if not (scope.everything or scope.managed_paths):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def tabs(current: str) -> list[dict[str, Any]]:
    """The parts of the workbench, as components/tabs.html wants them."""
    labels = {
        "workbench": _("Members"),
        "workbench_imports": _("Roster import"),
        "workbench_classes": _("Nominations"),
        "workbench_activities": _("Branch activities"),
        "workbench_external": _("External training"),
        "workbench_adjustments": _("Adjustments"),
        "workbench_requests": _("Corrections"),
        "workbench_transfers": _("Transfers"),
        "workbench_duplicates": _("Duplicates"),
    }
    return [
        {"label": labels[name], "url": reverse(f"portal:{name}"), "current": name == current}
        for name in SECTIONS
    ]


def crumb(name: str, label: str) -> dict[str, str]:
    """One step of the way back."""
    return {"label": label, "url": reverse(f"portal:{name}")}
