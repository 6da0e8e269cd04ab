"""Reflections: handed in, answered, handed in anew; what is private; what completes the lesson."""

from __future__ import annotations

import datetime as dt
import io
import uuid

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from cms.pictures import redraw
from cms.refusals import Refused
from courses.actions import progress, reflections
from courses.models import (
    CourseProgress,
    LessonProgress,
    Reflection,
    ReflectionPicture,
    ReflectionStatus,
    ReflectionVersion,
)
from courses.rules import reflections as rules
from enrollment.actions.roles import grant_role
from enrollment.models import HourEntry, Role
from tests.factories import courses as make

TEXT = "这一课让我明白支部怎样把惠企政策读懂、用好。" * 6


# --- Rules ----------------------------------------------------------------------------------------------


def problems(**changes) -> list[str]:
    asked = {
        "is_asked": True,
        "standing": rules.Standing(),
        "text": TEXT,
        "least_characters": 100,
        "pictures": 0,
        **changes,
    }
    return [reason.code for reason in rules.hand_in_problems(**asked)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"is_asked": False}, ["reflection_not_asked"]),
        ({"standing": rules.Standing(rules.WAITING, 1)}, []),
        ({"standing": rules.Standing(rules.RETURNED, 2)}, []),
        ({"standing": rules.Standing(rules.ACCEPTED, 1)}, ["reflection_accepted"]),
        ({"text": "短"}, ["reflection_short"]),
        ({"text": " \n", "least_characters": 0}, ["reflection_short"]),
        ({"text": "字", "least_characters": 0}, []),
        # Spaces and line ends are no words.
        ({"text": "字 \n" * 60, "least_characters": 61}, ["reflection_short"]),
        ({"text": "字" * (rules.LONGEST_TEXT + 1)}, ["reflection_long"]),
        ({"pictures": rules.MOST_PICTURES + 1}, ["too_many_pictures"]),
    ],
)
def test_when_one_may_be_handed_in(changes, expected):
    assert problems(**changes) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"is_own": True}, ["reflection_own"]),
        ({"read_number": 1}, ["reflection_anew"]),
        ({"standing": rules.Standing(rules.ACCEPTED, 2)}, ["reflection_not_waiting"]),
        ({"accepts": False}, ["comment_missing"]),
        ({"accepts": False, "comment": "请写具体"}, []),
        ({"comment": "字" * (rules.LONGEST_COMMENT + 1)}, ["comment_too_long"]),
        ({"is_published": False}, ["reflection_not_published"]),
        ({"is_published": False, "accepts": False, "comment": "请写具体"}, []),
    ],
)
def test_when_one_may_be_decided_on(changes, expected):
    asked = {
        "standing": rules.Standing(rules.WAITING, 2),
        "read_number": 2,
        "is_own": False,
        "accepts": True,
        "comment": "",
        **changes,
    }
    assert [reason.code for reason in rules.decision_problems(**asked)] == expected


# --- Actions --------------------------------------------------------------------------------------------


@pytest.fixture
def asked(school):
    """A fourth lesson of the course, which asks for a reflection."""
    return make.lesson(
        school.course,
        title="写下心得",
        slug="reflect",
        minutes=30,
        rule="reflect",
        reflection_task="结合实际",
    )


def jpeg(name: str = "a.jpg", colour: str = "red") -> SimpleUploadedFile:
    target = io.BytesIO()
    Image.new("RGB", (30, 20), colour).save(target, "JPEG")
    return SimpleUploadedFile(name, target.getvalue(), content_type="image/jpeg")


def files() -> set[str]:
    """What lies in the folder of the pictures."""
    return set(default_storage.listdir("reflections")[1]) if default_storage.exists("reflections") else set()


def opened(user, asked) -> LessonProgress:
    course, lesson = make.outlines(asked)
    return progress.open_lesson(user=user, course=course, lesson=lesson)


def handed_in(user, asked, text: str = TEXT, **kwargs) -> ReflectionVersion:
    opened(user, asked)
    return reflections.hand_in(user=user, lesson_id=asked.pk, text=text, key=uuid.uuid4(), **kwargs)


@pytest.mark.django_db
class TestActions:
    def test_accepted_completes_the_lesson_and_credits_it_once(self, zhang, chen, asked):
        version = handed_in(zhang, asked)
        row = LessonProgress.objects.get(user=zhang, lesson=asked)
        assert row.completed_at is None
        reflections.accept(reflection=version.reflection, number=1, actor=chen)
        row.refresh_from_db()
        assert row.completed_at is not None
        assert row.reflection_accepted_at is not None
        entry = HourEntry.objects.get()
        assert (entry.pk, entry.quarters, entry.evidence_id) == (row.entry_id, 4, str(asked.pk))
        assert CourseProgress.objects.get(user=zhang).completed_lessons == 1
        with pytest.raises(Refused, match="reflection_not_waiting"):
            reflections.accept(reflection=version.reflection, number=1, actor=chen)
        with pytest.raises(Refused, match="reflection_accepted"):
            handed_in(zhang, asked)
        assert HourEntry.objects.count() == 1

    def test_nothing_is_lost_when_it_is_handed_back(self, zhang, chen, asked):
        first = handed_in(zhang, asked, pictures=[redraw(jpeg(), name="a")])
        reflections.hand_back(reflection=first.reflection, number=1, actor=chen, comment="请结合支部实际")
        kept = list(first.pictures.values_list("pk", flat=True))
        second = handed_in(
            zhang, asked, TEXT + "补充。", pictures=[redraw(jpeg(colour="blue"), name="b")], keep=kept
        )
        assert second.number == 2
        assert second.pictures.count() == 2
        first.refresh_from_db()
        assert (first.text, first.verdict, first.comment) == (TEXT, "returned", "请结合支部实际")
        assert first.pictures.count() == 1
        # One more, without any picture: those of the earlier versions stay where they were.
        third = handed_in(zhang, asked)
        assert (third.pictures.count(), second.pictures.count()) == (0, 2)
        assert all(default_storage.exists(row.file.name) for row in ReflectionPicture.objects.all())
        assert LessonProgress.objects.get(user=zhang, lesson=asked).completed_at is None

    def test_one_form_sent_twice_is_one_version_and_leaves_no_file(self, zhang, asked):
        opened(zhang, asked)
        key = uuid.uuid4()

        def send():
            return reflections.hand_in(
                user=zhang, lesson_id=asked.pk, text=TEXT, key=key, pictures=[redraw(jpeg(), name="a")]
            )

        before = files()
        assert send().pk == send().pk
        assert ReflectionVersion.objects.count() == 1
        assert len(files() - before) == 1

    def test_a_refused_one_leaves_neither_row_nor_file(self, zhang, asked):
        before = files()
        with pytest.raises(Refused, match="reflection_short"):
            handed_in(zhang, asked, "短", pictures=[redraw(jpeg(), name="a")])
        assert not Reflection.objects.exists()
        after = files()
        assert after == before

    def test_pictures_of_others_cannot_be_taken_over(self, zhang, wang, asked):
        theirs = handed_in(wang, asked, pictures=[redraw(jpeg(), name="a")]).pictures.get()
        assert handed_in(zhang, asked, keep=[theirs.pk]).pictures.count() == 0

    def test_the_version_that_was_read_is_the_one_decided_on(self, zhang, chen, asked):
        reflection = handed_in(zhang, asked).reflection
        handed_in(zhang, asked, TEXT + "新")
        with pytest.raises(Refused, match="reflection_anew"):
            reflections.accept(reflection=reflection, number=1, actor=chen)
        assert not HourEntry.objects.exists()
        assert reflections.accept(reflection=reflection, number=2, actor=chen).status == "accepted"

    def test_a_lesson_that_asks_for_none_takes_none(self, zhang, school):
        with pytest.raises(Refused, match="reflection_not_asked"):
            handed_in(zhang, school.reading)

    def test_while_the_lesson_is_not_published_no_hours_are_given_away(self, zhang, chen, asked):
        reflection = handed_in(zhang, asked).reflection
        asked.unpublish()
        with pytest.raises(Refused, match="reflection_not_published"):
            reflections.accept(reflection=reflection, number=1, actor=chen)
        reflection.refresh_from_db()
        assert reflection.status == ReflectionStatus.WAITING

    def test_those_concerned_are_told_once(self, zhang, chen, asked):
        version = handed_in(zhang, asked)
        assert list(chen.inbox.values_list("kind", flat=True)) == ["reflection_waiting"]
        reflections.hand_back(reflection=version.reflection, number=1, actor=chen, comment="请结合实际")
        message = zhang.inbox.get()
        assert message.kind == "reflection_returned"
        assert message.link == reverse("courses:reflection", args=[asked.pk])
        handed_in(zhang, asked)
        reflections.accept(reflection=version.reflection, number=2, actor=chen)
        assert set(zhang.inbox.values_list("kind", flat=True)) == {
            "reflection_returned",
            "reflection_accepted",
        }

    def test_the_rule_is_that_of_the_day_it_was_opened(self, zhang, chen, asked):
        reflection = handed_in(zhang, asked).reflection
        asked.rule = "read"
        asked.save_revision().publish()
        reflections.accept(reflection=reflection, number=1, actor=chen)
        assert LessonProgress.objects.get(user=zhang, lesson=asked).completed_at is not None


# --- Pages ----------------------------------------------------------------------------------------------


@pytest.fixture
def colleague(django_user_model):
    """An instructor of no module."""
    user = django_user_model.objects.create_user("colleague", password="x", phone="13900000001")
    grant_role(user=user, role=Role.INSTRUCTOR)
    return user


@pytest.mark.django_db
class TestPages:
    def url(self, asked) -> str:
        return reverse("courses:reflection", args=[asked.pk])

    def test_from_writing_to_accepted(self, client, sign_in, zhang, chen, asked):
        sign_in(client, zhang)
        assert "心得体会" in client.get("/courses/policy/reflect/").content.decode()
        form = client.get(self.url(asked))
        assert "结合实际" in form.content.decode()
        key = str(form.context["form"]["key"].value())
        data = {"text": TEXT, "key": key, "pictures": [jpeg("1.jpg"), jpeg("2.jpg")]}
        assert client.post(self.url(asked), data)["Location"] == self.url(asked)
        reflection = Reflection.objects.get()
        assert ReflectionPicture.objects.count() == 2
        sign_in(client, chen)
        listed = client.get("/courses/teaching/reflections/").content.decode()
        assert "张学员" in listed
        one = reverse("courses:teaching_reflection", args=[reflection.pk])
        assert "这一课让我明白" in client.get(one).content.decode()
        nothing = client.post(one, {"number": 1, "decision": "hand_back", "comment": ""})
        assert nothing.status_code == 422
        done = client.post(one, {"number": 1, "decision": "accept", "comment": "写得实在"})
        assert done.status_code == 302
        assert "张学员" in client.get("/courses/teaching/reflections/?show=decided").content.decode()
        sign_in(client, zhang)
        page_now = client.get(self.url(asked)).content.decode()
        assert "写得实在" in page_now
        assert 'name="text"' not in page_now
        assert client.post(self.url(asked), data | {"key": str(uuid.uuid4())}).status_code == 200
        assert ReflectionVersion.objects.count() == 1

    def test_what_is_wrong_is_said_and_what_was_typed_stays(self, client, sign_in, zhang, asked):
        sign_in(client, zhang)
        client.get("/courses/policy/reflect/")
        key = str(uuid.uuid4())
        answer = client.post(
            self.url(asked),
            {"text": "太短的心得", "key": key, "pictures": SimpleUploadedFile("心得.jpg", b"<svg/>")},
        )
        assert answer.status_code == 422
        body = answer.content.decode()
        assert "太短的心得" in body
        assert "心得.jpg" in body
        assert "至少" in client.post(self.url(asked), {"text": "太短的心得", "key": key}).content.decode()
        ten = [jpeg(f"{number}.jpg") for number in range(10)]
        assert client.post(self.url(asked), {"text": TEXT, "key": key, "pictures": ten}).status_code == 422
        assert client.post(self.url(asked), {"text": TEXT, "key": "none"}).status_code == 422
        assert not Reflection.objects.exists()

    def test_pictures_are_private(self, client, sign_in, zhang, wang, li, chen, zhao, colleague, zhou, asked):
        version = handed_in(zhang, asked, pictures=[redraw(jpeg(), name="a")])
        picture = version.pictures.get()
        url = reverse("courses:reflection_picture", args=[picture.pk])
        one = reverse("courses:teaching_reflection", args=[version.reflection_id])
        for user, may_see, may_decide in (
            (zhang, True, False),
            (chen, True, True),
            (zhao, True, True),
            (wang, False, False),
            (li, False, False),
            (colleague, False, False),
            (zhou, False, False),
        ):
            sign_in(client, user)
            answer = client.get(url)
            assert (answer.status_code == 200) is may_see, user
            assert (client.get(one).status_code == 200) is may_decide, user
            post = client.post(one, {"number": 1, "decision": "hand_back", "comment": ""})
            assert post.status_code == (422 if may_decide else 404), user
        # Nor does the address of the file itself lead anywhere.
        assert client.get(f"/media/{picture.file.name}").status_code == 404
        client.logout()
        assert client.get(url).status_code == 302

    def test_nobody_decides_on_their_own(self, client, sign_in, chen, zhao, asked):
        version = handed_in(chen, asked)
        sign_in(client, chen)
        url = reverse("courses:teaching_reflection", args=[version.reflection_id])
        assert client.get(url).status_code == 404
        with pytest.raises(Refused, match="reflection_own"):
            reflections.accept(reflection=version.reflection, number=1, actor=chen)
        sign_in(client, zhao)
        assert client.get(url).status_code == 200

    def test_teaching_is_for_those_who_teach(self, client, sign_in, zhang, colleague, asked):
        sign_in(client, zhang)
        assert client.get("/courses/teaching/").status_code == 404
        sign_in(client, colleague)
        answer = client.get("/courses/teaching/")
        assert answer.status_code == 200
        assert "惠企政策解读" not in answer.content.decode()

    def test_lists_cost_the_same_for_more_rows(
        self, client, sign_in, chen, zhang, wang, li, outsider, asked, django_assert_max_num_queries
    ):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        def cost(url: str) -> int:
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            return len(queries)

        one = handed_in(zhang, asked, pictures=[redraw(jpeg(), name="a")]).reflection
        sign_in(client, chen)
        urls = [
            "/courses/teaching/",
            "/courses/teaching/reflections/",
            reverse("courses:teaching_reflection", args=[one.pk]),
        ]
        before = [cost(url) for url in urls]
        for user in (wang, li, outsider):
            handed_in(user, asked)
        for number in range(4):
            reflections.hand_back(reflection=one, number=number + 1, actor=chen, comment="再具体些")
            handed_in(zhang, asked, TEXT + str(number), pictures=[redraw(jpeg(), name="a")])
        assert [cost(url) for url in urls] == before

    def test_the_longest_waiting_comes_first(self, client, sign_in, chen, zhang, wang, asked):
        now = timezone.now()
        handed_in(wang, asked, now=now)
        handed_in(zhang, asked, now=now - dt.timedelta(days=1))
        sign_in(client, chen)
        rows = client.get("/courses/teaching/reflections/").context["page_obj"].object_list
        assert [row.progress.user_id for row in rows] == [zhang.pk, wang.pk]
