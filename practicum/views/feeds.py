"""Calendars of classes, bases, rooms and lecturers: who hands out their secret address, and what it holds."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from enrollment.requests import AuthenticatedHttpRequest
from practicum.actions import feeds
from practicum.models import FEED_OF, Room, SharedFeed, publishable
from practicum.models.feeds import Thing
from practicum.views.study import calendar_file, webcal

#: So many things of a kind are listed; whoever runs more finds the rest by their own pages.
MOST_LISTED = 200


def _titles() -> dict[str, str]:
    return {
        "training_class": _("Classes"),
        "base": _("Training bases"),
        "room": _("Rooms"),
        "lecturer": _("Lecturers"),
    }


def _name(thing: Thing) -> str:
    """A room is told apart by its venue."""
    return f"{thing.venue} · {thing}" if isinstance(thing, Room) else str(thing)


@login_required
@require_safe
def shared(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Everything whose calendar one may hand out, and which of it has an address. Two queries a kind."""
    titles = _titles()
    groups = []
    for kind in FEED_OF:
        things = list(publishable(kind, request.user)[:MOST_LISTED])
        standing = SharedFeed.objects.standing().filter(**{f"{kind}__in": [one.pk for one in things]})
        given = set(standing.values_list(kind, flat=True)) if things else set()
        rows = [
            {
                "name": _name(one),
                "url": reverse("practicum:shared_feed", args=[kind, one.pk]),
                "is_shared": one.pk in given,
            }
            for one in things
        ]
        if rows:
            groups.append({"title": titles[kind], "rows": rows, "shared": len(given)})
    context = {
        "groups": groups,
        "crumbs": [
            {"label": _("Schedule"), "url": reverse("practicum:schedule")},
            {"label": _("In my calendar"), "url": reverse("practicum:subscribe")},
        ],
    }
    return render(request, "practicum/shared_feeds.html", context)


@login_required
def shared_feed(request: AuthenticatedHttpRequest, kind: str, pk: int) -> HttpResponse:
    """The address of one calendar: made, renewed, taken back."""
    if kind not in FEED_OF:
        raise Http404
    thing = get_object_or_404(publishable(kind, request.user), pk=pk)
    feed = SharedFeed.objects.standing().filter(**{kind: thing}).first()
    if request.method == "POST":
        now = timezone.now()
        if "withdraw" in request.POST:
            feeds.withdraw(kind=kind, thing=thing, actor=request.user, now=now)
            messages.success(request, _("The address no longer works."))
        else:
            feeds.share(kind=kind, thing=thing, actor=request.user, now=now)
            messages.success(request, _("Here is the address. Pass it on to those who should see it."))
        return redirect("practicum:shared_feed", kind=kind, pk=pk)
    address = ""
    if feed is not None:
        address = request.build_absolute_uri(reverse("practicum:shared_ics", args=[feed.token]))
    context = {
        "name": _name(thing),
        "address": address,
        "webcal": webcal(address),
        "crumbs": [{"label": _("Shared calendars"), "url": reverse("practicum:shared_feeds")}],
    }
    return render(request, "practicum/shared_feed.html", context)


@require_safe
def shared_ics(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar for whoever knows the secret address; a revoked one leads nowhere."""
    rows = SharedFeed.objects.standing().select_related("training_class", "base", "room__venue", "lecturer")
    feed = get_object_or_404(rows, token=token)
    return calendar_file(request, feed.sessions(), name=_name(feed.thing))
