"""What of study follows when organizations merge, split or end: the courses that were given to them."""

from __future__ import annotations

from wagtail.log_actions import log

from courses.models import CourseAssignment
from enrollment.organization_records import BASES, End, Follower, Merger, Split, register


def _merge(change: Merger) -> int:
    """Courses given to a source are given to the target; one it has been given keeps its own day."""
    given = set(CourseAssignment.objects.filter(organization=change.into).values_list("course", flat=True))
    # Of two sources that were given one course the later day holds: nobody is overdue by the merger.
    rows = list(CourseAssignment.objects.filter(organization__in=change.sources).order_by("-due_on", "pk"))
    for row in rows:
        if row.course_id in given:
            row.delete()
            continue
        given.add(row.course_id)
        row.organization = change.into
        row.save(update_fields=["organization"])
        log(row, "wagtail.edit", user=change.actor)
    return len(rows)


def _split(change: Split) -> int:
    """Who goes to the new organization is still asked for what was given to the old one."""
    rows = CourseAssignment.objects.filter(organization=change.old)
    made = CourseAssignment.objects.bulk_create(
        CourseAssignment(
            course_id=row.course_id,
            organization=change.new,
            due_on=row.due_on,
            is_mandatory=row.is_mandatory,
            created_by_id=row.created_by_id,
        )
        for row in rows
    )
    return len(made)


def _end(change: End) -> int:
    """Nobody is left who could study what was given to it."""
    rows = list(CourseAssignment.objects.filter(organization=change.organization))
    for row in rows:
        log(row, "wagtail.delete", user=change.actor, deleted=True)
        row.delete()
    return len(rows)


def register_followers() -> None:
    """Take part when organizations change."""
    register(
        Follower(
            "assignments",
            BASES + 10,
            CourseAssignment._meta.verbose_name_plural or "",
            [(CourseAssignment, "organization")],
            merged=_merge,
            split=_split,
            ended=_end,
        )
    )
