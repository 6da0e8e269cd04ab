"""Before a course or lesson is published: whom it concerns. The same few queries for every course."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Count, Q
from wagtail.models import Page

from courses.models import CoursePage, CourseProgress, LessonPage, LessonProgress
from courses.models.outlines import CourseOutline, LessonOutline, catalogue
from courses.rules.impact import Demand, Effect, Tally, divide
from enrollment.models import User

#: So many names are shown of each group; the rest is counted.
NAMES_SHOWN = 20
#: Stands for a lesson that has no number yet.
UNSAVED = 0


@dataclass(frozen=True)
class Group:
    """People whom the change concerns in one way."""

    count: int = 0
    names: list[str] = field(default_factory=list)

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.count - len(self.names)


@dataclass(frozen=True)
class Impact:
    """What publishing does. Nobody loses a completion or a result; ``begun`` is everybody in the course."""

    course: CourseOutline
    begun: int
    #: Complete from now on, because what they lack is asked for no longer.
    gains: Group
    #: Complete, and they stay so though more is asked of others.
    keeps: Group
    #: Not complete, and more is asked of them.
    more: Group
    #: Not complete, and less is asked of them.
    less: Group
    #: Have opened the lesson and go on under the rule in force then.
    old_rule: int = 0

    @property
    def matters(self) -> bool:
        """Whether it concerns anybody."""
        groups = (self.gains, self.keeps, self.more, self.less)
        return any(group.count for group in groups) or bool(self.old_rule)


def impact_of(page: Page) -> Impact | None:
    """What publishing ``page`` as it stands in memory does; nothing where no course is concerned."""
    course = _course_of(page)
    if course is None:
        return None
    live = next((lesson for lesson in course.lessons if lesson.pk == page.pk), None)
    after = _after(page, course)
    return _impact(course, after, old_rule=_under_old_rule(page, live))


def impact_of_draft(page: Page) -> Impact | None:
    """The same of the latest draft of ``page``; nothing where nothing is to be published."""
    specific = page.specific
    if not isinstance(specific, (CoursePage, LessonPage)):
        return None
    if specific.live and not specific.has_unpublished_changes:
        return None
    return impact_of(specific.get_latest_revision_as_object())


def impact_of_unpublishing(page: Page) -> Impact | None:
    """What taking a lesson out of its course does."""
    course = _course_of(page)
    if course is None or not isinstance(page, LessonPage) or page.pk not in course.lesson_pks:
        return None
    out = frozenset({page.pk})
    after = Demand(course.lesson_pks - out, course.quiz_lesson_pks - out, course.needs_quizzes)
    return _impact(course, after)


def _course_of(page: Page) -> CourseOutline | None:
    """The published course that is concerned."""
    if isinstance(page, CoursePage):
        return catalogue().courses.get(page.pk)
    if isinstance(page, LessonPage) and page.path:
        path = page.path[: -Page.steplen]
        return next((course for course in catalogue().courses.values() if course.path == path), None)
    return None


def _after(page: Page, course: CourseOutline) -> Demand:
    if isinstance(page, CoursePage):
        return Demand(course.lesson_pks, course.quiz_lesson_pks, page.needs_quizzes)
    own = frozenset({page.pk or UNSAVED})
    tests = course.quiz_lesson_pks - own
    return Demand(course.lesson_pks | own, tests | own if page.quiz_id else tests, course.needs_quizzes)


def _under_old_rule(page: Page, live: LessonOutline | None) -> int:
    if live is None or not isinstance(page, LessonPage):
        return 0
    asked = (page.rule, page.watch_percent, page.least_seconds)
    if asked == (live.rule, live.watch_percent, live.least_seconds):
        return 0
    return LessonProgress.objects.filter(lesson_id=page.pk, completed_at__isnull=True).count()


def _impact(course: CourseOutline, after: Demand, *, old_rule: int = 0) -> Impact:
    before = Demand(course.lesson_pks, course.quiz_lesson_pks, course.needs_quizzes)
    if before == after:
        nobody = Group()
        begun = CourseProgress.objects.filter(course_id=course.pk).count() if old_rule else 0
        return Impact(course, begun, nobody, nobody, nobody, nobody, old_rule)
    tallies = _tallies(course, before, after)
    found = divide(tallies, before, after)
    effects = (Effect.GAINS, Effect.KEEPS, Effect.MORE, Effect.LESS)
    shown = [pk for effect in effects for pk in found[effect][:NAMES_SHOWN]]
    names = dict(User.objects.filter(pk__in=shown).values_list("pk", "name"))
    gains, keeps, more, less = (
        Group(len(found[effect]), [names.get(pk, "") for pk in found[effect][:NAMES_SHOWN]])
        for effect in effects
    )
    return Impact(course, len(tallies), gains, keeps, more, less, old_rule)


def _tallies(course: CourseOutline, before: Demand, after: Demand) -> list[Tally]:
    """One row a person, counted by the database."""
    complete = set(
        CourseProgress.objects.filter(course_id=course.pk, completed_at__isnull=False).values_list(
            "user_id", flat=True
        )
    )
    done, passed = Q(completed_at__isnull=False), Q(quiz_passed_at__isnull=False)
    counted = (
        LessonProgress.objects.filter(course_id=course.pk)
        .values("user_id")
        .annotate(
            lessons_before=Count("pk", filter=done & Q(lesson_id__in=before.lessons)),
            lessons_after=Count("pk", filter=done & Q(lesson_id__in=after.lessons)),
            tests_before=Count("pk", filter=passed & Q(lesson_id__in=before.needed_tests)),
            tests_after=Count("pk", filter=passed & Q(lesson_id__in=after.needed_tests)),
        )
        .order_by("user_id")
        .values_list("user_id", "lessons_before", "lessons_after", "tests_before", "tests_after")
    )
    return [Tally(user_id, user_id in complete, *counts) for user_id, *counts in counted]
