"""陈讲师 writes a lesson, 赵管理员 sends it back and then publishes it, 张学员 reads it (scenario 12)."""

from __future__ import annotations

import re

from playwright.sync_api import Route, expect
from wagtail.models import TaskState, WorkflowState

from courses.models import CoursePage, LessonPage
from tests.e2e.editor import Editor
from tests.e2e.people import Door
from tests.e2e.words import said

TITLE = "商会党组织怎样服务会员企业"
HEADING = "先听一听企业要什么"
FIRST = "服务从走访开始，每季度至少走访一次会员企业。"
COMMENT = "请补充走访之后怎样反馈。"
SECOND = "走访后十日内逐条反馈办理结果。"


def test_written_sent_back_published_and_read(door: Door, records: None) -> None:
    course = CoursePage.objects.get(slug="shuangxiang-jinru")

    # The instructor writes.
    chen = door.desktop("chen")
    editor = Editor(chen)
    editor.open(f"/admin/pages/add/courses/lessonpage/{course.pk}/")
    chen.locator("#id_title").fill(TITLE)
    editor.write_heading(HEADING)
    editor.write_paragraph(FIRST)
    preview = editor.preview()
    expect(preview.get_by_role("heading", name=HEADING)).to_be_visible(timeout=30_000)
    expect(preview.get_by_text(FIRST)).to_be_visible()

    # It goes to the administrator; the instructor cannot publish.
    expect(chen.get_by_role("button", name=said("Publish"), exact=True)).to_have_count(0)
    editor.choose("提交给")
    chen.wait_for_url(re.compile(rf"/admin/pages/{course.pk}/$"))
    lesson = LessonPage.objects.get(title=TITLE)
    assert not lesson.live
    assert lesson.current_workflow_state.status == WorkflowState.STATUS_IN_PROGRESS
    reader = door.phone("zhang")
    assert reader.goto(f"/courses/{course.slug}/{lesson.slug}/").status == 404

    # The administrator finds it waiting, and sends it back with a comment.
    zhao = door.desktop("zhao")
    zhao.goto("/admin/")
    expect(zhao.locator("main")).to_contain_text(TITLE)
    review = Editor(zhao)
    review.open(f"/admin/pages/{lesson.pk}/edit/")
    review.choose(said("Request changes"))
    zhao.get_by_role("dialog").locator("textarea").fill(COMMENT)
    zhao.locator(".modal-content [type=submit]").click()
    zhao.wait_for_url(re.compile(rf"/admin/pages/{course.pk}/$"))
    assert lesson.current_workflow_state.status == WorkflowState.STATUS_NEEDS_CHANGES
    assert TaskState.objects.filter(status=TaskState.STATUS_REJECTED, comment=COMMENT).exists()

    # The instructor finds the comment at once, changes and resubmits.
    chen.goto("/admin/")
    expect(chen.locator(".academy-sent-back-list")).to_contain_text(COMMENT)
    editor.open(f"/admin/pages/{lesson.pk}/edit/")
    expect(chen.locator(".academy-sent-back").first).to_contain_text(COMMENT)
    editor.append(SECOND)
    editor.choose("重新提交给")
    chen.wait_for_url(re.compile(rf"/admin/pages/{course.pk}/$"))
    assert lesson.current_workflow_state.status == WorkflowState.STATUS_IN_PROGRESS

    # The administrator publishes.
    review.open(f"/admin/pages/{lesson.pk}/edit/")
    expect(zhao.locator(".public-DraftEditor-content").last).to_contain_text(SECOND)
    review.choose(said("Approve"))
    zhao.wait_for_url(re.compile(rf"/admin/pages/{course.pk}/$"))
    lesson.refresh_from_db()
    assert lesson.live
    assert lesson.current_workflow_state is None

    # The trainee finds it in the course on the phone.
    reader.goto(f"/courses/{course.slug}/")
    reader.get_by_role("link", name=TITLE).click()
    expect(reader.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(reader.get_by_role("heading", name=HEADING)).to_be_visible()
    expect(reader.get_by_text(SECOND)).to_be_visible()


def test_a_page_sent_while_it_saves_itself_is_made_once(door: Door, records: None) -> None:
    course = CoursePage.objects.get(slug="shuangxiang-jinru")
    title = "慢网络里写的一课"
    chen = door.desktop("chen")
    held: list[Route] = []

    def hold_back(route: Route) -> None:
        """A slow network: what the editor saves by itself is under way until the test lets it go on."""
        if route.request.method == "POST" and route.request.headers.get("accept") == "application/json":
            held.append(route)
        else:
            route.continue_()

    chen.route("**/admin/pages/**", hold_back)
    # The editor knows what has changed once it has looked at the form as it was.
    looked = (
        "document.addEventListener('w-unsaved:watch-edits', () => { document.body.dataset.looked = ''; })"
    )
    chen.add_init_script(looked)
    editor = Editor(chen)
    editor.open(f"/admin/pages/add/courses/lessonpage/{course.pk}/")
    expect(chen.locator("body[data-looked]")).to_be_attached()
    with chen.expect_request(lambda request: request.method == "POST" and "/pages/add/" in request.url):
        chen.locator("#id_title").fill(title)
    with chen.expect_response("**/standing/**"):
        editor.choose("提交给")
    chen.wait_for_timeout(500)
    expect(chen).to_have_url(re.compile("/pages/add/"))
    for route in held:
        route.continue_()
    chen.wait_for_url(re.compile(rf"/admin/pages/{course.pk}/$"))

    assert len(held) == 1
    lesson = LessonPage.objects.get(title=title)
    assert lesson.current_workflow_state.status == WorkflowState.STATUS_IN_PROGRESS
    lesson.delete()
