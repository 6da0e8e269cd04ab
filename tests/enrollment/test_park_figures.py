"""The figures of parks: they follow every change of ledger and tree, and cost a few rows at any size."""

from __future__ import annotations

import datetime as dt

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from academy.portal.workbench.reports import totals_of
from academy.reports import hours_by_kind, hours_by_month, zone_report
from enrollment.actions import park_figures as actions
from enrollment.actions.hours import credit_hours_in_bulk, reverse_entry
from enrollment.actions.organizations import found, move
from enrollment.actions.people import depart, transfer
from enrollment.actions.verification import verify
from enrollment.models import Organization, OrganizationStanding, ParkFigure
from enrollment.reports import Figures
from enrollment.reports_organizations import figures_by_year, tree_level, tree_roots
from enrollment.reports_parks import park_figures, total_below
from enrollment.rules.hours import Credit
from tests.factories.enrollment import branches, credited, trainees

TODAY = timezone.localdate()
YEAR = TODAY.year
MARCH = timezone.make_aware(dt.datetime(YEAR, 3, 3, 9))


def in_march(person, number, kind="branch", quarters=8):
    return Credit(
        person.pk, kind, quarters, "主题党日", kind, str(number), MARCH, MARCH, MARCH + dt.timedelta(hours=2)
    )


def people_in(organization, year=YEAR):
    total = park_figures(organization.path, year).total
    return total.people, total.earned_quarters


def agrees():
    verdict = verify()
    assert verdict.agrees, [str(difference) for difference in verdict.differences]


def test_a_credit_counts_in_its_park_by_kind_and_month(tree):
    one, other = trainees(tree.soft, 2)
    [elsewhere] = trainees(tree.bio, 1)
    credit_hours_in_bulk(
        credits=[in_march(one, 1), in_march(other, 2, "classroom", 4), in_march(elsewhere, 3)]
    )
    found = park_figures(tree.park_a.path, YEAR)
    assert (dict(found.by_kind), dict(found.by_month)) == ({"branch": 8, "classroom": 4}, {3: 12})
    assert people_in(tree.park_a) == (2, 12)
    assert people_in(tree.park_b) == (1, 8)
    assert people_in(tree.zone) == (3, 20)
    agrees()


def test_a_reversal_takes_it_back_from_the_month_it_was_earned_in(tree):
    [person] = trainees(tree.soft, 1)
    [entry] = credit_hours_in_bulk(credits=[in_march(person, 1)]).posted
    reverse_entry(entry=entry, actor=None, reason="重复登记")
    found = park_figures(tree.park_a.path, YEAR)
    assert (found.by_kind["branch"], found.by_month[3], found.total.earned_quarters) == (0, 0, 0)
    agrees()


def test_hours_go_along_with_whoever_moves_to_another_park(tree):
    [person] = trainees(tree.soft, 1)
    credit_hours_in_bulk(credits=[in_march(person, 1)])
    transfer(trainee=person, organization=tree.bio, actor=None, on=TODAY)
    assert (people_in(tree.park_a), people_in(tree.park_b)) == ((0, 0), (1, 8))
    assert dict(park_figures(tree.park_b.path, YEAR).by_month)[3] == 8
    agrees()
    depart(trainee=person, on=TODAY, actor=None)
    agrees()


def test_an_organization_takes_its_people_along_to_another_park(tree):
    inner = found(parent=tree.soft, code="SOFT-1", name="第一党小组", kind="branch", actor=None)
    people = [*trainees(tree.soft, 2), *trainees(Organization.objects.get(pk=inner.pk), 1)]
    credit_hours_in_bulk(credits=[in_march(person, number) for number, person in enumerate(people)])
    # Some of it summed already, some of it still to be.
    actions.fold()
    credited(people[0], 4, kind="online")
    moved = move(organization=Organization.objects.get(pk=tree.soft.pk), parent=tree.park_b, actor=None)
    assert (people_in(tree.park_a), people_in(tree.park_b)) == ((0, 0), (3, 28))
    agrees()
    credited(people[1], 4, kind="online")
    assert people_in(tree.park_b) == (3, 32)
    actions.fold()
    assert people_in(tree.park_b) == (3, 32)
    assert moved.park_path == tree.park_b.path
    agrees()


def test_folding_changes_no_figure_and_leaves_few_rows(tree):
    people = trainees(tree.soft, 3)
    for number in range(4):
        credit_hours_in_bulk(credits=[in_march(person, 10 * number + person.pk) for person in people[:1]])
        for person in people:
            credited(person, 2, kind="online")
    before = actions.stored(YEAR)
    assert ParkFigure.objects.filter(organization__isnull=False).count() > 10
    assert actions.fold() > 10
    assert actions.stored(YEAR) == before
    # One row of people, and one for each kind and month.
    assert ParkFigure.objects.count() <= 3
    assert actions.fold() == 0
    agrees()


def test_figures_read_from_parks_are_those_summed_over_organizations(tree, everyone):
    people = [person for place in branches(tree.park_b, 4) for person in trainees(place, 2)]
    people += trainees(tree.zone, 2)
    credit_hours_in_bulk(
        credits=[in_march(person, person.pk, quarters=4 + person.pk % 3) for person in people]
    )
    for place in (tree.zone, tree.park_a, tree.park_b):
        rows = OrganizationStanding.objects.filter(organization__path__startswith=place.path, year=YEAR)
        expected = Figures(
            sum(row.people for row in rows),
            sum(row.exempt for row in rows),
            sum(row.reached for row in rows),
            sum(row.required_quarters for row in rows),
            sum(row.earned_quarters for row in rows),
        )
        report = zone_report(place, [], YEAR)
        assert report.total.total == expected
        assert sum((one.total.people for one in report.places), 0) == expected.people
        assert {kind.code: kind.quarters for kind in report.by_kind} == hours_by_kind(place, YEAR)
        assert {month: hours for month, hours in report.by_month if hours} == hours_by_month(place, YEAR)
        assert figures_by_year(place)[0].with_below == expected
        assert total_below((place.path,), YEAR) == expected
    assert totals_of(everyone["zhao"], YEAR).people == people_in(tree.zone)[0]
    roots = tree_roots(everyone["zhao"], YEAR)
    assert roots.nodes[0].figures.people == people_in(tree.zone)[0]
    level = tree_level(tree.park_b, everyone["zhao"], YEAR)
    assert [node.figures.people for node in level.nodes] == [1, 2, 2, 2, 2]


def test_a_level_is_read_as_one_range_without_its_parents_others(tree, everyone, monkeypatch):
    places = branches(tree.park_b, 6)
    for place in places:
        trainees(place, 1)
    monkeypatch.setattr("enrollment.reports_organizations.LEVEL_SIZE", 3)
    level = tree_level(tree.park_b, everyone["zhao"], YEAR, page=1)
    assert [node.figures.people for node in level.nodes] == [1, 1, 1]
    assert level.has_more


def test_the_dashboard_shows_a_park_page_by_page(tree, zhou, sign_in, monkeypatch):
    monkeypatch.setattr("academy.reports.PLACES_PER_PAGE", 3)
    for place in branches(tree.park_b, 5):
        trainees(place, 1)
    browser = sign_in(user=zhou)
    pages = [browser.get(f"/zone/{tree.park_b.code}/?page={number}") for number in (1, 2)]
    shown = [[row[0]["text"] for row in page.context["rows"]] for page in pages]
    assert [len(rows) for rows in shown] == [3, 3]
    assert not set(shown[0]) & set(shown[1])
    # The total is the park's, not the page's.
    assert {page.context["total"].people for page in pages} == {people_in(tree.park_b)[0]}


def test_the_dashboard_asks_the_same_however_many_there_are(tree, zhou, sign_in):
    browser = sign_in(user=zhou)

    def queries(path):
        browser.get(path)
        with CaptureQueriesContext(connection) as seen:
            assert browser.get(path).status_code == 200
        return len(seen), [query["sql"] for query in seen]

    paths = ("/zone/", f"/zone/{tree.park_b.code}/")
    few = [queries(path)[0] for path in paths]
    people = [person for place in branches(tree.park_b, 12) for person in trainees(place, 2)]
    credit_hours_in_bulk(credits=[in_march(person, person.pk) for person in people])
    many = [queries(path) for path in paths]
    assert [number for number, _sql in many] == few
    # Neither ledger, standings nor organizations' figures are walked for the zone.
    for walked in ("enrollment_hourentry", "enrollment_hourbalance", "enrollment_organizationstanding"):
        assert not any(walked in sql for sql in many[0][1])
