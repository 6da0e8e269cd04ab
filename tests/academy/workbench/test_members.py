"""The workbench's list of members: scope, figures, filters, cost and export."""

import csv
import datetime as dt
import io

import openpyxl
import pytest
from django.urls import reverse
from wagtail.models import ModelLogEntry

from cms.actions import jobs
from cms.models import Job
from enrollment.actions import hours, people, roster
from enrollment.actions.exemptions import exempt
from enrollment.models import Trainee
from tests.log import let_go_of_the_log

pytestmark = pytest.mark.django_db
URL = "/workbench/"
NAMES = [
    ("workbench", []),
    ("workbench_export", []),
    ("workbench_imports", []),
    ("workbench_classes", []),
    ("workbench_activities", []),
    ("workbench_activity_new", []),
]


def earn(trainee, quarters, number=1):
    year = dt.datetime.now(dt.UTC).year
    hours.credit_hours(
        trainee=trainee,
        kind="external",
        quarters=quarters,
        title="示例",
        evidence_type="test",
        evidence_id=str(number),
        occurred_at=dt.datetime(year, 1, 15, 4, tzinfo=dt.UTC),
    )


def names_in(response):
    return [person.name for person in response.context["page"]]


@pytest.mark.parametrize("name", NAMES)
def test_strangers_are_led_to_sign_in(name, client, tree):
    url = reverse(f"portal:{name[0]}")
    response = client.get(url)
    assert response.status_code == 302
    assert "login" in response["Location"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("who", ["zhang", "wang", "chen", "sun", "zhou", "outsider"])
def test_to_others_the_workbench_does_not_exist(name, who, request, sign_in):
    client = sign_in(user=request.getfixturevalue(who))
    assert client.get(reverse(f"portal:{name[0]}")).status_code == 404


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("who", ["li", "zhao"])
def test_who_looks_after_organizations_enters(name, who, request, sign_in):
    client = sign_in(user=request.getfixturevalue(who))
    assert client.get(reverse(f"portal:{name[0]}")).status_code == 200


def test_only_one_s_own_people_are_listed(sign_in, li, zhang, outsider):
    response = sign_in(user=li).get(URL)
    assert names_in(response) == ["张学员", "李干事"]
    assert "外人" not in response.content.decode()


def test_phones_are_masked(sign_in, li, zhang):
    text = sign_in(user=li).get(URL).content.decode()
    assert "138****0003" in text
    assert "13800000003" not in text


def test_requirement_earned_and_shortfall(sign_in, li, zhang):
    earn(zhang.trainee, 6)
    [person] = [person for person in sign_in(user=li).get(URL).context["page"] if person.name == "张学员"]
    assert (person.required, person.earned, person.shortfall) == (128, 6, 122)


def test_filters(sign_in, li, zhang):
    earn(zhang.trainee, 128)
    client = sign_in(user=li)
    assert names_in(client.get(URL, {"state": "reached"})) == ["张学员"]
    assert names_in(client.get(URL, {"state": "short"})) == ["李干事"]
    assert names_in(client.get(URL, {"cohort": "member"})) == ["张学员"]
    assert names_in(client.get(URL, {"cohort": "affairs_worker"})) == ["李干事"]
    assert names_in(client.get(URL, {"q": "学员"})) == ["张学员"]
    assert names_in(client.get(URL, {"q": "0003"})) == ["张学员"]
    assert names_in(client.get(URL, {"q": "软件"})) == ["张学员", "李干事"]
    assert names_in(client.get(URL, {"q": "没有"})) == []


def test_the_exempt_are_never_overdue(sign_in, li, zhang):
    exempt(trainee=zhang.trainee, ground="age", reason="年事已高", starts_on=dt.date(2020, 1, 1), actor=None)
    client = sign_in(user=li)
    assert names_in(client.get(URL, {"state": "exempt"})) == ["张学员"]
    assert "张学员" not in names_in(client.get(URL, {"state": "short"}))


def test_the_list_costs_the_same_however_long(sign_in, li, soft, django_assert_num_queries):
    client = sign_in(user=li)
    client.get(URL)
    with django_assert_num_queries(QUERIES):
        client.get(URL)
    people.admit_in_bulk(
        rows=[people.Admission(name=f"党员{n}", organization_id=soft.pk) for n in range(60)], actor=None
    )
    with django_assert_num_queries(QUERIES):
        assert len(client.get(URL).context["page"]) == 50


#: Session with user, grants, roots, totals, count, one page of people.
QUERIES = 7


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_the_export_comes_back_without_a_change_and_is_logged(sign_in, li, zhang, tree, kind):
    people.amend(trainee=zhang.trainee, note="-测试", born_on=dt.date(1990, 3, 1), actor=None)
    response = sign_in(user=li).get(reverse("portal:workbench_export"), {"kind": kind})
    assert f"export.{kind}" in response["Content-Disposition"]
    file = io.BytesIO(response.content)
    if kind == "csv":
        assert response["Content-Type"] == "text/csv; charset=utf-8"
        rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    else:
        rows = list(openpyxl.load_workbook(file).active.iter_rows(values_only=True))
    assert len(rows) == 3
    cells = [cell for row in rows for cell in row if cell]
    assert "'-测试" in cells
    assert not [cell for cell in cells if str(cell)[0] in "=+-@"]
    entry = ModelLogEntry.objects.get(action="enrollment.people.export", user=li)
    assert entry.data["kind"] == kind
    file.seek(0)
    verdict = roster.verdict_on(file, organization=tree.soft, actor=li)
    assert verdict["counts"] == {
        "rows": 2, "new": 0, "changed": 0, "unchanged": 2, "duplicates": 0, "errors": 0
    }  # fmt: skip


def test_the_picker_shows_only_one_s_own_people(sign_in, li, zhang, outsider):
    client = sign_in(user=li)
    response = client.post(
        reverse("portal:workbench_people"),
        {"search": "人", "attendees": [zhang.trainee.pk, outsider.trainee.pk, "x"]},
    )
    assert [person.name for person in response.context["picked"]] == ["张学员"]
    assert response.context["found"] == []
    assert Trainee.objects.count() == 3


def test_the_way_to_the_invitations_is_here(client, li):
    client.force_login(li)
    invitations = reverse("accounts:invitations")
    assert f'href="{invitations}"' in client.get(URL).content.decode()
    assert client.get(invitations).status_code == 200


# --- Long lists ------------------------------------------------------------------------------------


def test_a_long_list_is_prepared_in_the_background(li, wang, sign_in, monkeypatch, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    for module in ("academy.jobs", "academy.portal.workbench.views.members"):
        monkeypatch.setattr(f"{module}.LONGEST_AT_ONCE", 1)
    client = sign_in(user=li)
    export = reverse("portal:workbench_export")
    assert f'method="post" action="{export}?state=short"' in client.get(f"{URL}?state=short").content.decode()
    # A bookmark of the sheet leads to the list, where it is asked for.
    assert client.get(f"{export}?state=short")["Location"] == f"{URL}?state=short"
    response = client.post(f"{export}?q={wang.name}&kind=csv")
    csv_job = Job.objects.get()
    assert jobs.run(job_id=csv_job.pk) == "done"
    text = b"".join(client.get(f"/jobs/{csv_job.pk}/result/").streaming_content).decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(text))] == ["姓名", wang.name]
    assert Job.objects.get().file_name.endswith(".csv")
    Job.objects.all().delete()
    let_go_of_the_log()
    ModelLogEntry.objects.filter(action="enrollment.people.export").delete()

    response = client.post(f"{export}?q={wang.name}")
    job = Job.objects.get()
    assert response["Location"] == job.get_absolute_url()
    assert jobs.run(job_id=job.pk) == "done"
    sheet = openpyxl.load_workbook(
        io.BytesIO(b"".join(client.get(f"/jobs/{job.pk}/result/").streaming_content))
    )
    assert [row[0] for row in sheet.active.iter_rows(min_row=2, values_only=True)] == [wang.name]
    assert ModelLogEntry.objects.get(action="enrollment.people.export").data["people"] == 1


def test_the_result_holds_what_its_owner_looks_after(li, outsider, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    job = jobs.begin(kind="academy.members", owner=li, title="示例", parameters={"year": 2026})
    assert jobs.run(job_id=job.pk) == "done"
    job.refresh_from_db()
    names = [row[0] for row in openpyxl.load_workbook(job.file).active.iter_rows(values_only=True)]
    assert li.name in names
    assert outsider.name not in names


def test_an_affairs_worker_who_is_none_any_more_gets_nothing(li, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    job = jobs.begin(kind="academy.members", owner=li, title="示例", parameters={"year": 2026})
    li.grants.all().delete()
    assert jobs.run(job_id=job.pk) == "failed"
