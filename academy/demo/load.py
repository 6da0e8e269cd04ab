"""The demo academy from nothing to a year in motion."""

from __future__ import annotations

import gc
import time

from academy.demo import (
    accounts,
    catalogue,
    claims,
    classes,
    copies,
    evenings,
    events,
    handouts,
    organizations,
    papers,
    people,
    places,
    reflecting,
    registers,
    seats,
    site,
    study,
    year,
)
from academy.demo.artwork import Artwork
from academy.demo.plan import Plan
from cms.actions import planner
from enrollment.actions import park_figures
from enrollment.models import User


def is_loaded() -> bool:
    """Whether the demo has been loaded to its end: the last thing written is 周主任's account."""
    return User.objects.filter(username="zhou").exists()


def load(plan: Plan) -> None:
    """Load everything; each part says what it has done."""
    started = time.monotonic()
    # Hundreds of thousands of rows pass through memory: the collector's many rounds would take a fifth of the time.
    gc.set_threshold(200_000, 50, 1000)
    with Artwork() as artwork:
        for part in (catalogue, places, site):
            part.begin(artwork)
        staff = accounts.create_staff()
        actor = staff["zhao"]
        founded = organizations.load(plan, actor)
        people.load(plan, founded, actor)
        accounts.create_people(actor)
        catalogue.load(plan, artwork, actor, instructor=staff["chen"])
        handouts.load(plan, actor)
        places.load(plan, artwork, actor, host=staff["sun"], instructor=staff["chen"])
        site.load(plan, artwork, actor)
    papers.load(actor)
    study.load(plan, actor)
    copies.load(plan, founded)
    year.load(plan, actor, teacher=staff["chen"])
    evenings.load(actor)
    classes.load(plan, actor, teacher=staff["chen"])
    seats.load(plan, actor)
    seats.release_a_timetable(plan, actor)
    claims.load(plan, actor)
    events.load(plan, actor)
    people.leave_transfers_open(founded, actor)
    reflecting.load(plan, actor, instructor=staff["chen"])
    registers.load(plan, founded, actor)
    accounts.create_guide()
    registers.visit_organizations()
    park_figures.fold()
    planner.refresh_statistics()
    accounts.create_leader(actor)
    plan.say(f"The demo academy is ready after {time.monotonic() - started:.0f} s")
