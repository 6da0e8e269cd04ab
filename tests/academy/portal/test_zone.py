"""The zone dashboard: who may open it, that its figures are the ledger's, what it costs, what it exports."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

import pytest
from django.db.models import Sum
from django.urls import reverse
from openpyxl import load_workbook
from wagtail.models import ModelLogEntry

from academy import jobs, reports
from cms.actions.jobs import begin, run
from cms.models import Job
from cms.refusals import Refused
from enrollment.actions.exemptions import exempt
from enrollment.actions.hours import reverse_entry
from enrollment.actions.people import admit
from enrollment.models import CohortCode, HourEntry, HourKind, Standing, Trainee

pytestmark = pytest.mark.django_db

#: Session with user, roles, organization, its children and two sums, hours by kind, hours by month.
MOST_QUERIES = 8


@pytest.fixture
def zone_at_work(everyone, tree, credit, zhao):
    """Hours in both parks: one member at target, one short, one secretary short, one exempt."""
    credit(everyone["zhang"], 32 * 4, HourKind.CLASSROOM)
    credit(everyone["wang"], 40, HourKind.BASE_VISIT)
    credit(everyone["outsider"], 12, HourKind.ONLINE)
    old = admit(name="示例老党员", organization=tree.make, actor=None, started_on=dt.date(2001, 7, 1))
    exempt(trainee=old, ground="age", reason="年事已高", starts_on=dt.date(2020, 1, 1), actor=zhao)
    return tree


@pytest.mark.parametrize("name", ["wang", "li", "zhang", "chen", "sun", "outsider"])
def test_only_leaders_and_administrators_open_it(sign_in, everyone, zone_at_work, name):
    client = sign_in(user=everyone[name])
    assert client.get(reverse("portal:zone")).status_code == 403
    for page in ("zone_organization", "zone_export", "zone_people", "zone_people_export"):
        assert client.get(reverse(f"portal:{page}", args=["ZONE"])).status_code == 403


def test_a_leader_of_one_park_sees_no_other(sign_in, tree, zone_at_work, outsider):
    from enrollment.actions.roles import grant_role

    grant_role(user=outsider, role="zone_leader", organization=tree.park_b)
    client = sign_in(user=outsider)
    assert client.get(reverse("portal:zone")).context["report"].organization == tree.park_b
    assert client.get(reverse("portal:zone_organization", args=["BIO"])).status_code == 200
    for code in ("ZONE", "PARK-A", "SOFT", "NOWHERE"):
        for page in ("zone_organization", "zone_export", "zone_people", "zone_people_export"):
            assert client.get(reverse(f"portal:{page}", args=[code])).status_code == 404


def test_the_figures_are_those_of_the_ledger(zone_at_work, this_year):
    report = reports.zone_report(zone_at_work.zone, [], this_year)
    entries = HourEntry.objects.filter(year=this_year)
    assert report.total.total.earned_quarters == entries.aggregate(total=Sum("quarters"))["total"] == 180
    by_kind = dict(entries.order_by().values_list("kind").annotate(total=Sum("quarters")))
    assert {kind.code: kind.quarters for kind in report.by_kind} == by_kind
    assert sum(quarters for _month, quarters in report.by_month) == 180
    total = report.total.total
    assert (total.people, total.exempt, total.reached) == (5, 1, 1)
    for cohort in CohortCode:
        people = Trainee.objects.filter(appointments__cohort=cohort, appointments__ended_on=None)
        assert report.total.by_cohort[cohort].people == people.count()


def test_a_figure_leads_to_as_many_people_as_it_says(zone_at_work, zhou, this_year):
    report = reports.zone_report(zone_at_work.zone, [], this_year)
    for place in report.places:
        own = place.organization == report.organization
        for state, figure in (("", "people"), ("reached", "reached"), ("exempt", "exempt")):
            people = reports.people_of(zhou, place.organization, this_year, state=state, own=own)
            assert people.count() == getattr(place.total, figure)


def test_hours_of_a_kind_lead_to_who_has_them(sign_in, zone_at_work, zhou, wang, this_year):
    client = sign_in(user=zhou)
    rows = client.get(reverse("portal:zone")).context["kind_rows"]
    [visits] = [row for row in rows if row[0]["text"] == HourKind.BASE_VISIT.label]
    listed = client.get(visits[0]["url"]).context["rows"]
    assert [row[0]["text"] for row in listed] == [wang.name]
    for kind in HourKind:
        people = reports.people_of(zhou, zone_at_work.zone, this_year, kind=kind)
        assert sum(one.trainee.balances.get(kind=kind).quarters for one in people) == sum(
            entry.quarters for entry in HourEntry.objects.filter(kind=kind)
        )


def test_hours_of_a_month_lead_to_who_earned_them(sign_in, zone_at_work, zhou, this_year):
    client = sign_in(user=zhou)
    context = client.get(reverse("portal:zone")).context
    by_month = dict(reports.zone_report(zone_at_work.zone, [], this_year).by_month)
    assert any(by_month.values())
    listed = set()
    for (month, quarters), row, url in zip(
        by_month.items(), context["month_rows"], context["month_chart"]["urls"], strict=True
    ):
        # The point of the chart and the row of its table lead to the same list.
        assert row[0].get("url", "") == url
        assert bool(url) is (quarters > 0)
        people = reports.people_of(zhou, zone_at_work.zone, this_year, month=month)
        names = [person.trainee.name for person in people]
        if url:
            page = client.get(url).context
            assert [line[0]["text"] for line in page["rows"]] == names
            assert f"month={month}" in page["export_url"]
            book = load_workbook(BytesIO(client.get(page["export_url"]).content))
            assert [line[0] for line in book.active.iter_rows(min_row=2, values_only=True)] == names
        listed |= set(names)
    earned = HourEntry.objects.filter(year=this_year).values_list("trainee__name", flat=True)
    assert listed == set(earned)


def test_a_month_whose_hours_were_taken_back_lists_nobody(zone_at_work, zhou, zhao, this_year):
    def listed() -> set[str]:
        months = range(1, 13)
        found = (reports.people_of(zhou, zone_at_work.zone, this_year, month=month) for month in months)
        return {person.trainee.name for people in found for person in people}

    entry = HourEntry.objects.get(year=this_year, kind=HourKind.BASE_VISIT)
    assert entry.trainee.name in listed()
    reverse_entry(entry=entry, reason="登记有误", actor=zhao)
    assert entry.trainee.name not in listed()


def test_drilling_down_keeps_the_sums(zone_at_work, this_year):
    zone = reports.zone_report(zone_at_work.zone, [], this_year)
    park = reports.zone_report(zone_at_work.park_a, [], this_year)
    above = next(place for place in zone.places if place.organization == zone_at_work.park_a)
    assert above.total == park.total.total


def test_people_stand_by_organization_and_name_never_by_hours(zone_at_work, zhou, this_year):
    people = list(reports.people_of(zhou, zone_at_work.zone, this_year))
    keys = [(row.organization.path, row.trainee.name) for row in people]
    assert keys == sorted(keys)
    assert len(people) == Standing.objects.filter(year=this_year).count()


def test_queries_are_few_and_do_not_grow(
    sign_in, zone_at_work, zhou, django_assert_max_num_queries, this_year
):
    client = sign_in(user=zhou)
    client.get(reverse("portal:zone"))
    with django_assert_max_num_queries(MOST_QUERIES) as few:
        client.get(reverse("portal:zone"), {"year": this_year - 1})
    for number in range(20):
        admit(name=f"示例{number}号", organization=zone_at_work.make, actor=None)
    with django_assert_max_num_queries(MOST_QUERIES) as many:
        client.get(reverse("portal:zone"))
    assert len(many) <= max(len(few), MOST_QUERIES)
    with django_assert_max_num_queries(MOST_QUERIES):
        client.get(reverse("portal:zone_organization", args=["PARK-A"]))


def test_the_export_says_what_the_page_says_and_is_logged(sign_in, zone_at_work, zhou, this_year):
    answer = sign_in(user=zhou).get(reverse("portal:zone_export", args=["ZONE"]))
    book = load_workbook(BytesIO(answer.content))
    rows = list(book.worksheets[0].iter_rows(min_row=2, values_only=True))
    assert sum(row[2] for row in rows) == 5
    assert sum(row[4] for row in rows) == 1
    assert sum(row[7] for row in rows) == 45
    entry = ModelLogEntry.objects.get(action="academy.export")
    assert (entry.user, entry.data) == (zhou, {"what": "zone_figures", "year": this_year})


def test_names_in_the_export_are_no_formulas(sign_in, zone_at_work, zhou):
    admit(name="=HYPERLINK(A1)", organization=zone_at_work.make, actor=None)
    answer = sign_in(user=zhou).get(reverse("portal:zone_people_export", args=["MAKE"]))
    cells = [row[0] for row in load_workbook(BytesIO(answer.content)).active.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert "'=HYPERLINK(A1)" in {cell.value for cell in cells}


def test_looking_at_people_is_logged(sign_in, zone_at_work, zhou):
    answer = sign_in(user=zhou).get(reverse("portal:zone_people", args=["SOFT"]), {"state": "reached"})
    assert "张学员" in answer.content.decode()
    assert "王书记" not in answer.content.decode().split("<main")[1]
    assert ModelLogEntry.objects.filter(action="academy.view_people", user=zhou).count() == 1


def test_a_long_list_of_people_is_prepared_in_the_background(
    sign_in, zone_at_work, zhou, this_year, monkeypatch, settings, tmp_path
):
    settings.MEDIA_ROOT = str(tmp_path)
    monkeypatch.setattr(jobs, "LONGEST_AT_ONCE", 1)
    client = sign_in(user=zhou)
    export = reverse("portal:zone_people_export", args=["ZONE"])
    page = reverse("portal:zone_people", args=["ZONE"])
    assert (
        f'method="post" action="{export}?cohort=member"'
        in client.get(f"{page}?cohort=member").content.decode()
    )
    assert client.get(export)["Location"].startswith(page)
    client.post(f"{export}?cohort=member")
    job = Job.objects.get()
    assert run(job_id=job.pk) == "done"
    sheet = load_workbook(BytesIO(b"".join(client.get(f"/jobs/{job.pk}/result/").streaming_content))).active
    listed = reports.people_of(zhou, zone_at_work.zone, this_year, cohort="member")
    names = [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert names == [standing.trainee.name for standing in listed]
    assert ModelLogEntry.objects.get(action="academy.export").data["rows"] == len(names)


def test_nobody_has_people_prepared_of_another_park(zone_at_work, outsider, this_year):
    from enrollment.actions.roles import grant_role

    grant_role(user=outsider, role="zone_leader", organization=zone_at_work.park_b)
    with pytest.raises(Refused):
        begin(
            kind=jobs.ZONE_PEOPLE,
            owner=outsider,
            title="示例",
            parameters={"code": "PARK-A", "year": this_year},
        )
