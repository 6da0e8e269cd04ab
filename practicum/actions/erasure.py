"""What goes of sessions when a person is erased; attendance and events at the door stay, without a name."""

from __future__ import annotations

from collections.abc import Collection

from enrollment.erasure import replace_names
from enrollment.models import ERASED_NAME, Trainee
from practicum.models import CalendarFeed, CalendarInvitation, Leave, MissedSeat, Visit, VisitPaper

#: Where a name may stand in what is written about a visit.
VISIT_TEXTS = (
    "leader_name", "purpose", "briefing", "answer", "safety_note", "host_comment", "academy_comment",
)  # fmt: skip


def erase(trainees: Collection[int], users: Collection[int]) -> None:
    """Reasons of leaves and objections (they may tell of illness), feeds, and names in what visits say.

    The papers of a visit (rosters, insurance) are about a whole group: they stay with the visit until their
    own period ends (docs/rules/retention.md). The caller has locked the people.
    """
    Leave.objects.filter(trainee__in=trainees).update(reason=ERASED_NAME)
    MissedSeat.objects.filter(trainee__in=trainees).exclude(appeal="").update(
        appeal=ERASED_NAME, answer=ERASED_NAME
    )
    CalendarFeed.objects.filter(user__in=users).delete()
    CalendarInvitation.objects.filter(user__in=users).delete()
    people = Trainee.objects.filter(pk__in=trainees)
    names = dict(people.values_list("pk", "name"))
    for named in ("training_class__enrollments__trainee", "requested_by__trainee"):
        replace_names(Visit.objects.all(), VISIT_TEXTS, named=named, names=names, by=ERASED_NAME)
        papers = VisitPaper.objects.all()
        replace_names(papers, ("name",), named=f"visit__{named}", names=names, by=ERASED_NAME)
    phones = [phone for phone in people.values_list("phone", flat=True) if phone]
    Visit.objects.filter(leader_phone__in=phones).update(leader_name=ERASED_NAME, leader_phone="")
