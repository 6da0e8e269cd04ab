"""One's inbox, and what one wants to hear by other ways."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cms.refusals import Refused
from enrollment import channels
from enrollment.actions import messages as actions
from enrollment.forms_messages import PreferenceForm
from enrollment.letters import KINDS, letter
from enrollment.models import Message, User
from enrollment.requests import AuthenticatedHttpRequest

PER_PAGE = 20


def _line(message: Message) -> dict[str, Any]:
    """A message as the list shows it, in the language of the request."""
    kind = KINDS.get(message.kind)
    return {
        "message": message,
        "letter": letter(message.kind, message.context) if kind is not None else None,
        "icon": kind.icon if kind is not None else "bell",
        "is_new": message.read_at is None,
    }


@require_GET
@login_required
def inbox(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Everything one was told, the newest first; ``?show=unread`` leaves out what was opened."""
    found = Message.objects.visible_to(request.user)
    only_unread = request.GET.get("show") == "unread"
    if only_unread:
        found = found.unread()
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "enrollment/messages.html",
        {
            "page": page,
            "lines": [_line(message) for message in page],
            "only_unread": only_unread,
            "unread": request.user.unread_messages,
        },
    )


@require_GET
@login_required
def open_message(request: AuthenticatedHttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Lead to what a message is about, and mark it read; without such a place, to the inbox."""
    message = get_object_or_404(Message.objects.visible_to(request.user), pk=pk)
    actions.mark_read(message=message)
    if message.link and url_has_allowed_host_and_scheme(message.link, allowed_hosts=None):
        return redirect(message.link)
    return redirect(f"{reverse('messages:list')}#m-{message.pk}")


@require_POST
@login_required
def read_all(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Mark everything read."""
    actions.mark_all_read(user=request.user)
    notices.success(request, _("All messages are marked as read."))
    return redirect("messages:list")


@require_http_methods(["GET", "POST"])
@login_required
def preferences(request: AuthenticatedHttpRequest) -> HttpResponse:
    """What goes out by which way, when, and how often."""
    user = User.objects.select_related("message_preference").get(pk=request.user.pk)
    possible = channels.offered() & channels.reachable(user)
    form = PreferenceForm(
        request.POST if request.method == "POST" else None,
        offered=possible,
        wishes=actions.wishes_of(user),
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.choose(
                user=user,
                channels_by_group=form.channels(),
                quiet_from=form.cleaned_data["quiet_from"],
                quiet_until=form.cleaned_data["quiet_until"],
                digest=form.cleaned_data["digest"],
            )
        except Refused as refused:
            form.add_error(None, refused.sentence)
        else:
            notices.success(request, _("Your choice is kept."))
            return redirect("messages:preferences")
    return render(
        request,
        "enrollment/message_choices.html",
        {
            "crumbs": [{"label": _("Messages"), "url": reverse("messages:list")}],
            "form": form,
            "groups": [form[name] for name in form.kept],
            "times": [form[name] for name in ("quiet_from", "quiet_until", "digest")],
            "possible": possible,
            "missing_email": not user.email,
        },
    )
