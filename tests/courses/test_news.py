"""Who is told of a course given to them, who is reminded of its day, and which author of a page sent back."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone
from wagtail.models import GroupApprovalTask, Workflow, WorkflowTask

from courses import tasks
from courses.actions.assignments import assign_course
from courses.actions.news import tell_assigned, tell_due
from courses.models import CourseAssignment, CourseProgress
from enrollment.letters import letter
from enrollment.models import Cohort, CohortCode, Delivery, Exemption, Message, User
from tests.factories import practicum as hall

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 2)
DUE = TODAY + dt.timedelta(days=6)


def told(user) -> list[str]:
    return list(user.inbox.order_by("created_at", "pk").values_list("kind", flat=True))


@pytest.fixture
def given(school, tree):
    return assign_course(course=school.course, due_on=DUE, organization=tree.park_a)


def test_giving_a_course_has_its_people_told_in_the_background(
    school, tree, zhang, zhao, outsider, django_capture_on_commit_callbacks
):
    due_on = timezone.localdate() + dt.timedelta(days=20)
    with django_capture_on_commit_callbacks(execute=True):
        assign_course(course=school.course, due_on=due_on, organization=tree.park_a, actor=zhao)
        assert told(zhang) == []
    assert told(zhang) == ["course_assigned"]
    message = zhang.inbox.get()
    assert message.link == reverse("courses:course", args=[school.course.slug])
    assert f"{due_on}" in letter(message.kind, message.context, "en").body
    assert told(outsider) == told(zhao) == []


def test_the_admin_form_tells_as_well(school, tree, zhang, zhao, sign_in, django_capture_on_commit_callbacks):
    form = {
        "course": school.course.pk,
        "due_on": f"{timezone.localdate() + dt.timedelta(days=20)}",
        "is_mandatory": "on",
        "organization": tree.soft.pk,
    }
    client = sign_in(user=zhao)
    address = reverse("wagtailsnippets_courses_courseassignment:add")
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(address, form).status_code == 302
    assert told(zhang) == ["course_assigned"]
    assignment = CourseAssignment.objects.get()
    form["due_on"] = f"{timezone.localdate() + dt.timedelta(days=30)}"
    address = reverse("wagtailsnippets_courses_courseassignment:edit", args=[assignment.pk])
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(address, form).status_code == 302
    assert told(zhang) == ["course_assigned", "course_assigned"], "another day is news"


@pytest.mark.parametrize("way", ["cohort", "training_class", "organization"])
def test_each_way_of_giving_reaches_its_people(school, tree, zhang, wang, outsider, way):
    target = {
        "cohort": Cohort.objects.get(code=CohortCode.SECRETARY),
        "training_class": hall.TrainingClassFactory(),
        "organization": tree.soft,
    }[way]
    if way == "training_class":
        hall.on_roster(target, wang.trainee)
    given = assign_course(course=school.course, due_on=DUE, **{way: target})
    assert tell_assigned(assignment=given, day=TODAY) == (2 if way == "organization" else 1)
    assert told(wang) == ["course_assigned"]
    assert told(outsider) == []


def test_telling_again_tells_nobody_and_another_day_tells_all(given, zhang):
    assert tell_assigned(assignment=given, day=TODAY) == 1
    assert tell_assigned(assignment=given, day=TODAY) == 0
    assert tasks.tell_assigned(given.pk) == 0, "its day has passed by now"
    given.due_on = DUE + dt.timedelta(days=30)
    assert tell_assigned(assignment=given, day=TODAY) == 1


def test_who_has_completed_it_is_left_in_peace(given, school, zhang, wang):
    now = timezone.now()
    CourseProgress.objects.create(
        user=zhang, course=school.course, started_at=now, studied_at=now, completed_at=now
    )
    assert tell_assigned(assignment=given, day=TODAY) == 1
    assert tell_due(day=TODAY) == 1
    assert told(zhang) == []
    assert told(wang) == ["course_assigned", "course_due"]


def test_a_course_is_called_to_mind_once_in_its_last_week(given, zhang):
    assert tell_due(day=DUE - dt.timedelta(days=8)) == 0
    assert tell_due(day=DUE - dt.timedelta(days=7)) == 1
    for days in range(7):
        assert tell_due(day=DUE - dt.timedelta(days=days)) == 0
    assert tell_due(day=DUE) == 0
    assert told(zhang) == ["course_due"]


def test_the_same_course_by_two_ways_is_called_to_mind_once(given, school, zhang):
    member = Cohort.objects.get(code=CohortCode.MEMBER)
    assign_course(course=school.course, due_on=DUE, cohort=member)
    assert tell_due(day=TODAY) == 1


def test_what_is_not_mandatory_and_who_is_exempt_is_never_called_to_mind(given, zhang, wang, zhao):
    Exemption.objects.create(
        trainee=zhang.trainee, ground="age", reason="年老", starts_on=TODAY, recorded_by=zhao
    )
    assert tell_due(day=TODAY) == 1
    assert told(zhang) == []
    Message.objects.all().delete()
    CourseAssignment.objects.update(is_mandatory=False)
    assert tell_due(day=TODAY) == 0


def test_queries_do_not_grow_with_people(given, tree, django_assert_num_queries):
    def newcomers(number: int) -> None:
        people = hall.trainees(tree.make, number)
        for person in people:
            person.user = User.objects.create(username=f"t{person.pk}")
            person.save(update_fields=["user"])

    newcomers(2)
    with django_assert_num_queries(6) as few:
        assert tell_assigned(assignment=given, day=TODAY) == 2
    newcomers(30)
    with django_assert_num_queries(6) as many:
        assert tell_assigned(assignment=given, day=TODAY) == 30
    assert len(few) == len(many)


def test_an_author_hears_what_the_reviewer_wants_in_the_inbox_alone(school, chen, zhao):
    User.objects.filter(pk=chen.pk).update(email="chen@example.com")
    group = Group.objects.create(name="示例审核组")
    zhao.groups.add(group)
    task = GroupApprovalTask.objects.create(name="示例审核")
    task.groups.add(group)
    workflow = Workflow.objects.create(name="示例流程")
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=1)
    page = school.reading
    page.title = "读懂政策（修订）"
    page.save_revision(user=chen)
    state = workflow.start(page, chen)
    state.current_task_state.specific.reject(user=zhao, comment="请补充出处")
    assert told(chen) == ["page_sent_back"]
    message = chen.inbox.get()
    assert message.link == reverse("wagtailadmin_pages:edit", args=[page.pk])
    assert "请补充出处" in letter(message.kind, message.context, "en").body
    assert told(zhao) == []
    assert Delivery.objects.count() == 0
