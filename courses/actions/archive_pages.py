"""The courses and lessons of an archive, made or brought up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from wagtail.blocks import StreamBlock
from wagtail.models import Page

from cms import offered_blocks
from cms.references import UnknownBlock, stranger_in, swapped
from cms.refusals import Refused
from courses.actions.archive_states import Naming, course_state, has_draft, latest, lesson_state
from courses.models import CoursePage, LessonPage, ModulePage
from courses.rules.archives import CoursePart, CourseState, LessonPart, LessonState, refusal
from enrollment.models import Cohort, User

PAGE_FIELDS = ("title", "slug", "seo_title", "search_description", "summary")
COURSE_FIELDS = (*PAGE_FIELDS, "review_due_on", "is_mandatory", "is_sequential", "needs_quizzes")
LESSON_FIELDS = (
    *PAGE_FIELDS,
    "study_minutes",
    "rule",
    "watch_percent",
    "least_seconds",
    "reflection_task",
    "reflection_least_characters",
)


class Pages:
    """Brings pages in. ``counted`` is told of each whether it is new, and whether anything changed."""

    def __init__(
        self,
        *,
        naming: Naming,
        module: ModulePage,
        actor: User | None,
        publishes: bool,
        counted: Callable[[bool, bool], None],
    ) -> None:
        self.naming, self.module, self.actor = naming, module, actor
        self.publishes, self.counted = publishes, counted
        self._numbers = {kind: naming.numbers(kind) for kind in ("image", "document", "video", "quiz")}
        self._cohorts = {cohort.code: cohort for cohort in Cohort.objects.all()}

    def bring(self, parts: Sequence[CoursePart]) -> list[str]:
        """All courses with their lessons; returns their titles.

        Pages are made before any is filled, so that texts may link to what comes later.
        """
        made = set()
        courses = []
        for part in parts:
            course, is_new = self._course(part)
            made |= {part.key} if is_new else set()
            lessons = []
            for lesson in part.lessons:
                page, is_new = self._lesson(course, lesson)
                made |= {lesson.key} if is_new else set()
                lessons.append((lesson, page.pk))
            courses.append((part, course.pk, lessons))
        for part, pk, lessons in courses:
            self._write(CoursePage, pk, part, part.key in made)
            for lesson, lesson_pk in lessons:
                self._write(LessonPage, lesson_pk, lesson, lesson.key in made)
            self._order(pk, [lesson_pk for _lesson, lesson_pk in lessons])
        return [_shown(part).title for part, _pk, _lessons in courses]

    def _course(self, part: CoursePart) -> tuple[CoursePage, bool]:
        known = CoursePage.objects.filter(translation_key=part.key).first()
        if known is not None:
            self._may_edit(known)
            return known, False
        state = _shown(part)
        page = CoursePage(translation_key=part.key, owner=self.actor)
        self._fill_course(page, state, with_prerequisites=False)
        return self._add(page, ModulePage.objects.get(pk=self.module.pk)), True

    def _lesson(self, course: CoursePage, part: LessonPart) -> tuple[LessonPage, bool]:
        known = LessonPage.objects.filter(translation_key=part.key).first()
        if known is not None:
            self._may_edit(known)
            return known, False
        page = LessonPage(translation_key=part.key, owner=self.actor)
        self._fill_lesson(page, _shown(part), with_body=False)
        return self._add(page, CoursePage.objects.get(pk=course.pk)), True

    def _may_edit(self, page: Page) -> None:
        if self.actor is not None and not page.permissions_for_user(self.actor).can_edit():
            raise Refused(refusal("archive_not_yours", title=page.title))

    def _add(self, page: Any, parent: Page) -> Any:
        page.live = False
        page.has_unpublished_changes = True
        try:
            parent.add_child(instance=page)
        except ValidationError as error:
            raise _invalid(page, error) from error
        return page

    def _write(self, model: Any, pk: int, part: Any, is_new: bool) -> None:
        """Bring one page to what the archive says of it; what is so already is left alone."""
        page = model.objects.get(pk=pk)
        now = self._state(page if page.live else None), self._state(latest(page) if has_draft(page) else None)
        published = _known_here(part.published) if self.publishes else None
        draft = _known_here(part.draft or (None if self.publishes else part.published))
        if not is_new and self._says(published, draft, now):
            self.counted(False, False)
            return
        try:
            if published is not None:
                self._fill(page, published)
                page.save_revision(user=self.actor, log_action=self.actor is not None).publish(
                    user=self.actor
                )
                page = model.objects.get(pk=pk)
            if draft is not None:
                self._fill(page, draft)
                page.save_revision(user=self.actor, log_action=self.actor is not None)
        except ValidationError as error:
            raise _invalid(page, error) from error
        self.counted(is_new, True)

    def _says(self, published: Any, draft: Any, now: tuple[Any, Any]) -> bool:
        """Whether the page says already what it would be brought to."""
        if published is not None:
            return bool((_here(published, now[0]), _here(draft, now[1])) == now)
        return bool(_here(draft, now[1] or now[0]) == (now[1] or now[0]))

    def _state(self, page: Any) -> CourseState | LessonState | None:
        if page is None:
            return None
        return (
            course_state(page, self.naming)
            if isinstance(page, CoursePage)
            else _known_here(lesson_state(page, self.naming))
        )

    def _fill(self, page: Any, state: Any) -> None:
        if isinstance(page, CoursePage):
            self._fill_course(page, state)
        else:
            self._fill_lesson(page, state)

    def _fill_course(self, page: CoursePage, state: CourseState, *, with_prerequisites: bool = True) -> None:
        slug = page.slug
        for name in COURSE_FIELDS:
            setattr(page, name, getattr(state, name))
        if page.pk:
            # Another course may have had the address when this one was made.
            page.slug = slug
        page.cover_id = self._numbers["image"].get(state.cover or "")
        for code in state.cohorts:
            if code not in self._cohorts:
                raise Refused(refusal("archive_no_cohort", code=code[:40]))
        page.cohorts = [self._cohorts[code] for code in state.cohorts]
        if with_prerequisites:
            keys = [reference.key for reference in state.prerequisites]
            page.prerequisites = list(CoursePage.objects.filter(translation_key__in=keys))

    def _fill_lesson(self, page: LessonPage, state: LessonState, *, with_body: bool = True) -> None:
        for name in LESSON_FIELDS:
            setattr(page, name, getattr(state, name))
        page.video_id = self._numbers["video"].get(state.video or "")
        page.quiz_id = self._numbers["quiz"].get(state.quiz or "")
        if with_body:
            page.body = self._body(page.body.stream_block, state)

    def _body(self, stream: StreamBlock, state: LessonState) -> Any:
        try:
            stored = swapped(stream, state.body, self._number)
        except UnknownBlock as error:
            raise Refused(refusal("archive_content", title=state.title, problem=str(error))) from error
        if mark := stranger_in(stream, stored):
            raise Refused(refusal("archive_script", title=state.title, mark=mark[:40]))
        try:
            stream.clean(stream.to_python(stored))
            return stream.to_python(stored)
        except ValidationError as error:
            raise Refused(
                refusal("archive_content", title=state.title, problem=" ".join(_messages(error))[:300])
            ) from error

    def _number(self, kind: str, key: Any) -> int | None:
        if kind == "page":
            found = Page.objects.filter(translation_key=key).first()
            return found.pk if found else None
        shown = offered_blocks.of_kind(kind)
        if shown is not None:
            return shown.find(str(key))
        return self._numbers.get(kind, {}).get(key)

    def _order(self, course_pk: int, wanted: Sequence[int]) -> None:
        """Lessons of the archive stand in its order; those that only exist here come after them."""
        course = CoursePage.objects.get(pk=course_pk)
        children = list(LessonPage.objects.child_of(course).order_by("path").values_list("pk", flat=True))
        here = [pk for pk in wanted if pk in children]
        order = [*here, *(pk for pk in children if pk not in here)]
        if order == children:
            return
        for pk in order:
            page = LessonPage.objects.get(pk=pk)
            page.move(CoursePage.objects.get(pk=course_pk), pos="last-child", user=self.actor)


def _here(state: Any, now: Any) -> Any:
    """A course keeps the address that it has here."""
    return state.model_copy(update={"slug": now.slug}) if isinstance(now, CourseState) and state else state


def _known_here(state: Any) -> Any:
    """A lesson with what is known here; other things that its blocks show have become words."""
    if not isinstance(state, LessonState):
        return state
    stream = LessonPage._meta.get_field("body").stream_block
    return state.model_copy(update={"body": offered_blocks.known_here(stream, state.body)})


def _shown(part: Any) -> Any:
    return part.published or part.draft


def _messages(error: Any) -> list[str]:
    """The sentences of an error of blocks, however deep they lie."""
    found: list[str] = []
    for inner in (getattr(error, "block_errors", None) or {}).values():
        found += _messages(inner)
    own = getattr(error, "non_block_errors", None)
    if own:
        found += [message for one in own.as_data() for message in one.messages]
    return found or [str(message) for message in getattr(error, "messages", [])]


def _invalid(page: Page, error: ValidationError) -> Refused:
    return Refused(refusal("archive_content", title=page.title, problem=" ".join(error.messages)[:300]))
