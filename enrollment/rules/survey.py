"""The satisfaction survey of a class 满意度测评: its questions, who may answer, and what may be shown.

Nobody is to be recognized by an answer: results are shown only when the survey is over and enough have
answered, and once they were to be seen it is not opened again (the difference would be one person's answer).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cms.refusals import Reason
from cms.refusals import sentence as _

#: So many answers have to be there before anything is shown, unless the class says more; never under FEWEST.
MINIMUM_ANSWERS = 5
FEWEST = 3
MOST_QUESTIONS = 30
LONGEST_QUESTION = 120
LONGEST_CHOICE = 40
LONGEST_ANSWER = 500
#: Grades from best to worst; from SATISFIED on somebody is content.
GRADES = (5, 4, 3, 2, 1)
SATISFIED = 4
#: For how long a survey is open when nobody says, in days.
OPEN_DAYS = 3

Answer = int | str
#: Answers by the number of their question.
Answers = Mapping[int, Answer]


class Kind(StrEnum):
    """How a question is answered."""

    RATING = "rating"
    CHOICE = "choice"
    TEXT = "text"


class State(StrEnum):
    """Where a survey stands."""

    PREPARED = "prepared"
    OPEN = "open"
    OVER = "over"


@dataclass(frozen=True)
class Question:
    """One question; answers in words may be left out."""

    number: int
    kind: Kind
    text: str
    choices: tuple[str, ...] = ()

    @property
    def is_required(self) -> bool:
        """Whether it must be answered."""
        return self.kind != Kind.TEXT


def state(opened_at: dt.datetime | None, closes_at: dt.datetime | None, now: dt.datetime) -> State:
    """Where a survey stands at ``now``."""
    if opened_at is None or closes_at is None:
        return State.PREPARED
    return State.OPEN if now < closes_at else State.OVER


def question_refusals(questions: Sequence[Question]) -> tuple[Reason, ...]:
    """What is wrong with the questions of a survey, each named by its place."""
    if not any(question.is_required for question in questions):
        return (NO_QUESTIONS,)
    if len(questions) > MOST_QUESTIONS:
        return (TOO_MANY_QUESTIONS,)
    found = []
    for place, question in enumerate(questions, 1):
        if not question.text.strip():
            found.append(
                Reason("survey_question_empty", _("Question %(number)s is empty."), {"number": place})
            )
        elif len(question.text) > LONGEST_QUESTION:
            found.append(
                Reason(
                    "survey_question_long",
                    _("Question %(number)s is longer than 120 characters."),
                    {"number": place},
                )
            )
        if question.kind == Kind.CHOICE and not _are_choices(question.choices):
            found.append(
                Reason(
                    "survey_choices",
                    _(
                        "Question %(number)s: write two to ten different answers of at most 40 characters, "
                        "separated by “/”."
                    ),
                    {"number": place},
                )
            )
    return tuple(found)


def _are_choices(choices: Sequence[str]) -> bool:
    return 2 <= len(choices) == len(set(choices)) <= 10 and all(
        choice.strip() and len(choice) <= LONGEST_CHOICE for choice in choices
    )


def change_refusal(now_is: State) -> Reason | None:
    """Why questions cannot be changed: whoever has answered was asked what stands there."""
    return None if now_is == State.PREPARED else QUESTIONS_STAND


def opening_refusals(
    *,
    class_status: str,
    now_is: State,
    closes_at: dt.datetime,
    now: dt.datetime,
    answers: int,
    minimum: int,
) -> tuple[Reason, ...]:
    """Why a survey cannot be opened, or opened longer, until ``closes_at``."""
    if class_status != "running":
        return (CLASS_NOT_RUNNING,)
    if now_is == State.OVER and answers >= minimum:
        return (RESULTS_STAND,)
    if closes_at <= now:
        return (ENDS_BEFORE_NOW,)
    return ()


def may_show(now_is: State, *, answers: int, minimum: int) -> bool:
    """Whether results may be seen."""
    return now_is == State.OVER and answers >= max(minimum, FEWEST)


def answering_refusal(now_is: State, *, is_on_roster: bool, has_answered: bool) -> Reason | None:
    """Why somebody cannot answer."""
    if not is_on_roster:
        return NOT_ON_ROSTER
    if now_is != State.OPEN:
        return NOT_OPEN
    return ANSWERED if has_answered else None


def answer_refusals(questions: Iterable[Question], answers: Answers) -> tuple[Reason, ...]:
    """What is wrong with a filled-in sheet, each reason at the field of its question (``q<number>``)."""
    found = []
    for question in questions:
        answer = answers.get(question.number)
        if answer in (None, ""):
            if question.is_required:
                found.append(_at(question, "survey_unanswered", _("Please answer this question.")))
        elif question.kind == Kind.TEXT:
            if not isinstance(answer, str) or len(answer) > LONGEST_ANSWER:
                found.append(_at(question, "survey_answer_long", _("At most 500 characters.")))
        elif answer not in (GRADES if question.kind == Kind.RATING else question.choices):
            found.append(_at(question, "survey_answer_unknown", _("Choose one of the answers.")))
    return tuple(found)


def _at(question: Question, code: str, sentence: object) -> Reason:
    return Reason(code, sentence, field=f"q{question.number}")  # type: ignore[arg-type]


def closing_reason(
    *, now_is: State | None, answers: int, people: int, minimum: int, closes_at: dt.datetime | None
) -> Reason | None:
    """What a survey still misses before its class is closed; ``now_is`` is None where there is none.

    Where fewer people are on the roster than results need, all of them are enough.
    """
    if now_is is None or now_is == State.PREPARED:
        return NOT_HELD
    if now_is == State.OPEN:
        return Reason(
            "survey_open",
            _("The satisfaction survey is open until %(until)s (%(answers)s of %(people)s have answered)."),
            {"until": f"{closes_at:%Y-%m-%d %H:%M}", "answers": answers, "people": people},
        )
    if answers < min(minimum, people):
        return Reason(
            "survey_too_few",
            _(
                "Only %(answers)s of %(people)s have answered the satisfaction survey; results need "
                "%(minimum)s. Open it once more and remind people, or vouch for why that is enough."
            ),
            {"answers": answers, "people": people, "minimum": min(minimum, people)},
        )
    return None


# --- Results -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Graded:
    """How a question was graded: how many gave each grade, from best to worst."""

    question: Question
    counts: tuple[int, ...]

    @property
    def answers(self) -> int:
        """How many graded it."""
        return sum(self.counts)

    @property
    def mean(self) -> float:
        """The mean grade, 1 to 5; 0 where nobody answered."""
        whole = sum(grade * count for grade, count in zip(GRADES, self.counts, strict=True))
        return whole / self.answers if self.answers else 0.0

    @property
    def satisfied_percent(self) -> float:
        """The share of those who are satisfied or very satisfied, in percent."""
        content = sum(count for grade, count in zip(GRADES, self.counts, strict=True) if grade >= SATISFIED)
        return 100 * content / self.answers if self.answers else 0.0


@dataclass(frozen=True)
class Chosen:
    """How often each answer of a question was chosen."""

    question: Question
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Said:
    """What was said to a question, in an order that tells nothing."""

    question: Question
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """The results of a survey."""

    answers: int
    graded: tuple[Graded, ...]
    chosen: tuple[Chosen, ...]
    said: tuple[Said, ...]

    @property
    def satisfied_percent(self) -> float:
        """The share of all grades that are satisfied or very satisfied 总体满意率, in percent."""
        given = sum(row.answers for row in self.graded)
        content = sum(row.satisfied_percent * row.answers for row in self.graded)
        return content / given if given else 0.0

    @property
    def mean(self) -> float:
        """The mean of all grades, 1 to 5."""
        given = sum(row.answers for row in self.graded)
        return sum(row.mean * row.answers for row in self.graded) / given if given else 0.0


def summary(questions: Iterable[Question], sheets: Iterable[Answers]) -> Summary:
    """Count ``sheets``; whether the result may be shown is asked before (`may_show`)."""
    filled = list(sheets)
    graded, chosen, said = [], [], []
    for question in questions:
        given = [sheet[question.number] for sheet in filled if sheet.get(question.number) not in (None, "")]
        counts = Counter(given)
        if question.kind == Kind.RATING:
            graded.append(Graded(question, tuple(counts[grade] for grade in GRADES)))
        elif question.kind == Kind.CHOICE:
            chosen.append(Chosen(question, tuple((choice, counts[choice]) for choice in question.choices)))
        else:
            # Sorted: the order of the sheets is another one than that of the grades beside them.
            said.append(Said(question, tuple(sorted(str(text) for text in given))))
    return Summary(len(filled), tuple(graded), tuple(chosen), tuple(said))


NO_QUESTIONS = Reason(
    "survey_no_questions", _("Ask at least one question that is answered by grades or by choosing.")
)
TOO_MANY_QUESTIONS = Reason(
    "survey_too_many_questions", _("Ask at most 30 questions; few people answer more.")
)
QUESTIONS_STAND = Reason(
    "survey_questions_stand", _("The survey has been opened; its questions stand as they were asked.")
)
CLASS_NOT_RUNNING = Reason("survey_class_not_running", _("The survey is held while the class is running."))
RESULTS_STAND = Reason(
    "survey_results_stand",
    _("The results have been shown; opened again, they would show what the next one to answer said."),
)
ENDS_BEFORE_NOW = Reason("survey_ends_before_now", _("Say a time that is still to come."), field="closes_at")
TOO_FEW_WANTED = Reason(
    "survey_minimum", _("Results of fewer than 3 answers would show who said what."), field="minimum_answers"
)
NOT_ON_ROSTER = Reason("survey_not_on_roster", _("Only people on the roster of the class answer its survey."))
NOT_OPEN = Reason("survey_not_open", _("The satisfaction survey is not open now."))
ANSWERED = Reason("survey_answered", _("You have answered already; thank you. Each person answers once."))
ALL_ANSWERED = Reason("survey_all_answered", _("There are as many answers as people on the roster."))
REMINDED_TODAY = Reason(
    "survey_reminded_today", _("Those who have not answered were reminded today already.")
)
NOT_HELD = Reason(
    "survey_missing", _("The satisfaction survey has not been held: open it, and remind those on the roster.")
)
NO_RESULTS = Reason(
    "survey_no_results",
    _(
        "Results are shown when the survey is over and enough people have answered; before, they would "
        "show who said what."
    ),
)
