"""A base's link is taken back while it is being used, and renewed by several at once."""

from __future__ import annotations

import threading

import pytest
from django.db import transaction
from django.utils import timezone

from cms.refusals import Refused
from practicum.actions import host_links, visits
from practicum.actions.host_links import Caller
from practicum.models import HostDeed, HostLink, HostLinkUse, Visit
from tests.factories import practicum as make
from tests.factories.practicum import at
from tests.people import plant

pytestmark = pytest.mark.race

ROUNDS = 4
WAIT_SECONDS = 20


@pytest.fixture
def tree(race_db):
    return plant()


def asked(day: int) -> Visit:
    """A visit that waits for its base."""
    visit = visits.request(
        base=make.TrainingBaseFactory(),
        starts_at=at(9, days=day),
        ends_at=at(11, days=day),
        headcount=10,
        actor=None,
        now=timezone.now(),
    )
    return visits.check(visit=visit, actor=None)


def decline(link: HostLink, visit: Visit) -> None:
    now = timezone.now()
    with host_links.acting(link=link, visit=visit, deed=HostDeed.DECLINE, caller=Caller(), now=now):
        visits.decline(visit=visit, actor=None, reason_given="检修", via=link)


def test_a_link_that_is_taken_back_answers_nothing_afterwards(tree, race):
    """Whichever comes first: the visit is declined only where the answer came before the link ended."""
    for number in range(ROUNDS):
        visit = asked(20 + number)
        link = host_links.issue(visit=visit, actor=None, now=timezone.now())

        def work(place, link=link, visit=visit):
            if place == 0:
                return host_links.revoke(link=link, actor=None, now=timezone.now()).revoked_at
            return decline(link, visit)

        outcomes = race(work, 2)
        visit.refresh_from_db()
        assert [
            item for item in outcomes if isinstance(item, Exception) and not isinstance(item, Refused)
        ] == []
        was_refused = isinstance(outcomes[1], Refused)
        assert visit.status == ("with_base" if was_refused else "declined")
        assert HostLinkUse.objects.filter(link=link, deed=HostDeed.DECLINE).count() == (
            0 if was_refused else 1
        )


def _careless(link: HostLink, visit: Visit, looked: threading.Event, ended: threading.Event) -> None:
    """Look, then answer, with nothing between that keeps the link as it was."""
    assert HostLink.objects.get(pk=link.pk).revoked_at is None
    looked.set()
    assert ended.wait(WAIT_SECONDS)
    visits.decline(visit=visit, actor=None, reason_given="检修", via=link)


def test_control_without_the_lock_a_dead_link_answers(tree, race):
    visit = asked(20)
    link = host_links.issue(visit=visit, actor=None, now=timezone.now())
    looked, ended = threading.Event(), threading.Event()

    def work(place):
        if place == 0:
            assert looked.wait(WAIT_SECONDS)
            host_links.revoke(link=link, actor=None, now=timezone.now())
            ended.set()
        else:
            _careless(link, visit, looked, ended)

    assert race(work, 2) == [None, None]
    visit.refresh_from_db()
    assert visit.status == "declined"


def test_with_the_lock_whoever_takes_it_back_waits_for_the_answer(tree, race):
    """The same meeting with the lock held: the link ends only after the answer stands."""
    visit = asked(20)
    link = host_links.issue(visit=visit, actor=None, now=timezone.now())
    inside = threading.Event()
    order: list[str] = []

    def work(place):
        now = timezone.now()
        if place == 0:
            assert inside.wait(WAIT_SECONDS)
            host_links.revoke(link=link, actor=None, now=now)
            order.append("taken back")
            return
        with (
            transaction.atomic(),
            host_links.acting(link=link, visit=visit, deed=HostDeed.DECLINE, caller=Caller(), now=now),
        ):
            inside.set()
            visits.decline(visit=visit, actor=None, reason_given="检修", via=link)
            order.append("answered")

    assert race(work, 2) == [None, None]
    assert order == ["answered", "taken back"]


@pytest.mark.parametrize("has_one", [False, True])
def test_many_who_renew_at_once_leave_one_link(tree, race, has_one):
    visit = asked(20)
    if has_one:
        host_links.issue(visit=visit, actor=None, now=timezone.now())
    outcomes = race(lambda _place: host_links.issue(visit=visit, actor=None, now=timezone.now()).pk, 6)
    assert [item for item in outcomes if isinstance(item, Exception)] == []
    standing = HostLink.objects.standing().get()
    assert standing.pk in outcomes
