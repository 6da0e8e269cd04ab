"""The question bank: versions of questions, and quizzes made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import log

from cms.refusals import Reason, Refused
from courses.models import ModulePage, Question, QuestionKind, QuestionVersion, Quiz, QuizQuestion
from courses.models.assessment import OPTION_PROBLEMS
from courses.rules.grading import OPTION_KEYS, options_problem
from enrollment.models import User


@transaction.atomic
def keep_version(*, question: Question, actor: User | None = None) -> QuestionVersion:
    """Make a version of ``question`` as it is saved now, unless the latest one says the same."""
    row = Question.objects.select_for_update().get(pk=question.pk)
    options = [{"key": key, **option} for key, option in zip(OPTION_KEYS, row.plain_options, strict=False)]
    latest = row.versions.order_by("-number").first()
    substance = (row.kind, row.text, options, row.explanation)
    if latest and (latest.kind, latest.text, latest.options, latest.explanation) == substance:
        return latest
    version = QuestionVersion.objects.create(
        question=row,
        number=(latest.number if latest else 0) + 1,
        kind=row.kind,
        text=row.text,
        options=options,
        explanation=row.explanation,
        created_by=actor,
    )
    Question.objects.filter(pk=row.pk).update(version_number=version.number)
    question.version_number = version.number
    return version


@transaction.atomic
def create_question(
    *,
    module: ModulePage | None,
    kind: str,
    text: str,
    options: Sequence[Mapping[str, Any]],
    explanation: str = "",
    actor: User | None = None,
) -> Question:
    """Add a question to the bank. ``options`` are ``{"text": …, "correct": …}``.

    Raises:
        Refused: the options do not make a question of this kind; the code says why.
    """
    problem = options_problem(options, kind)
    if problem:
        raise Refused(Reason(f"options_{problem}", OPTION_PROBLEMS[problem], field="options"))
    question = Question.objects.create(
        module=module,
        kind=QuestionKind(kind),
        text=text,
        options=[
            {"type": "option", "value": {"text": option["text"], "correct": bool(option.get("correct"))}}
            for option in options
        ],
        explanation=explanation,
        created_by=actor,
    )
    keep_version(question=question, actor=actor)
    return question


@transaction.atomic
def create_quiz(
    *,
    module: ModulePage | None,
    title: str,
    questions: Sequence[Question | Mapping[str, Any]],
    pass_percent: int = 60,
    time_limit_minutes: int | None = None,
    max_attempts: int | None = None,
    shuffles_questions: bool = False,
    shuffles_options: bool = True,
    introduction: str = "",
    actor: User | None = None,
) -> Quiz:
    """Make a quiz of questions of the bank, or of new ones given as ``{kind, text, options, explanation}``.

    Raises:
        Refused: ``no_questions``, or what `create_question` refuses.
    """
    if not questions:
        raise Refused(Reason("no_questions", _("A test needs at least one question.")))
    quiz: Quiz = Quiz.objects.create(
        module=module,
        title=title,
        introduction=introduction,
        pass_percent=pass_percent,
        time_limit_minutes=time_limit_minutes,
        max_attempts=max_attempts,
        shuffles_questions=shuffles_questions,
        shuffles_options=shuffles_options,
        created_by=actor,
    )
    rows = [
        question
        if isinstance(question, Question)
        else create_question(
            module=module,
            kind=question["kind"],
            text=question["text"],
            options=question["options"],
            explanation=question.get("explanation", ""),
            actor=actor,
        )
        for question in questions
    ]
    QuizQuestion.objects.bulk_create(
        QuizQuestion(quiz=quiz, question=row, sort_order=place) for place, row in enumerate(rows)
    )
    log(quiz, "wagtail.create", user=actor)
    return quiz
