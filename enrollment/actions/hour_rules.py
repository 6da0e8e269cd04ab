"""Changing the hour rules: a version that was used is kept, and a new one takes its place from a day."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django_q.tasks import async_task

from cms.refusals import Reason, Refused
from enrollment.actions.journal import note
from enrollment.actions.standings import rebuild_standings, this_year
from enrollment.dimensions import dimensions
from enrollment.models import (
    HourEntry,
    HourMinimum,
    HourRule,
    HourRuleCode,
    Standing,
    User,
    YearClosure,
    rulebook,
)
from enrollment.rules import years as rules
from enrollment.rules.minimums import DIMENSION_UNKNOWN
from enrollment.rules.people import first_overlap

#: Rules that requirements and reaching them depend on; the others only value what is posted from now on.
REQUIREMENT_CODES = frozenset(
    {
        HourRuleCode.TARGET_MEMBER,
        HourRuleCode.TARGET_COMMITTEE,
        HourRuleCode.CENTRALIZED_COMMITTEE,
        HourRuleCode.ONLINE_CAP,
    }
)


@transaction.atomic
def save_rule(*, rule: HourRule, actor: User | None) -> HourRule:
    """Write a new or changed version of a rule.

    A new version ends the one before it on the day before. Requirements of open years it touches are computed
    anew in the background.

    Raises:
        Refused: value negative, dates backward, no source, another version inside its dates, or hours were
            posted under the version that would change.
    """
    others = HourRule.objects.select_for_update().filter(code=rule.code).exclude(pk=rule.pk)
    before = HourRule.objects.filter(pk=rule.pk).first() if rule.pk else None
    reasons = _flaws(rule, list(others), before)
    if reasons:
        raise Refused(*reasons)
    preceding = others.filter(effective_from__lt=rule.effective_from).order_by("-effective_from").first()
    if preceding is not None and (
        preceding.effective_to is None or preceding.effective_to >= rule.effective_from
    ):
        preceding.effective_to = rule.effective_from - dt.timedelta(days=1)
        preceding.save(update_fields=["effective_to"])
    rule.save()
    note(rule, "enrollment.rule.change", actor=actor, data={"code": rule.code, "value": str(rule.value)})
    _take_effect(
        rule, since=min(rule.effective_from, before.effective_from if before else rule.effective_from)
    )
    return rule


@transaction.atomic
def remove_rule(*, rule: HourRule, actor: User | None) -> None:
    """Take away a version that was never used.

    Raises:
        Refused: hours were posted under it.
    """
    if HourEntry.objects.filter(rule=rule).exists():
        raise Refused(rules.RULE_IN_USE)
    note(rule, "enrollment.rule.change", actor=actor, data={"code": rule.code, "value": "removed"})
    since = rule.effective_from
    rule.delete()
    _take_effect(rule, since=since)


def _flaws(rule: HourRule, others: list[HourRule], before: HourRule | None) -> list[Reason]:
    reasons = []
    if rule.value < 0:
        reasons.append(rules.RULE_NEGATIVE)
    if not rule.source.strip():
        reasons.append(rules.SOURCE_MISSING)
    if rule.effective_to is not None and rule.effective_to < rule.effective_from:
        reasons.append(rules.RULE_DATES_BACKWARD)
    if any(other.effective_from == rule.effective_from for other in others):
        reasons.append(rules.RULE_SAME_DAY)
    later = [other for other in others if other.effective_from > rule.effective_from]
    if any(rule.effective_to is None or other.effective_from <= rule.effective_to for other in later):
        reasons.append(rules.RULES_OVERLAP)
    if (
        before is not None
        and _counts_otherwise(before, rule)
        and HourEntry.objects.filter(rule=before).exists()
    ):
        reasons.append(rules.RULE_IN_USE)
    return reasons


def _counts_otherwise(before: HourRule, after: HourRule) -> bool:
    return (before.code, before.value, before.effective_from) != (
        after.code,
        after.value,
        after.effective_from,
    )


def _take_effect(rule: HourRule, since: dt.date) -> None:
    rulebook.forget()
    transaction.on_commit(rulebook.forget)
    if rule.code in REQUIREMENT_CODES:
        _judge_anew(since)


def _judge_anew(since: dt.date) -> None:
    rulebook.forget()
    transaction.on_commit(rulebook.forget)
    transaction.on_commit(
        lambda: async_task("enrollment.tasks.apply_rules", since.isoformat(), group="standings")
    )


@transaction.atomic
def save_minimum(*, minimum: HourMinimum, actor: User | None) -> HourMinimum:
    """Write a new or changed minimum of a category or module; whoever it touches is judged anew.

    Raises:
        Refused: unknown category or module, no source, dates backward, or another version within its dates.
    """
    others = list(
        HourMinimum.objects.select_for_update()
        .filter(dimension=minimum.dimension, cohort=minimum.cohort)
        .exclude(pk=minimum.pk)
    )
    before = HourMinimum.objects.filter(pk=minimum.pk).first() if minimum.pk else None
    reasons = []
    # What was once taught may have left the catalogue: its minimum can still be ended.
    if before is None and minimum.dimension not in {one.code for one in dimensions()}:
        reasons.append(DIMENSION_UNKNOWN)
    if minimum.hours <= 0:
        reasons.append(rules.MINIMUM_NOT_POSITIVE)
    if not minimum.source.strip():
        reasons.append(rules.SOURCE_MISSING)
    if minimum.effective_to is not None and minimum.effective_to < minimum.effective_from:
        reasons.append(rules.RULE_DATES_BACKWARD)
    mine = (minimum.effective_from, minimum.effective_to)
    if first_overlap(*mine, [(other.effective_from, other.effective_to) for other in others]) is not None:
        reasons.append(rules.MINIMUMS_OVERLAP)
    if reasons:
        raise Refused(*reasons)
    minimum.save()
    _note_minimum(minimum, actor, str(minimum.hours))
    since = min(minimum.effective_from, before.effective_from if before else minimum.effective_from)
    _judge_anew(since)
    return minimum


@transaction.atomic
def remove_minimum(*, minimum: HourMinimum, actor: User | None) -> None:
    """Take a minimum away that should not have been asked for; closed years stay as they were."""
    _note_minimum(minimum, actor, "removed")
    since = minimum.effective_from
    minimum.delete()
    _judge_anew(since)


def _note_minimum(minimum: HourMinimum, actor: User | None, value: str) -> None:
    note(
        minimum,
        "enrollment.rule.change",
        actor=actor,
        data={"code": f"minimum {minimum.dimension}", "value": value},
    )


def apply_rules(*, since: dt.date) -> int:
    """Compute the requirements of every open year from that of ``since`` on anew; return how many changed."""
    rulebook.forget()
    closed = set(YearClosure.objects.values_list("year", flat=True))
    years = set(
        Standing.objects.filter(year__gte=since.year).order_by().values_list("year", flat=True).distinct()
    )
    return sum(rebuild_standings(year=year) for year in sorted((years | {this_year()}) - closed))
