"""What of places follows when organizations merge or end: the organization and park of bases and venues."""

from __future__ import annotations

from collections.abc import Collection

from enrollment.actions.journal import note
from enrollment.models import Organization, User
from enrollment.organization_records import BASES, End, Follower, Merger, register
from practicum.models import (
    HoldStatus,
    MissedSeat,
    SeatHold,
    TrainingBase,
    Venue,
    WaitingParty,
    WaitingStatus,
)


def _name_anew(organizations: Collection[int], into: Organization | None, actor: User | None) -> int:
    """Let bases and venues of ``organizations`` name ``into``; without one, keep the name in words."""
    changed: dict[int, TrainingBase] = {}
    for base in TrainingBase.objects.filter(organization__in=organizations).select_related("organization"):
        assert base.organization is not None
        base.organization_name = "" if into is not None else base.organization.name
        base.organization = into
        changed[base.pk] = base
    for base in TrainingBase.objects.filter(park__in=organizations).order_by("pk"):
        changed.setdefault(base.pk, base).park = into
    for base in sorted(changed.values(), key=lambda one: one.pk):
        # One by one: the search keeps the park of a base.
        base.save(update_fields=["organization", "organization_name", "park"])
        note(base, "wagtail.edit", actor=actor)
    venues: int = Venue.objects.filter(park__in=organizations).update(park=into)
    return len(changed) + venues


def _merge(change: Merger) -> int:
    return _name_anew(change.sources, change.into, change.actor) + _seats_follow(change)


def _seats_follow(change: Merger) -> int:
    """Seats kept, those who wait and what stayed empty go along. Of seats kept twice the later go free."""
    rows = 0
    kept = SeatHold.objects.filter(status=HoldStatus.STANDING)
    there = set(kept.filter(organization=change.into).values_list("session", flat=True))
    for hold in kept.filter(organization__in=change.sources).order_by("held_at", "pk"):
        if hold.session_id in there:
            SeatHold.objects.filter(pk=hold.pk).update(status=HoldStatus.RELEASED)
        there.add(hold.session_id)
    for model in (SeatHold, WaitingParty, MissedSeat):
        followers = model._default_manager.filter(organization__in=change.sources)
        rows += followers.update(organization=change.into)
    return rows


def _end(change: End) -> int:
    """Nobody is left to be named for the seats it kept."""
    kept = SeatHold.objects.filter(organization=change.organization, status=HoldStatus.STANDING)
    waiting = WaitingParty.objects.waiting().filter(organization=change.organization)
    return (
        _name_anew([change.organization.pk], None, change.actor)
        + kept.update(status=HoldStatus.RELEASED)
        + waiting.update(status=WaitingStatus.WITHDRAWN)
    )


def register_followers() -> None:
    """Take part when organizations change."""
    register(
        Follower(
            "bases",
            BASES,
            TrainingBase._meta.verbose_name_plural or "",
            [
                (TrainingBase, "organization"),
                (TrainingBase, "park"),
                (Venue, "park"),
                (SeatHold, "organization"),
                (WaitingParty, "organization"),
                (MissedSeat, "organization"),
            ],
            merged=_merge,
            ended=_end,
        )
    )
