"""What a base reaches by a link, without an account: one visit, or the base's visits, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cms.refusals import Refused
from enrollment.authentication import address_of, device_of
from practicum.actions import host_links
from practicum.actions.host_links import Caller
from practicum.models import HostDeed, HostLink, Visit, VisitPaper
from practicum.models.visits import VisitQuerySet
from practicum.rules.host_links import DAYS_AFTER_VISIT, WRONG_IN_TEN_MINUTES
from practicum.rules.reasons import reason
from practicum.views import host_page
from practicum.views.host_page import Door

MOST_LISTED = 60
#: What the page answers to a link that is not good, by the code of its reason.
STATUS = {"link_unknown": 404, "link_busy": 429}
GONE = 410
TEN_MINUTES = 600

View = Callable[..., HttpResponseBase]


def _refused(request: HttpRequest, refused: Refused) -> HttpResponse:
    """The one page for every link that does not work."""
    context = {"reason": refused.sentence}
    status = STATUS.get(refused.code, GONE)
    return render(request, "practicum/link_refused.html", context, status=status)


def _guessing(address: str, *, wrong: bool) -> bool:
    """Whether too many links that lead nowhere came from ``address``; ``wrong`` counts one more."""
    key = f"practicum.wrong_link.{address}"
    if wrong:
        cache.add(key, 0, TEN_MINUTES)
        try:
            cache.incr(key)
        except ValueError:
            # It ran out between the two lines.
            return False
    return int(cache.get(key, 0)) > WRONG_IN_TEN_MINUTES


def by_link(view: Callable[..., HttpResponseBase]) -> View:
    """Give ``view`` the link behind the address and who calls; everybody else gets the one page."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponseBase:
        caller = Caller(address_of(request), device_of(request))
        if _guessing(caller.address, wrong=False):
            return _refused(request, Refused(reason("link_busy")))
        try:
            link = host_links.enter(token=token, caller=caller, now=timezone.now())
        except Refused as refused:
            _guessing(caller.address, wrong=refused.code == "link_unknown")
            return _refused(request, refused)
        response = view(request, link, caller, token, **kwargs)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return guarded


def _visits(link: HostLink) -> VisitQuerySet:
    """What ``link`` leads to: a visit the academy has passed on, or those of the base."""
    rows = Visit.objects.passed_on().select_related("base", "training_class")
    return rows.filter(base=link.base_id) if link.visit_id is None else rows.filter(pk=link.visit_id)


def _visit(link: HostLink, pk: int) -> Visit:
    rows = _visits(link).prefetch_related("batches__session", "vehicles", "papers")
    found: Visit = get_object_or_404(rows, pk=pk)
    return found


def _door(link: HostLink, caller: Caller, token: str, pk: int) -> Door:
    crumbs = []
    if link.base_id is not None:
        crumbs = [{"label": _("Visits"), "url": reverse("practicum:link", args=[token])}]
    return Door(
        visit_url=reverse("practicum:link_visit", args=[token, pk]),
        answer_url=reverse("practicum:link_answer", args=[token, pk]),
        paper_url=lambda paper: reverse("practicum:link_paper", args=[token, pk, paper]),
        crumbs=crumbs,
        link=link,
        caller=caller,
    )


@require_GET
@by_link
def entrance(request: HttpRequest, link: HostLink, caller: Caller, token: str) -> HttpResponseBase:
    """Where the link itself leads: the visit, or what the base has before it."""
    if link.visit_id is not None:
        return redirect("practicum:link_visit", token=token, pk=link.visit_id)
    now = timezone.now()
    host_links.record(link=link, deed=HostDeed.OPEN, caller=caller, now=now)
    rows = list(
        _visits(link)
        .filter(ends_at__gte=now - dt.timedelta(days=DAYS_AFTER_VISIT))
        .order_by("starts_at", "pk")[:MOST_LISTED]
    )
    groups = [
        (_("Waiting for your answer"), [row for row in rows if "confirm" in row.base_moves]),
        (
            _("Proposed by you, with the academy"),
            [row for row in rows if "propose" in row.base_moves and "confirm" not in row.base_moves],
        ),
        (_("Coming"), [row for row in rows if row.is_open and not row.is_pending and row.ends_at > now]),
        (_("Held: please rate"), [row for row in rows if row.may_be_rated(now)]),
        (_("Called off or declined"), [row for row in rows if not row.is_open and not row.may_be_rated(now)]),
    ]
    context = {
        "link": link,
        "base": link.base,
        "groups": [
            (title, [(row, reverse("practicum:link_visit", args=[token, row.pk])) for row in of_group])
            for title, of_group in groups
            if of_group
        ],
    }
    return render(request, "practicum/link_visits.html", context)


@require_GET
@by_link
def visit(request: HttpRequest, link: HostLink, caller: Caller, token: str, pk: int) -> HttpResponseBase:
    """One visit."""
    found = _visit(link, pk)
    host_links.record(link=link, deed=HostDeed.OPEN, caller=caller, now=timezone.now(), visit=found)
    return host_page.page(request, found, _door(link, caller, token, pk))


@require_POST
@by_link
def answer(request: HttpRequest, link: HostLink, caller: Caller, token: str, pk: int) -> HttpResponseBase:
    """What the base says."""
    return host_page.answer(request, _visit(link, pk), _door(link, caller, token, pk))


@require_GET
@by_link
def paper(
    request: HttpRequest, link: HostLink, caller: Caller, token: str, pk: int, paper_pk: int
) -> HttpResponseBase:
    """A document of the visit."""
    found = get_object_or_404(VisitPaper.objects.filter(visit=_visit(link, pk)), pk=paper_pk)
    host_links.record(
        link=link, deed=HostDeed.READ_PAPER, caller=caller, now=timezone.now(), visit=found.visit
    )
    return host_page.sent(found)
