"""Publishing with open eyes: held back until its impact was seen, and followed by those whom it concerns."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task
from wagtail.actions.publish_page_revision import PublishPageRevisionAction
from wagtail.models import Page, Revision

from cms.refusals import Reason, Refused
from courses.actions.authoring import renew_catalogue
from courses.actions.completion import CHUNK, derive_courses_in_bulk
from courses.models import CourseProgress
from enrollment.models import User

CHANGED_MEANWHILE = Reason(
    "page_changed_meanwhile",
    _("The page was changed after you looked at what publishing does. Look again."),
)


@transaction.atomic
def hold_back(*, page: Page) -> None:
    """Take the word “live” from a page that the editor has just made and is about to publish.

    Wagtail adds it as live, before anything is published: others would see it in that moment.
    """
    if page.live and page.live_revision_id is None:
        Page.objects.filter(pk=page.pk).update(live=False, has_unpublished_changes=True)
        renew_catalogue()


def publish_as_seen(*, page: Page, revision: Revision, actor: User) -> None:
    """Publish the draft whose impact was shown.

    Raises:
        Refused: ``page_changed_meanwhile``: there is a newer draft.
        PermissionDenied: ``actor`` may not publish the page.
    """
    with transaction.atomic():
        # The row is written if the draft is the latest one still, and nobody brings a newer one meanwhile.
        latest = Page.objects.filter(pk=page.pk, latest_revision_id=revision.pk)
        if not latest.update(latest_revision_id=revision.pk):
            raise Refused(CHANGED_MEANWHILE)
        PublishPageRevisionAction(revision, user=actor).execute()


def follow_later(*, course_id: int) -> None:
    """After what a course asks for has changed: have everybody's progress in it derived in the background."""
    if CourseProgress.objects.filter(course_id=course_id).exists():
        transaction.on_commit(
            lambda: async_task("courses.tasks.derive_course", course_id, group="derive-course")
        )


def derive_for_everybody(*, course_id: int) -> int:
    """Derive the progress of everybody in the course anew, chunk by chunk; how many it found newly complete.

    Safe to repeat: what is complete stays complete, results are not touched.
    """
    people = CourseProgress.objects.filter(course_id=course_id).order_by("user_id")
    users = list(people.values_list("user_id", flat=True))
    return sum(
        derive_courses_in_bulk(pairs={(user_id, course_id) for user_id in chunk})
        for chunk in (users[start : start + CHUNK] for start in range(0, len(users), CHUNK))
    )
