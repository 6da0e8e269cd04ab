"""What people earned besides the trainings: branch life, online lessons, external training."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from academy.demo.plan import Plan, content
from courses.actions.assignments import assign_course
from courses.actions.completion import Completion, complete_in_bulk
from courses.models import CompletionRule, CoursePage, LessonPage, LessonProgress
from enrollment.actions.branch import Activity, record_activities_in_bulk
from enrollment.actions.hours import credit_hours_in_bulk
from enrollment.models import (
    BranchActivity,
    Cohort,
    CohortCode,
    HourKind,
    Organization,
    Trainee,
    User,
)
from enrollment.rules.hours import QUARTERS_PER_HOUR, Credit

FORMS = {
    "党员大会": BranchActivity.Form.MEMBERS_MEETING,
    "支委会": BranchActivity.Form.COMMITTEE_MEETING,
    "党小组会": BranchActivity.Form.GROUP_MEETING,
    "党课": BranchActivity.Form.PARTY_LECTURE,
    "主题党日": BranchActivity.Form.THEME_DAY,
    "组织生活会": BranchActivity.Form.ORGANIZATION_LIFE,
}
#: One person in so many studies online (and so has an account).
ONE_ONLINE_IN = 4
#: Branch life is recorded on Saturdays; external training falls on Sundays; nothing overlaps.
SATURDAY, SUNDAY = 5, 6


def load(plan: Plan, actor: User) -> None:
    """Fill the ledger from all sources that are not sessions."""
    _record_branch_life(plan, actor)
    _study_online(plan, actor)
    _train_elsewhere(plan, actor)
    _assign_courses(actor)


def _days(weekday: int) -> list[dt.date]:
    """Days of this year so far that fall on ``weekday`` (0 is Monday), the present day left out."""
    today = timezone.localdate()
    first = dt.date(today.year, 1, 1)
    return [
        day
        for day in (first + dt.timedelta(days=offset) for offset in range((today - first).days))
        if day.weekday() == weekday
    ]


#: The course that 张学员 has not begun: a film, a text and a test, for whoever wants to try them.
AHEAD = "shuju-hegui"


def _at(day: dt.date, hour: int) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))


def _record_branch_life(plan: Plan, actor: User) -> None:
    """Organizations differ: some meet every month, some hardly ever."""
    templates = [row for row in content("trainings")["branch_activities"] if row["kind"] in FORMS]
    members: dict[int, list[int]] = {}
    people = Trainee.objects.active().order_by("pk").values_list("home_organization_id", "pk")
    for organization_id, trainee_id in people.iterator():
        members.setdefault(organization_id, []).append(trainee_id)
    dice = plan.dice("branch life")
    saturdays = _days(SATURDAY)

    def activities() -> Iterator[Activity]:
        for organization in Organization.objects.filter(depth=3).order_by("path").iterator():
            own = members.get(organization.pk)
            if own is None:
                continue  # its people are still to be copied
            times = min(dice.choices([3, 5, 6, 8], [15, 30, 35, 20])[0], len(saturdays))
            for number, day in enumerate(sorted(dice.sample(saturdays, times))):
                template = dice.choice(templates)
                came = [pk for pk in own if dice.random() < 0.9] or own
                # Half a day with a lecture or a visit counts four hours; a meeting counts its length.
                minutes = dice.choice([135, 180, 180, 225])
                yield Activity(
                    organization_id=organization.pk,
                    form=FORMS[template["kind"]],
                    title=template["title"],
                    starts_at=_at(day, 9),
                    ends_at=_at(day, 9) + dt.timedelta(minutes=minutes),
                    attendee_ids=tuple(came),
                    submission_key=f"demo-{organization.code}-{number}",
                    place="党员活动室",
                )

    # Taken over from paper: nobody is left to check them but who enters them.
    result = record_activities_in_bulk(rows=activities(), actor=actor, draws=False)
    if result.refused:
        raise RuntimeError(str(result.refused[0][1]))
    plan.say(f"{len(result.recorded)} branch activities")


def _study_online(plan: Plan, actor: User) -> None:
    dice = plan.dice("online")
    _give_accounts(dice, plan)
    lessons = list(LessonPage.objects.live().order_by("path").values_list("pk", "quiz_id"))
    ahead = set(CoursePage.objects.get(slug=AHEAD).get_children().values_list("pk", flat=True))
    student = User.objects.get(username="zhang").pk
    now = timezone.now()
    first = _at(dt.date(timezone.localdate().year, 1, 1), 0)
    span = max((now - first).total_seconds() - 86_400, 3600)

    def completions() -> Iterator[Completion]:
        users = Trainee.objects.filter(user__isnull=False).order_by("pk").values_list("user_id", flat=True)
        for user_id in users.iterator():
            count = dice.choices([2, 4, 8, 14], [30, 35, 25, 10])[0]
            for lesson_id, quiz_id in dice.sample(lessons[3:], min(count, len(lessons) - 3)):
                if user_id == student and lesson_id in ahead:
                    continue
                yield Completion(
                    user_id=user_id,
                    lesson_id=lesson_id,
                    completed_at=first + dt.timedelta(seconds=dice.random() * span),
                    quiz_passed=quiz_id is not None,
                )

    result = complete_in_bulk(rows=completions(), actor=None)
    _watch(plan.dice("watching"))
    plan.say(f"{result.completed} lessons completed online")


def _watch(dice: random.Random) -> None:
    """Those who completed a lesson by its video watched most of it: some left before the end, some skipped."""
    seen = LessonProgress.objects.filter(rule=CompletionRule.WATCH, intervals=[]).select_related(
        "lesson__video"
    )
    rows = []
    for row in seen.order_by("pk").iterator(chunk_size=2000):
        length = row.lesson.video.duration_seconds if row.lesson.video else 0.0
        end = length * min(1.0, 0.8 + dice.random() * 0.3)
        skipped = length * dice.choice([0, 0, 0, 0.08])
        start = length * (0.3 + dice.random() * 0.3)
        row.intervals = [[0.0, start], [start + skipped, end]] if skipped else [[0.0, end]]
        row.video_seconds, row.required_seconds = length, length * 0.7
        row.studied_seconds = end - skipped
        rows.append(row)
    fields = ["intervals", "video_seconds", "required_seconds", "studied_seconds"]
    LessonProgress.objects.bulk_update(rows, fields, batch_size=500)


def _give_accounts(dice: random.Random, plan: Plan) -> None:
    """Accounts without a usable password for those who study online; real ones come from invitations."""
    waiting = Trainee.objects.active().filter(user__isnull=True, phone__isnull=False).order_by("pk")
    chosen = [trainee for trainee in waiting.iterator() if dice.randrange(ONE_ONLINE_IN) == 0]
    users = User.objects.bulk_create(
        [
            User(
                username=f"d{trainee.phone}",
                name=trainee.name,
                phone=trainee.phone,
                password=make_password(None),
            )
            for trainee in chosen
        ],
        batch_size=2000,
    )
    for trainee, user in zip(chosen, users, strict=True):
        trainee.user = user
    Trainee.objects.bulk_update(chosen, ["user"], batch_size=500)
    plan.say(f"{len(users)} accounts of people who study online")


def _train_elsewhere(plan: Plan, actor: User) -> None:
    """Whole days at a Party school or a trade association, entered with their certificate."""
    dice = plan.dice("external training")
    sundays = _days(SUNDAY)
    titles = ["区委党校轮训", "行业协会党务研修", "上级党委示范培训", "市级专题培训"]

    def credits() -> Iterator[Credit]:
        named = set(Trainee.objects.filter(home_organization__code="F001").values_list("pk", flat=True))
        people = Trainee.objects.active().order_by("pk").values_list("pk", "appointments__on_committee")
        for trainee_id, on_committee in people.iterator():
            chances = [3, 15, 37, 45] if on_committee else [30, 45, 20, 5]
            days = min(dice.choices([0, 1, 2, 4], chances)[0], len(sundays))
            if trainee_id in named:
                continue
            for day in dice.sample(sundays, days):
                yield Credit(
                    trainee_id=trainee_id,
                    kind=HourKind.EXTERNAL,
                    quarters=8 * QUARTERS_PER_HOUR,
                    title=dice.choice(titles),
                    evidence_type="external",
                    evidence_id=f"demo-{trainee_id}-{day:%m%d}",
                    occurred_at=_at(day, 9),
                    starts_at=_at(day, 9),
                    ends_at=_at(day, 17),
                    note="演示数据：外部培训证明",
                )

    result = credit_hours_in_bulk(credits=credits(), actor=actor)
    if result.refused:
        raise RuntimeError(str(result.refused[0][1]))
    plan.say(f"{len(result.posted)} days of external training")


def _assign_courses(actor: User) -> None:
    """Mandatory courses, due before the year ends."""
    due_on = max(dt.date(timezone.localdate().year, 12, 20), timezone.localdate() + dt.timedelta(days=7))
    for course in CoursePage.objects.filter(is_mandatory=True):
        for code in CohortCode.values:
            assign_course(course=course, due_on=due_on, cohort=Cohort.objects.get(code=code), actor=actor)
