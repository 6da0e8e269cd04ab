"""Background work: done once, shown to its owner, cancelled, recovered after a killed worker, cleared."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from wagtail.models import ModelLogEntry

from cms import jobs as registry
from cms.actions import jobs
from cms.jobs import Kind, Outcome
from cms.models import Job, JobStatus
from cms.refusals import Reason, Refused

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
KIND = "tests.count"


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


class Counting:
    """Work in five steps; ``during`` is called before each of them."""

    def __init__(self) -> None:
        self.runs = 0
        self.allowed = True
        self.during = lambda step: None

    def run(self, user, parameters, progress):
        self.runs += 1
        for step in range(5):
            self.during(step)
            progress.step(step, 5)
        return Outcome("完成", io.BytesIO(b"result"), "结果.xlsx")


@pytest.fixture
def counting(monkeypatch):
    """The kind of work of these tests, which writes its progress at every step."""
    work = Counting()
    monkeypatch.setitem(registry.KINDS, KIND, Kind(KIND, lambda user, parameters: work.allowed, work.run))
    monkeypatch.setattr(jobs, "STEP_SECONDS", 0)
    return work


@pytest.fixture
def job(li, counting):
    """Asked for by 李干事, and not begun yet."""
    return jobs.begin(kind=KIND, owner=li, title="示例导出", parameters={"a": 1})


def silent(job, **more):
    """The worker at ``job`` was killed some minutes ago."""
    Job.objects.filter(pk=job.pk).update(
        status=JobStatus.RUNNING, seen_at=timezone.now() - dt.timedelta(minutes=5), **{"attempts": 1, **more}
    )


# --- Begun and done --------------------------------------------------------------------------------


def test_it_is_queued_when_the_transaction_stands(
    li, counting, monkeypatch, django_capture_on_commit_callbacks
):
    queued = []
    monkeypatch.setattr(jobs, "async_task", lambda *words, **more: queued.append(words))
    with django_capture_on_commit_callbacks(execute=True):
        job = jobs.begin(kind=KIND, owner=li, title="示例", parameters={})
        assert queued == []
    assert queued == [("cms.tasks.run_job", job.pk)]


def test_a_second_click_begins_nothing_new(job, li):
    assert jobs.begin(kind=KIND, owner=li, title="示例导出", parameters={"a": 1}) == job
    assert jobs.begin(kind=KIND, owner=li, title="示例导出", parameters={"a": 2}) != job


def test_who_may_not_is_refused(li, counting):
    counting.allowed = False
    with pytest.raises(Refused) as refused:
        jobs.begin(kind=KIND, owner=li, title="示例", parameters={})
    assert refused.value.code == "job_not_allowed"


def test_nobody_fills_the_queue_alone(li, zhao, counting):
    for number in range(5):
        jobs.begin(kind=KIND, owner=li, title="示例", parameters={"number": number})
    with pytest.raises(Refused) as refused:
        jobs.begin(kind=KIND, owner=li, title="示例", parameters={"number": 5})
    assert refused.value.code == "too_many_jobs"
    assert jobs.begin(kind=KIND, owner=zhao, title="示例", parameters={})


def test_it_says_how_far_it_is_and_keeps_its_result(job, counting):
    seen = []
    counting.during = lambda step: seen.append(Job.objects.values_list("done", "whole").get())
    assert jobs.run(job_id=job.pk) == "done"
    job.refresh_from_db()
    assert seen == [(0, 0), (0, 5), (1, 5), (2, 5), (3, 5)]
    assert (job.percent, job.message, job.file_name, job.attempts) == (100, "完成", "结果.xlsx", 1)
    assert job.file.read() == b"result"
    assert job.ended_at is not None


def test_delivered_twice_it_is_done_once(job, counting):
    jobs.run(job_id=job.pk)
    assert jobs.run(job_id=job.pk) == "done"
    assert counting.runs == 1
    assert jobs.run(job_id=0) == "gone"


def test_a_refusal_is_said_and_a_mistake_is_kept(job, li, counting):
    def refuse(step):
        raise Refused(Reason("sorry", "今天不行。"))

    counting.during = refuse
    assert jobs.run(job_id=job.pk) == "failed"
    job.refresh_from_db()
    assert job.message == "今天不行。"

    second = jobs.begin(kind=KIND, owner=li, title="示例", parameters={"a": 1})
    counting.during = lambda step: 1 / 0
    with pytest.raises(ZeroDivisionError):
        jobs.run(job_id=second.pk)
    second.refresh_from_db()
    assert (second.status, bool(second.message)) == ("failed", True)
    assert "division" not in second.message


def test_who_lost_the_right_meanwhile_gets_nothing(job, counting):
    counting.allowed = False
    assert jobs.run(job_id=job.pk) == "failed"
    assert counting.runs == 0


# --- Cancelled --------------------------------------------------------------------------------------


def test_what_waits_is_cancelled_at_once(job, li, counting):
    assert jobs.cancel(job=job, actor=li).status == "cancelled"
    assert jobs.run(job_id=job.pk) == "cancelled"
    assert counting.runs == 0


def test_what_is_at_work_stops_at_its_next_step(job, li, counting):
    def during(step):
        if step == 2:
            assert jobs.cancel(job=job, actor=li).status == "running"
        assert step < 3

    counting.during = during
    assert jobs.run(job_id=job.pk) == "cancelled"
    job.refresh_from_db()
    assert (job.status, job.file.name, job.done) == ("cancelled", "", 1)


def test_what_has_ended_stays_as_it_is(job, li):
    jobs.run(job_id=job.pk)
    assert jobs.cancel(job=job, actor=li).status == "done"


# --- A killed worker ---------------------------------------------------------------------------------


def test_a_live_worker_is_not_disturbed(job, counting):
    Job.objects.update(status=JobStatus.RUNNING, attempts=1, seen_at=timezone.now())
    assert jobs.tend(now=timezone.now()) == 0
    assert jobs.run(job_id=job.pk) == "running"
    assert counting.runs == 0


def test_work_of_a_killed_worker_goes_on(job, counting, monkeypatch, django_capture_on_commit_callbacks):
    queued = []
    monkeypatch.setattr(jobs, "async_task", lambda *words, **more: queued.append(words))
    silent(job)
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.tend(now=timezone.now()) == 1
    assert queued == [("cms.tasks.run_job", job.pk)]
    assert jobs.tend(now=timezone.now()) == 0
    assert jobs.run(job_id=job.pk) == "done"
    job.refresh_from_db()
    assert (job.attempts, job.percent) == (2, 100)


def test_the_queue_may_deliver_it_again_first(job, counting):
    silent(job)
    assert jobs.run(job_id=job.pk) == "done"


@pytest.mark.parametrize("finder", ["tend", "run"])
def test_work_that_kills_every_worker_is_given_up(job, counting, finder):
    silent(job, attempts=3)
    if finder == "tend":
        assert jobs.tend(now=timezone.now()) == 1
    else:
        assert jobs.run(job_id=job.pk) == "failed"
    job.refresh_from_db()
    assert (job.status, counting.runs) == ("failed", 0)
    assert job.message


def test_a_worker_that_wakes_up_late_changes_nothing(job, counting):
    """It was not dead but asleep; meanwhile another one has done the work."""

    def during(step):
        if step == 3 and counting.runs == 1:
            silent(job)
            assert jobs.run(job_id=job.pk) == "done"

    counting.during = during
    assert jobs.run(job_id=job.pk) == "cancelled"
    job.refresh_from_db()
    assert (job.status, job.attempts, counting.runs) == ("done", 2, 2)
    assert job.file.read() == b"result"
    assert len(default_storage.listdir(f"jobs/{job.pk}")[1]) == 1


def test_cancelled_and_killed_it_ends(job, li):
    silent(job)
    assert jobs.cancel(job=job, actor=li).status == "cancelled"


def test_the_queue_looks_after_it_every_minute_and_every_night():
    tending = Schedule.objects.get(func="cms.tasks.tend_jobs")
    assert (tending.schedule_type, tending.minutes, tending.repeats) == (Schedule.MINUTES, 1, -1)
    assert Schedule.objects.get(func="cms.tasks.clear_jobs").schedule_type == Schedule.DAILY
    assert OrmQ.objects.count() == 0


# --- Results ------------------------------------------------------------------------------------------


def test_old_results_are_cleared_away(job, li, counting):
    jobs.run(job_id=job.pk)
    kept = jobs.begin(kind=KIND, owner=li, title="示例", parameters={})
    jobs.run(job_id=kept.pk)
    # What a killed worker left.
    default_storage.save(f"jobs/{job.pk}/0", io.BytesIO(b"half"))
    Job.objects.filter(pk=job.pk).update(ended_at=timezone.now() - dt.timedelta(days=8))
    assert jobs.clear(now=timezone.now()) == 1
    assert list(Job.objects.all()) == [kept]
    assert default_storage.listdir(f"jobs/{job.pk}")[1] == []
    assert len(default_storage.listdir(f"jobs/{kept.pk}")[1]) == 1


def addresses(job):
    return [reverse(f"jobs:{name}", args=[job.pk]) for name in ("job", "status", "result")]


def test_it_is_shown_to_its_owner(job, li, sign_in):
    client = sign_in(user=li)
    assert "示例导出" in client.get(reverse("jobs:list")).content.decode()
    page, status, result = addresses(job)
    assert f'hx-get="{status}"' in client.get(page).content.decode()
    assert client.get(result).status_code == 404
    Job.objects.update(status=JobStatus.RUNNING, attempts=1, seen_at=timezone.now(), done=2, whole=5)
    assert 'value="40"' in client.get(status).content.decode()
    Job.objects.update(status=JobStatus.WAITING, attempts=0)
    jobs.run(job_id=job.pk)
    ended = client.get(status).content.decode()
    assert "hx-get" not in ended
    assert result in ended
    answer = client.get(result)
    assert b"".join(answer.streaming_content) == b"result"
    assert "attachment" in answer["Content-Disposition"]
    assert answer["Cache-Control"] == "no-store"
    assert ModelLogEntry.objects.filter(action="cms.job.fetch", user=li).count() == 1


def test_a_result_is_closed_to_who_lost_the_right(job, li, counting, sign_in):
    jobs.run(job_id=job.pk)
    counting.allowed = False
    assert sign_in(user=li).get(reverse("jobs:result", args=[job.pk])).status_code == 404


@pytest.mark.parametrize("who", ["zhang", "zhao", "zhou", "outsider"])
def test_to_others_it_does_not_exist(job, who, request, sign_in):
    """Not even to an administrator: a result holds what its owner may see."""
    jobs.run(job_id=job.pk)
    client = sign_in(user=request.getfixturevalue(who))
    assert [client.get(url).status_code for url in addresses(job)] == [404, 404, 404]
    assert client.post(reverse("jobs:cancel", args=[job.pk])).status_code == 404
    assert "示例导出" not in client.get(reverse("jobs:list")).content.decode()


def test_strangers_are_led_to_sign_in(job, client):
    for url in [reverse("jobs:list"), *addresses(job)]:
        response = client.get(url)
        assert response.status_code == 302
        assert "login" in response["Location"]


def test_the_owner_cancels_it_on_the_page(job, li, sign_in):
    client = sign_in(user=li)
    assert client.get(reverse("jobs:cancel", args=[job.pk])).status_code == 405
    response = client.post(reverse("jobs:cancel", args=[job.pk]), follow=True)
    job.refresh_from_db()
    assert (response.status_code, job.status) == (200, "cancelled")


def test_asking_how_far_it_is_costs_two_queries(job, li, sign_in, django_assert_max_num_queries):
    """Session with user, and the job; roles are not asked for."""
    client = sign_in(user=li)
    client.get(reverse("jobs:status", args=[job.pk]))
    with django_assert_max_num_queries(2):
        client.get(reverse("jobs:status", args=[job.pk]))


def test_the_list_costs_the_same_for_many(li, counting, sign_in, django_assert_max_num_queries):
    client = sign_in(user=li)
    for number in range(12):
        jobs.run(job_id=jobs.begin(kind=KIND, owner=li, title="示例", parameters={"n": number}).pk)
    client.get(reverse("jobs:list"))
    # Session with user, roles, and the list with its length.
    with django_assert_max_num_queries(4):
        client.get(reverse("jobs:list"))
