"""Nominating for classes under a quota."""

import datetime as dt

import pytest
from django.urls import reverse

from enrollment.actions import classes
from enrollment.models import Enrollment, EnrollmentStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def course(tree):
    """A class with one seat for SOFT, open for nominations."""
    day = dt.date.today() + dt.timedelta(days=30)
    opened = classes.open_class(title="示例培训班", starts_on=day, ends_on=day, actor=None, capacity=10)
    classes.set_quota(training_class=opened, organization=tree.soft, seats=1, actor=None)
    return classes.transition(training_class=opened, to="nominating", actor=None)


def test_the_quota_fills_and_the_next_waits(course, sign_in, li, zhang):
    client = sign_in(user=li)
    page = client.get(reverse("portal:workbench_classes"))
    [listed] = page.context["page"]
    assert (listed.seats, listed.taken or 0) == (1, 0)
    url = reverse("portal:workbench_class", args=[course.pk])
    assert [row["person"].name for row in client.get(url, {"q": "学员"}).context["found"]] == ["张学员"]
    nominate = reverse("portal:workbench_nominate", args=[course.pk])
    client.post(nominate, {"trainee": zhang.trainee.pk})
    client.post(nominate, {"trainee": li.trainee.pk})
    assert Enrollment.objects.get(trainee=zhang.trainee).status == EnrollmentStatus.NOMINATED
    assert Enrollment.objects.get(trainee=li.trainee).status == EnrollmentStatus.WAITLISTED
    [quota] = client.get(url).context["quotas"]
    assert (quota.taken, quota.wait) == (1, 1)

    first = Enrollment.objects.get(trainee=zhang.trainee)
    withdraw = reverse("portal:workbench_withdraw", args=[course.pk, first.pk])
    client.post(withdraw, {"reason": ""})
    first.refresh_from_db()
    assert first.status == EnrollmentStatus.NOMINATED
    client.post(withdraw, {"reason": "出差"})
    first.refresh_from_db()
    assert first.status == EnrollmentStatus.WITHDRAWN
    assert Enrollment.objects.get(trainee=li.trainee).status == EnrollmentStatus.NOMINATED


def test_people_of_others_cannot_be_nominated(course, sign_in, li, outsider):
    client = sign_in(user=li)
    nominate = reverse("portal:workbench_nominate", args=[course.pk])
    assert client.post(nominate, {"trainee": outsider.trainee.pk}).status_code == 404
    assert client.post(nominate, {"trainee": "x"}).status_code == 404
    assert not Enrollment.objects.exists()


def test_a_class_without_a_quota_for_oneself_does_not_exist(course, tree, sign_in):
    from enrollment.actions.roles import grant_role
    from enrollment.models import Role, User

    other = User.objects.create_user("other", name="别处")
    grant_role(user=other, role=Role.AFFAIRS_WORKER, organization=tree.bio)
    client = sign_in(user=other)
    assert client.get(reverse("portal:workbench_class", args=[course.pk])).status_code == 404
    assert list(client.get(reverse("portal:workbench_classes")).context["page"]) == []
