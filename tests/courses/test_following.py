"""For those who teach: where a video is watched, how long a course takes, and the workbook of it."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from wagtail.models import PageLogEntry

from courses.models import CourseProgress, LessonProgress
from courses.models.outlines import catalogue
from courses.reports.following import heat_lines
from courses.rules.heat import PARTS, heat, middle_days
from enrollment.models import User
from tests.courses.conftest import School

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def test_a_part_counts_for_whoever_watched_half_of_it() -> None:
    seconds = float(PARTS)
    assert heat([[[0, seconds]]], seconds) == [1] * PARTS
    assert heat([[[0, 1.5]], [[0, 0.4]]], seconds)[:3] == [1, 1, 0]
    # Two short stretches of one part are one half.
    assert heat([[[2.0, 2.25], [2.5, 2.75]]], seconds)[2] == 1
    assert heat([[[0, 5]]], 0) == [0] * PARTS


moments = st.integers(-10, 900)


@given(st.lists(st.tuples(moments, moments), max_size=8), st.integers(1, 800))
def test_no_part_has_more_viewers_than_there_are_people(watched: list[tuple[int, int]], seconds: int) -> None:
    found = heat([[sorted(one)] for one in watched], seconds)
    assert len(found) == PARTS
    assert all(0 <= count <= len(watched) for count in found)


def test_half_of_the_people_were_done_in_the_middle_of_days() -> None:
    def took(days: int) -> tuple[dt.datetime, dt.datetime]:
        return NOW, NOW + dt.timedelta(days=days - 1)

    assert middle_days([]) is None
    assert middle_days([took(1), took(9), took(3)]) == 3
    assert middle_days([(NOW, NOW)]) == 1


def watched(user: User, school: School, *stretches: list[float], days: int = 0) -> None:
    LessonProgress.objects.create(
        user=user,
        lesson=school.film,
        course=school.course,
        rule="watch",
        video_seconds=100,
        required_seconds=80,
        studied_seconds=50,
        intervals=list(stretches),
        opened_at=NOW,
        studied_at=NOW,
    )
    CourseProgress.objects.create(
        user=user,
        course=school.course,
        started_at=NOW,
        studied_at=NOW,
        completed_at=NOW + dt.timedelta(days=days) if days else None,
    )


@pytest.mark.django_db
class TestThePage:
    def test_it_draws_a_line_with_its_table_and_the_time_it_takes(
        self, school: School, chen: User, zhang: User, wang: User, client: Client
    ) -> None:
        cache.clear()
        watched(zhang, school, [0, 50])
        watched(wang, school, [0, 100], days=4)
        (line,) = heat_lines(catalogue().courses[school.course.pk])
        assert (line.viewers, line.counts[0], line.counts[-1]) == (2, 2, 1)
        client.force_login(chen)
        page = client.get(reverse("courses:follow", args=["policy"]))
        text = page.content.decode()
        assert page.context["days"] == 5
        assert f'data-chart="heat-{school.film.pk}-data"' in text
        assert text.count("<tr>") >= PARTS

    def test_queries_stay_the_same(
        self, school: School, chen: User, zhang: User, wang: User, client: Client
    ) -> None:
        client.force_login(chen)

        def cost(address: str) -> int:
            cache.clear()
            catalogue()
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            return len(queries)

        watched(zhang, school, [0, 50])
        follow, export = (reverse(f"courses:{name}", args=["policy"]) for name in ("follow", "follow_export"))
        cost(follow)
        before = cost(follow), cost(export)
        watched(wang, school, [0, 100], days=4)
        assert (cost(follow), cost(export)) == before

    def test_the_workbook_is_neutral_and_logged(
        self, school: School, chen: User, zhang: User, client: Client
    ) -> None:
        User.objects.filter(pk=zhang.pk).update(name="=HYPERLINK(1)")
        watched(zhang, school, [0, 50])
        client.force_login(chen)
        answer = client.get(reverse("courses:follow_export", args=["policy"]))
        book = load_workbook(io.BytesIO(answer.content))
        people, lessons, videos = book.worksheets
        assert people["A2"].value == "'=HYPERLINK(1)"
        assert people["E2"].value == timezone.localdate(NOW).isoformat()
        assert [row[0].value for row in lessons.iter_rows(min_row=2)] == ["读懂政策", "看懂流程", "用好政策"]
        assert videos.max_row == PARTS + 1
        entry = PageLogEntry.objects.get(action="courses.follow.export")
        assert (entry.user, entry.data["rows"]) == (chen, 1)

    def test_it_is_there_for_those_who_teach_alone(
        self, school: School, zhang: User, li: User, client: Client
    ) -> None:
        address = reverse("courses:follow_export", args=["policy"])
        assert client.get(address).status_code == 302
        for user in (zhang, li):
            client.force_login(user)
            assert client.get(address).status_code == 404
        assert not PageLogEntry.objects.filter(action="courses.follow.export").exists()
