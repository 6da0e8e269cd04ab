"""The admin screens: every write goes through its action, refusals are shown, and listings stay cheap."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from wagtail.log_actions import registry

from enrollment.log_actions import LOG_ACTIONS
from enrollment.models import (
    Exemption,
    HourEntry,
    HourRule,
    Organization,
    Role,
    Standing,
    Trainee,
    TrainingClass,
    YearClosure,
)
from enrollment.roles import GROUP_NAMES
from tests.factories.enrollment import branches, credited, trainees, training_class

pytestmark = pytest.mark.slow

YEAR = timezone.localdate().year
LISTINGS = [
    "classes",
    "organizations",
    "trainees",
    "hour_entries",
    "exemptions",
    "service_groups",
    "guides",
    "titles",
    "contacts",
    "pairings",
    "areas",
    "industry_tags",
    "hour_rules",
    "year_closures",
]


@pytest.fixture
def admin(client, zhao, sign_in):
    return sign_in(client, zhao)


def sentence(response):
    """All that the page says."""
    return response.content.decode()


@pytest.mark.parametrize("name", LISTINGS)
def test_listings_and_forms_open(admin, zhang, zhao, name):
    entry = credited(zhang.trainee, 4)
    training_class()
    assert entry.pk
    assert admin.get(reverse(f"{name}:index")).status_code == 200
    if name != "hour_entries":
        assert admin.get(reverse(f"{name}:add")).status_code == 200


@pytest.mark.parametrize("name", LISTINGS)
def test_only_administrators(client, sign_in, li, name):
    response = sign_in(client, li).get(reverse(f"{name}:index"))
    assert response.status_code in {302, 403}
    assert (
        not response.has_header("Location")
        or "login" in response["Location"]
        or "admin" in response["Location"]
    )


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("organizations", "places"),
        ("trainees", "people"),
        ("classes", "classes"),
        ("hour_entries", "entries"),
    ],
)
def test_listings_do_not_grow(admin, tree, name, more):
    def add(number):
        if more == "places":
            branches(tree.park_b, number)
        people = trainees(tree.soft, number)
        for person in people:
            if more == "entries":
                credited(person, 4)
            if more == "classes":
                training_class()

    add(2)
    url = reverse(f"{name}:index")
    admin.get(url)
    with CaptureQueriesContext(connection) as few:
        admin.get(url)
    add(12)
    with CaptureQueriesContext(connection) as many:
        admin.get(url)
    assert len(many) == len(few)


def test_no_form_carries_everybody(admin, tree):
    """Twelve thousand people never stand in a select box."""
    trainees(tree.soft, 5)
    page = sentence(admin.get(reverse("exemptions:add")))
    assert Trainee.objects.first().name not in page
    assert "中共示例制造有限公司支部委员会" not in sentence(admin.get(reverse("trainees:add")))


@pytest.mark.parametrize("chooser", ["trainee_chooser", "organization_chooser", "class_chooser"])
def test_choosers_search_inside_chinese(admin, zhang, tree, chooser):
    training_class(title="示例学员培训班")
    words = {"trainee_chooser": "学员", "organization_chooser": "软件有限", "class_chooser": "学员培"}[
        chooser
    ]
    page = sentence(admin.get(reverse(f"{chooser}:choose_results"), {"q": words}))
    expected = {
        "trainee_chooser": "张学员",
        "organization_chooser": "示例软件支部",
        "class_chooser": "示例学员培训班",
    }
    assert expected[chooser] in page
    nothing = sentence(admin.get(reverse(f"{chooser}:choose_results"), {"q": "没有这个"}))
    assert expected[chooser] not in nothing


def test_admitting_amending_and_leaving(admin, tree):
    form = {
        "name": "新同志",
        "home_organization": tree.soft.pk,
        "post": "member",
        "member_status": "full",
        "phone": "13912345678",
    }
    assert admin.post(reverse("trainees:add"), form).status_code == 302
    person = Trainee.objects.get()
    assert person.standings.get().required == 32
    taken = admin.post(reverse("trainees:add"), form)
    assert taken.status_code == 200
    assert Trainee.objects.count() == 1
    edit = reverse("trainees:edit", args=[person.pk])
    assert admin.get(edit).status_code == 200
    moved = form | {"post": "secretary", "home_organization": tree.bio.pk, "education": "本科"}
    assert admin.post(edit, moved).status_code == 302
    person.refresh_from_db()
    assert (person.education, person.home_organization) == ("本科", tree.bio)
    assert person.appointments.current().get().post == "secretary"
    assert admin.post(edit, moved | {"left_on": f"{YEAR + 1}-01-01"}).status_code == 302
    assert Trainee.objects.active().count() == 0


def test_the_ledger_beside_the_person(admin, zhang):
    credited(zhang.trainee, 6, title="党的组织建设")
    page = sentence(admin.get(reverse("trainees:inspect", args=[zhang.trainee.pk])))
    assert "党的组织建设" in page
    assert "1.5 / 32" in page


def test_exemptions(admin, zhang):
    form = {"trainee": zhang.trainee.pk, "ground": "age", "reason": "年老", "starts_on": f"{YEAR}-01-01"}
    assert admin.post(reverse("exemptions:add"), form).status_code == 302
    assert Standing.objects.get(trainee=zhang.trainee).is_exempt
    exemption = Exemption.objects.get()
    backward = form | {"ends_on": f"{YEAR - 1}-01-01"}
    assert admin.post(reverse("exemptions:edit", args=[exemption.pk]), backward).status_code == 200
    ended = form | {"ends_on": f"{YEAR}-01-31"}
    assert admin.post(reverse("exemptions:edit", args=[exemption.pk]), ended).status_code == 302
    assert not Standing.objects.get(trainee=zhang.trainee).is_exempt
    assert admin.post(reverse("exemptions:delete", args=[exemption.pk])).status_code == 302
    assert Standing.objects.get(trainee=zhang.trainee).required == 32


def test_organizations(admin, tree):
    form = {"code": "NEW", "name": "中共新设支部委员会", "kind": "branch", "parent": tree.park_a.pk}
    assert admin.post(reverse("organizations:add"), form).status_code == 302
    new = Organization.objects.get(code="NEW")
    assert new.get_parent() == tree.park_a
    again = admin.post(reverse("organizations:add"), form)
    assert again.status_code == 200
    edit = reverse("organizations:edit", args=[new.pk])
    assert admin.get(edit).status_code == 200
    assert admin.post(edit, form | {"star": 5, "name": "别的名字"}).status_code == 302
    new = Organization.objects.get(pk=new.pk)
    assert (new.name, new.star) == ("中共新设支部委员会", 5)


def test_classes(admin, zhao, chen):
    form = {
        "title": "示例班",
        "starts_on": "2026-05-01",
        "ends_on": "2026-05-03",
        "capacity": 30,
        "late_after_minutes": 10,
        "early_before_minutes": 10,
    }
    assert admin.post(reverse("classes:add"), form).status_code == 302
    opened = TrainingClass.objects.get()
    assert opened.code == "2026-001"
    edit = reverse("classes:edit", args=[opened.pk])
    assert admin.post(edit, form | {"code": opened.code, "ends_on": "2026-04-01"}).status_code == 200
    assert admin.post(edit, form | {"code": opened.code, "teacher": chen.pk}).status_code == 302
    opened.refresh_from_db()
    assert opened.teacher == chen


def test_a_teacher_sees_only_their_classes(client, sign_in, chen):
    mine, other = training_class(teacher=chen, title="我的班"), training_class(title="别人的班")
    teacher = sign_in(client, chen)
    page = sentence(teacher.get(reverse("classes:index")))
    assert "我的班" in page
    assert "别人的班" not in page
    assert teacher.get(reverse("classes:edit", args=[mine.pk])).status_code == 200
    assert teacher.get(reverse("classes:edit", args=[other.pk])).status_code == 404


def test_reversing_asks_why(admin, zhang, zhao):
    entry = credited(zhang.trainee, 8)
    url = reverse("hour_entries:reverse", args=[entry.pk])
    assert admin.get(url).status_code == 200
    assert admin.post(url, {"reason": ""}).status_code == 200
    assert admin.post(url, {"reason": "重复登记"}).status_code == 302
    reversal = HourEntry.objects.get(reverses=entry)
    assert (reversal.recorded_by, reversal.note) == (zhao, "重复登记")
    assert admin.post(url, {"reason": "再来一次"}).status_code == 200
    assert HourEntry.objects.count() == 2
    again = sentence(admin.get(reverse("hour_entries:index")))
    assert url not in again, "what was reversed cannot be reversed once more"


def test_a_teacher_reverses_nothing(client, sign_in, chen, zhang):
    entry = credited(zhang.trainee, 8)
    response = sign_in(client, chen).post(reverse("hour_entries:reverse", args=[entry.pk]), {"reason": "x"})
    assert response.status_code in {302, 403, 404}
    assert HourEntry.objects.count() == 1


def test_rules_and_years(admin, zhang):
    form = {"code": "online_long", "value": "2", "effective_from": f"{YEAR}-01-01", "source": "示例通知"}
    assert admin.post(reverse("hour_rules:add"), form).status_code == 302
    assert admin.post(reverse("hour_rules:add"), form).status_code == 200
    rule = HourRule.objects.get(code="online_long", value=2)
    credited(zhang.trainee, 8, rule=rule)
    edit = reverse("hour_rules:edit", args=[rule.pk])
    assert admin.post(edit, form | {"value": "3"}).status_code == 200
    assert admin.post(edit, form | {"note": "说明"}).status_code == 302
    admin.post(reverse("hour_rules:delete", args=[rule.pk]))
    assert HourRule.objects.filter(pk=rule.pk).exists()
    assert admin.post(reverse("year_closures:add"), {"year": YEAR}).status_code == 200
    assert admin.post(reverse("year_closures:add"), {"year": YEAR - 1}).status_code == 302
    assert YearClosure.objects.get().year == YEAR - 1


def test_exports_are_safe_and_logged(admin, zhang, tree):
    trainees(tree.soft, 1)
    Trainee.objects.filter(pk=zhang.trainee.pk).update(name="=1+1")
    response = admin.get(reverse("trainees:index"), {"export": "csv"})
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode()
    assert "'=1+1" in text
    assert zhang.phone not in text


def test_every_group_exists(db):
    assert set(GROUP_NAMES) == set(Role)
    assert Group.objects.filter(name__in=GROUP_NAMES.values()).count() == len(GROUP_NAMES)
    administrators = Group.objects.get(name=GROUP_NAMES[Role.ADMINISTRATOR])
    codenames = set(administrators.permissions.values_list("codename", flat=True))
    assert {"access_admin", "change_trainee", "view_hourentry"} <= codenames
    assert "change_hourentry" not in codenames


def test_every_logged_action_has_a_sentence():
    """Any name that the code logs is registered, or Wagtail would refuse it at the worst moment."""
    import re
    from pathlib import Path

    root = Path(__file__).resolve().parents[2] / "enrollment"
    logged = set()
    for path in root.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        logged |= set(re.findall(r'(?:log|note|note_many|log_note)\([^"]*?"(enrollment\.[a-z_.]+)"', text))
    assert len(logged) > 25
    assert {name for name in logged if not registry.action_exists(name)} == set()
    assert all(registry.action_exists(name) for name, _label, _sentence in LOG_ACTIONS)


def test_dates_are_local(zhang):
    from enrollment.viewsets.scoped import safe_cell

    moment = dt.datetime(2026, 1, 1, 17, tzinfo=dt.UTC)
    assert safe_cell(moment) == dt.datetime(2026, 1, 2, 1)
    assert safe_cell("@x") == "'@x"
    assert safe_cell(3) == 3
