"""The catalogue: 4 categories, 10 modules, their courses and lessons with figures, films and quizzes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from academy.demo import media
from academy.demo.artwork import Artwork
from academy.demo.plan import Plan, content
from cms.actions.video import prepare_video
from cms.models import AcademyImage, Video
from courses.actions.authoring import (
    create_category,
    create_course,
    create_lesson,
    create_module,
    found_catalogue,
)
from courses.actions.questions import create_quiz
from courses.models import CoursePage, LessonPage, ModulePage, Quiz
from enrollment.models import User

#: The categories and modules of the academy's curriculum.
CATEGORIES = [
    ("party", "党建培训课程", [
        ("M01", "党的创新理论"),
        ("M02", "党章党规与党史"),
        ("M03", "支部规范化与党务实务"),
        ("M04", "两新党建与品牌创建"),
    ]),
    ("management", "经营管理课程", [("M05", "形势与产业政策"), ("M06", "公司治理与法律合规")]),
    ("culture", "企业文化塑造", [("M07", "党建引领企业文化"), ("M08", "思想工作与社会责任")]),
    ("skills", "业务技能培训", [("M09", "党务信息与公文写作"), ("M10", "产业与岗位技能")]),
]  # fmt: skip
#: Modules that 陈讲师 writes for.
TAUGHT_BY_CHEN = {"M01", "M03", "M04"}
#: What is built on, by course.
BUILDS_ON = {"融资工具与渠道": "惠企政策解读"}
#: Legal content, with the days in which it is to be reviewed.
REVIEW_IN_DAYS = {"纪律处分条例解读": 10, "换届选举实务": 120}
#: Courses that everybody of their cohorts must take.
MANDATORY = {"全会精神宣讲", "纪律处分条例解读"}


def begin(artwork: Artwork) -> None:
    """Have the pictures and films drawn; films first, they take longest."""
    modules = {code: content(f"courses/{code}") for _key, _title, rows in CATEGORIES for code, _name in rows}
    lessons = [
        lesson for module in modules.values() for course in module["courses"] for lesson in course["lessons"]
    ]
    for key in sorted({lesson["video"] for lesson in lessons if lesson["video"]}):
        artwork.begin_film(key)
    for key in sorted({key for lesson in lessons for key in _figures_of(lesson["blocks"])}):
        artwork.begin_figure(key)
    seed = 0
    for category, _title, rows in CATEGORIES:
        for code, _name in rows:
            for course in modules[code]["courses"]:
                artwork.begin_cover(course["title"], category, seed)
                seed += 1


def load(plan: Plan, artwork: Artwork, actor: User, instructor: User) -> None:
    """Write the whole catalogue and publish it."""
    figures: dict[str, AcademyImage] = {}
    catalogue = found_catalogue(actor=actor)
    for key, title, modules in CATEGORIES:
        category = create_category(code=key, title=title, catalogue=catalogue, actor=actor)
        for code, name in modules:
            data = content(f"courses/{code}")
            module = create_module(
                category=category,
                code=code,
                title=name,
                summary=data["summary"],
                instructors=[instructor] if code in TAUGHT_BY_CHEN else [],
                actor=actor,
            )
            for course in data["courses"]:
                _course(module, course, artwork, figures, actor)
    plan.say(f"{CoursePage.objects.count()} courses with {LessonPage.objects.count()} lessons")


def picture_figures(blocks: list[dict[str, Any]], artwork: Artwork, figures: dict[str, AcademyImage]) -> None:
    """Make sure that ``figures`` holds each picture that ``blocks`` name."""
    for key in _figures_of(blocks):
        if key not in figures:
            block = next(b for b in blocks if b["type"] == "figure" and b["value"]["figure"] == key)
            value = block["value"]
            figures[key] = artwork.picture(
                f"figure {key}", title=value["caption"], alt=value["alt"], extension="png"
            )


def _figures_of(blocks: list[dict[str, Any]]) -> list[str]:
    return [block["value"]["figure"] for block in blocks if block["type"] == "figure"]


def _course(
    module: ModulePage, data: dict[str, Any], artwork: Artwork, figures: dict[str, AcademyImage], actor: User
) -> None:
    course = create_course(
        module=module,
        title=data["title"],
        slug=data["slug"],
        summary=data["summary"],
        cover=artwork.picture(
            f"cover {data['title']}", title=data["title"], alt=f"课程封面：{data['title']}"
        ),
        cohorts=data["cohorts"],
        is_mandatory=data["title"] in MANDATORY,
        prerequisites=CoursePage.objects.filter(title=BUILDS_ON.get(data["title"])),
        review_due_on=_review_day(data["title"]),
        actor=actor,
    )
    for lesson in data["lessons"]:
        picture_figures(lesson["blocks"], artwork, figures)
        create_lesson(
            course=course,
            title=lesson["title"],
            slug=lesson["slug"],
            summary=lesson["summary"],
            blocks=lesson["blocks"],
            figures=figures,
            minutes=lesson["minutes"],
            video=_video(lesson, artwork, actor),
            quiz=_quiz(lesson["quiz"], module, actor),
            actor=actor,
        )


def _review_day(title: str) -> dt.date | None:
    days = REVIEW_IN_DAYS.get(title)
    return timezone.localdate() + dt.timedelta(days=days) if days else None


def _video(lesson: dict[str, Any], artwork: Artwork, actor: User) -> Video | None:
    key = lesson["video"]
    if not key:
        return None
    video = Video(title=lesson["title"], uploaded_by=actor)
    video.file.save(f"{key}.mp4", ContentFile(artwork.film(key)), save=False)
    video.captions.save(f"{key}.vtt", ContentFile(media.captions(key).encode()), save=False)
    video.save()
    prepared = prepare_video(video=video)
    if not prepared.is_ready:
        raise RuntimeError(f"{lesson['title']}: {prepared.error}")
    return prepared


def _quiz(data: dict[str, Any] | None, module: ModulePage, actor: User) -> Quiz | None:
    if not data:
        return None
    return create_quiz(
        title=data["title"],
        questions=data["questions"],
        pass_percent=data["pass_percent"],
        module=module,
        actor=actor,
    )
