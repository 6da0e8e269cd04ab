"""Pages: who sees what, at what cost."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from courses.actions import authoring, progress
from courses.models import LessonProgress, QuizAttempt
from tests.factories import courses as make

pytestmark = pytest.mark.django_db


def lesson_url(page) -> str:
    return reverse("courses:lesson", args=[page.get_parent().slug, page.slug])


class TestAccess:
    def test_the_catalogue_and_courses_are_public(self, client, school):
        assert "惠企政策解读" in client.get("/courses/").content.decode()
        assert "读懂政策" in client.get("/courses/policy/").content.decode()

    def test_the_page_trees_own_addresses_of_categories_and_modules_lead_there(
        self, client, school, zhao, sign_in
    ):
        module = school.module
        category = module.get_parent().specific
        sign_in(client, zhao)
        for path, target in (
            (f"/courses/{category.code}/", f"/courses/?category={category.code}"),
            (f"/courses/{category.code}/{module.code}/", f"/courses/?module={module.code}"),
        ):
            assert client.get(path)["Location"] == target
        assert client.get("/courses/nowhere/").status_code == 404
        assert client.get(f"/courses/{category.code}/nowhere/").status_code == 404

    def test_a_stranger_is_asked_to_sign_in_for_a_lesson(self, client, school):
        response = client.get("/courses/policy/reading/")
        assert response.status_code == 302
        assert "/accounts/login/?next=/courses/policy/reading/" in response["Location"]

    def test_a_trainee_reads_it(self, client, school, zhang, sign_in):
        sign_in(client, zhang)
        response = client.get("/courses/policy/reading/")
        assert response.status_code == 200
        assert "民营企业" in response.content.decode()
        assert LessonProgress.objects.filter(user=zhang, lesson=school.reading).exists()

    def test_an_account_off_the_roster_is_told_why_not(self, client, school, sign_in, django_user_model):
        sign_in(client, django_user_model.objects.create_user("nobody", password="x", phone="13900000000"))
        response = client.get("/courses/policy/reading/")
        assert response.status_code == 403

    def test_somebody_who_left_may_not_study(self, client, school, zhang, sign_in):
        from django.utils import timezone

        zhang.trainee.left_on = timezone.localdate()
        zhang.trainee.save()
        sign_in(client, zhang)
        assert client.get("/courses/policy/reading/").status_code == 403

    def test_drafts_do_not_exist_for_anybody_here(self, client, school, zhao, sign_in):
        make.lesson(school.course, slug="draft", published=False)
        sign_in(client, zhao)
        assert client.get("/courses/policy/draft/").status_code == 404

    def test_unpublishing_closes_a_lesson_at_once(self, client, school, zhang, sign_in):
        sign_in(client, zhang)
        assert client.get("/courses/policy/reading/").status_code == 200
        school.reading.unpublish()
        assert client.get("/courses/policy/reading/").status_code == 404

    def test_a_published_change_is_seen_at_once(self, client, school, zhang, sign_in):
        sign_in(client, zhang)
        client.get("/courses/policy/reading/")
        school.reading.title = "新的标题"
        school.reading.body = authoring.stream_data([{"type": "paragraph", "value": "<p>新的正文</p>"}], {})
        authoring.publish(page=school.reading)
        page = client.get("/courses/policy/reading/").content.decode()
        assert "新的标题" in page
        assert "新的正文" in page

    def test_results_and_attempts_are_ones_own(self, client, school, zhang, wang, sign_in):
        sign_in(client, zhang)
        response = client.post(f"/courses/quiz/{school.tested.pk}/")
        attempt = QuizAttempt.objects.get()
        assert response["Location"] == f"/courses/attempt/{attempt.pk}/"
        sign_in(client, wang)
        for url in (f"/courses/attempt/{attempt.pk}/", f"/courses/attempt/{attempt.pk}/result/"):
            assert client.get(url).status_code == 404
        save = client.post(
            f"/courses/attempt/{attempt.pk}/save/", json.dumps({"answers": {"0": ["a"]}}), "application/json"
        )
        assert save.status_code == 404

    def test_who_is_where_is_for_those_who_teach_the_module(
        self, client, school, chen, zhao, zhang, sign_in, django_user_model
    ):
        from enrollment.actions.roles import grant_role
        from enrollment.models import Role

        colleague = django_user_model.objects.create_user("colleague", password="x", phone="13900000001")
        grant_role(user=colleague, role=Role.INSTRUCTOR)
        for user, status in ((chen, 200), (zhao, 200), (colleague, 404), (zhang, 404)):
            sign_in(client, user)
            assert client.get("/courses/follow/policy/").status_code == status
        client.logout()
        assert client.get("/courses/follow/policy/").status_code == 302

    def test_lists_of_several_pages_lead_from_one_to_the_next(
        self, client, school, chen, sign_in, django_user_model
    ):
        from django.utils import timezone

        from courses.models import CourseProgress

        now = timezone.now()
        people = django_user_model.objects.bulk_create(
            [django_user_model(username=f"p{number}", name=f"示例学员{number}") for number in range(60)]
        )
        CourseProgress.objects.bulk_create(
            [
                CourseProgress(user=person, course=school.course, started_at=now, studied_at=now)
                for person in people
            ]
        )
        sign_in(client, chen)
        for url in ("/courses/follow/policy/", "/courses/follow/policy/?page=2"):
            page = client.get(url)
            assert page.status_code == 200
            assert "?page=" in page.content.decode()

    def test_the_tree_leads_to_the_short_address(self, client, school, zhang, sign_in):
        assert school.reading.url == "/courses/policy/reading/"
        assert school.course.url == "/courses/policy/"
        sign_in(client, zhang)
        response = client.get(school.reading.url_path.removeprefix("/home"))
        assert response["Location"] == "/courses/policy/reading/"


class TestBeats:
    def post(self, client, url, data):
        return client.post(url, json.dumps(data), content_type="application/json")

    def test_a_beat_answers_what_counted(self, client, school, zhang, sign_in):
        sign_in(client, zhang)
        client.get("/courses/policy/film/")
        answer = self.post(
            client,
            reverse("courses:beat", args=[school.film.pk]),
            {"position": 0, "from": 0, "playing": True, "visible": True, "speed": 1, "session": "t"},
        )
        assert answer.status_code == 200
        assert answer.json() == {
            "watched_seconds": 0.0,
            "share": 0.0,
            "counted_to": 0.0,
            "complete": False,
            "ask_seconds": None,
        }

    @pytest.mark.parametrize(
        "data",
        [
            {},
            [],
            {"position": "1", "session": "t"},
            {"position": True, "session": "t"},
            {"position": 1},
            {"position": 1, "session": "t" * 41},
            {"position": 1, "session": "t", "from": None},
        ],
    )
    def test_a_malformed_beat_is_refused(self, client, school, zhang, sign_in, data):
        sign_in(client, zhang)
        client.get("/courses/policy/film/")
        assert self.post(client, reverse("courses:beat", args=[school.film.pk]), data).status_code == 400

    def test_nan_is_no_number(self, client, school, zhang, sign_in):
        sign_in(client, zhang)
        client.get("/courses/policy/film/")
        answer = client.post(
            reverse("courses:beat", args=[school.film.pk]),
            '{"position": NaN, "session": "t"}',
            content_type="application/json",
        )
        assert answer.status_code == 400

    def test_signed_out_never_opened_and_without_a_token(self, client, school, zhang, sign_in):
        from django.test import Client

        url = reverse("courses:beat", args=[school.film.pk])
        good = {"position": 0, "session": "t"}
        assert self.post(client, url, good).status_code == 401
        sign_in(client, zhang)
        assert self.post(client, url, good).status_code == 409
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = client.cookies
        assert self.post(strict, url, good).status_code == 403


class TestQuizPages:
    def test_from_beginning_to_result(self, client, school, zhang, sign_in):
        sign_in(client, zhang)
        client.post(f"/courses/quiz/{school.tested.pk}/")
        attempt = QuizAttempt.objects.get(user=zhang)
        url = f"/courses/attempt/{attempt.pk}/"
        page = client.get(url).content.decode()
        assert "选项0" in page
        assert "示例解析" not in page
        saved = client.post(f"{url}save/", json.dumps({"answers": {"0": ["a"]}}), "application/json")
        assert saved.json() == {"saved": 1, "answered": 1}
        response = client.post(url, {"q0": "a", "q1": "a"}, follow=True)
        assert "示例解析" in response.content.decode()
        assert QuizAttempt.objects.get().has_passed
        assert client.get(url).status_code == 302

    def test_garbage_answers_are_left_out(self, client, school, zhang, sign_in):
        sign_in(client, zhang)
        client.post(f"/courses/quiz/{school.tested.pk}/")
        attempt = QuizAttempt.objects.get(user=zhang)
        for body in ('{"answers": {"0": "a", "7": ["a"], "1": [1, "zz"]}}', '{"answers": []}', "[]"):
            client.post(f"/courses/attempt/{attempt.pk}/save/", body, "application/json")
        attempt.refresh_from_db()
        assert attempt.answers == {}
        bad = client.post(f"/courses/attempt/{attempt.pk}/save/", "{", "application/json")
        assert bad.status_code == 400


class TestCost:
    """Query counts, pinned: one for session and user, one for the page, one for the roles in the frame."""

    def cost(self, client, url: str) -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        client.get(url)  # fills what is kept
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    def grow(self) -> None:
        for _number in range(3):
            course = make.course()
            for _lesson in range(3):
                make.lesson(course)

    def test_catalogue(self, client, school, zhang, sign_in):
        sign_in(client, zhang)
        assert self.cost(client, "/courses/") == 4
        self.grow()
        assert self.cost(client, "/courses/") == 4

    def test_course(self, client, school, zhang, sign_in):
        sign_in(client, zhang)
        assert self.cost(client, "/courses/policy/") == 3
        for _number in range(5):
            make.lesson(school.course)
        assert self.cost(client, "/courses/policy/") == 3

    def test_lesson(self, client, school, zhang, sign_in):
        sign_in(client, zhang)
        assert self.cost(client, "/courses/policy/film/") == 2
        for _number in range(5):
            make.lesson(school.course)
        assert self.cost(client, "/courses/policy/film/") == 2

    def test_beat(self, client, school, zhang, sign_in, django_assert_num_queries):
        sign_in(client, zhang)
        client.get("/courses/policy/film/")
        url = reverse("courses:beat", args=[school.film.pk])

        def beat(start, position):
            data = {"position": position, "from": start, "playing": True, "visible": True, "session": "t"}
            return client.post(url, json.dumps(data), content_type="application/json")

        beat(0, 0)
        # Session and user, one read, one conditional update.
        with django_assert_num_queries(3):
            assert beat(0, 15).status_code == 200

    def test_reading_beat(self, client, school, zhang, sign_in, django_assert_num_queries):
        sign_in(client, zhang)
        client.get("/courses/policy/reading/")
        url = reverse("courses:read", args=[school.reading.pk])
        data = json.dumps({"share": 0.5, "visible": True, "session": "t"})
        client.post(url, data, content_type="application/json")
        with django_assert_num_queries(3):
            assert client.post(url, data, content_type="application/json").status_code == 200

    def test_who_is_where(self, client, school, chen, everyone, sign_in):
        sign_in(client, chen)
        people = [everyone[name] for name in ("zhang", "wang", "li", "outsider")]
        course, lesson = make.outlines(school.reading)
        progress.open_lesson(user=people[0], course=course, lesson=lesson)
        before = self.cost(client, "/courses/follow/policy/")
        for person in people[1:]:
            progress.open_lesson(user=person, course=course, lesson=lesson)
        assert self.cost(client, "/courses/follow/policy/") == before


class TestSearch:
    def test_what_fills_several_pages_can_be_turned(self, client, school, zhang, sign_in):
        for number in range(12):
            make.lesson(school.course, title=f"翻页示例{number}")
        sign_in(client, zhang)
        page = client.get("/courses/search/", {"q": "翻页示例"})
        assert page.status_code == 200
        assert "page=2" in page.content.decode()
        assert client.get("/courses/search/", {"q": "翻页示例", "page": 2}).status_code == 200

    def test_a_phrase_inside_a_sentence_is_found_and_marked(self, client, school, zhang, sign_in):
        sign_in(client, zhang)
        page = client.get("/courses/search/", {"q": "民营企业"}).content.decode()
        assert "<mark>民营企业</mark>" in page
        assert "/courses/policy/reading/" in page

    def test_a_stranger_finds_courses_and_no_lessons(self, client, school):
        page = client.get("/courses/search/", {"q": "惠企政策"}).content.decode()
        assert "/courses/policy/" in page
        page = client.get("/courses/search/", {"q": "民营企业"}).content.decode()
        assert "/courses/policy/reading/" not in page

    def test_drafts_are_not_found(self, client, school, zhang, sign_in):
        text = [{"type": "paragraph", "value": "<p>尚未公布的独角兽名单</p>"}]
        make.lesson(school.course, blocks=text, published=False)
        sign_in(client, zhang)
        page = client.get("/courses/search/", {"q": "独角兽"}).content.decode()
        assert "<mark>" not in page

    def test_filters(self, client, school, zhang, sign_in):
        other = make.module(title="另一模块")
        sign_in(client, zhang)
        within = client.get("/courses/search/", {"q": "民营企业", "module": school.module.code})
        assert "/courses/policy/reading/" in within.content.decode()
        outside = client.get("/courses/search/", {"q": "民营企业", "module": other.code})
        assert "/courses/policy/reading/" not in outside.content.decode()

    def test_only_courses_of_a_length_and_for_a_cohort(
        self, client, school, zhang, sign_in, django_assert_num_queries
    ):
        short = make.course(title="短课", cohorts=["secretary"])
        make.lesson(short, minutes=15)
        for _number in range(3):
            make.lesson(school.course, minutes=60)
        sign_in(client, zhang)

        def found(**asked):
            answer = client.get("/courses/search/", {"q": "民营企业", **asked})
            return {item.course.pk for item in answer.context["found"].lessons}

        everything = found()
        assert everything == {short.pk, school.course.pk}
        assert found(hours="long") == {school.course.pk}
        assert found(hours="short") == found(cohort="secretary") == {short.pk}
        assert found(hours="nonsense", cohort="nonsense") == everything
        with CaptureQueriesContext(connection) as plain:
            found()
        with django_assert_num_queries(len(plain)):
            found(hours="short", cohort="secretary")

    def test_markup_in_the_query_stays_text(self, client, school):
        page = client.get("/courses/search/", {"q": "<script>alert(1)</script>"}).content.decode()
        assert "<script>alert" not in page
