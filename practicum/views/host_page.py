"""One visit as its base sees and answers it, whether the host signed in or came by a link."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.refusals import Refused
from enrollment.models import User
from practicum.actions import host_links, papers
from practicum.actions import visits as actions
from practicum.actions.host_links import Caller
from practicum.forms import PaperForm, ProposalForm, RatingForm, ReasonForm, SafetyForm
from practicum.models import HostDeed, HostLink, Visit, VisitPaper
from practicum.rules import papers as paper_rules
from practicum.rules.deadlines import CHANGES_DUE_DAYS, HEADCOUNT_DUE_DAYS, working_days_before
from practicum.rules.visits import Party, Stage, split

TONES = {
    Stage.WITH_BASE: "brand",
    Stage.PROPOSED: "gold",
    Stage.CONFIRMED: "good",
    Stage.BRIEFED: "good",
    Stage.HELD: "info",
}
#: Whoever came by a link reads the names until so long after the visit; nobody needs them later.
ROSTER_AFTER = dt.timedelta(days=1)


@dataclass(frozen=True)
class Door:
    """How whoever stands for the base came in, and where this page and its parts lie for them."""

    visit_url: str
    answer_url: str
    paper_url: Callable[[int], str]
    crumbs: list[dict[str, str]] = field(default_factory=list)
    actor: User | None = None
    link: HostLink | None = None
    caller: Caller = field(default_factory=Caller)

    def doing(self, visit: Visit, deed: HostDeed, now: dt.datetime) -> AbstractContextManager[None]:
        """What a deed stands in: by link it is written down with it."""
        if self.link is None:
            return nullcontext()
        return host_links.acting(link=self.link, visit=visit, deed=deed, caller=self.caller, now=now)


@dataclass
class Forms:
    """What can be filled in on the page."""

    proposal: ProposalForm
    refusal: ReasonForm
    safety: SafetyForm
    paper: PaperForm
    rating: RatingForm

    @classmethod
    def of(cls, visit: Visit) -> Forms:
        """All of them, as they stand at first."""
        return cls(
            ProposalForm(initial=_first_proposal(visit)),
            ReasonForm(),
            SafetyForm(initial={"text": visit.safety_note}),
            PaperForm(),
            RatingForm(
                of_base=True,
                initial={
                    "stars": visit.host_rating,
                    "comment": visit.host_comment,
                    "received": visit.received or visit.headcount,
                },
            ),
        )


def _first_proposal(visit: Visit) -> dict[str, Any]:
    """A first proposal: as many batches as the base's capacity asks for, one after the other."""
    initial: dict[str, Any] = {}
    start = timezone.localtime(visit.starts_at)
    length = visit.ends_at - visit.starts_at
    sizes = split(visit.headcount, visit.base.capacity_per_batch)[: ProposalForm.ROWS]
    for number, people in enumerate(sizes, 1):
        initial[f"starts_{number}"] = start
        initial[f"ends_{number}"] = (start + length).time()
        initial[f"people_{number}"] = people
        start += length
    return initial


def page(
    request: HttpRequest, visit: Visit, door: Door, forms: Forms | None = None, status: int = 200
) -> HttpResponse:
    """The group, the deadlines, the answer, the roster without numbers, papers and rating."""
    forms = forms or Forms.of(visit)
    now = timezone.now()
    rosters = []
    if door.link is None or now < visit.ends_at + ROSTER_AFTER:
        for session in [batch.session for batch in visit.batches.all() if batch.session is not None]:
            names = session.expected().select_related("home_organization").order_by("name")
            # Names and units only: nothing that identifies leaves the academy.
            rosters.append((session, [(person.name, str(person.home_organization)) for person in names]))
    days = actions.calendar()
    day = timezone.localdate(visit.starts_at)
    context = {
        "visit": visit,
        "link": door.link,
        "answer_url": door.answer_url,
        "tone": TONES.get(Stage(visit.status), ""),
        "forms": forms,
        "papers": [(paper, door.paper_url(paper.pk)) for paper in visit.papers.all()],
        "rosters": rosters,
        "moves": visit.base_moves,
        "may_rate": visit.may_be_rated(now),
        "headcount_due": working_days_before(day, HEADCOUNT_DUE_DAYS, days),
        "changes_due": working_days_before(day, CHANGES_DUE_DAYS, days),
        "too_many": visit.headcount > visit.base.capacity_per_batch,
        "crumbs": door.crumbs,
    }
    return render(request, "practicum/host_visit.html", context, status=status)


def answer(request: HttpRequest, visit: Visit, door: Door) -> HttpResponse:
    """Confirm, decline, propose, keep safety notes, hand a paper in or rate."""
    forms = Forms.of(visit)
    try:
        if (told := _done(request, visit, door, forms)) is None:
            return page(request, visit, door, forms, status=422)
    except Refused as refused:
        messages.error(request, refused.sentence)
        return page(request, visit, door, forms, status=409)
    if told:
        messages.success(request, told)
    return redirect(door.visit_url)


def _done(request: HttpRequest, visit: Visit, door: Door, forms: Forms) -> str | None:
    """What was done, in words; nothing was asked for: empty; a form was not filled in well: None."""
    now, post = timezone.now(), request.POST
    actor, via = door.actor, door.link
    if "confirm" in post:
        with door.doing(visit, HostDeed.CONFIRM, now):
            actions.confirm(visit=visit, actor=actor, now=now, via=via)
        return _("Confirmed. The academy and the class see it at once.")
    if "decline" in post:
        forms.refusal = ReasonForm(post)
        if not forms.refusal.is_valid():
            return None
        with door.doing(visit, HostDeed.DECLINE, now):
            given = forms.refusal.cleaned_data["reason"]
            actions.decline(visit=visit, actor=actor, reason_given=given, via=via)
        return _("Declined. The academy was told why.")
    if "propose" in post:
        forms.proposal = ProposalForm(post)
        if not forms.proposal.is_valid():
            return None
        with door.doing(visit, HostDeed.PROPOSE, now):
            actions.propose(
                visit=visit,
                batches=forms.proposal.batches,
                actor=actor,
                now=now,
                message=forms.proposal.cleaned_data["message"],
                via=via,
            )
        return _("Your proposal went to the academy.")
    if "safety" in post:
        forms.safety = SafetyForm(post)
        if not forms.safety.is_valid():
            return None
        with door.doing(visit, HostDeed.SAFETY, now):
            actions.keep_safety_note(
                visit=visit, text=forms.safety.cleaned_data["text"], actor=actor, via=via
            )
        return _("Saved. The academy and the visitors read it.")
    if "paper" in post:
        forms.paper = PaperForm(post, request.FILES)
        if not forms.paper.is_valid():
            return None
        with door.doing(visit, HostDeed.PAPER, now):
            file = forms.paper.cleaned_data["file"]
            papers.hand_in(visit=visit, file=file, party=Party.BASE, actor=actor, now=now, via=via)
        return _("The document is with the academy.")
    if "rate" in post:
        forms.rating = RatingForm(post, of_base=True)
        if not forms.rating.is_valid():
            return None
        with door.doing(visit, HostDeed.RATE, now):
            actions.rate(
                visit=visit, party=Party.BASE, actor=actor, now=now, via=via, **forms.rating.cleaned_data
            )
        return _("Thank you. The academy reads it.")
    return ""


def sent(paper: VisitPaper) -> FileResponse:
    """A paper as a download: never shown in the page, whatever it holds."""
    response = FileResponse(
        paper.file.open("rb"),
        as_attachment=True,
        filename=paper.name,
        content_type=paper_rules.content_type(paper.name),
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response
