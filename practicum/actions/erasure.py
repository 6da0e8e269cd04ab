"""What goes of sessions when a person is erased; attendance and events at the door stay, without a name."""

from __future__ import annotations

from collections.abc import Collection

from enrollment.models import ERASED_NAME
from practicum.models import CalendarFeed, Leave


def erase(trainees: Collection[int], users: Collection[int]) -> None:
    """Reasons of leaves, which may tell of illness, and calendar feeds. The caller has locked the people."""
    Leave.objects.filter(trainee__in=trainees).update(reason=ERASED_NAME)
    CalendarFeed.objects.filter(user__in=users).delete()
