"""What people are told of courses given to them, and authors of pages that come back."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet
from django.urls import reverse
from wagtail.models import Page, WorkflowState

from courses.models import CourseAssignment, CourseProgress
from courses.models.outlines import catalogue
from enrollment.actions.messages import notify
from enrollment.models import Exemption, Role, Trainee, User

#: So long before its day a course that is not complete is called to mind, once.
DAYS_BEFORE = 7
#: So long before its day the instructors are reminded that content is to be reviewed.
REVIEW_DAYS_BEFORE = 14
#: So many are told in one transaction.
PORTION = 2000


def _learners(assignment: CourseAssignment, day: dt.date) -> QuerySet[Trainee]:
    """Those with an account whom ``assignment`` reaches on ``day`` and who have not completed the course."""
    done = CourseProgress.objects.filter(course=assignment.course_id, completed_at__isnull=False)
    return (
        assignment.people(day).filter(user__isnull=False).exclude(user__in=done.values("user")).order_by("pk")
    )


def _tell(kind: str, assignment: CourseAssignment, people: QuerySet[Trainee], key: str) -> int:
    """Tell ``people`` in portions: a cohort may be twelve thousand, and others want to write meanwhile."""
    told, portion = 0, []
    for user_id in people.values_list("user_id", flat=True).iterator(chunk_size=PORTION):
        if user_id is not None:
            portion.append(user_id)
        if len(portion) >= PORTION:
            told += _send(kind, assignment, portion, key)
            portion = []
    return told + _send(kind, assignment, portion, key)


def _send(kind: str, assignment: CourseAssignment, accounts: list[int], key: str) -> int:
    return notify(
        kind=kind,
        recipients=accounts,
        key=key,
        context={"title": assignment.course.title, "due_on": assignment.due_on},
        link=reverse("courses:course", args=[assignment.course.slug]),
    )


def tell_assigned(*, assignment: CourseAssignment, day: dt.date) -> int:
    """Tell those a course was given to, unless its day has passed or they completed it.

    Return how many heard. Given again with another day, they hear of that day. Not to be called inside a
    transaction.
    """
    if assignment.due_on < day or not assignment.course.live:
        return 0
    key = f"assignment:{assignment.pk}:{assignment.due_on}"
    return _tell("course_assigned", assignment, _learners(assignment, day), key)


def tell_due(*, day: dt.date) -> int:
    """Call to mind what has to be complete within ``DAYS_BEFORE`` days; return how many heard.

    Once for each course and day, and never to the exempt (domain §2).
    """
    exempt = Exemption.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day), starts_on__lte=day)
    coming = CourseAssignment.objects.filter(
        due_on__gt=day,
        due_on__lte=day + dt.timedelta(days=DAYS_BEFORE),
        is_mandatory=True,
        course__live=True,
    ).select_related("course", "cohort", "training_class", "organization")
    return sum(
        _tell(
            "course_due",
            assignment,
            _learners(assignment, day).exclude(pk__in=exempt.values("trainee")),
            f"course:{assignment.course_id}:due:{assignment.due_on}",
        )
        for assignment in coming
    )


def tell_reviews(*, day: dt.date) -> int:
    """Remind instructors of content to be reviewed: ``REVIEW_DAYS_BEFORE`` days before its day, and then.

    A course without instructors is called to the administrators' mind. Return how many heard; each hears of
    one day twice at most, however often this runs.
    """
    told = 0
    held = catalogue()
    for course in held.courses.values():
        due = course.review_due_on
        if due is None or due > day + dt.timedelta(days=REVIEW_DAYS_BEFORE):
            continue
        instructors = held.modules[course.module_pk].instructor_pks
        recipients = User.objects.filter(is_active=True, pk__in=instructors).values_list("pk", flat=True)
        administrators = User.objects.filter(is_active=True, grants__role=Role.ADMINISTRATOR)
        told += notify(
            kind="course_review",
            recipients=sorted(recipients) or sorted(administrators.values_list("pk", flat=True).distinct()),
            key=f"course:{course.pk}:review:{due}:{'due' if due <= day else 'soon'}",
            context={"title": course.title, "due_on": due},
            link=reverse("wagtailadmin_pages:edit", args=[course.pk]),
        )
    return told


def tell_sent_back(*, state: WorkflowState) -> int:
    """Tell whoever wrote or submitted a page that its reviewer wants it changed."""
    verdict = state.current_task_state
    page = Page.objects.filter(pk=state.object_id).first()
    if verdict is None or page is None:
        return 0
    people = {one for one in (state.requested_by_id, page.owner_id) if one is not None}
    return notify(
        kind="page_sent_back",
        recipients=sorted(people - {verdict.finished_by_id}),
        key=f"sent-back:{verdict.pk}",
        context={"title": page.get_admin_display_title(), "comment": verdict.comment},
        link=reverse("wagtailadmin_pages:edit", args=[page.pk]),
    )
