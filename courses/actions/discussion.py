"""Asking about a lesson, replying, accepting an answer, hiding what does not belong there.

Everything said to a question takes the question's lock, and no other. Whether somebody may see the lesson is
asked before, by `courses.reports.discussion.place_of`.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TypeVar

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from wagtail.log_actions import log

from cms.refusals import Refused
from cms.sanitizing import plain_words
from courses.models import LessonQuestion, LessonReply
from courses.models.access import may_follow
from courses.models.outlines import LessonOutline, catalogue
from courses.rules import discussion as rules
from enrollment.actions.messages import notify
from enrollment.models import User

Said = TypeVar("Said", LessonQuestion, LessonReply)


def ask(
    *,
    user: User,
    lesson: LessonOutline,
    text: str,
    key: uuid.UUID,
    at_seconds: int | None = None,
    now: dt.datetime | None = None,
) -> LessonQuestion:
    """Ask about ``lesson``, perhaps about a moment of its video; the instructors are told.

    Raises:
        Refused: ``post_empty``, ``post_long``, ``time_outside`` or ``questions_open``.
    """
    now = now or timezone.now()
    words = plain_words(text)
    mine = LessonQuestion.objects.filter(author=user)
    if (known := mine.filter(key=key).first()) is not None:
        return known
    problems = rules.asking_problems(
        text=words,
        at_seconds=at_seconds,
        video_seconds=lesson.video.duration_seconds if lesson.video else 0,
        open_questions=mine.filter(lesson_id=lesson.pk).waiting().count(),
    )
    if problems:
        raise Refused(*problems)
    with transaction.atomic():
        question, is_new = LessonQuestion.objects.get_or_create(
            author=user,
            key=key,
            defaults={
                "lesson_id": lesson.pk,
                "course_id": lesson.course_pk,
                "text": words,
                "at_seconds": at_seconds,
                "written_at": now,
            },
        )
        if is_new:
            log(question, "courses.question.ask", user=user)
            _tell_teachers(question, user, f"question:{question.pk}")
    return question


@transaction.atomic
def reply(
    *, question: LessonQuestion, user: User, text: str, key: uuid.UUID, now: dt.datetime | None = None
) -> LessonReply:
    """Reply to ``question``. An instructor's reply answers it; whoever asked and asks on opens it again.

    Raises:
        Refused: ``post_hidden``, ``post_empty`` or ``post_long``.
    """
    now = now or timezone.now()
    row = LessonQuestion.objects.select_for_update().get(pk=question.pk)
    if (known := LessonReply.objects.filter(author=user, key=key).first()) is not None:
        return known
    words = plain_words(text)
    problems = [rules.IS_HIDDEN] if row.is_hidden else rules.writing_problems(words)
    if problems:
        raise Refused(*problems)
    teaches = _teaches(user, row)
    said = LessonReply.objects.create(
        question=row, author=user, key=key, text=words, written_at=now, by_teacher=teaches
    )
    if teaches and user.pk != row.author_id:
        row.answered_at = now
        row.save(update_fields=["answered_at"])
    elif user.pk == row.author_id:
        row.answered_at = None
        row.save(update_fields=["answered_at"])
    log(said, "courses.question.reply", user=user)
    if user.pk == row.author_id:
        _tell_teachers(row, user, f"question:{row.pk}:{said.pk}")
    else:
        notify(
            kind="question_replied",
            recipients=[row.author_id],
            key=f"reply:{said.pk}",
            context={"title": _title(row), "name": user.get_full_name(), "text": words},
            link=address(row),
        )
    return said


@transaction.atomic
def accept(*, reply: LessonReply, actor: User, now: dt.datetime | None = None) -> LessonQuestion:
    """Let ``reply`` stand as the answer, in place of one that was accepted before.

    Raises:
        Refused: ``not_to_accept`` or ``post_hidden``.
    """
    row = LessonQuestion.objects.select_for_update().get(pk=reply.question_id)
    said = LessonReply.objects.get(pk=reply.pk)
    problems = rules.accepting_problems(
        is_hidden=row.is_hidden or said.is_hidden,
        is_asker=row.author_id == actor.pk,
        teaches=_teaches(actor, row),
    )
    if problems:
        raise Refused(*problems)
    row.accepted = said
    row.answered_at = now or timezone.now()
    row.save(update_fields=["accepted", "answered_at"])
    log(row, "courses.question.accept", user=actor, data={"reply": said.pk})
    return row


@transaction.atomic
def hide(*, post: Said, reason: str, actor: User, now: dt.datetime | None = None) -> Said:
    """Take ``post`` out of sight, with a reason that its writer reads; logged. Hidden again, nothing happens.

    A hidden answer is accepted no longer; its question waits again where no instructor's reply is left.

    Raises:
        Refused: ``not_to_hide``, ``hiding_reason_missing`` or ``hiding_reason_long``.
    """
    now = now or timezone.now()
    question_id = post.question_id if isinstance(post, LessonReply) else post.pk
    question = LessonQuestion.objects.select_for_update().get(pk=question_id)
    words = plain_words(reason)
    problems = rules.hiding_problems(teaches=_teaches(actor, question), reason=words)
    if problems:
        raise Refused(*problems)
    row = type(post)._default_manager.get(pk=post.pk)
    if row.is_hidden:
        return row
    row.hidden_at, row.hidden_by, row.hidden_reason = now, actor, words
    row.save(update_fields=["hidden_at", "hidden_by", "hidden_reason"])
    if isinstance(row, LessonReply):
        _after_a_reply_has_changed(question)
    log(row, "courses.question.hide", user=actor, data={"reason": words})
    notify(
        kind="post_hidden",
        recipients=[row.author_id] if row.author_id != actor.pk else [],
        key=f"{row._meta.model_name}:{row.pk}:hidden:{now.isoformat()}",
        context={"title": _title(question), "reason": words},
        link=address(question),
    )
    return row


@transaction.atomic
def show(*, post: Said, actor: User) -> Said:
    """Bring a hidden ``post`` back; logged.

    Raises:
        Refused: ``not_to_hide``.
    """
    question_id = post.question_id if isinstance(post, LessonReply) else post.pk
    question = LessonQuestion.objects.select_for_update().get(pk=question_id)
    if not _teaches(actor, question):
        raise Refused(rules.NOT_YOURS_TO_HIDE)
    row = type(post)._default_manager.get(pk=post.pk)
    if not row.is_hidden:
        return row
    row.hidden_at, row.hidden_by, row.hidden_reason = None, None, ""
    row.save(update_fields=["hidden_at", "hidden_by", "hidden_reason"])
    if isinstance(row, LessonReply):
        _after_a_reply_has_changed(question)
    log(row, "courses.question.show", user=actor)
    return row


def address(question: LessonQuestion) -> str:
    """Where ``question`` is read."""
    page = reverse("courses:questions", args=[question.lesson_id])
    return f"{page}?question={question.pk}#q{question.pk}"


def _after_a_reply_has_changed(question: LessonQuestion) -> None:
    """Whether it is answered, from the replies that are shown. Called under the question's lock."""
    shown = question.replies.shown()
    if question.accepted_id is not None and not shown.filter(pk=question.accepted_id).exists():
        question.accepted = None
    last = shown.filter(by_teacher=True).exclude(author=question.author_id).order_by("-written_at").first()
    asked_on = shown.filter(author=question.author_id).order_by("-written_at").first()
    if question.accepted_id is None:
        waits = last is None or (asked_on is not None and asked_on.written_at > last.written_at)
        question.answered_at = None if waits or last is None else last.written_at
    question.save(update_fields=["accepted", "answered_at"])


def _teaches(user: User, question: LessonQuestion) -> bool:
    course = catalogue().courses.get(question.course_id)
    instructors = catalogue().modules[course.module_pk].instructor_pks if course else frozenset()
    return may_follow(user, instructors)


def _title(question: LessonQuestion) -> str:
    lesson = catalogue().lessons.get(question.lesson_id)
    return lesson.title if lesson else question.lesson.title


def _tell_teachers(question: LessonQuestion, writer: User, key: str) -> None:
    """Those who teach the module hear that somebody asks, except of themselves."""
    held = catalogue()
    course = held.courses.get(question.course_id)
    teachers = held.modules[course.module_pk].instructor_pks - {writer.pk} if course else frozenset()
    notify(
        kind="question_asked",
        recipients=sorted(teachers),
        key=key,
        context={"title": _title(question), "name": writer.get_full_name(), "text": question.text},
        link=address(question),
    )
