"""An instructor writes in the Wagtail editor, submits, is sent back, resubmits; it is published."""

from __future__ import annotations

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import Page, TaskState, WorkflowState
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield

from cms.reports import sent_back_to
from courses.actions.authoring import found_catalogue
from courses.models import CatalogPage, LessonPage, ModuleGroup
from enrollment.actions.roles import grant_role
from enrollment.models import Role
from tests.factories import courses as make

pytestmark = pytest.mark.django_db


def lesson_form(title: str, text: str, **extra: str) -> dict[str, str]:
    """What the editor sends."""
    return nested_form_data(
        {
            "title": title,
            "slug": "new-lesson",
            "summary": "一句话简介",
            "video": "",
            "quiz": "",
            "study_minutes": "15",
            "rule": "read",
            "watch_percent": "80",
            "reflection_task": "",
            "reflection_least_characters": "100",
            "least_seconds": "",
            "seo_title": "",
            "search_description": "",
            "show_in_menus": "",
            "body": streamfield([("paragraph", rich_text(f"<p>{text}</p>"))]),
            "comments": {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0", "MIN_NUM_FORMS": "0", "MAX_NUM_FORMS": ""},
            **extra,
        }
    )


@pytest.fixture
def admin_of(sign_in):
    """A browser of its own, signed in."""

    def enter(user) -> Client:
        return sign_in(Client(), user)

    return enter


def test_from_the_first_draft_to_the_trainee(school, chen, zhao, zhang, admin_of):
    author, administrator, trainee = admin_of(chen), admin_of(zhao), admin_of(zhang)
    add = reverse("wagtailadmin_pages:add", args=["courses", "lessonpage", school.course.pk])
    assert author.get(add).status_code == 200

    # Written and submitted.
    response = author.post(add, {**lesson_form("新课时", "初稿"), "action-submit": "1"})
    assert response.status_code == 302
    page = LessonPage.objects.get(slug="new-lesson")
    assert not page.live
    assert page.owner == chen
    edit = reverse("wagtailadmin_pages:edit", args=[page.pk])
    state = WorkflowState.objects.get(object_id=str(page.pk))
    assert state.workflow.name == "管理员审核"

    # Previewed by its author, on a phone's width, as it will be seen.
    preview = reverse("wagtailadmin_pages:preview_on_edit", args=[page.pk])
    assert author.post(preview, lesson_form("新课时", "初稿")).json()["is_valid"]
    assert "初稿" in author.get(preview).content.decode()
    assert trainee.get("/courses/policy/new-lesson/").status_code == 404

    # The author cannot approve.
    def act(browser: Client, action: str, comment: str = ""):
        task = TaskState.objects.filter(workflow_state=state).latest("pk")
        url = reverse("wagtailadmin_pages:workflow_action", args=[page.pk, action, task.pk])
        return browser.post(url, {"comment": comment})

    assert act(author, "approve").status_code in {302, 403}
    page.refresh_from_db()
    assert not page.live

    # Sent back with a comment, which the author reads.
    act(administrator, "reject", "请补充政策依据")
    state.refresh_from_db()
    assert state.status == WorkflowState.STATUS_NEEDS_CHANGES
    assert TaskState.objects.get(comment="请补充政策依据").finished_by == zhao
    history = author.get(reverse("wagtailadmin_pages:workflow_history_detail", args=[page.pk, state.pk]))
    assert "请补充政策依据" in history.content.decode()
    editor = author.get(edit).content.decode()
    notice = editor.split('class="academy-sent-back"')[1].split("<form")[0]
    assert "请补充政策依据" in notice
    assert "赵管理员" in notice
    first_page = author.get(reverse("wagtailadmin_home")).content.decode()
    assert "请补充政策依据" in first_page.split("academy-sent-back-list")[1]
    assert [asked.comment for asked in sent_back_to(chen)] == ["请补充政策依据"]
    assert sent_back_to(zhao) == []

    # Resubmitted and published.
    author.post(edit, {**lesson_form("新课时", "定稿：依据已补充"), "action-submit": "1"})
    state.refresh_from_db()
    assert state.status == WorkflowState.STATUS_IN_PROGRESS
    assert "academy-sent-back" not in author.get(edit).content.decode()
    assert sent_back_to(chen) == []
    act(administrator, "approve")
    page.refresh_from_db()
    assert page.live
    assert "定稿：依据已补充" in trainee.get("/courses/policy/new-lesson/").content.decode()


def test_what_was_sent_back_costs_the_same_for_many_pages(school, chen, zhao, django_assert_num_queries):
    def send_back(slug: str) -> None:
        page = make.lesson(school.course, slug=slug, actor=chen, published=False)
        state = page.get_workflow().start(page, chen)
        state.current_task_state.task.specific.on_action(
            state.current_task_state, zhao, "reject", comment=f"请改{slug}"
        )

    send_back("one")
    ContentType.objects.clear_cache()
    with CaptureQueriesContext(connection) as few:
        assert len(sent_back_to(chen)) == 1
    for number in range(5):
        send_back(f"more-{number}")
    ContentType.objects.clear_cache()
    with django_assert_num_queries(len(few)):
        found = sent_back_to(chen)
    assert found[0].comment == "请改more-4"
    assert len(found) == 6


def test_an_instructor_cannot_publish_directly(school, chen, admin_of):
    edit = reverse("wagtailadmin_pages:edit", args=[school.reading.pk])
    form = {**lesson_form("被改过的标题", "正文"), "slug": "reading", "action-publish": "1"}
    admin_of(chen).post(edit, form)
    school.reading.refresh_from_db()
    assert school.reading.title == "读懂政策"
    assert not school.reading.permissions_for_user(chen).can_publish()


def test_an_instructor_writes_only_under_modules_that_name_them(school, chen, admin_of):
    other = make.course()
    author = admin_of(chen)
    add = reverse("wagtailadmin_pages:add", args=["courses", "lessonpage", other.pk])
    assert author.get(add).status_code == 302
    assert not other.permissions_for_user(chen).can_edit()
    assert school.course.permissions_for_user(chen).can_edit()
    listing = author.get(reverse("wagtailadmin_explore", args=[school.module.pk]))
    assert listing.status_code == 200


def test_the_team_follows_the_instructors_named(school, chen, zhao, django_user_model):
    from courses.actions.authoring import appoint_instructors

    colleague = django_user_model.objects.create_user("colleague", password="x", name="示例讲师")
    grant_role(user=colleague, role=Role.INSTRUCTOR)
    appoint_instructors(module=school.module, instructors=[colleague], actor=zhao)
    page = Page.objects.get(pk=school.course.pk)
    assert page.permissions_for_user(colleague).can_edit()
    assert not page.permissions_for_user(type(chen).objects.get(pk=chen.pk)).can_edit()
    assert ModuleGroup.objects.filter(module=school.module).count() == 1


def test_only_administrators_may_name_instructors(school, chen, zhao, admin_of):
    edit = reverse("wagtailadmin_pages:edit", args=[school.module.pk])
    assert 'name="instructors"' not in admin_of(chen).get(edit).content.decode()
    assert 'name="instructors"' in admin_of(zhao).get(edit).content.decode()


def test_an_administrator_publishes(school, zhao):
    assert school.course.permissions_for_user(zhao).can_publish()


def test_a_studied_page_is_not_deleted(school, zhao, zhang, admin_of):
    from courses.actions import progress

    course, lesson = make.outlines(school.reading)
    progress.open_lesson(user=zhang, course=course, lesson=lesson)
    for page in (school.reading, school.course):
        admin_of(zhao).post(reverse("wagtailadmin_pages:delete", args=[page.pk]))
        assert Page.objects.filter(pk=page.pk).exists()


def test_the_catalogue_stands_under_the_site_with_its_workflow(db):
    catalogue = CatalogPage.objects.get()
    assert found_catalogue().pk == catalogue.pk
    assert catalogue.get_workflow().name == "管理员审核"
    assert catalogue.url == "/courses/"


class TestBank:
    def test_an_instructor_adds_a_question_for_their_module(self, school, chen, admin_of):
        from courses.models import Question

        form = nested_form_data(
            {
                "module": str(school.module.pk),
                "kind": "single",
                "text": "一学时是多少分钟？",
                "options": streamfield(
                    [
                        ("option", {"text": "四十五分钟", "correct": "on"}),
                        ("option", {"text": "六十分钟"}),
                    ]
                ),
                "explanation": "按学时规则。",
            }
        )
        response = admin_of(chen).post(reverse("wagtailsnippets_courses_question:add"), form)
        assert response.status_code == 302
        question = Question.objects.get(text="一学时是多少分钟？")
        assert question.created_by == chen
        assert question.versions.get().correct_keys == {"a"}

    def test_a_question_without_a_key_is_sent_back_with_a_sentence(self, school, chen, admin_of):
        from courses.models import Question

        form = nested_form_data(
            {
                "module": str(school.module.pk),
                "kind": "single",
                "text": "没有答案的题",
                "options": streamfield([("option", {"text": "甲"}), ("option", {"text": "乙"})]),
                "explanation": "",
            }
        )
        response = admin_of(chen).post(reverse("wagtailsnippets_courses_question:add"), form)
        assert response.status_code == 200
        assert not Question.objects.filter(text="没有答案的题").exists()

    def test_questions_of_other_modules_stay_closed(self, school, chen, admin_of):
        other = make.question(module=make.module(), text="别人的题")
        author = admin_of(chen)
        for view in ("edit", "history", "usage", "delete"):
            url = reverse(f"wagtailsnippets_courses_question:{view}", args=[other.pk])
            assert author.get(url).status_code == 404
            assert author.post(url).status_code == 404
        assert type(other).objects.filter(pk=other.pk).exists()
        listing = author.get(reverse("wagtailsnippets_courses_question:list"))
        assert "别人的题" not in listing.content.decode()

    def test_an_administrator_gives_a_course_to_a_cohort(self, school, zhao, admin_of):
        from courses.models import CourseAssignment
        from enrollment.models import Cohort

        cohort = Cohort.objects.first()
        response = admin_of(zhao).post(
            reverse("wagtailsnippets_courses_courseassignment:add"),
            {"course": school.course.pk, "cohort": cohort.pk, "due_on": "2030-01-01", "is_mandatory": "on"},
        )
        assert response.status_code == 302
        assert CourseAssignment.objects.get().created_by == zhao
