"""Questions about a lesson: who sees them, what answers them, what is hidden and how."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from cms.refusals import Refused
from courses.actions import discussion, progress, reflections
from courses.actions.completion import complete_lesson
from courses.models import LessonQuestion, LessonReply
from courses.reports.discussion import place_of, questions_waiting
from courses.rules import discussion as rules
from enrollment.actions.roles import grant_role
from enrollment.models import Role
from tests.factories import courses as make

# --- Rules ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("0:05", 5),
        ("12:05", 725),
        ("12：05", 725),
        ("1:02:03", 3723),
        ("12:60", None),
        ("125", None),
        ("-1:00", None),
        ("１２:０５", None),
        ("", None),
    ],
)
def test_times_are_read_as_people_write_them(written, seconds):
    assert rules.seconds_of(written) == seconds


@pytest.mark.parametrize("seconds", [0, 59, 60, 725, 3599, 3600, 3723])
def test_times_come_back(seconds):
    assert rules.seconds_of(rules.clock(seconds)) == seconds


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"text": ""}, ["post_empty"]),
        ({"text": "问" * (rules.LONGEST_TEXT + 1)}, ["post_long"]),
        ({"at_seconds": 100}, []),
        ({"at_seconds": 101}, ["time_outside"]),
        ({"at_seconds": 1, "video_seconds": 0}, ["time_outside"]),
        ({"open_questions": rules.MOST_OPEN}, ["questions_open"]),
    ],
)
def test_when_one_may_ask(changes, expected):
    asked = {"text": "为什么？", "at_seconds": None, "video_seconds": 100, "open_questions": 0, **changes}
    assert [reason.code for reason in rules.asking_problems(**asked)] == expected


# --- Actions --------------------------------------------------------------------------------------------


def ask(user, page, text: str = "政策从哪里查？", **kwargs) -> LessonQuestion:
    _course, lesson = make.outlines(page)
    return discussion.ask(user=user, lesson=lesson, text=text, key=uuid.uuid4(), **kwargs)


def reply(user, question, text: str = "在政务网上查。", **kwargs) -> LessonReply:
    return discussion.reply(question=question, user=user, text=text, key=uuid.uuid4(), **kwargs)


def waits(question) -> bool:
    return LessonQuestion.objects.waiting().filter(pk=question.pk).exists()


@pytest.mark.django_db
class TestActions:
    def test_an_instructor_answers_a_colleague_in_class_does_not(self, zhang, wang, chen, school):
        question = ask(zhang, school.film, at_seconds=42)
        assert chen.inbox.get().kind == "question_asked"
        assert not reply(wang, question).by_teacher
        assert waits(question)
        assert reply(chen, question).by_teacher
        assert not waits(question)
        assert list(zhang.inbox.values_list("kind", flat=True)) == ["question_replied"] * 2
        # Whoever asked and asks on waits again.
        reply(zhang, question, "还是不清楚。")
        assert waits(question)
        assert chen.inbox.count() == 2

    def test_an_accepted_answer_answers_and_gives_way_to_another(self, zhang, wang, li, school):
        question = ask(zhang, school.reading)
        first, second = reply(wang, question), reply(li, question)
        discussion.accept(reply=first, actor=zhang)
        assert not waits(question)
        discussion.accept(reply=second, actor=zhang)
        question.refresh_from_db()
        assert question.accepted == second

    def test_only_who_asked_or_teaches_accepts(self, zhang, wang, chen, school):
        said = reply(wang, ask(zhang, school.reading))
        with pytest.raises(Refused, match="not_to_accept"):
            discussion.accept(reply=said, actor=wang)
        assert discussion.accept(reply=said, actor=chen).accepted == said

    def test_one_form_sent_twice_is_one_post(self, zhang, chen, school):
        _course, lesson = make.outlines(school.reading)
        key = uuid.uuid4()
        first = discussion.ask(user=zhang, lesson=lesson, text="问", key=key)
        assert discussion.ask(user=zhang, lesson=lesson, text="问", key=key) == first
        one = discussion.reply(question=first, user=chen, text="答", key=key)
        assert discussion.reply(question=first, user=chen, text="答", key=key) == one
        assert zhang.inbox.count() == 1

    def test_what_is_hidden_is_kept_told_and_logged(self, zhang, wang, chen, school):
        question = ask(zhang, school.reading)
        said = reply(wang, question, "广告")
        discussion.accept(reply=said, actor=zhang)
        with pytest.raises(Refused, match="not_to_hide"):
            discussion.hide(post=said, reason="与课程无关", actor=zhang)
        with pytest.raises(Refused, match="hiding_reason_missing"):
            discussion.hide(post=said, reason=" ", actor=chen)
        discussion.hide(post=said, reason="与课程无关", actor=chen)
        said.refresh_from_db()
        question.refresh_from_db()
        assert (said.text, said.hidden_by, said.hidden_reason) == ("广告", chen, "与课程无关")
        assert question.accepted is None
        assert waits(question)
        assert wang.inbox.get().kind == "post_hidden"
        entry = ModelLogEntry.objects.get(action="courses.question.hide")
        assert (entry.user, entry.data["reason"]) == (chen, "与课程无关")
        with pytest.raises(Refused, match="post_hidden"):
            discussion.accept(reply=said, actor=zhang)
        discussion.show(post=said, actor=chen)
        assert discussion.accept(reply=said, actor=zhang).accepted == said

    def test_a_hidden_answer_of_an_instructor_lets_the_question_wait(self, zhang, chen, zhao, school):
        question = ask(zhang, school.reading)
        said = reply(chen, question)
        discussion.hide(post=said, reason="有误", actor=zhao)
        assert waits(question)
        discussion.show(post=said, actor=zhao)
        assert not waits(question)

    def test_too_many_open_questions_wait_for_replies_first(self, zhang, school):
        for _number in range(rules.MOST_OPEN):
            ask(zhang, school.reading)
        with pytest.raises(Refused, match="questions_open"):
            ask(zhang, school.reading)
        assert ask(zhang, school.film).pk


# --- Who sees them --------------------------------------------------------------------------------------


@pytest.fixture
def colleague(django_user_model):
    """An instructor of no module."""
    user = django_user_model.objects.create_user("colleague", password="x", phone="13900000001")
    grant_role(user=user, role=Role.INSTRUCTOR)
    return user


@pytest.mark.django_db
class TestPages:
    def url(self, page) -> str:
        return reverse("courses:questions", args=[page.pk])

    def test_who_may_see_the_lesson_sees_its_questions_and_nobody_else(
        self, client, sign_in, zhang, wang, chen, django_user_model
    ):
        module = make.module(chen)
        course = make.course(module=module, slug="ordered", is_sequential=True)
        first, second = make.lesson(course, slug="one", least_seconds=0), make.lesson(course, slug="two")
        nobody = django_user_model.objects.create_user("nobody", password="x", phone="13900000002")
        for user in (zhang, chen):
            ask(user, second, text="顺序课程里的问题")
        for user, status in ((zhang, 404), (nobody, 404), (chen, 200)):
            sign_in(client, user)
            assert client.get(self.url(second)).status_code == status, user
            post = client.post(self.url(second), {"text": "", "key": str(uuid.uuid4())})
            assert post.status_code == (422 if status == 200 else 404)
        outline, lesson = make.outlines(first)
        row = progress.open_lesson(user=zhang, course=outline, lesson=lesson)
        row.end_reached, row.studied_seconds = True, row.required_seconds
        row.save()
        complete_lesson(progress_id=row.pk)
        sign_in(client, zhang)
        assert client.get("/courses/ordered/two/").status_code == 200
        assert "顺序课程里的问题" in client.get(self.url(second)).content.decode()
        second.unpublish()
        assert client.get(self.url(second)).status_code == 404
        client.logout()
        assert client.get(self.url(second)).status_code == 302

    def test_from_asking_to_the_accepted_answer(self, client, sign_in, zhang, chen, school):
        sign_in(client, zhang)
        page = client.get(self.url(school.film) + "?at=42")
        assert 'value="0:42"' in page.content.decode()
        data = {"text": "流程第二步是什么？", "at_seconds": "0:42", "key": str(uuid.uuid4())}
        assert client.post(self.url(school.film), data).status_code == 302
        question = LessonQuestion.objects.get()
        assert question.at_seconds == 42
        late = client.post(self.url(school.film), data | {"at_seconds": "9:00", "key": str(uuid.uuid4())})
        assert late.status_code == 422
        wrong = client.post(self.url(school.film), data | {"at_seconds": "abc", "key": str(uuid.uuid4())})
        assert wrong.status_code == 422
        sign_in(client, chen)
        assert "流程第二步" in client.get("/courses/teaching/questions/").content.decode()
        url = reverse("courses:question_reply", args=[question.pk])
        assert client.post(url, {"text": "", "key": str(uuid.uuid4())}).status_code == 422
        assert client.post(url, {"text": "提交材料。", "key": str(uuid.uuid4())}).status_code == 302
        assert "流程第二步" not in client.get("/courses/teaching/questions/").content.decode()
        said = LessonReply.objects.get()
        sign_in(client, zhang)
        body = client.get(self.url(school.film)).content.decode()
        assert "提交材料。" in body
        assert "#t=42" in body
        client.post(reverse("courses:question_accept", args=[said.pk]))
        question.refresh_from_db()
        assert question.accepted == said

    def test_hidden_posts_are_seen_by_their_writer_and_those_who_teach(
        self, client, sign_in, zhang, wang, chen, colleague, school
    ):
        question = ask(zhang, school.reading, text="甲的问题")
        said = reply(wang, question, "乙的广告")
        url = reverse("courses:question_hide_reply", args=[said.pk])
        for user in (zhang, colleague):
            sign_in(client, user)
            assert client.post(url, {"reason": "无关"}).status_code == 404
        sign_in(client, chen)
        client.post(url, {"reason": "无关"})
        for user, sees in ((zhang, False), (colleague, False), (wang, True), (chen, True)):
            sign_in(client, user)
            assert ("乙的广告" in client.get(self.url(school.reading)).content.decode()) is sees, user
        discussion.hide(post=question, reason="重复提问", actor=chen)
        for user, sees in ((wang, False), (zhang, True), (chen, True)):
            sign_in(client, user)
            assert ("甲的问题" in client.get(self.url(school.reading)).content.decode()) is sees, user
            answer = client.post(
                reverse("courses:question_reply", args=[question.pk]),
                {"text": "答", "key": str(uuid.uuid4())},
            )
            assert answer.status_code == (422 if sees else 404)

    def test_marks_of_others_are_shown_not_obeyed(self, client, sign_in, zhang, school):
        ask(zhang, school.reading, text="<img src=x onerror=alert(1)>")
        sign_in(client, zhang)
        body = client.get(self.url(school.reading)).content.decode()
        assert "<img src=x" not in body
        assert "&lt;img src=x" in body

    def test_the_list_of_what_waits_is_ones_own(self, zhang, chen, zhao, colleague, school):
        ask(zhang, school.reading)
        assert questions_waiting(chen).count() == questions_waiting(zhao).count() == 1
        assert not questions_waiting(colleague).exists()
        assert not questions_waiting(zhang).exists()

    def test_a_message_leads_to_the_page_of_its_question(self, client, sign_in, zhang, chen, school):
        now = timezone.now()
        first = ask(zhang, school.reading, now=now - dt.timedelta(days=1))
        for number in range(25):
            LessonQuestion.objects.create(
                author=chen,
                lesson=school.reading,
                course=school.course,
                text=f"问{number}",
                written_at=now,
            )
        sign_in(client, zhang)
        page = client.get(discussion.address(first)).context["page_obj"]
        assert page.number == 2
        assert first in page.object_list

    def test_they_cost_the_same_for_more_rows(self, client, sign_in, zhang, wang, chen, school):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        def cost(url: str) -> int:
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            return len(queries)

        urls = [self.url(school.reading), "/courses/teaching/questions/", "/courses/teaching/"]
        reply(zhang, ask(wang, school.reading))
        sign_in(client, chen)
        before = [cost(url) for url in urls]
        for user in (zhang, wang, zhang, wang):
            question = ask(user, school.reading)
            for writer in (wang, zhang):
                reply(writer, question)
        assert [cost(url) for url in urls] == before

    def test_whoever_may_not_see_the_lesson_has_no_place(self, zhang, school, django_user_model):
        nobody = django_user_model.objects.create_user("nobody", password="x", phone="13900000002")
        assert place_of(zhang, school.reading.pk) is not None
        assert place_of(nobody, school.reading.pk) is None
        assert place_of(zhang, 999_999) is None

    def test_who_is_where_tells_what_waits(self, client, sign_in, zhang, chen, school):
        question = ask(zhang, school.reading)
        asked = make.lesson(school.course, rule="reflect")
        outline, lesson = make.outlines(asked)
        progress.open_lesson(user=zhang, course=outline, lesson=lesson)
        reflections.hand_in(user=zhang, lesson_id=asked.pk, text="心得" * 60, key=uuid.uuid4())
        sign_in(client, chen)

        def waiting() -> tuple[int, int]:
            found = client.get("/courses/follow/policy/").context["following"]
            return found.reflections_waiting, found.questions_waiting

        assert waiting() == (1, 1)
        reply(chen, question)
        assert waiting() == (1, 0)
