"""Recording branch activities."""

import datetime as dt

import pytest
from django.urls import reverse

from enrollment.models import BranchActivity, HourEntry

pytestmark = pytest.mark.django_db
URL = "/workbench/activities/new/"


def form_for(where, attendees, **changes):
    day = dt.date.today() - dt.timedelta(days=3)
    data = {
        "organization": where.pk,
        "form": "theme_day",
        "title": "主题党日",
        "day": day.isoformat(),
        "starts": "14:00",
        "ends": "16:15",
        "place": "会议室",
        "submission_key": "key-1",
        "attendees": [user.trainee.pk for user in attendees],
    }
    return {**data, **changes}


def test_an_activity_posts_hours_once_however_often_it_is_sent(sign_in, li, zhang, soft):
    client = sign_in(user=li)
    assert client.get(URL).context["form"]["submission_key"].value()
    for _ in range(2):
        response = client.post(URL, form_for(soft, [li, zhang]))
        assert response.status_code == 302
    assert BranchActivity.objects.count() == 1
    assert sorted(HourEntry.objects.values_list("trainee__name", "quarters")) == [
        ("张学员", 12),
        ("李干事", 12),
    ]
    [listed] = client.get(reverse("portal:workbench_activities")).context["page"]
    assert listed.people == 2


def test_an_overlap_is_refused_and_names_the_person(sign_in, li, zhang, soft):
    client = sign_in(user=li)
    client.post(URL, form_for(soft, [zhang]))
    response = client.post(
        URL, form_for(soft, [li, zhang], submission_key="key-2", starts="15:00", ends="17:00")
    )
    assert response.status_code == 422
    text = " ".join(str(error) for error in response.context["form"].non_field_errors())
    assert "张学员" in text
    assert "李干事" not in text
    assert BranchActivity.objects.count() == 1
    assert [person.name for person in response.context["picked"]] == ["张学员", "李干事"]


def test_searching_without_script_records_nothing_and_keeps_what_was_typed(sign_in, li, zhang, soft):
    client = sign_in(user=li)
    response = client.post(URL, form_for(soft, [zhang], find="1", search="干事"))
    assert response.status_code == 200
    assert not BranchActivity.objects.exists()
    assert [person.name for person in response.context["found"]] == ["李干事"]
    assert [person.name for person in response.context["picked"]] == ["张学员"]
    assert "主题党日" in response.content.decode()


def test_other_organizations_and_their_people_are_out_of_reach(sign_in, li, zhang, outsider, bio, soft):
    client = sign_in(user=li)
    assert client.post(URL, form_for(bio, [zhang])).status_code == 422
    assert client.post(URL, form_for(soft, [outsider])).status_code == 422
    assert not BranchActivity.objects.exists()


def test_flaws_stand_at_their_fields(sign_in, li, zhang, soft):
    client = sign_in(user=li)
    backward = client.post(URL, form_for(soft, [zhang], starts="16:00", ends="14:00"))
    assert backward.context["form"].errors["ends"]
    tomorrow = (dt.date.today() + dt.timedelta(days=2)).isoformat()
    future = client.post(URL, form_for(soft, [zhang], day=tomorrow))
    assert future.context["form"].errors
    nobody = client.post(URL, form_for(soft, []))
    assert nobody.context["form"].non_field_errors()


def test_with_many_organizations_one_types_the_name(sign_in, zhao, zhang, soft, monkeypatch):
    monkeypatch.setattr("academy.portal.workbench.forms.LONGEST_SELECT", 2)
    client = sign_in(user=zhao)
    client.post(URL, form_for(soft, [zhang], organization="示例软件支部"))
    assert BranchActivity.objects.get().organization == soft
    wrong = client.post(URL, form_for(soft, [zhang], organization="没有这个", submission_key="k2"))
    assert wrong.context["form"].errors["organization"]


def test_the_list_costs_the_same_however_long(sign_in, li, zhang, soft, django_assert_num_queries):
    client = sign_in(user=li)
    for count in (1, 8):
        for n in range(count):
            day = (dt.date.today() - dt.timedelta(days=10 + n)).isoformat()
            client.post(URL, form_for(soft, [zhang], day=day, submission_key=f"k{count}-{n}"))
        with django_assert_num_queries(5):
            client.get(reverse("portal:workbench_activities"))
