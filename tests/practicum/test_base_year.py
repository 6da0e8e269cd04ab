"""The year of a base: visits, people, hours and ratings, for the academy and for the base."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from practicum.models import Attendance, Suspension, Visit, VisitBatch
from practicum.reports_bases import year_of_base
from tests.factories import practicum as make

pytestmark = pytest.mark.django_db

YEAR = 2025


def day(month):
    return dt.datetime(YEAR, month, 3, 9, tzinfo=timezone.get_current_timezone())


def held(base, person, month, *, status="held", came=True, **details):
    start = day(month)
    visit = Visit.objects.create(
        base=base,
        title=f"{month}月参访",
        starts_at=start,
        ends_at=start + dt.timedelta(hours=3),
        headcount=20,
        status=status,
        **details,
    )
    if came:
        session = make.session(
            base=base, starts_at=start, ends_at=start + dt.timedelta(hours=3), trainee_ids=[person.pk]
        )
        VisitBatch.objects.create(
            visit=visit,
            number=1,
            starts_at=start,
            ends_at=start + dt.timedelta(hours=3),
            headcount=20,
            session=session,
        )
        Attendance.objects.create(session=session, trainee=person, status="present", quarters=16)
    return visit


def test_figures_of_the_year(base, zhang, django_assert_max_num_queries):
    held(base, zhang.trainee, 3, academy_rating=5, host_rating=4, received=18)
    held(base, zhang.trainee, 5, status="archived", academy_rating=4)
    held(base, zhang.trainee, 6, status="declined", came=False)
    held(base, zhang.trainee, 7, status="cancelled", came=False)
    other = make.TrainingBaseFactory()
    held(other, zhang.trainee, 9)
    Suspension.objects.create(
        base=base,
        party="base",
        reason="检修",
        begun_on=dt.date(YEAR, 12, 30),
        lifted_at=day(1).replace(year=2026),
    )
    with django_assert_max_num_queries(7):
        year = year_of_base(base, YEAR)
    assert (year.number("held", "archived"), year.number("declined"), year.number("cancelled")) == (2, 1, 1)
    assert (year.came, year.quarters, year.sessions) == (2, 32, 2)
    assert year.rating("academy") == (4.5, 2)
    assert year.rating("host") == (4.0, 1)
    assert year.closed_days == 2
    assert year_of_base(base, YEAR - 1).came == 0


def test_academy_and_host_read_print_and_take_it_away(base, zhang, zhao, sun, wang, sign_in):
    held(base, zhang.trainee, 3, academy_rating=5, received=18)
    key = f"{base.code}-{YEAR}"
    address = reverse("forms:form", args=["base-year", key])
    for person in (zhao, sun):
        page = sign_in(user=person).get(address)
        assert page.status_code == 200
        assert "3月参访" in page.content.decode()
    assert sign_in(user=wang).get(address).status_code == 404
    client = sign_in(user=sun)
    assert client.get(reverse("forms:form", args=["base-year", f"{base.code}-2999"])).status_code == 404
    book = client.get(reverse("forms:form_xlsx", args=["base-year", key]))
    cells = [cell.value for sheet in load_workbook(io.BytesIO(book.content)) for row in sheet for cell in row]
    assert "3月参访" in cells
    assert client.get(reverse("forms:form_pdf", args=["base-year", key])).content.startswith(b"%PDF")
    this_year = reverse("forms:form", args=["base-year", f"{base.code}-{timezone.localdate().year}"])
    assert this_year in client.get(reverse("practicum:base", args=[base.code])).content.decode()
