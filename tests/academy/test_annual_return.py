"""The annual return: equal to the dashboard and to a plain count from the ledger, frozen with its year."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import random
from dataclasses import asdict

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from wagtail.models import ModelLogEntry

from academy.annual_return import Return, annual_return, shown
from academy.reports import zone_report
from cms.refusals import Refused
from enrollment.actions.exemptions import exempt
from enrollment.actions.hours import reverse_entry
from enrollment.actions.people import transfer
from enrollment.actions.years import begin_year, close_year, reopen_year
from enrollment.models import HourEntry, Organization, Post, Standing, StatisticalReturn, Trainee
from practicum.models import Attendance
from tests.factories import practicum as make
from tests.factories.enrollment import credited, trainees, training_class
from tests.papers import needs_paper, words

pytestmark = pytest.mark.slow

YEAR = timezone.localdate().year


@pytest.fixture
def busy(tree, zhang, wang, li, outsider, zhao):
    """A year in which every rule of counting makes a difference."""
    Organization.objects.filter(pk=tree.make.pk).update(is_social=True)
    moved, reversed_person, free = trainees(tree.soft, 3)
    new = trainees(tree.make, 1, joined_on=dt.date(YEAR - 1, 7, 1))[0]
    old = trainees(tree.make, 1, joined_on=dt.date(YEAR - 2, 12, 31))[0]
    mobile = trainees(tree.bio, 1, host_organization_id=tree.soft.pk)[0]
    secretary = trainees(tree.make, 1, post=Post.SECRETARY)[0]
    # Two sessions of one class are one, each session of no class is one, an online lesson is none.
    one = training_class(title="示例班")
    for number, owner in enumerate((one, one, None, None)):
        attended(zhang.trainee, owner, number)
    attended(moved, one, 5)
    credited(zhang.trainee, 4, kind="online")
    credited(zhang.trainee, 4, kind="adjustment", evidence_type="adjustment", evidence_id="a1")
    credited(moved, 8, kind="branch", evidence_type="branch_activity")
    for person in (new, old, mobile, secretary, wang.trainee, free):
        credited(person, 8, kind="branch", evidence_type="branch_activity")
    gone = credited(reversed_person, 8, kind="external", evidence_type="external")
    reverse_entry(entry=gone, actor=zhao, reason="记错")
    # Hours were earned in one park, and count in the other from the transfer on.
    transfer(trainee=moved, organization=tree.bio, actor=None, on=timezone.localdate())
    exempt(trainee=free, ground="age", reason="年老", starts_on=dt.date(YEAR, 1, 1), actor=zhao)
    return tree


def attended(person, owner, number):
    """Attendance with its hours in the ledger, at a session of ``owner`` (a class, or none)."""
    of_class = {"training_class": owner} if owner else {}
    session = make.session(title=f"示例课{number}", starts_at=make.at(9, days=number + 1), **of_class)
    row = Attendance.objects.create(session=session, trainee=person, status="present", quarters=4)
    credited(person, 4, kind="classroom", evidence_type="attendance", evidence_id=row.pk, title=session.title)


def plain_person_times(organization):
    """The same figure by hand: every standing entry, one after the other."""
    seen = set()
    for entry in HourEntry.objects.filter(year=YEAR).select_related("trainee"):
        if entry.reverses_id or hasattr(entry, "reversal") or entry.kind in {"online", "adjustment"}:
            continue
        standing = entry.trainee.standings.get(year=YEAR)
        if not standing.organization.path.startswith(organization.path):
            continue
        training = (entry.evidence_type, entry.evidence_id)
        if entry.evidence_type == "attendance":
            session = Attendance.objects.get(pk=entry.evidence_id).session
            owner = session.training_class_id
            training = ("class", owner) if owner else ("session", session.pk)
        seen.add((entry.trainee_id, training))
    return len(seen)


def test_it_equals_the_dashboard_and_the_ledger(busy):
    for place in (busy.zone, busy.park_a, busy.park_b):
        total = annual_return(place, YEAR).total
        dashboard = zone_report(place, [], YEAR).total.total
        assert (total.people, total.exempt, total.reached, total.quarters) == (
            dashboard.people,
            dashboard.exempt,
            dashboard.reached,
            dashboard.earned_quarters,
        )
        assert total.person_times == plain_person_times(place)
        assert total.of_enterprises + total.of_social == total.person_times


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_return_dashboard_and_ledger_agree(tree, zhao, seed):
    dice = random.Random(seed)
    places = [tree.soft, tree.make, tree.bio]
    Organization.objects.filter(pk=tree.make.pk).update(is_social=True)
    people = [person for place in places for person in trainees(place, 3)]
    one = training_class(title="示例班")
    entries = []
    for step in range(30):
        person = dice.choice(people)
        deed = dice.choice(("credit", "credit", "attend", "reverse", "transfer", "exempt", "appoint"))
        if deed == "credit":
            kind = dice.choice(("online", "branch", "external"))
            entries.append(credited(person, dice.randint(1, 40), kind=kind, evidence_type=kind))
        elif deed == "attend":
            attended(person, dice.choice((one, None)), step)
        elif deed == "reverse" and entries:
            reverse_entry(entry=entries.pop(dice.randrange(len(entries))), actor=zhao, reason="记错")
        elif deed in {"transfer", "appoint"}:
            post = Post.SECRETARY if deed == "appoint" else Post.MEMBER
            with contextlib.suppress(Refused):
                transfer(trainee=person, organization=dice.choice(places), actor=None, post=post)
        elif deed == "exempt" and not person.exemptions.exists():
            exempt(trainee=person, ground="illness", reason="病", starts_on=dt.date(YEAR, 1, 1), actor=zhao)
    for place in (tree.zone, tree.park_a, tree.park_b):
        total, dashboard = annual_return(place, YEAR).total, zone_report(place, [], YEAR).total.total
        of_place = Standing.objects.filter(year=YEAR, organization__path__startswith=place.path)
        assert total.people == dashboard.people == of_place.count()
        assert total.exempt == dashboard.exempt == of_place.filter(is_exempt=True).count()
        assert total.reached == dashboard.reached == of_place.filter(has_reached=True).count()
        in_ledger = HourEntry.objects.filter(year=YEAR, trainee__in=of_place.values("trainee"))
        assert total.quarters == dashboard.earned_quarters == sum(row.quarters for row in in_ledger)
        assert total.person_times == plain_person_times(place)


def test_what_counts_as_what(busy):
    total = annual_return(busy.zone, YEAR).total
    # 张学员 3 (a class, two sessions), moved 2, new, old, mobile, secretary, wang, free 1 each.
    assert total.person_times == 11
    assert total.of_secretaries == 2
    assert total.of_social == 3
    assert total.of_new == 1
    assert total.of_mobile == 1
    # Who moved counts with all they did where they count now.
    by_code = {line.code: line for line in annual_return(busy.zone, YEAR).lines}
    assert by_code["PARK-B"].person_times == 3
    assert by_code["PARK-A"].person_times == 8


def test_organizations_that_reached_the_target(busy):
    before = annual_return(busy.zone, YEAR).total
    assert (before.organizations, before.organizations_members, before.organizations_secretaries) == (3, 0, 0)
    for person in Trainee.objects.filter(home_organization=busy.make):
        centralized = {"is_centralized": person.standings.get(year=YEAR).cohort == "secretary"}
        for number in range(8):
            credited(person, 28, kind="classroom", evidence_id=f"m{person.pk}-{number}", **centralized)
    after = annual_return(busy.zone, YEAR).total
    assert (after.organizations_members, after.organizations_secretaries) == (1, 1)


def test_its_queries_do_not_grow(busy):
    with CaptureQueriesContext(connection) as few:
        annual_return(busy.zone, YEAR)
    for person in trainees(busy.bio, 30):
        credited(person, 4, kind="branch", evidence_type="branch_activity")
    with CaptureQueriesContext(connection) as many:
        annual_return(busy.zone, YEAR)
    assert len(many) == len(few) <= 6


# --- Frozen ------------------------------------------------------------------------------------------


@pytest.fixture
def last_year(tree, zhang, zhao):
    begin_year(year=YEAR - 1)
    then = timezone.now().replace(year=YEAR - 1, month=5, day=5)
    credited(zhang.trainee, 8, kind="branch", occurred_at=then)
    return tree


def test_closing_the_year_freezes_it(last_year, zhang, zhao):
    before = annual_return(last_year.zone, YEAR - 1)
    closure = close_year(year=YEAR - 1, actor=zhao)
    kept = StatisticalReturn.objects.get()
    assert set(kept.figures) == {"ZONE", "PARK-A", "PARK-B"}
    assert asdict(Return.kept(kept.figures["ZONE"])) == asdict(before)
    assert ModelLogEntry.objects.get(action="enrollment.return.freeze").data["digest"] == kept.digest
    found = shown(last_year.zone, YEAR - 1)
    assert found.frozen == kept
    assert not found.differs
    late = timezone.now().replace(year=YEAR - 1, month=6, day=6)
    credited(zhang.trainee, 4, kind="branch", occurred_at=late)
    found = shown(last_year.zone, YEAR - 1)
    assert found.content.total.person_times == before.total.person_times
    assert found.differs
    # Opened again, the figures of today are shown; closed again, a new copy counts and the old one stays.
    reopen_year(closure=closure, actor=zhao)
    assert shown(last_year.zone, YEAR - 1).frozen is None
    close_year(year=YEAR - 1, actor=zhao)
    assert StatisticalReturn.objects.count() == 2
    found = shown(last_year.zone, YEAR - 1)
    assert not found.differs
    assert found.content.total.person_times == before.total.person_times + 1


# --- As a form ---------------------------------------------------------------------------------------


def address(way, organization, year=YEAR):
    return reverse(f"forms:{way}", args=["annual-return", f"{year}-{organization.code}"])


def test_who_may_have_it(busy, everyone, sign_in):
    for place in (busy.zone, busy.park_a):
        got = {
            name
            for name, user in everyone.items()
            if sign_in(user=user).get(address("form", place)).status_code == 200
        }
        assert got == {"zhao", "zhou"}
    client = sign_in(user=everyone["zhao"])
    assert client.get(address("form", busy.soft)).status_code == 404
    for key in ("1999-ZONE", "x-ZONE", "ZONE", "-", f"{YEAR}-NOWHERE", f"{YEAR}-"):
        assert client.get(reverse("forms:form", args=["annual-return", key])).status_code == 404


def test_a_leader_of_a_park_has_the_park_alone(busy, sun, sign_in):
    from enrollment.actions.roles import grant_role
    from enrollment.models import Role

    grant_role(user=sun, role=Role.ZONE_LEADER, organization=busy.park_a)
    client = sign_in(user=sun)
    assert client.get(address("form", busy.park_a)).status_code == 200
    for other in (busy.zone, busy.park_b):
        assert client.get(address("form", other)).status_code == 404


def test_screen_and_sheet_show_the_same_total(busy, zhou, sign_in):
    client = sign_in(user=zhou)
    total = annual_return(busy.zone, YEAR).total
    page = client.get(address("form", busy.zone)).content.decode()
    assert "党员培训情况" in page
    book = load_workbook(io.BytesIO(client.get(address("form_xlsx", busy.zone)).content))
    assert [cell.value for cell in list(book.worksheets[2].iter_rows())[-1]] == [
        "合计",
        total.person_times,
        total.of_secretaries,
        total.of_enterprises,
        total.of_social,
        total.of_new,
        total.of_mobile,
    ]
    entry = ModelLogEntry.objects.get(action="cms.form.export")
    assert entry.object_id == str(busy.zone.pk)
    assert entry.data == {"form": "annual-return", "as": "xlsx"}
    zone = client.get(reverse("portal:zone")).content.decode()
    assert address("form", busy.zone) in zone


@needs_paper
def test_as_pdf(busy, zhou, sign_in, tmp_path):
    text = words(sign_in(user=zhou).get(address("form_pdf", busy.zone)).content, tmp_path)
    for part in ("党员培训情况", "示例软件园区", "流动党员", "非公有制企业", "合计", "第1页"):
        assert part in text, part
