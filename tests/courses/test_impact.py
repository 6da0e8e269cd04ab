"""Before publishing: who gains, who has more to do; and nobody ever loses anything."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cms.refusals import Refused
from cms.tasks import publish_scheduled
from courses.actions.authoring import publish
from courses.actions.completion import Completion, complete_in_bulk, derive_course
from courses.actions.publishing import derive_for_everybody, publish_as_seen
from courses.models import CourseProgress, LessonPage, LessonProgress
from courses.models.outlines import catalogue
from courses.reports.impact import impact_of, impact_of_draft, impact_of_unpublishing
from courses.rules.impact import Demand, Effect, Tally, effect_on
from enrollment.models import User
from tests.courses.conftest import School
from tests.courses.test_workflow import lesson_form
from tests.factories import courses as make


def tally(*, complete: bool = False, lessons: tuple[int, int], tests: tuple[int, int] = (0, 0)) -> Tally:
    return Tally(1, complete, *lessons, *tests)


TWO, THREE = Demand(frozenset({1, 2})), Demand(frozenset({1, 2, 3}))
TESTED = Demand(frozenset({1, 2}), frozenset({2}))


@pytest.mark.parametrize(
    ("row", "before", "after", "effect"),
    [
        (tally(lessons=(1, 1)), TWO, THREE, Effect.MORE),
        (tally(complete=True, lessons=(2, 2)), TWO, THREE, Effect.KEEPS),
        (tally(lessons=(2, 2)), THREE, TWO, Effect.GAINS),
        (tally(lessons=(1, 1)), THREE, TWO, Effect.LESS),
        (tally(lessons=(2, 2)), TESTED, TWO, Effect.GAINS),
        (tally(lessons=(2, 2)), TWO, TESTED, Effect.MORE),
        (tally(lessons=(1, 1)), TWO, TWO, Effect.NONE),
        (tally(lessons=(0, 0)), TWO, Demand(frozenset()), Effect.LESS),
        (
            tally(lessons=(2, 2), tests=(1, 0)),
            TESTED,
            Demand(frozenset({1, 2}), frozenset({1}), False),
            Effect.GAINS,
        ),
    ],
)
def test_what_a_change_does_to_one_person(row: Tally, before: Demand, after: Demand, effect: Effect) -> None:
    assert effect_on(row, before, after) is effect


numbers = st.frozensets(st.integers(1, 6))


@given(numbers, numbers, numbers, numbers)
def test_who_is_complete_is_never_asked_for_more(
    before: frozenset[int], after: frozenset[int], done: frozenset[int], tests: frozenset[int]
) -> None:
    row = tally(complete=True, lessons=(len(before & done), len(after & done)))
    found = effect_on(row, Demand(before), Demand(after, tests & after))
    assert found in (Effect.NONE, Effect.KEEPS)


def study(user: User, *lessons: LessonPage, quiz: bool = False) -> None:
    now = timezone.now()
    complete_in_bulk(rows=[Completion(user.pk, lesson.pk, now, quiz) for lesson in lessons])


@pytest.mark.django_db
class TestAReport:
    def test_a_new_lesson_asks_for_more_and_takes_nothing(
        self, school: School, zhang: User, wang: User
    ) -> None:
        study(wang, school.reading, school.film)
        study(wang, school.tested, quiz=True)
        study(zhang, school.reading)
        lesson = make.lesson(school.course, published=False)
        impact = impact_of(lesson)
        assert impact is not None
        assert impact.begun == 2
        assert (impact.more.count, impact.more.names) == (1, [zhang.name])
        assert (impact.keeps.count, impact.keeps.names) == (1, [wang.name])
        assert impact.gains.count == impact.less.count == 0
        publish(page=lesson)
        derive_for_everybody(course_id=school.course.pk)
        assert CourseProgress.objects.get(user=wang).completed_at is not None
        assert CourseProgress.objects.get(user=zhang).completed_lessons == 1

    def test_a_test_that_is_taken_away_completes(
        self, school: School, zhang: User, django_capture_on_commit_callbacks: Any
    ) -> None:
        study(zhang, school.reading, school.film, school.tested)
        assert CourseProgress.objects.get(user=zhang).completed_at is None
        draft = LessonPage.objects.get(pk=school.tested.pk)
        draft.quiz = None
        impact = impact_of(draft)
        assert impact is not None
        assert impact.gains.names == [zhang.name]
        before = LessonProgress.objects.filter(user=zhang).values_list("pk", "completed_at", "entry_id")
        kept = list(before.order_by("pk"))
        with django_capture_on_commit_callbacks(execute=True):
            publish(page=draft)
        assert CourseProgress.objects.get(user=zhang).completed_at is not None
        assert list(before.order_by("pk")) == kept

    def test_tests_that_belong_no_longer_complete_too(self, school: School, zhang: User) -> None:
        study(zhang, school.reading, school.film, school.tested)
        school.course.needs_quizzes = False
        impact = impact_of(school.course)
        assert impact is not None
        assert impact.gains.count == 1

    def test_another_rule_is_for_those_who_open_the_lesson_from_now_on(
        self, school: School, zhang: User
    ) -> None:
        held = catalogue()
        from courses.actions.progress import open_lesson

        lesson = held.lessons[school.film.pk]
        open_lesson(user=zhang, course=held.courses[school.course.pk], lesson=lesson)
        draft = LessonPage.objects.get(pk=school.film.pk)
        draft.watch_percent = 95
        impact = impact_of(draft)
        assert impact is not None
        assert (impact.old_rule, impact.matters) == (1, True)
        rule = LessonProgress.objects.get(user=zhang).required_seconds
        publish(page=draft)
        derive_course(user_id=zhang.pk, course_id=school.course.pk)
        assert LessonProgress.objects.get(user=zhang).required_seconds == rule

    def test_words_concern_nobody(self, school: School, zhang: User) -> None:
        study(zhang, school.reading)
        draft = LessonPage.objects.get(pk=school.reading.pk)
        draft.title = "另一个标题"
        impact = impact_of(draft)
        assert impact is not None
        assert not impact.matters

    def test_taking_a_lesson_out_is_told_too(self, school: School, zhang: User) -> None:
        study(zhang, school.reading, school.film)
        impact = impact_of_unpublishing(school.tested)
        assert impact is not None
        assert impact.gains.names == [zhang.name]
        assert impact_of_unpublishing(make.lesson(school.course, published=False)) is None

    def test_a_page_without_a_draft_says_nothing(self, school: School, zhang: User) -> None:
        study(zhang, school.reading)
        assert impact_of_draft(school.reading.page_ptr) is None
        assert impact_of_draft(school.module.page_ptr) is None

    def test_queries_do_not_grow_with_people_and_lessons(
        self, school: School, zhang: User, wang: User, li: User
    ) -> None:
        study(zhang, school.reading)
        lesson = make.lesson(school.course, published=False)
        impact_of(lesson)

        def cost() -> int:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                impact_of(lesson)
            return len(queries)

        few = cost()
        study(wang, school.reading, school.film)
        study(li, school.reading, school.film, school.tested)
        make.lesson(school.course)
        catalogue()
        assert cost() == few <= 5


@pytest.mark.django_db
class TestTheEditor:
    def test_publishing_shows_it_first_and_publishes_what_was_shown(
        self, school: School, zhang: User, zhao: User, client: Client, django_capture_on_commit_callbacks: Any
    ) -> None:
        study(zhang, school.reading, school.film, school.tested)
        client.force_login(zhao)
        edit = reverse("wagtailadmin_pages:edit", args=[school.tested.pk])
        form = {**lesson_form("用好政策", "新的正文"), "slug": "tested", "action-publish": "1"}
        answer = client.post(edit, form)
        page = LessonPage.objects.get(pk=school.tested.pk)
        confirm = reverse("courses_publishing:confirm", args=[page.pk, page.latest_revision_id])
        assert answer.url == confirm
        # Nothing is live yet, and nothing that was typed is lost.
        assert page.quiz_id is not None
        assert page.get_latest_revision_as_object().quiz_id is None
        shown = client.get(confirm).content.decode()
        assert zhang.name in shown
        assert zhang.name in client.get(edit).content.decode()
        with django_capture_on_commit_callbacks(execute=True):
            client.post(confirm)
        assert LessonPage.objects.get(pk=page.pk).quiz_id is None
        assert CourseProgress.objects.get(user=zhang).completed_at is not None

    def test_a_new_lesson_is_not_live_before_it_was_confirmed(
        self, school: School, zhang: User, zhao: User, client: Client
    ) -> None:
        study(zhang, school.reading)
        client.force_login(zhao)
        add = reverse("wagtailadmin_pages:add", args=["courses", "lessonpage", school.course.pk])
        answer = client.post(add, {**lesson_form("新课时", "正文"), "action-publish": "1"})
        page = LessonPage.objects.get(slug="new-lesson")
        assert answer.url == reverse("courses_publishing:confirm", args=[page.pk, page.latest_revision_id])
        assert not page.live
        assert page.pk not in catalogue().lessons
        client.post(answer.url)
        assert LessonPage.objects.get(pk=page.pk).live
        assert page.pk in catalogue().lessons

    def test_what_concerns_nobody_is_published_at_once(
        self, school: School, zhao: User, client: Client
    ) -> None:
        client.force_login(zhao)
        edit = reverse("wagtailadmin_pages:edit", args=[school.reading.pk])
        client.post(edit, {**lesson_form("读懂政策新版", "正文"), "slug": "reading", "action-publish": "1"})
        assert LessonPage.objects.get(pk=school.reading.pk).title == "读懂政策新版"

    def test_a_newer_draft_is_not_published_unseen(self, school: School, zhao: User) -> None:
        page = LessonPage.objects.get(pk=school.reading.pk)
        seen = page.save_revision(user=zhao)
        page.title = "后来的修改"
        page.save_revision(user=zhao)
        with pytest.raises(Refused) as caught:
            publish_as_seen(page=page, revision=seen, actor=zhao)
        assert caught.value.code == "page_changed_meanwhile"

    def test_who_may_not_publish_sees_no_confirmation(
        self, school: School, chen: User, client: Client
    ) -> None:
        page = LessonPage.objects.get(pk=school.reading.pk)
        seen = page.save_revision(user=chen)
        client.force_login(chen)
        confirm = reverse("courses_publishing:confirm", args=[page.pk, seen.pk])
        for answer in (client.get(confirm), client.post(confirm)):
            assert answer.status_code in (302, 403)
        assert LessonPage.objects.get(pk=page.pk).live_revision_id != seen.pk

    def test_it_is_shown_where_a_lesson_is_approved_and_unpublished(
        self, school: School, zhang: User, chen: User, zhao: User, client: Client
    ) -> None:
        study(zhang, school.reading)
        lesson = make.lesson(school.course, published=False)
        state = lesson.get_workflow().start(lesson, chen)
        client.force_login(zhao)
        modal = reverse(
            "wagtailadmin_pages:workflow_action", args=[lesson.pk, "approve", state.current_task_state_id]
        )
        assert zhang.name in client.get(modal).json()["html"]
        assert zhang.name in client.get(reverse("wagtailadmin_pages:edit", args=[lesson.pk])).content.decode()
        unpublish = reverse("wagtailadmin_pages:unpublish", args=[school.film.pk])
        assert zhang.name in client.get(unpublish).content.decode()


@pytest.mark.django_db
class TestManyAtOnce:
    def test_the_list_shows_whom_each_of_them_concerns(
        self, school: School, client: Client, zhao: User, zhang: User
    ) -> None:
        study(zhang, school.reading)
        new = make.lesson(school.course, title="新课时", published=False)
        client.force_login(zhao)
        for action, page in (("publish", new), ("unpublish", school.film)):
            address = reverse("wagtail_bulk_action", args=["wagtailcore", "page", action])
            answer = client.get(address, {"id": [page.pk, school.reading.pk]}).content.decode()
            assert "academy-impact" in answer

    def test_published_at_its_time_progress_is_derived_anew(
        self, school: School, zhang: User, django_capture_on_commit_callbacks: Any
    ) -> None:
        study(zhang, school.reading, school.film)
        study(zhang, school.tested, quiz=True)
        assert CourseProgress.objects.get(user=zhang).completed_at is not None
        CourseProgress.objects.update(completed_at=None, completed_lessons=0)
        draft = LessonPage.objects.get(pk=school.film.pk)
        draft.go_live_at = timezone.now() + dt.timedelta(hours=1)
        revision = draft.save_revision(approved_go_live_at=draft.go_live_at)
        type(revision).objects.update(approved_go_live_at=timezone.now() - dt.timedelta(minutes=1))
        LessonPage.objects.filter(pk=draft.pk).update(go_live_at=timezone.now() - dt.timedelta(minutes=1))
        with django_capture_on_commit_callbacks(execute=True):
            publish_scheduled()
        assert CourseProgress.objects.get(user=zhang).completed_at is not None
