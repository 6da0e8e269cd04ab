"""What of studying goes along when two records become one: lessons, tests and courses of the account.

Study hangs on the account. Where one record had an account, it goes along as it is and only its pointers to
the ledger follow the hours. Where both had one, the further of two rows about one lesson holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.db.models import Max, Q

from cms.refusals import Reason
from courses.actions.completion import LESSON_EVIDENCE, QUIZ_EVIDENCE, derive_courses_in_bulk
from courses.models import AttemptStatus, CourseProgress, LessonProgress, ModulePage, QuizAttempt, StudyClock
from courses.rules.watching import merge
from enrollment.actions.person_followers import LESSONS
from enrollment.models import HourEntry
from enrollment.person_records import Follower, Merging, Pair, Part, Undoing, register
from enrollment.rules import person_mergers as rules

Instructors = ModulePage.instructors.through
#: What of the further row about a lesson is taken over.
STUDIED = (
    "rule", "video_seconds", "required_seconds", "studied_seconds", "position", "end_reached", "not_counted",
)  # fmt: skip


def _lessons_of(pair: Pair) -> Collection[int]:
    return set(LessonProgress.objects.filter(user__in=pair.accounts).values_list("pk", flat=True))


def _hold_lessons(keys: Collection[int]) -> None:
    list(LessonProgress.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk"))


def _join_study(merging: Merging) -> None:
    """Rows of the account that is closed go to the one that stays; then pointers follow the ledger."""
    stays, closes = merging.pair.account_id, merging.pair.closing_id
    if stays is not None and closes is not None:
        _join_lessons(stays, closes)
        _join_attempts(stays, closes)
        _join_courses(stays, closes)
        taught = Instructors.objects.filter(user=stays).values_list("modulepage", flat=True)
        Instructors.objects.filter(user=closes).exclude(modulepage__in=list(taught)).update(user=stays)
    if stays is not None:
        _follow_ledger(stays, merging)


def _join_lessons(stays: int, closes: int) -> None:
    StudyClock.objects.filter(user=closes).delete()
    mine = {row.lesson_id: row for row in LessonProgress.objects.filter(user=stays)}
    joined, spent = [], []
    for row in LessonProgress.objects.filter(user=closes):
        kept = mine.get(row.lesson_id)
        if kept is None:
            continue
        _join_lesson(kept, row)
        joined.append(kept)
        spent.append(row.pk)
    LessonProgress.objects.bulk_update(
        joined,
        [
            *STUDIED,
            "intervals",
            "opened_at",
            "studied_at",
            "completed_at",
            "quiz_passed_at",
            "entry",
            "quiz_entry",
        ],
        batch_size=200,
    )
    LessonProgress.objects.filter(pk__in=spent).delete()
    LessonProgress.objects.filter(user=closes).update(user=stays)


def _join_lesson(kept: LessonProgress, gone: LessonProgress) -> None:
    """Complete is further than not; else more counted time is. Watched stretches and passed tests add up."""
    if (gone.completed_at is not None, gone.studied_seconds) > (
        kept.completed_at is not None,
        kept.studied_seconds,
    ):
        for name in STUDIED:
            setattr(kept, name, getattr(gone, name))
        kept.intervals, gone.intervals = gone.intervals, kept.intervals
    if kept.video_seconds and kept.video_seconds == gone.video_seconds:
        stretches: Sequence[tuple[float, float]] = [tuple(pair) for pair in kept.intervals]
        for start, end in gone.intervals:
            stretches = merge(stretches, (start, end))
        kept.intervals = [list(pair) for pair in stretches]
    kept.opened_at = min(kept.opened_at, gone.opened_at)
    kept.studied_at = max(kept.studied_at, gone.studied_at)
    kept.completed_at = min(filter(None, (kept.completed_at, gone.completed_at)), default=None)
    kept.quiz_passed_at = min(filter(None, (kept.quiz_passed_at, gone.quiz_passed_at)), default=None)
    kept.entry_id = kept.entry_id or gone.entry_id
    kept.quiz_entry_id = kept.quiz_entry_id or gone.quiz_entry_id


def _join_attempts(stays: int, closes: int) -> None:
    """Attempts are numbered on. Of two open ones the one of the account that stays is sat on."""
    numbers = dict(
        QuizAttempt.objects.filter(user=stays)
        .order_by()
        .values("quiz")
        .annotate(last=Max("number"))
        .values_list("quiz", "last")
    )
    open_ones = set(
        QuizAttempt.objects.filter(user=stays, status=AttemptStatus.OPEN).values_list("quiz", flat=True)
    )
    moving = []
    for row in QuizAttempt.objects.filter(user=closes).order_by("quiz", "number"):
        if row.is_open and row.quiz_id in open_ones:
            continue
        numbers[row.quiz_id] = row.number = numbers.get(row.quiz_id, 0) + 1
        row.user_id = stays
        moving.append(row)
    QuizAttempt.objects.bulk_update(moving, ["user", "number"], batch_size=200)


def _join_courses(stays: int, closes: int) -> None:
    mine = {row.course_id: row for row in CourseProgress.objects.filter(user=stays)}
    spent, joined, pairs = [], [], set()
    for row in CourseProgress.objects.filter(user=closes):
        kept = mine.get(row.course_id)
        if kept is None:
            continue
        kept.completed_at = min(filter(None, (kept.completed_at, row.completed_at)), default=None)
        joined.append(kept)
        spent.append(row.pk)
        pairs.add((stays, row.course_id))
    CourseProgress.objects.filter(pk__in=spent).delete()
    CourseProgress.objects.filter(user=closes).update(user=stays)
    CourseProgress.objects.bulk_update(joined, ["completed_at"], batch_size=200)
    if pairs:
        derive_courses_in_bulk(pairs=pairs)


def _follow_ledger(account: int, merging: Merging) -> None:
    """Progress points to the entries that count now: the one that moved, or the one that counted already."""
    gone = {entry.pk: entry for entry in merging.entries}
    pointing = list(
        LessonProgress.objects.filter(user=account).filter(Q(entry__in=gone) | Q(quiz_entry__in=gone))
    )
    if not pointing:
        return
    counted = {
        (entry.evidence_type, entry.evidence_id): entry
        for entry in HourEntry.objects.standing().filter(
            trainee=merging.pair.keeper_id, evidence_type__in=[LESSON_EVIDENCE, QUIZ_EVIDENCE]
        )
    }
    for row in pointing:
        for name in ("entry_id", "quiz_entry_id"):
            entry = gone.get(getattr(row, name))
            if entry is not None:
                now = merging.moved.get(entry.pk) or counted.get((entry.evidence_type, entry.evidence_id))
                setattr(row, name, now.pk if now is not None else None)
    LessonProgress.objects.bulk_update(pointing, ["entry", "quiz_entry"], batch_size=200)


def _studied_since(undoing: Undoing) -> Iterable[Reason]:
    """Hours earned by study since belong to the account; where it changes hands again, they would stay
    behind.
    """
    changes_hands = any("user_id" in (change["before"] or {}) for change in undoing.people_changes)
    if not changes_hands:
        return
    study = HourEntry.objects.filter(evidence_type__in=[LESSON_EVIDENCE, QUIZ_EVIDENCE])
    before = set(
        study.filter(trainee__in=undoing.pair.people, recorded_at__lte=undoing.merged_at).values_list(
            "evidence_type", "evidence_id"
        )
    )
    since = study.filter(trainee=undoing.pair.keeper_id, recorded_at__gt=undoing.merged_at).standing()
    for entry in since.order_by("pk"):
        if (entry.evidence_type, entry.evidence_id) not in before:
            yield rules.studied_since(entry.title)


def register_followers() -> None:
    """Say what of studying belongs to a person."""
    register(
        Follower(
            "study",
            LESSONS,
            [
                Part(LessonProgress, "user", of_account=True, settled=("completed_at", "quiz_passed_at")),
                Part(StudyClock, "user", of_account=True),
                Part(CourseProgress, "user", of_account=True),
                Part(QuizAttempt, "user", of_account=True, settled=("status",)),
                Part(Instructors, "user", of_account=True),
            ],
            reach=_lessons_of,
            hold=_hold_lessons,
            settle=_join_study,
            in_the_way=_studied_since,
        )
    )
