"""Authoring actions, the held catalogue, and what keeps it fresh."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from cms.refusals import Refused
from courses.actions import authoring
from courses.models import CoursePage, LessonPage
from courses.models.outlines import catalogue
from tests.factories import courses as make

pytestmark = pytest.mark.django_db


def test_tables_and_figures_are_stored_as_blocks(db):
    from cms.models import AcademyImage

    image = AcademyImage.objects.create(title="图", file="x.png", width=10, height=10)
    data = authoring.stream_data(
        [
            {
                "type": "table",
                "value": {"caption": "四章", "header": ["章", "内容"], "rows": [["一", "开篇"]]},
            },
            {"type": "figure", "value": {"figure": "cycle", "caption": "图一", "alt": "循环图"}},
        ],
        {"cycle": image},
    )
    assert data[0]["value"]["data"] == [["章", "内容"], ["一", "开篇"]]
    assert data[0]["value"]["first_row_is_table_header"]
    assert data[1]["value"] == {"image": image.pk, "caption": "图一", "alt": "循环图"}
    with pytest.raises(Refused) as refusal:
        authoring.stream_data([{"type": "figure", "value": {"figure": "missing"}}], {})
    assert refusal.value.code == "unknown_figure"


def test_course_addresses_are_unique_in_the_whole_academy(school):
    with pytest.raises(Refused) as refusal:
        make.course(slug="policy")
    assert refusal.value.code == "slug_taken"
    other = make.course()
    other.slug = "policy"
    with pytest.raises(ValidationError):
        other.full_clean()
    other.slug = "search"
    with pytest.raises(ValidationError):
        other.full_clean()


def test_a_copy_under_another_module_gets_an_address_of_its_own(school, zhao):
    copy = school.course.copy(to=make.module(), recursive=True, user=zhao)
    assert CoursePage.objects.get(pk=copy.pk).slug == "policy-2"
    assert LessonPage.objects.child_of(copy).count() == 3


def test_a_lesson_needs_what_completes_it(school):
    page = make.lesson(school.course)
    page.rule = "watch"
    with pytest.raises(ValidationError):
        page.full_clean()
    page.rule = "quiz"
    with pytest.raises(ValidationError):
        page.full_clean()


class TestHeldCatalogue:
    def test_one_query_while_nothing_changes(self, school, django_assert_num_queries):
        catalogue()
        with django_assert_num_queries(1):
            catalogue()

    def test_it_follows_every_kind_of_change(self, school):
        course = lambda: catalogue().courses_by_slug["policy"]  # noqa: E731
        assert [lesson.title for lesson in course().lessons] == ["读懂政策", "看懂流程", "用好政策"]
        school.tested.move(school.reading, pos="left")
        assert [lesson.title for lesson in course().lessons] == ["用好政策", "读懂政策", "看懂流程"]
        LessonPage.objects.get(pk=school.film.pk).unpublish()
        assert [lesson.title for lesson in course().lessons] == ["用好政策", "读懂政策"]
        school.quiz.title = "新测试名"
        school.quiz.save()
        assert course().lessons[0].quiz_title == "新测试名"
        LessonPage.objects.get(pk=school.reading.pk).delete()
        assert len(course().lessons) == 1

    def test_what_was_rolled_back_is_forgotten(self, school):
        title = catalogue().courses_by_slug["policy"].title
        with transaction.atomic():
            school.course.title = "不会发生"
            authoring.publish(page=school.course)
            assert catalogue().courses_by_slug["policy"].title == "不会发生"
            transaction.set_rollback(True)
        assert catalogue().courses_by_slug["policy"].title == title

    def test_a_lesson_under_an_unpublished_course_is_not_there(self, school):
        CoursePage.objects.get(pk=school.course.pk).unpublish()
        assert "policy" not in catalogue().courses_by_slug
        assert school.reading.pk not in catalogue().lessons
