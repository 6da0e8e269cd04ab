"""The first page: a trainee's own day and year; for strangers the public face."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from wagtail.models import Site

from academy import reports
from academy.portal import front
from academy.portal.next_step import Meeting, choose
from academy.templatetags.shell import site_pages, work_places
from cms.models import HomePage, NewsPage
from practicum.reports import UpcomingSession, sessions_of

DAYS_AHEAD = 14
AGENDA_LENGTH = 4
STUDIES = 3
NOTICES = 3
#: News is the same for all; a new piece is seen within a minute.
NOTICES_SECONDS = 60


def home(request: HttpRequest) -> HttpResponse:
    """Whoever has signed in sees their own page, everybody else the academy's."""
    if request.user.is_authenticated:
        return own(request)
    return public(request)


def public(request: HttpRequest) -> HttpResponse:
    """The home page written in Wagtail; a plain one as long as none is published."""
    site = Site.find_for_request(request)
    page = site.root_page.specific if site is not None else None
    if isinstance(page, HomePage) and page.live:
        answer = page.serve(request)
        # The page is called like the academy: its name stands in the window's title once.
        answer.context_data.update(
            news=front.news(),
            news_url=next((one["url"] for one in site_pages() if one["section"] == "news"), ""),
            front=front.front(),
            bare_title=page.title == _("Party-building Academy"),
            section="home",
        )
        return answer
    return render(request, "academy/home_public.html")


def notices() -> list[dict[str, Any]]:
    """The latest news as links; read once a minute for everybody."""
    found = cache.get("portal:notices")
    if found is None:
        found = [
            {"title": page.title, "url": page.url, "published_on": page.published_on}
            for page in NewsPage.objects.live().public().order_by("-published_on", "-pk")[:NOTICES]
        ]
        cache.set("portal:notices", found, NOTICES_SECONDS)
    return found


def meeting_of(row: UpcomingSession) -> Meeting:
    """A session with the person's own signs, as the choice of the next step needs it."""
    session = row.session
    return Meeting(
        title=session.title,
        url=reverse("practicum:session", args=[session.pk]),
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        where=session.where,
        is_open=row.is_open,
        signed_in=row.signed_in_at is not None,
        signed_out=row.signed_out_at is not None,
        needs_sign_out=session.policy.needs_sign_out,
        is_cancelled=session.is_cancelled,
    )


def _badge(meeting: Meeting, *, is_today: bool) -> tuple[str, str]:
    if meeting.is_cancelled:
        return _("Cancelled"), ""
    if meeting.signed_out or (meeting.signed_in and not meeting.needs_sign_out):
        return _("Attended"), "good"
    if meeting.signed_in:
        return _("Signed in"), "good"
    return (_("Today"), "brand") if is_today else ("", "")


def own(request: HttpRequest) -> HttpResponse:
    """What comes next, the year's hours, dates, courses and notices."""
    user = request.user
    now = timezone.localtime()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    trainee_id, year = reports.year_at_a_glance(user, now.year)
    rows = sessions_of(user, midnight, midnight + dt.timedelta(days=DAYS_AHEAD))
    meetings = [meeting_of(row) for row in rows]
    tomorrow = midnight + dt.timedelta(days=1)
    agenda = []
    for meeting in meetings:
        is_today = meeting.starts_at < tomorrow
        if meeting.ends_at < now and not is_today:
            continue
        badge, tone = _badge(meeting, is_today=is_today)
        agenda.append({"meeting": meeting, "is_today": is_today, "badge": badge, "tone": tone})
    due, begun = reports.studies_of(user, trainee_id, now.date())
    context: dict[str, Any] = {
        "section": "home",
        "due": due[:STUDIES],
        "begun": begun[:STUDIES],
        "year": year,
        "agenda": agenda[:AGENDA_LENGTH],
        "schedule_url": reverse("practicum:schedule"),
        "catalog_url": reverse("courses:catalog"),
        "ledger_url": reverse("portal:ledger"),
        "notices": notices(),
    }
    if trainee_id is None:
        # Staff without a roster record come here to get to their work.
        places = work_places(user.scope)
        context["work"] = [
            {"label": str(place.label), "url": reverse(place.view), "icon": place.icon} for place in places
        ]
    context["next"] = choose(
        now=now,
        today=[meeting for meeting in meetings if meeting.starts_at < tomorrow],
        due=due,
        begun=begun,
        catalog_url=reverse("courses:catalog"),
        is_exempt=bool(year and year.is_exempt),
    )
    # Whatever the page shows is in here, and nothing else is: equal contexts make equal pages.
    context["version"] = f"{get_language()} {context!r}"
    return render(request, "academy/home.html", context)
