"""Branch activities: recorded once, with everybody who came, and their hours posted with them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.db import transaction
from django.utils import timezone

from cms.refusals import Reason, Refused
from enrollment.actions.hours import credit_hours_in_bulk
from enrollment.actions.journal import note, note_many
from enrollment.models import BranchActivity, HourKind, HourRuleCode, Organization, Trainee, User, rulebook
from enrollment.rules import activities as rules
from enrollment.rules.hours import Credit, quarters_for_session

EVIDENCE = "branch"
CHUNK = 200


@dataclass(frozen=True)
class Activity:
    """One activity to be recorded in bulk, by id."""

    organization_id: int
    form: str
    title: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    attendee_ids: tuple[int, ...]
    submission_key: str
    place: str = ""


@dataclass
class ActivitiesResult:
    """What became of many activities."""

    recorded: list[BranchActivity] = field(default_factory=list)
    already: int = 0
    refused: list[tuple[Activity, Reason]] = field(default_factory=list)


@transaction.atomic
def record_activity(
    *,
    organization: Organization,
    form: str,
    title: str,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    attendees: Iterable[Trainee],
    submission_key: str,
    actor: User,
    place: str = "",
) -> BranchActivity:
    """Record an activity and post everybody's hours, or nothing at all.

    The same form sent twice (``submission_key``) returns what the first one recorded.

    Raises:
        Refused: flaws of the activity itself; people of another organization; hours that overlap, by name.
    """
    people = {person.pk: person for person in attendees}
    # Two copies of one form arrive at the same moment: the second waits here, then finds the first.
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    earlier = BranchActivity.objects.filter(submission_key=submission_key).first()
    if earlier is not None:
        return earlier
    reasons = list(
        rules.flaws_of(
            title=title, starts_at=starts_at, ends_at=ends_at, now=timezone.now(), attendees=len(people)
        )
    )
    here = _belonging(organization.path, people)
    reasons += [rules.elsewhere(person.name) for pk, person in people.items() if pk not in here]
    if reasons:
        raise Refused(*reasons)
    activity = BranchActivity.objects.create(
        organization=organization,
        form=form,
        title=title.strip(),
        place=place.strip(),
        starts_at=starts_at,
        ends_at=ends_at,
        submission_key=submission_key,
        recorded_by=actor,
    )
    activity.attendees.add(*people)
    result = credit_hours_in_bulk(credits=_credits(activity, list(people)), actor=actor)
    if result.refused:
        raise Refused(
            *(rules.of_person(people[credit.trainee_id].name, reason) for credit, reason in result.refused)
        )
    note(activity, "enrollment.activity.record", actor=actor, data={"attendees": len(people)})
    return activity


def _belonging(path: str, ids: Iterable[int]) -> set[int]:
    """Which people have their home or host organization at or below ``path``."""
    rows = Trainee.objects.filter(pk__in=list(ids)).values_list(
        "pk", "home_organization__path", "host_organization__path"
    )
    return {pk for pk, home, host in rows if home.startswith(path) or (host or "").startswith(path)}


def _credits(activity: BranchActivity, attendee_ids: Sequence[int]) -> list[Credit]:
    day = timezone.localdate(activity.starts_at)
    minutes = int((activity.ends_at - activity.starts_at).total_seconds() // 60)
    quarters = quarters_for_session(minutes, rulebook.hour_minutes_on(day))
    rule = rulebook.rules_on(day).get(HourRuleCode.HOUR_MINUTES)
    return [
        Credit(
            trainee_id=pk,
            kind=HourKind.BRANCH,
            quarters=quarters,
            title=activity.title,
            evidence_type=EVIDENCE,
            evidence_id=str(activity.pk),
            occurred_at=activity.starts_at,
            starts_at=activity.starts_at,
            ends_at=activity.ends_at,
            rule_id=rule.pk if rule else None,
        )
        for pk in attendee_ids
    ]


def record_activities_in_bulk(*, rows: Iterable[Activity], actor: User) -> ActivitiesResult:
    """Record many activities; flawed ones come back with the reason, and so do people whose hours overlap.

    Unlike the form, an activity is kept when some of its people are refused: it took place all the same.
    """
    result = ActivitiesResult()
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        with transaction.atomic():
            _record_chunk(chunk, actor, result)
    return result


def _record_chunk(rows: Sequence[Activity], actor: User, result: ActivitiesResult) -> None:
    ids = {row.organization_id for row in rows}
    organizations = Organization.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    paths = {organization.pk: organization.path for organization in organizations}
    known = set(
        BranchActivity.objects.filter(submission_key__in=[row.submission_key for row in rows]).values_list(
            "submission_key", flat=True
        )
    )
    by_path: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        by_path[paths[row.organization_id]].update(row.attendee_ids)
    belonging = _belonging_in_bulk(by_path)
    now = timezone.now()
    new: list[tuple[Activity, BranchActivity, list[int]]] = []
    for row in rows:
        if row.submission_key in known:
            result.already += 1
            continue
        known.add(row.submission_key)
        people = [pk for pk in row.attendee_ids if pk in belonging[paths[row.organization_id]]]
        flaws = rules.flaws_of(
            title=row.title, starts_at=row.starts_at, ends_at=row.ends_at, now=now, attendees=len(people)
        )
        if flaws:
            result.refused.append((row, flaws[0]))
            continue
        activity = BranchActivity(
            organization_id=row.organization_id,
            form=row.form,
            title=row.title,
            place=row.place,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            submission_key=row.submission_key,
            recorded_by=actor,
            recorded_at=now,
        )
        new.append((row, activity, people))
    activities = BranchActivity.objects.bulk_create([activity for _row, activity, _people in new])
    through = BranchActivity.attendees.through
    through.objects.bulk_create(
        [
            through(branchactivity_id=activity.pk, trainee_id=pk)
            for _row, activity, people in new
            for pk in people
        ],
        batch_size=2000,
    )
    by_evidence = {str(activity.pk): row for row, activity, _people in new}
    credits = [credit for _row, activity, people in new for credit in _credits(activity, people)]
    posted = credit_hours_in_bulk(credits=credits, actor=actor)
    result.refused += [(by_evidence[credit.evidence_id], reason) for credit, reason in posted.refused]
    result.recorded += activities
    note_many(activities, "enrollment.activity.record", actor=actor)


def _belonging_in_bulk(by_path: dict[str, set[int]]) -> dict[str, set[int]]:
    everybody = set().union(*by_path.values()) if by_path else set()
    places = {
        pk: (home, host or "")
        for pk, home, host in Trainee.objects.filter(pk__in=everybody).values_list(
            "pk", "home_organization__path", "host_organization__path"
        )
    }
    return {
        path: {
            pk for pk in ids if pk in places and any(place.startswith(path) for place in places[pk] if place)
        }
        for path, ids in by_path.items()
    }
