"""The view of a guide: their organizations and no others, who needs attention, and what it costs."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from wagtail.models import ModelLogEntry

from cms.refusals import Refused
from enrollment.actions.classes import nominate, set_quota
from enrollment.actions.exemptions import exempt
from enrollment.actions.guidance import record_guidance, settle_follow_up
from enrollment.models import (
    Guidance,
    Guide,
    GuideKind,
    HourKind,
    Organization,
    ServiceGroup,
    Standing,
    Trainee,
)
from tests.factories.enrollment import trainees, training_class
from tests.people import account

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

#: Session with user, scope, organizations, figures, wants, seats without a name, activities, records.
MOST_QUERIES = 9


@pytest.fixture
def qian(tree):
    """钱顾问: adviser of the group that looks after SOFT; of another one that looks after nothing."""
    user = account("qian", "钱顾问", "13800000009")
    for number, place in enumerate((tree.soft, None)):
        group = ServiceGroup.objects.create(code=f"G{number}", name=f"第{number + 1}服务小组")
        Guide.objects.create(group=group, kind=GuideKind.ADVISER, name=user.name, user=user)
        if place is not None:
            Organization.objects.filter(pk=place.pk).update(service_group=group)
    return user


def places(client, **query):
    response = client.get(reverse("portal:guide"), query)
    return {place.organization.code: place for place in response.context["places"]}


def test_a_guide_sees_the_organizations_of_the_group(qian, everyone, credit, sign_in):
    credit(everyone["zhang"], 32 * 4, HourKind.CLASSROOM)
    client = sign_in(user=qian)
    assert places(client).keys() == {"SOFT"}
    soft = places(client)["SOFT"]
    assert (soft.figures.people, soft.figures.reached, soft.short) == (3, 1, 2)
    lacking = [standing for standing in Standing.objects.all() if standing.lacks_centralized]
    assert soft.without_centralized == sum(one.organization.code == "SOFT" for one in lacking) > 0


def test_the_exempt_need_no_attention(qian, wang, zhao, sign_in):
    exempt(trainee=wang.trainee, ground="age", reason="年事已高", starts_on=dt.date(2020, 1, 1), actor=zhao)
    client = sign_in(user=qian)
    assert places(client)["SOFT"].short == 0
    assert places(client, need="any") == {}
    assert wang.name not in client.get(reverse("portal:guide_organization", args=["SOFT"])).content.decode()


def test_seats_without_a_name_are_shown_until_somebody_is_sent(qian, soft, zhang, li, sign_in):
    opened = training_class(nominating=True, title="示例书记班")
    set_quota(training_class=opened, organization=soft, seats=2, actor=None)
    client = sign_in(user=qian)
    page = reverse("portal:guide_organization", args=["SOFT"])
    assert places(client, need="nominations")["SOFT"].open_classes == 1
    assert "示例书记班" in client.get(page).content.decode()
    nominate(training_class=opened, trainee=Trainee.objects.get(user=zhang), actor=li)
    assert places(client, need="nominations") == {}
    assert "示例书记班" not in client.get(page).content.decode()


def test_people_who_need_attention_stand_with_what_is_missing(qian, wang, zhang, credit, sign_in, this_year):
    credit(zhang, 32 * 4, HourKind.CLASSROOM)
    response = sign_in(user=qian).get(reverse("portal:guide_organization", args=["SOFT"]))
    assert [row[0]["text"] for row in response.context["rows"]] == [wang.name]
    assert "13800000001" not in response.content.decode()
    logged = ModelLogEntry.objects.get(action="academy.view_people")
    assert (logged.user, logged.data) == (qian, {"year": this_year, "shown": 1})


@pytest.mark.parametrize("code", ["ZONE", "PARK-A", "MAKE", "BIO", "NOWHERE"])
def test_other_organizations_do_not_exist(qian, outsider, sign_in, code):
    assert sign_in(user=qian).get(reverse("portal:guide_organization", args=[code])).status_code == 404


@pytest.mark.parametrize("who", ["zhang", "wang", "li", "chen", "zhao", "sun", "zhou", "outsider"])
def test_to_others_the_view_does_not_exist(qian, who, request, sign_in):
    client = sign_in(user=request.getfixturevalue(who))
    for url in ("guide", "guide_export"):
        assert client.get(reverse(f"portal:{url}")).status_code == 404
    assert client.get(reverse("portal:guide_organization", args=["SOFT"])).status_code == 404
    assert reverse("portal:guide") not in client.get("/").content.decode()


def test_strangers_are_led_to_sign_in(client, qian):
    assert "login" in client.get(reverse("portal:guide"))["Location"]


def test_a_guide_opens_neither_the_workbench_nor_the_zone(qian, sign_in):
    client = sign_in(user=qian)
    assert client.get(reverse("portal:workbench")).status_code == 404
    assert client.get(reverse("portal:zone")).status_code == 403
    assert reverse("portal:guide") in client.get("/").content.decode()


def test_who_is_no_guide_any_more_sees_nothing(qian, sign_in):
    Guide.objects.update(user=None)
    assert sign_in(user=qian).get(reverse("portal:guide")).status_code == 404


def test_the_list_is_exported_as_it_is_filtered(qian, wang, sign_in, this_year):
    client = sign_in(user=qian)
    book = load_workbook(BytesIO(client.get(reverse("portal:guide_export")).content)).active
    rows = list(book.iter_rows(min_row=2, values_only=True))
    assert [row[:3] for row in rows] == [("中共示例软件有限公司支部委员会", "第1服务小组", 1)]
    entry = ModelLogEntry.objects.get(action="academy.export", user=qian)
    assert entry.data == {"what": "guided_organizations", "year": this_year, "rows": 1}
    book = load_workbook(BytesIO(client.get(reverse("portal:guide_export") + "?need=nominations").content))
    assert book.active.max_row == 1


def test_it_costs_the_same_for_many(qian, tree, sign_in, django_assert_max_num_queries):
    trainees(tree.make, 5)
    trainees(tree.bio, 5)
    Organization.objects.filter(pk__in=[tree.make.pk, tree.bio.pk]).update(
        service_group=ServiceGroup.objects.get(code="G0")
    )
    client = sign_in(user=qian)
    assert len(places(client)) == 3
    with django_assert_max_num_queries(MOST_QUERIES):
        client.get(reverse("portal:guide"))


def test_an_administrator_links_the_account(tree, zhao, zhang, sign_in):
    group = ServiceGroup.objects.create(code="G1", name="第1服务小组")
    client = sign_in(user=zhao)
    form = {"group": group.pk, "kind": GuideKind.SPECIALIST, "name": "示例专员", "phone": ""}
    refused = client.post(reverse("guides:add"), {**form, "account": "nobody"})
    assert refused.status_code == 200
    assert not Guide.objects.exists()
    client.post(reverse("guides:add"), {**form, "account": "zhang"})
    made = Guide.objects.get()
    assert made.user == zhang
    assert ModelLogEntry.objects.filter(action="wagtail.create", object_id=str(made.pk), user=zhao).exists()
    client.post(reverse("guides:edit", args=[made.pk]), {**form, "account": ""})
    assert Guide.objects.get().user is None


# --- Visits and follow-ups -----------------------------------------------------------------------------


def written(**other):
    return {
        "way": "visit",
        "held_on": timezone.localdate().isoformat(),
        "summary": "走访支部，了解年度学时情况。",
        "follow_up": "协助推荐一名学员",
        "follow_up_by": (timezone.localdate() + dt.timedelta(days=7)).isoformat(),
        "nonce": "n1",
        **other,
    }


def page_of(client, **data):
    url = reverse("portal:guide_organization", args=["SOFT"])
    return client.post(url, data) if data else client.get(url)


def test_a_visit_is_recorded_once_and_its_follow_up_settled(qian, everyone, sign_in):
    client = sign_in(user=qian)
    for _time in range(2):
        assert page_of(client, **written()).status_code == 302
    record = Guidance.objects.get()
    assert (record.guide, record.guide_name, record.organization.code) == (qian, "钱顾问", "SOFT")
    place = places(client)["SOFT"]
    assert (place.follow_ups, place.overdue, place.last_contact) == (1, 0, timezone.localdate())
    assert set(places(client, need="follow_ups")) == {"SOFT"}
    settle = reverse("portal:guide_settle", args=[record.pk])
    client.post(settle, {"settlement": " "})
    record.refresh_from_db()
    assert record.is_open
    client.post(settle, {"settlement": "已推荐"})
    record.refresh_from_db()
    assert (record.settled_on, record.settlement) == (timezone.localdate(), "已推荐")
    # Settled again, from an old tab: the first word stands.
    client.post(settle, {"settlement": "另一说法"})
    record.refresh_from_db()
    assert record.settlement == "已推荐"
    assert "已推荐" in page_of(client).content.decode()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"summary": " "}, "summary"),
        ({"held_on": "2999-01-01"}, "held_on"),
        ({"held_on": "2020-01-01"}, "held_on"),
        ({"follow_up_by": ""}, "follow_up_by"),
        ({"follow_up": ""}, "follow_up_by"),
        ({"follow_up_by": "2020-01-01"}, "follow_up_by"),
        ({"way": "telepathy"}, "way"),
    ],
)
def test_a_flawed_record_is_said_at_its_field_and_nothing_is_lost(qian, everyone, sign_in, changed, field):
    response = page_of(sign_in(user=qian), **written(**changed))
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not Guidance.objects.exists()
    if field != "summary":
        assert "走访支部，了解年度学时情况。" in response.content.decode()


def test_records_are_for_the_group_and_administrators(qian, everyone, sign_in, tree):
    page_of(sign_in(user=qian), **written())
    record = Guidance.objects.get()
    for name in ("zhang", "wang", "li", "zhou", "outsider"):
        assert not Guidance.objects.visible_to(everyone[name]).exists(), name
    assert Guidance.objects.visible_to(everyone["zhao"]).exists()
    stranger = account("other", "另一顾问", "13800000019")
    group = ServiceGroup.objects.create(code="G9", name="第九服务小组")
    Guide.objects.create(group=group, kind=GuideKind.ADVISER, name=stranger.name, user=stranger)
    Organization.objects.filter(pk=tree.bio.pk).update(service_group=group)
    assert (
        sign_in(user=stranger)
        .post(reverse("portal:guide_settle", args=[record.pk]), {"settlement": "x"})
        .status_code
        == 404
    )
    with pytest.raises(Refused, match="guidance_not_yours"):
        record_guidance(
            organization=tree.soft,
            guide=stranger,
            way="call",
            held_on=timezone.localdate(),
            summary="电话",
            nonce="n2",
        )
    with pytest.raises(Refused, match="guidance_not_yours"):
        settle_follow_up(record=record, guide=stranger, settlement="x")


def test_the_database_refuses_half_a_follow_up(qian, tree):
    common = {"organization": tree.soft, "guide_name": "x", "way": "call", "summary": "x"}
    day = timezone.localdate()
    for number, flawed in enumerate(
        [
            {"follow_up": "只有内容"},
            {"follow_up_by": day},
            {"follow_up": "x", "follow_up_by": day - dt.timedelta(days=1)},
            {"settled_on": day},
        ]
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Guidance.objects.create(**common, held_on=day, nonce=str(number), **flawed)
