"""The class roster for teachers, administrators and affairs workers."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cms.actions import jobs
from cms.models import Job
from enrollment.actions.certificates import issue_in_bulk
from enrollment.actions.classes import enrol, enrol_in_bulk, nominate, set_quota
from enrollment.jobs import BATCH
from enrollment.models import Certificate, Enrollment, EnrollmentStatus, Quota, TrainingClass
from tests.factories.enrollment import trainees, training_class

#: Session with user, scope, class, roster count, roster, counts, quotas: whatever the class holds.
ROSTER_QUERIES = 7


@pytest.fixture
def opened(chen):
    return training_class(nominating=True, teacher=chen, title="示例书记班")


def roster(one):
    return reverse("enrollment:class_roster", args=[one.pk])


def says(response):
    return response.content.decode()


def test_who_may_open_it(opened, soft, everyone, sign_in):
    set_quota(training_class=opened, organization=soft, seats=2, actor=None)
    nominate(training_class=opened, trainee=everyone["zhang"].trainee, actor=None)
    allowed = {
        name for name, user in everyone.items() if sign_in(user=user).get(roster(opened)).status_code == 200
    }
    assert allowed == {"li", "chen", "zhao", "zhou"}


def test_strangers_are_led_to_sign_in(client, opened):
    assert client.get(roster(opened)).status_code == 302


def test_affairs_workers_see_their_own_people(opened, soft, bio, li, sign_in):
    mine, theirs = trainees(soft, 1)[0], trainees(bio, 1)[0]
    for organization in (soft, bio):
        set_quota(training_class=opened, organization=organization, seats=2, actor=None)
    for person in (mine, theirs):
        nominate(training_class=opened, trainee=person, actor=None)
    page = says(sign_in(user=li).get(roster(opened)))
    assert mine.name in page
    assert theirs.name not in page
    assert "BIO" not in page


def test_its_queries_do_not_grow(opened, soft, zhao, sign_in, django_assert_num_queries):
    client = sign_in(user=zhao)
    enrol_in_bulk(training_class=opened, trainees=trainees(soft, 2), actor=None)
    client.get(roster(opened))
    with CaptureQueriesContext(connection) as few:
        client.get(roster(opened))
    enrol_in_bulk(training_class=opened, trainees=trainees(soft, 40), actor=None)
    with django_assert_num_queries(len(few)):
        client.get(roster(opened))
    assert len(few) == ROSTER_QUERIES, [query["sql"][:120] for query in few.captured_queries]


def test_nominating_by_the_page(opened, soft, li, sign_in):
    set_quota(training_class=opened, organization=soft, seats=1, actor=None)
    one, two = trainees(soft, 2)
    client = sign_in(user=li)
    assert one.name in says(client.get(roster(opened), {"q": one.name}))
    client.post(roster(opened), {"do": "nominate", "trainee": one.pk})
    page = says(client.post(roster(opened), {"do": "nominate", "trainee": two.pk}, follow=True))
    assert two.name in page
    assert [held.status for held in Enrollment.objects.order_by("pk")] == ["nominated", "waitlisted"]
    first = Enrollment.objects.get(trainee=one)
    client.post(roster(opened), {"do": "withdraw", "enrollment": first.pk, "reason": "出差"})
    assert Enrollment.objects.get(trainee=two).status == EnrollmentStatus.NOMINATED


def test_a_withdrawal_without_reason_is_not_done(opened, soft, zhao, sign_in):
    held = enrol(training_class=opened, trainee=trainees(soft, 1)[0], actor=None)
    response = sign_in(user=zhao).post(
        roster(opened), {"do": "withdraw", "enrollment": held.pk, "reason": ""}
    )
    assert response.status_code == 422
    held.refresh_from_db()
    assert held.status == EnrollmentStatus.ENROLLED


@pytest.mark.parametrize("deed", ["enrol", "transition", "quota", "groups", "certify"])
def test_affairs_workers_only_nominate(opened, soft, li, sign_in, deed):
    set_quota(training_class=opened, organization=soft, seats=1, actor=None)
    [person] = trainees(soft, 1)
    response = sign_in(user=li).post(roster(opened), {"do": deed, "trainee": person.pk, "to": "running"})
    assert response.status_code == 404
    assert not Enrollment.objects.exists()


def test_people_of_elsewhere_are_not_nominated(opened, soft, bio, li, sign_in):
    set_quota(training_class=opened, organization=soft, seats=1, actor=None)
    [stranger] = trainees(bio, 1)
    client = sign_in(user=li)
    assert stranger.name not in says(client.get(roster(opened), {"q": stranger.name})).replace(
        f'value="{stranger.name}"', ""
    )
    client.post(roster(opened), {"do": "nominate", "trainee": stranger.pk})
    assert not Enrollment.objects.exists()


def test_a_class_run_by_its_teacher(opened, soft, chen, sign_in):
    client = sign_in(user=chen)
    client.post(roster(opened), {"do": "quota", "organization": "SOFT", "seats": 3})
    assert Quota.objects.get().seats == 3
    wrong = client.post(roster(opened), {"do": "quota", "organization": "NOWHERE", "seats": 3})
    assert wrong.status_code == 422
    for person in trainees(soft, 3):
        client.post(roster(opened), {"do": "enrol", "trainee": person.pk})
    client.post(roster(opened), {"do": "groups", "size": 2})
    assert Enrollment.objects.filter(group_number__isnull=False).count() == 3
    client.post(roster(opened), {"do": "transition", "to": "running"})
    assert TrainingClass.objects.get().status == "running"
    page = says(client.post(roster(opened), {"do": "transition", "to": "closed"}, follow=True))
    assert f"{opened.ends_on:%Y}" in page
    assert TrainingClass.objects.get().status == "running", "it is not over yet"
    printed = says(client.get(reverse("forms:form_print", args=["roster", opened.pk])))
    assert printed.count("中共示例软件有限公司支部委员会") == 3


def test_unknown_deeds_are_not_found(opened, zhao, sign_in):
    assert sign_in(user=zhao).post(roster(opened), {"do": "explode"}).status_code == 404


def test_the_list_of_classes(opened, soft, li, zhang, sign_in):
    set_quota(training_class=opened, organization=soft, seats=1, actor=None)
    assert opened.title in says(sign_in(user=li).get(reverse("enrollment:class_list")))
    assert sign_in(user=zhang).get(reverse("enrollment:class_list")).status_code == 404


# --- Certificates of many ----------------------------------------------------------------------------


@pytest.fixture
def completed(opened, soft):
    """More people than certificates are issued at once."""
    people = trainees(soft, BATCH + 5)
    for person in people:
        Enrollment.objects.create(training_class=opened, trainee=person, status=EnrollmentStatus.COMPLETED)
    return opened


def test_certificates_of_many_are_issued_in_the_background(completed, chen, sign_in, monkeypatch):
    monkeypatch.setattr(jobs, "STEP_SECONDS", 0)
    client = sign_in(user=chen)
    response = client.post(roster(completed), {"do": "certify"})
    job = Job.objects.get()
    assert response["Location"] == job.get_absolute_url()
    # Pressed again, the same work is shown.
    assert client.post(roster(completed), {"do": "certify"})["Location"] == job.get_absolute_url()
    assert jobs.run(job_id=job.pk) == "done"
    job.refresh_from_db()
    assert (job.percent, job.whole) == (100, BATCH + 5)
    numbers = list(Certificate.objects.order_by("number").values_list("number", flat=True))
    assert numbers == [f"{completed.code}-{number:04d}" for number in range(1, BATCH + 6)]
    client.post(roster(completed), {"do": "certify"})
    assert Certificate.objects.count() == BATCH + 5


def test_stopped_in_the_middle_the_rest_follows_later(completed, chen, monkeypatch):
    monkeypatch.setattr(jobs, "STEP_SECONDS", 0)
    ask = {
        "kind": "enrollment.certificates",
        "owner": chen,
        "title": "示例",
        "parameters": {"class": completed.pk},
    }
    first = jobs.begin(**ask)
    issue = issue_in_bulk

    def issue_and_cancel(**batch):
        jobs.cancel(job=first, actor=chen)
        return issue(**batch)

    monkeypatch.setattr("enrollment.jobs.certificates.issue_in_bulk", issue_and_cancel)
    assert jobs.run(job_id=first.pk) == "cancelled"
    assert Certificate.objects.count() == BATCH
    monkeypatch.undo()
    assert jobs.run(job_id=jobs.begin(**ask).pk) == "done"
    assert Certificate.objects.count() == BATCH + 5


def test_only_who_runs_the_class_has_certificates_issued(completed, li, sun):
    from cms.refusals import Refused

    for user in (li, sun):
        with pytest.raises(Refused):
            jobs.begin(
                kind="enrollment.certificates", owner=user, title="示例", parameters={"class": completed.pk}
            )
