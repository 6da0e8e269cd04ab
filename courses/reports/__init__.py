"""Reads over several models, for this app's pages and for the portal."""

from courses.reports.following import CourseFollowing, follow_course
from courses.reports.learning import (
    CatalogProgress,
    CourseStanding,
    DueCourse,
    catalog_progress,
    continue_learning,
    due_courses,
)

__all__ = [
    "CatalogProgress",
    "CourseFollowing",
    "CourseStanding",
    "DueCourse",
    "catalog_progress",
    "continue_learning",
    "due_courses",
    "follow_course",
]
