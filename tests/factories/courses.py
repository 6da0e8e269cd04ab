"""A small catalogue, written through the authoring actions."""

from __future__ import annotations

import itertools
from typing import Any

from cms.models import Video
from courses.actions import authoring, questions
from courses.models import CategoryPage, CoursePage, LessonPage, ModulePage, Question, Quiz
from courses.models.outlines import CourseOutline, LessonOutline, catalogue
from enrollment.models import User

_numbers = itertools.count(1)

TEXT = [
    {"type": "heading", "value": "政策从哪里来"},
    {
        "type": "paragraph",
        "value": "<p>近年来支持民营企业发展的政策不断完善，支部可以帮助企业把政策读懂、用好。</p>",
    },
]


def category(**kwargs: Any) -> CategoryPage:
    """A published category."""
    number = next(_numbers)
    return authoring.create_category(**{"code": f"cat-{number}", "title": f"示例类别{number}", **kwargs})


def module(*instructors: User, **kwargs: Any) -> ModulePage:
    """A published module with its instructors."""
    number = next(_numbers)
    values = {"code": f"m-{number}", "title": f"示例模块{number}", **kwargs}
    if "category" not in values:
        values["category"] = category()
    return authoring.create_module(instructors=instructors, **values)


def course(**kwargs: Any) -> CoursePage:
    """A published course without lessons."""
    number = next(_numbers)
    values = {"title": f"示例课程{number}", "slug": f"course-{number}", **kwargs}
    if "module" not in values:
        values["module"] = module()
    return authoring.create_course(**values)


def lesson(parent: CoursePage, **kwargs: Any) -> LessonPage:
    """A published reading lesson at the end of ``parent``."""
    number = next(_numbers)
    return authoring.create_lesson(
        course=parent, **{"title": f"示例课时{number}", "slug": f"lesson-{number}", "blocks": TEXT, **kwargs}
    )


def video(seconds: float = 600, **kwargs: Any) -> Video:
    """A video that is ready, without a file."""
    return Video.objects.create(
        **{
            "title": "示例视频",
            "file": "videos/original/x.mp4",
            "status": Video.Status.READY,
            "duration_seconds": seconds,
            **kwargs,
        }
    )


def film(parent: CoursePage, seconds: float = 600, **kwargs: Any) -> LessonPage:
    """A published lesson that is completed by watching."""
    return lesson(parent, video=video(seconds), **kwargs)


def question(right: int = 0, options: int = 3, **kwargs: Any) -> Question:
    """A question whose option number ``right`` is the right one."""
    number = next(_numbers)
    return questions.create_question(
        **{
            "module": None,
            "kind": "single",
            "text": f"示例题目{number}",
            "options": [{"text": f"选项{place}", "correct": place == right} for place in range(options)],
            "explanation": "示例解析",
            **kwargs,
        }
    )


def quiz(count: int = 2, **kwargs: Any) -> Quiz:
    """A quiz of single-choice questions; the first option is right, options keep their order."""
    values = {"module": None, "title": "示例测试", "shuffles_options": False, **kwargs}
    return questions.create_quiz(questions=[question() for _place in range(count)], **values)


def outlines(page: LessonPage) -> tuple[CourseOutline, LessonOutline]:
    """The published outlines of ``page`` and its course."""
    held = catalogue()
    found = held.lessons[page.pk]
    return held.courses[found.course_pk], found
