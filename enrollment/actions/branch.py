"""Branch activities: recorded once, with everybody who came; approved by rule or person; some are checked.

Their hours post when they are approved; a finding of a check reverses them.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from cms.refusals import Reason, Refused
from enrollment.actions.hours import credit_hours_in_bulk, reverse_entry
from enrollment.actions.journal import note, note_many
from enrollment.actions.standings import lock_many
from enrollment.models import (
    QUARTERS_PER_HOUR,
    BranchActivity,
    HourEntry,
    HourKind,
    HourRuleCode,
    Organization,
    Trainee,
    User,
    rulebook,
)
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

    What the rules do not approve waits for a person, and posts nothing yet. Some of what they approve is
    drawn for a check. The same form sent twice (``submission_key``) returns what the first one recorded.

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
    activity = BranchActivity(
        organization=organization,
        form=form,
        title=title.strip(),
        place=place.strip(),
        starts_at=starts_at,
        ends_at=ends_at,
        submission_key=submission_key,
        recorded_by=actor,
    )
    _judge(activity, draws=True)
    activity.save()
    activity.attendees.add(*people)
    if activity.counts:
        _post(activity, people, actor)
    data = {"attendees": len(people), "approval": str(activity.approval)}
    note(activity, "enrollment.activity.record", actor=actor, data=data)
    return activity


def _judge(activity: BranchActivity, *, draws: bool) -> None:
    """Set whether the rules of today approve ``activity``, and whether it is drawn for a check."""
    today = timezone.localdate()
    hours = rulebook.value_on(HourRuleCode.BRANCH_HOURS, today)
    approved = rules.approved_by_rule(
        quarters=_quarters(activity),
        days_since=(today - timezone.localdate(activity.starts_at)).days,
        highest_quarters=None if hours is None else hours * QUARTERS_PER_HOUR,
        latest_days=rulebook.value_on(HourRuleCode.BRANCH_DAYS, today),
    )
    activity.approval = BranchActivity.Approval.RULE if approved else BranchActivity.Approval.WAITING
    if approved and draws:
        _draw(activity)


def _draw(activity: BranchActivity) -> None:
    """Draw by lot: the same activity always draws the same, and nobody outside can foresee what."""
    share = rulebook.rules_on(timezone.localdate()).get(HourRuleCode.BRANCH_CHECKS)
    digest = salted_hmac("enrollment.activity.check", activity.submission_key, algorithm="sha256").digest()
    ticket = int.from_bytes(digest[:8], "big") % rules.TICKETS
    if share is not None and rules.is_drawn(ticket, share.value):
        activity.check_state = BranchActivity.Check.WAITING


def _post(activity: BranchActivity, people: Mapping[int, Trainee], actor: User) -> None:
    """Credit everybody or refuse by name."""
    result = credit_hours_in_bulk(credits=_credits(activity, list(people)), actor=actor)
    if result.refused:
        raise Refused(
            *(rules.of_person(people[credit.trainee_id].name, reason) for credit, reason in result.refused)
        )


# --- Approval and checks ----------------------------------------------------------------------------


@transaction.atomic
def decide_activity(
    *, activity: BranchActivity, actor: User, approve: bool, reason: str = ""
) -> BranchActivity:
    """Approve an activity that waits, which posts its hours, or say why it does not count.

    Raises:
        Refused: it no longer waits; the actor recorded or attended it or has no say; declined without a
            reason; or hours that overlap meanwhile, by name.
    """
    locked = _locked(activity)
    if locked.approval != BranchActivity.Approval.WAITING:
        raise Refused(rules.NOT_WAITING)
    _require_judge(locked, actor)
    if not approve and not reason.strip():
        raise Refused(rules.DECLINED_WITHOUT_REASON)
    locked.approval = BranchActivity.Approval.PERSON if approve else BranchActivity.Approval.DECLINED
    locked.approved_by, locked.approved_at = actor, timezone.now()
    locked.approval_reason = reason.strip()[:300]
    if approve:
        _draw(locked)
    locked.save(update_fields=["approval", "approved_by", "approved_at", "approval_reason", "check_state"])
    if approve:
        _post(locked, {person.pk: person for person in locked.attendees.all()}, actor)
    note(locked, "enrollment.activity.decide", actor=actor, data={"approval": str(locked.approval)})
    return locked


@transaction.atomic
def draw_activity(*, activity: BranchActivity, actor: User) -> BranchActivity:
    """Have an activity checked that the lot did not draw.

    Raises:
        Refused: it does not count, was drawn before, or the actor has no say about it.
    """
    locked = _locked(activity)
    _require_judge(locked, actor)
    if not locked.counts or locked.check_state != BranchActivity.Check.NONE:
        raise Refused(rules.NOT_DRAWABLE)
    locked.check_state = BranchActivity.Check.WAITING
    locked.save(update_fields=["check_state"])
    note(locked, "enrollment.activity.draw", actor=actor)
    return locked


@transaction.atomic
def check_activity(
    *,
    activity: BranchActivity,
    actor: User,
    passed: bool,
    findings: str = "",
    absent: Collection[int] | None = None,
) -> BranchActivity:
    """Settle the check of a drawn activity; with findings the hours are reversed for that reason.

    ``absent`` names whose hours (ids of attendees); without it, everybody's: it was not held as recorded.

    Raises:
        Refused: it does not wait for a check; the actor recorded or attended it or has no say; findings
            without words; or its year is frozen.
    """
    locked = _locked(activity)
    if locked.check_state != BranchActivity.Check.WAITING:
        raise Refused(rules.NOT_WAITING)
    _require_judge(locked, actor)
    reasons = rules.flaws_of_finding(findings=findings, passed=passed)
    if reasons:
        raise Refused(*reasons)
    locked.check_state = BranchActivity.Check.PASSED if passed else BranchActivity.Check.FINDING
    locked.checked_by, locked.checked_at = actor, timezone.now()
    locked.findings = findings.strip()[:500]
    locked.save(update_fields=["check_state", "checked_by", "checked_at", "findings"])
    taken_back = 0
    if not passed:
        entries = HourEntry.objects.standing().filter(evidence_type=EVIDENCE, evidence_id=str(locked.pk))
        if absent is not None:
            entries = entries.filter(trainee_id__in=absent)
        found = list(entries.order_by("trainee_id"))
        lock_many(entry.trainee_id for entry in found)
        for entry in found:
            reverse_entry(entry=entry, actor=actor, reason=locked.findings)
        taken_back = len(found)
    data = {"state": str(locked.check_state), "reversed": taken_back}
    note(locked, "enrollment.activity.check", actor=actor, data=data)
    return locked


def _locked(activity: BranchActivity) -> BranchActivity:
    """The organization first, as when it was recorded, then the activity."""
    Organization.objects.select_for_update(no_key=True).get(pk=activity.organization_id)
    return BranchActivity.objects.select_for_update(of=("self",)).get(pk=activity.pk)


def _require_judge(activity: BranchActivity, actor: User) -> None:
    if not BranchActivity.objects.judged_by(actor).filter(pk=activity.pk).exists():
        raise Refused(rules.NOT_FOR_YOU)


def _belonging(path: str, ids: Iterable[int]) -> set[int]:
    """Which people have their home or host organization at or below ``path``."""
    rows = Trainee.objects.filter(pk__in=list(ids)).values_list(
        "pk", "home_organization__path", "host_organization__path"
    )
    return {pk for pk, home, host in rows if home.startswith(path) or (host or "").startswith(path)}


def _quarters(activity: BranchActivity) -> int:
    """What an attendee earns, by the rule of its day."""
    minutes = int((activity.ends_at - activity.starts_at).total_seconds() // 60)
    return quarters_for_session(minutes, rulebook.hour_minutes_on(timezone.localdate(activity.starts_at)))


def _credits(activity: BranchActivity, attendee_ids: Sequence[int]) -> list[Credit]:
    day = timezone.localdate(activity.starts_at)
    quarters = _quarters(activity)
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


def record_activities_in_bulk(
    *, rows: Iterable[Activity], actor: User, draws: bool = True
) -> ActivitiesResult:
    """Record many activities; flawed ones come back with the reason, and so do people whose hours overlap.

    The rules approve them as they do single ones; ``draws`` False takes over what was checked elsewhere.
    Unlike the form, an activity is kept when some of its people are refused: it took place all the same.
    """
    result = ActivitiesResult()
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        with transaction.atomic():
            _record_chunk(chunk, actor, result, draws=draws)
    return result


def _record_chunk(rows: Sequence[Activity], actor: User, result: ActivitiesResult, *, draws: bool) -> None:
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
        _judge(activity, draws=draws)
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
    credits = [
        credit for _row, activity, people in new if activity.counts for credit in _credits(activity, people)
    ]
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
