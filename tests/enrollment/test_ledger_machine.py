"""Posts, transfers, exemptions, credits and reversals in any order: every figure agrees with the ledger.

What is compared with is computed here, day by day and entry by entry, by code that shares nothing with the
academy's own but the tables: no rule, no projection, no report of it is called.

LEDGER_EXAMPLES sets how many stories are told (few by default: it runs with every other test).
"""

from __future__ import annotations

import datetime as dt
import os
from collections import defaultdict
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import pytest
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from academy.annual_return import annual_return
from academy.reports import zone_report
from cms.refusals import Refused
from enrollment.actions.exemptions import change_exemption, exempt, withdraw_exemption
from enrollment.actions.hour_rules import apply_rules
from enrollment.actions.hours import Credit, credit_hours_in_bulk, reverse_entry
from enrollment.actions.people import admit, amend, appoint, depart, transfer
from enrollment.actions.verification import verify
from enrollment.models import (
    Appointment,
    Exemption,
    HourBalance,
    HourEntry,
    HourMinimum,
    HourRule,
    Organization,
    OrganizationStanding,
    Standing,
    Trainee,
    rulebook,
)
from enrollment.reports import year_of
from enrollment.reports_explanation import explained
from tests.people import plant

pytestmark = pytest.mark.slow

YEAR = timezone.localdate().year
FIRST, LAST = dt.date(YEAR, 1, 1), dt.date(YEAR, 12, 31)
DAYS = [FIRST + dt.timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "4"))
STEPS = int(os.environ.get("LEDGER_STEPS", "15"))
CAP, LEAST = 50, 3
ONLINE = {"online", "live"}
COMMITTEE = {"secretary", "deputy_secretary", "committee_member"}
POSTS = [*sorted(COMMITTEE), "affairs_worker", "member"]
KINDS = ["online", "live", "classroom", "branch"]
#: Kinds of hours that somebody came to: each is a person-time of the annual return.
HELD = {"live", "classroom", "branch", "external", "base_visit"}
DIMENSIONS = ["", "theory", "theory/original", "skills"]

days = st.sampled_from(DAYS)
people = st.integers(0, 2)


# --- The plain recomputation -----------------------------------------------------------------------


@dataclass
class Plain:
    """One person's year as anybody could work it out with pencil and paper."""

    organization: int
    cohort: str
    required: int
    is_exempt: bool
    centralized: int
    earned: int = 0
    counted: int = 0
    held: int = 0
    reached: bool = False

    @property
    def shortfall(self) -> int:
        return 0 if self.is_exempt else max(0, self.required - self.counted)


def covers(starts_on: dt.date, ends_on: dt.date | None, day: dt.date) -> bool:
    return starts_on <= day and (ends_on is None or day <= ends_on)


def plain(person: Trainee) -> Plain | None:
    """Each day asks its part of the annual target; entries are added one by one."""
    posts = list(Appointment.objects.filter(trainee=person).values())
    exemptions = list(Exemption.objects.filter(trainee=person).values())
    if person.left_on is not None:
        return None
    owed, held_days, exempt_days, last_day = 0, 0, 0, None
    for day in DAYS:
        held = [
            p for p in posts if p["started_on"] <= day and (p["ended_on"] is None or day <= p["ended_on"])
        ]
        if not held:
            continue
        held_days += 1
        last_day = day
        on_committee = any(p["post"] in COMMITTEE for p in held)
        is_exempt = any(covers(e["starts_on"], e["ends_on"], day) for e in exemptions)
        exempt_days += is_exempt
        if not is_exempt:
            owed += (56 if on_committee else 32) * 4
        last = (on_committee, is_exempt)
    if last_day is None:
        return None
    newest = sorted((p for p in posts if p["started_on"] <= LAST), key=lambda p: (p["started_on"], p["id"]))[
        -1
    ]
    is_exempt = last[1] or exempt_days == held_days
    cohorts = {"secretary": "secretary", "member": "member"}
    found = Plain(
        organization=newest["organization_id"],
        cohort=cohorts.get(newest["post"], "affairs_worker"),
        required=int(Fraction(owed, len(DAYS)) + Fraction(1, 2)),
        is_exempt=is_exempt,
        centralized=1 if last[0] and not is_exempt else 0,
    )
    online = in_theory = 0
    for entry in HourEntry.objects.filter(trainee=person, year=YEAR).values():
        found.earned += entry["quarters"]
        online += entry["quarters"] if entry["kind"] in ONLINE else 0
        in_theory += entry["quarters"] if entry["dimension"].startswith("theory") else 0
        if entry["is_centralized"]:
            found.held += -1 if entry["reverses_id"] else 1
    above = max(0, online - found.required * CAP // 100)
    found.counted = found.earned - above
    found.reached = (
        not found.is_exempt
        and found.counted >= found.required
        and found.held >= found.centralized
        and in_theory >= min(LEAST * 4, found.required)
    )
    return found


# --- The stories ----------------------------------------------------------------------------------


class Academy(RuleBasedStateMachine):
    """Three people in two branches, and everything that may happen to them in a year."""

    def __init__(self) -> None:
        super().__init__()
        # Each story in a transaction of its own, which is taken back at its end.
        self.story = transaction.atomic()
        self.story.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.story.__exit__(None, None, None)
        rulebook.forget()
        cache.clear()

    @initialize()
    def begin(self) -> None:
        self.tree = plant()
        self.places = [self.tree.soft, self.tree.make, self.tree.bio]
        HourRule.objects.filter(code="online_cap").update(value=CAP)
        HourMinimum.objects.create(dimension="theory", hours=LEAST, effective_from=FIRST, source="计划")
        rulebook.forget()
        apply_rules(since=FIRST)
        self.people = [
            admit(
                name=f"学员{number}",
                organization=self.places[number],
                started_on=dt.date(YEAR - 1, 5, 5),
                joined_on=dt.date(YEAR - 2 * number, 3, 3),
                actor=None,
            )
            for number in range(3)
        ]
        Organization.objects.filter(pk=self.tree.bio.pk).update(is_social=True)
        self.evidence = 0

    def _try(self, act: Any, *allowed: str) -> None:
        """Refusals are part of life, but only those that are named."""
        try:
            act()
        except Refused as refused:
            if refused.code not in allowed:
                raise

    @rule(who=people, post=st.sampled_from(POSTS), on=days)
    def appoint(self, who: int, post: str, on: dt.date) -> None:
        self._try(
            lambda: appoint(trainee=self.people[who], post=post, started_on=on, actor=None),
            "before_current_post",
            "trainee_has_left",
        )

    @rule(who=people, where=people, on=days)
    def transfer(self, who: int, where: int, on: dt.date) -> None:
        self._try(
            lambda: transfer(trainee=self.people[who], organization=self.places[where], on=on, actor=None),
            "before_current_post",
            "trainee_has_left",
        )

    @rule(who=people, where=st.none() | people)
    def host(self, who: int, where: int | None) -> None:
        """Somebody studies elsewhere, or no longer does."""
        host = None if where is None else self.places[where]
        self._try(
            lambda: amend(trainee=self.people[who], host_organization=host, actor=None), "trainee_has_left"
        )

    @rule(who=people, on=days, length=st.none() | st.integers(0, 90))
    def exempt(self, who: int, on: dt.date, length: int | None) -> None:
        ends = None if length is None else on + dt.timedelta(days=length)
        self._try(
            lambda: exempt(
                trainee=self.people[who],
                ground="illness",
                reason="病",
                starts_on=on,
                ends_on=ends,
                actor=None,
            ),
            "exemption_overlaps",
        )

    @precondition(lambda self: Exemption.objects.exists())
    @rule(on=days, length=st.integers(0, 90), data=st.data())
    def change_exemption(self, on: dt.date, length: int, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(list(Exemption.objects.order_by("pk"))))
        self._try(
            lambda: change_exemption(
                exemption=one,
                ground="age",
                reason="老",
                starts_on=on,
                ends_on=on + dt.timedelta(days=length),
                actor=None,
            ),
            "exemption_overlaps",
        )

    @precondition(lambda self: Exemption.objects.exists())
    @rule(data=st.data())
    def withdraw_exemption(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(list(Exemption.objects.order_by("pk"))))
        withdraw_exemption(exemption=one, actor=None)

    @rule(
        credits=st.lists(
            st.tuples(
                people,
                st.sampled_from(KINDS),
                st.integers(1, 120),
                st.sampled_from(DIMENSIONS),
                st.booleans(),
                st.sampled_from([0, 0, 0, 1]),
            ),
            min_size=1,
            max_size=4,
        ),
        day=days,
    )
    def credit(self, credits: list[tuple[int, str, int, str, bool, int]], day: dt.date) -> None:
        """New evidence, or (the last number) the same evidence once more."""
        rows = []
        for who, kind, quarters, dimension, centralized, again in credits:
            self.evidence += 1 - again
            rows.append(
                Credit(
                    trainee_id=self.people[who].pk,
                    kind=kind,
                    quarters=quarters,
                    title="课",
                    evidence_type="made",
                    evidence_id=str(self.evidence),
                    occurred_at=timezone.make_aware(dt.datetime.combine(day, dt.time(12))),
                    is_centralized=centralized,
                    dimension=dimension,
                )
            )
        result = credit_hours_in_bulk(credits=rows)
        assert len(result.posted) + len(result.already) + len(result.refused) == len(rows)
        assert {reason.code for _credit, reason in result.refused} <= {"trainee_left"}

    @precondition(lambda self: HourEntry.objects.exists())
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(list(HourEntry.objects.order_by("pk"))))
        self._try(
            lambda: reverse_entry(entry=entry, actor=None, reason="有误"), "already_reversed", "is_reversal"
        )

    @rule(on=days)
    def depart(self, on: dt.date) -> None:
        self._try(
            lambda: depart(trainee=self.people[2], on=on, actor=None),
            "trainee_has_left",
            "leaves_before_post",
        )

    @invariant()
    def everything_agrees(self) -> None:
        """Balances, standings, reports, the explanation, figures by organization, dashboard and return."""
        if not hasattr(self, "people"):
            return
        figures: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0] * 5)
        rights: dict[Trainee, Plain] = {}
        for person in Trainee.objects.order_by("pk"):
            by_kind: dict[str, int] = defaultdict(int)
            for kind, quarters in HourEntry.objects.filter(trainee=person, year=YEAR).values_list(
                "kind", "quarters"
            ):
                by_kind[kind] += quarters
            stored = HourBalance.objects.filter(trainee=person, year=YEAR).values_list("kind", "quarters")
            assert {k: q for k, q in stored if q} == {k: q for k, q in by_kind.items() if q}
            right, standing = plain(person), Standing.objects.filter(trainee=person, year=YEAR).first()
            if right is None:
                assert standing is None
                continue
            assert standing is not None
            assert (
                standing.organization_id,
                standing.cohort,
                standing.required_quarters,
                standing.is_exempt,
                standing.centralized_required,
                standing.earned_quarters,
                standing.counted_quarters,
                standing.centralized_entries,
                standing.has_reached,
                standing.shortfall_quarters,
            ) == (
                right.organization,
                right.cohort,
                right.required,
                right.is_exempt,
                right.centralized,
                right.earned,
                right.counted,
                right.held,
                right.reached,
                right.shortfall,
            )
            report = year_of(person, YEAR)
            assert (report.required_quarters, report.earned_quarters, report.shortfall_quarters) == (
                right.required,
                right.earned,
                right.shortfall,
            )
            assert report.has_reached == right.reached
            said = explained(person, YEAR).facts
            assert (said.required, said.counted, said.missing) == (
                right.required,
                right.counted,
                right.shortfall,
            )
            rights[person] = right
            row = figures[(right.organization, right.cohort)]
            for place, value in enumerate(
                (
                    1,
                    right.is_exempt,
                    right.reached,
                    0 if right.is_exempt else right.required,
                    right.earned,
                )
            ):
                row[place] += int(value)
        stored_figures = {
            (one.organization_id, one.cohort): [
                one.people,
                one.exempt,
                one.reached,
                one.required_quarters,
                one.earned_quarters,
            ]
            for one in OrganizationStanding.objects.filter(year=YEAR)
        }
        assert {k: v for k, v in stored_figures.items() if any(v)} == dict(figures)
        total = zone_report(self.tree.zone, [], YEAR).total.total
        sums = [sum(column) for column in zip(*figures.values(), strict=True)] or [0] * 5
        assert [
            total.people,
            total.exempt,
            total.reached,
            total.required_quarters,
            total.earned_quarters,
        ] == sums
        self.the_return_agrees(rights)

    def the_return_agrees(self, rights: dict[Trainee, Plain]) -> None:
        """The annual statistical return, summed up here person by person and entry by entry."""
        told: dict[str, int] = defaultdict(int)
        held_to: dict[tuple[int, str], list[bool]] = defaultdict(list)
        social = set(Organization.objects.filter(is_social=True).values_list("pk", flat=True))
        undone = set(HourEntry.objects.exclude(reverses=None).values_list("reverses", flat=True))
        for person, right in rights.items():
            is_secretary = right.cohort == "secretary"
            told["people"] += 1
            told["exempt"] += right.is_exempt
            told["reached"] += right.reached
            told["quarters"] += right.earned
            told["secretaries"] += is_secretary
            told["secretaries_reached"] += is_secretary and right.reached
            if not right.is_exempt:
                held_to[right.organization, "secretaries" if is_secretary else "members"].append(
                    right.reached
                )
            entries = HourEntry.objects.filter(trainee=person, year=YEAR, reverses=None, kind__in=HELD)
            times = sum(1 for pk in entries.values_list("pk", flat=True) if pk not in undone)
            told["person_times"] += times
            told["of_secretaries"] += times * is_secretary
            told["of_social" if right.organization in social else "of_enterprises"] += times
            told["of_new"] += times * (person.joined_on.year in {YEAR - 1, YEAR})
            away = person.host_organization_id not in {None, person.home_organization_id}
            told["of_mobile"] += times * away
        told["organizations"] = len({right.organization for right in rights.values()})
        for (_place, whom), reached in held_to.items():
            told[f"organizations_{whom}"] += all(reached)
        total = asdict(annual_return(self.tree.zone, YEAR).total)
        figures = {name: value for name, value in total.items() if name not in {"code", "name"}}
        assert figures == {name: told[name] for name in figures}

    @invariant()
    def the_proof_says_so_too(self) -> None:
        """The command that proves the ledger to operators comes to the same result."""
        if hasattr(self, "people"):
            verdict = verify(year=YEAR)
            assert verdict.agrees, [str(difference) for difference in verdict.differences]


@pytest.mark.long
@pytest.mark.django_db
def test_every_story_ends_in_agreement():
    run_state_machine_as_test(
        Academy,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
