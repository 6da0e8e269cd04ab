"""The closing checklist of a class."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cms.actions import jobs
from cms.refusals import Refused
from enrollment import closing
from enrollment.actions import closing_checklist as actions
from enrollment.jobs import CLOSE
from enrollment.views.class_access import Opened, open_for_managers


def _begin_closing(request: HttpRequest, opened: Opened) -> HttpResponse:
    """Close the class in the background; the page with its bar is the answer."""
    job = jobs.begin(
        kind=CLOSE,
        owner=request.user,
        title=_("Closing %(class)s") % {"class": opened.training_class.title},
        parameters={"class": opened.training_class.pk, "archive": "archive" in request.POST},
    )
    return redirect(job)


@login_required
@require_http_methods(["GET", "POST"])
def class_closing(request: HttpRequest, pk: int) -> HttpResponse:
    """Each item: in order, vouched for by somebody, or missing with what to do."""
    opened = open_for_managers(request, pk)
    if request.method == "POST":
        if "close" in request.POST:
            return _begin_closing(request, opened)
        code = request.POST.get("item", "")[:30]
        try:
            if "untick" in request.POST:
                actions.untick_item(training_class=opened.training_class, code=code, actor=request.user)
                messages.success(request, _("Taken back."))
            else:
                actions.tick_items(
                    training_class=opened.training_class,
                    notes={code: request.POST.get("note", "")},
                    actor=request.user,
                )
                messages.success(request, _("Noted with your name and the time."))
        except Refused as refused:
            messages.error(request, refused.sentence)
        return redirect("enrollment:class_closing", pk=pk)
    lines = closing.checklist(opened.training_class)
    context = opened.context(
        "class_closing",
        lines=lines,
        done=sum(line.checked.is_done for line in lines),
        is_running=opened.training_class.status == "running",
        may_close=opened.training_class.status == "running"
        and all(line.checked.is_done or line.item.code == "attendance" for line in lines),
    )
    return render(request, "enrollment/class_closing.html", context)
