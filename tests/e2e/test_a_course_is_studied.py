"""张学员 studies a course on the phone: found, watched, tested, read, and in the ledger.

The server judges time, so this journey takes the time that it takes: the video plays to its end, the text
stays on the screen.
"""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from cms.templatetags.ui import hours
from courses.models import CourseProgress, LessonPage, LessonProgress, QuestionVersion, QuizAttempt
from enrollment.models import HourBalance, HourEntry, HourKind, Standing, Trainee
from tests.e2e.people import Door
from tests.e2e.screen import barriers
from tests.e2e.words import pattern_of, said

WORD = "民营企业"
COURSE = "shuju-hegui"


def answer_everything(page: Page, attempt: QuizAttempt, *, rightly: bool) -> None:
    """Tick the right options of every question, or of the first one a wrong one."""
    for place, question in enumerate(attempt.plan):
        version = QuestionVersion.objects.get(pk=question["version"])
        field = page.locator(f'fieldset[data-place="{place}"]')
        keys = set(version.correct_keys)
        if not rightly:
            keys = {option["key"] for option in version.options if not option["correct"]}
        for key in sorted(keys):
            field.locator(f'input[value="{key}"]').check()
    expect(page.locator("[data-save-state]")).to_have_text(said("Saved"))


def lose_the_network_at_an_answer(page: Page, attempt: QuizAttempt) -> None:
    """An answer that cannot be saved is told in the words of every page, and saved when asked for again."""
    question = attempt.plan[0]
    key = sorted(QuestionVersion.objects.get(pk=question["version"]).correct_keys)[0]
    page.context.set_offline(True)
    page.locator('fieldset[data-place="0"]').locator(f'input[value="{key}"]').check()
    notice = page.locator("#toast-offline")
    expect(notice).to_be_visible()
    expect(page.locator("[data-save-state]")).not_to_have_text(said("Saved"))
    page.context.set_offline(False)
    notice.get_by_role("button", name=said("Try again")).click()
    expect(page.locator("[data-save-state]")).to_have_text(said("Saved"))
    expect(notice).to_be_hidden()


@pytest.mark.long
def test_from_a_search_to_the_ledger(door: Door, records: None) -> None:
    trainee = Trainee.objects.get(user__username="zhang")
    year = timezone.localdate().year
    watched = LessonPage.objects.get(slug="personal-information")
    read = LessonPage.objects.get(slug="data-breach-drill")
    before = Standing.objects.get(trainee=trainee, year=year).earned_quarters
    assert not CourseProgress.objects.filter(user=trainee.user, course__slug=COURSE).exists()

    page = door.phone("zhang")
    page.goto("/")
    expect(page.locator(".home-year")).to_contain_text(hours(before))

    # The word stands in the middle of a sentence of the lesson.
    page.goto("/courses/")
    page.get_by_label(said("Search courses and lessons")).fill(WORD)
    page.get_by_label(said("Search courses and lessons")).press("Enter")
    found = page.locator(".found-item").filter(has=page.get_by_role("link", name=watched.title))
    expect(found.locator("mark").first).to_have_text(WORD)
    found.get_by_role("link", name=watched.title).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(watched.title)

    # To the course and back: it begins with the lesson that was found.
    page.locator(".lesson-bar-back").click()
    expect(page).to_have_url(re.compile(rf"/courses/{COURSE}/$"))
    page.locator(".course-action a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(watched.title)

    # Watching: real playback in real time, to the end.
    video = page.locator("video")
    video.evaluate("player => player.play()")
    expect(video).to_have_js_property("paused", False)
    done = page.get_by_text(said("This lesson is complete"))
    assert LessonProgress.objects.get(user=trainee.user, lesson=watched).completed_at is None
    expect(video).to_have_js_property("ended", True, timeout=120_000)
    expect(done).to_be_visible(timeout=20_000)
    studied = LessonProgress.objects.get(user=trainee.user, lesson=watched)
    assert studied.studied_seconds >= studied.required_seconds - 0.5
    assert studied.entry is not None

    # The test, first failed, then passed.
    page.get_by_role("link", name=said("Take the test")).click()
    page.get_by_role("button", name=said("Begin the test")).click()
    expect(page.locator("form[data-quiz]")).to_be_visible()
    attempt = QuizAttempt.objects.get(user=trainee.user, lesson=watched, graded_at=None)
    answer_everything(page, attempt, rightly=False)
    assert barriers(page) == []
    page.get_by_role("button", name=said("Hand in")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(said("Not passed yet"))
    assert barriers(page) == []
    page.get_by_role("link", name=said("Try again")).click()
    page.get_by_role("button", name=said("Try again")).click()
    expect(page.locator("form[data-quiz]")).to_be_visible()
    attempt = QuizAttempt.objects.get(user=trainee.user, lesson=watched, graded_at=None)
    lose_the_network_at_an_answer(page, attempt)
    answer_everything(page, attempt, rightly=True)
    page.get_by_role("button", name=said("Hand in")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(said("Passed"))
    expect(page.locator(".quiz-result-words")).to_contain_text(
        pattern_of("%(hours)s study hours stand in your ledger (entry %(number)s).")
    )

    # Reading: to the end, and as long as it takes.
    page.get_by_role("link", name=said("Next lesson")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(read.title)
    page.locator("[data-lesson-end]").scroll_into_view_if_needed()
    page.mouse.wheel(0, 400)
    expect(page.get_by_text(said("This lesson is complete"))).to_be_visible(timeout=90_000)

    # The course is complete.
    page.get_by_role("link", name=said("Back to the course")).click()
    expect(page.get_by_text(said("Course complete"))).to_be_visible()
    assert CourseProgress.objects.get(user=trainee.user, course__slug=COURSE).completed_at is not None

    # Hours stand in the ledger, each with its evidence and its rule.
    page.goto("/me/ledger/")
    earned = 0
    progress = {row.lesson_id: row for row in LessonProgress.objects.filter(user=trainee.user)}
    kept = (progress[watched.pk].entry, progress[watched.pk].quiz_entry, progress[read.pk].entry)
    assert [entry.evidence_type for entry in kept] == ["lesson", "quiz", "lesson"]
    for entry in kept:
        assert entry in HourEntry.objects.standing().filter(trainee=trainee, year=year)
        earned += entry.quarters
        assert entry.kind == HourKind.ONLINE
        row = (
            page.locator("tbody tr")
            .filter(has=page.get_by_role("rowheader", name=entry.title))
            .filter(has_text=str(timezone.localtime(entry.recorded_at).strftime("%Y-%m-%d %H:%M")))
        )
        expect(row.first).to_contain_text(hours(entry.quarters))
        expect(row.first).to_contain_text(entry.rule.get_code_display())
        expect(row.first.locator("td").nth(1)).not_to_be_empty()

    # Home says so: what is earned has grown by exactly that.
    after = Standing.objects.get(trainee=trainee, year=year)
    assert after.earned_quarters == before + earned
    balances = HourBalance.objects.filter(trainee=trainee, year=year)
    assert sum(balances.values_list("quarters", flat=True)) == after.earned_quarters
    page.goto("/")
    expect(page.locator(".home-year")).to_contain_text(hours(after.earned_quarters))
    missing = after.required_quarters - after.earned_quarters
    verdict = (
        said("The year's target is reached")
        if after.has_reached
        else said("%(missing)s hours to go", missing=hours(missing))
    )
    expect(page.locator(".year-verdict")).to_have_text(verdict)
