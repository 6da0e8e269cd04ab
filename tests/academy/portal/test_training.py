"""The training calendar and the use of bases: whose people, which figures, and what lies behind them."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from wagtail.models import ModelLogEntry

from academy.portal import training
from enrollment.actions.classes import set_quota
from practicum.models import Attendance, AttendanceStatus, SessionStatus
from tests.factories import practicum as make

pytestmark = pytest.mark.django_db

#: Session with user, scope, organization, base use, sessions of the month, rosters, visits.
MOST_QUERIES = 7


@pytest.fixture
def visit(everyone, tree):
    """张学员 and 王书记 of SOFT at a base, and the outsider of BIO at another one in the same month."""
    visits = []
    for code, name, people in (
        ("one", "示例甲基地", ("zhang", "wang")),
        ("two", "示例乙基地", ("outsider",)),
    ):
        group = make.TrainingClassFactory(title=f"{name}班")
        trainees = [everyone[person].trainee for person in people]
        make.on_roster(group, *trainees)
        base = make.TrainingBaseFactory(code=code, name=name)
        session = make.session(title=f"参观{name}", training_class=group, base=base)
        for trainee in trainees:
            Attendance.objects.create(session=session, trainee=trainee, status=AttendanceStatus.PRESENT)
        visits.append(session)
    return visits


def url(code="ZONE", name="zone_training"):
    return reverse(f"portal:{name}", args=[code])


def page(client, session, code="ZONE", **query):
    day = timezone.localdate(session.starts_at)
    return client.get(url(code), {"year": day.year, "month": day.month, **query})


def uses(response):
    return [[cell["text"] for cell in row] for row in response.context["use_rows"]]


def titles(response):
    return [e["title"] for week in response.context["weeks"] for day in week for e in day.events]


def test_the_zone_sees_every_session_and_base(visit, zhou, sign_in):
    response = page(sign_in(user=zhou), visit[0])
    assert sorted(titles(response)) == ["参观示例乙基地", "参观示例甲基地"]
    assert sorted(uses(response)) == [["示例乙基地", "1", "1"], ["示例甲基地", "1", "2"]]
    for session in visit:
        assert f'id="session-{session.pk}"' in response.content.decode()


@pytest.mark.parametrize("code", ["PARK-A", "SOFT"])
def test_below_it_only_what_its_people_take_part_in(visit, zhou, sign_in, code):
    response = page(sign_in(user=zhou), visit[0], code)
    assert titles(response) == ["参观示例甲基地"]
    assert uses(response) == [["示例甲基地", "1", "2"]]
    assert "示例乙基地" not in response.content.decode()


def test_a_figure_leads_to_its_visits(visit, zhou, sign_in):
    client = sign_in(user=zhou)
    response = page(client, visit[0])
    row = next(row for row in response.context["use_rows"] if row[0]["text"] == "示例甲基地")
    followed = client.get(url() + row[1]["url"].partition("#")[0])
    assert [[cell["text"] for cell in row][2:] for row in followed.context["visit_rows"]] == [
        ["示例甲基地", "2"]
    ]


def test_an_entry_of_the_calendar_leads_to_what_may_be_seen(visit, soft, zhou, sign_in):
    client = sign_in(user=zhou)

    def entry():
        weeks = page(client, visit[0], "SOFT").context["weeks"]
        [found] = [event["url"] for week in weeks for day in week for event in day.events]
        assert client.get(found).status_code == 200
        return found

    assert entry() == reverse("practicum:base", args=["one"])
    set_quota(training_class=visit[0].training_class, organization=soft, seats=5, actor=None)
    assert entry() == reverse("enrollment:class_roster", args=[visit[0].training_class_id])


def test_who_was_not_there_and_what_was_cancelled_do_not_count(visit, tree, zhang, zhou, sign_in):
    year = timezone.localdate(visit[0].starts_at).year
    Attendance.objects.filter(trainee=zhang.trainee).update(status=AttendanceStatus.ABSENT)
    assert [use.people for use in training.base_use(tree.soft, year)] == [1]
    type(visit[0]).objects.filter(pk=visit[0].pk).update(status=SessionStatus.CANCELLED)
    assert titles(page(sign_in(user=zhou), visit[0], "SOFT")) == []
    assert training.base_use(tree.soft, year - 1) == []


def test_the_export_holds_both_lists(visit, zhou, sign_in):
    year = timezone.localdate(visit[0].starts_at).year
    book = load_workbook(
        BytesIO(sign_in(user=zhou).get(url(name="zone_training_export"), {"year": year}).content)
    )
    use, visits = (list(sheet.iter_rows(min_row=2, values_only=True)) for sheet in book)
    assert sorted(use) == [("示例乙基地", 1, 1), ("示例甲基地", 1, 2)]
    assert sum(row[3] for row in visits) == sum(row[2] for row in use)
    assert ModelLogEntry.objects.get(action="academy.export").data == {"what": "base_use", "year": year}


@pytest.mark.parametrize("name", ["zone_training", "zone_training_export"])
def test_only_leaders_and_administrators_open_it(visit, everyone, sign_in, client, name):
    assert "login" in client.get(url(name=name))["Location"]
    for who, user in everyone.items():
        expected = 200 if who in {"zhao", "zhou"} else 403
        assert sign_in(user=user).get(url(name=name)).status_code == expected


def test_a_leader_of_one_park_sees_no_other(visit, tree, outsider, sign_in):
    from enrollment.actions.roles import grant_role

    grant_role(user=outsider, role="zone_leader", organization=tree.park_b)
    client = sign_in(user=outsider)
    assert client.get(url("PARK-B")).status_code == 200
    for name in ("zone_training", "zone_training_export"):
        assert client.get(url("PARK-A", name)).status_code == 404


@pytest.mark.parametrize("month", ["0", "13", "x", "²", ""])
def test_nonsense_is_the_present_month(tree, zhou, sign_in, month):
    response = sign_in(user=zhou).get(url(), {"month": month})
    assert response.context["month"] == timezone.localdate().replace(day=1)
    last_year = timezone.localdate().year - 1
    response = sign_in(user=zhou).get(url(), {"month": month, "year": last_year})
    assert response.context["month"] == dt.date(last_year, 1, 1)


def test_it_costs_the_same_for_many(visit, everyone, zhou, sign_in, django_assert_max_num_queries):
    client = sign_in(user=zhou)
    page(client, visit[0])
    for number in range(4):
        base = make.TrainingBaseFactory(name=f"示例基地{number}")
        session = make.session(title=f"示例{number}", training_class=make.TrainingClassFactory(), base=base)
        Attendance.objects.create(
            session=session, trainee=everyone["zhang"].trainee, status=AttendanceStatus.PRESENT
        )
    with django_assert_max_num_queries(MOST_QUERIES):
        assert len(titles(page(client, visit[0]))) == 6
