"""The pages that are measured, found in the academy's database: `python -m tests.benchmarks.targets`.

Reads the demo academy, adds what a day at the door needs (one open session whose class has many trainees),
signs people in and prints their requests. The database is a copy made for the benchmark.
"""

import datetime as dt
import json
import os
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "academy.settings.dev")
django.setup()

from django.db.models import Count  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from courses.models import LessonPage  # noqa: E402
from enrollment.models import ROSTER_STATUSES, Enrollment, Trainee, TrainingClass, User  # noqa: E402
from practicum.models import Audience, Session  # noqa: E402
from practicum.rules.code import IN, WINDOW_SECONDS, digits_for, window_of  # noqa: E402
from tests.benchmarks.plans import CONNECTIONS, Request, as_person, described, sign_in  # noqa: E402

AT_THE_DOOR = 240
#: Codes are foretold for this long; a run is shorter.
CODES_FOR = dt.timedelta(hours=1)


def account_of(trainee: Trainee) -> User:
    """Return the trainee's account; most of the demo's people have never signed in and get one now."""
    if trainee.user is None:
        trainee.user = User.objects.create_user(f"bench-{trainee.pk}", name=trainee.name)
        Trainee.objects.filter(pk=trainee.pk).update(user=trainee.user)
    return trainee.user


def person(username: str) -> str:
    """Return a session of one of the demo's named people."""
    return sign_in(User.objects.get(username=username))


def busiest_class() -> TrainingClass:
    """Return the class with the longest roster."""
    return TrainingClass.objects.annotate(size=Count("enrollments")).order_by("-size", "pk")[0]


def students() -> list[User]:
    """Return as many trainees as there are connections, 张学员 first."""
    first = User.objects.get(username="zhang")
    roster = Trainee.objects.filter(enrollments__training_class=busiest_class()).select_related("user")
    others = [account_of(trainee) for trainee in roster.distinct()[:CONNECTIONS]]
    return [first, *(user for user in others if user.pk != first.pk)][:CONNECTIONS]


def watched_lesson() -> LessonPage:
    """Return a published lesson with a playable video."""
    lessons = LessonPage.objects.live().filter(video__duration_seconds__gt=0)
    return lessons.order_by("pk").select_related("video")[0]


def lesson_url(lesson: LessonPage) -> str:
    """Return the address of a lesson."""
    return reverse("courses:lesson", args=[lesson.get_parent().slug, lesson.slug])


def pages() -> dict[str, list[Request]]:
    """Return the reading targets."""
    people = [sign_in(user) for user in students()]
    lesson = watched_lesson()
    staff, leader = person("zhao"), person("zhou")
    course_url = reverse("courses:course", args=[lesson.get_parent().slug])
    roster_url = reverse("enrollment:class_roster", args=[busiest_class().pk])
    return {
        "trainee_home": [as_person(reverse("portal:home"), session) for session in people],
        "course_page": [as_person(course_url, session) for session in people],
        "lesson_page": [as_person(lesson_url(lesson), session) for session in people],
        "class_roster": [as_person(roster_url, staff)],
        "zone_dashboard": [as_person(reverse("portal:zone"), leader)],
    }


def beats() -> list[Request]:
    """Return heartbeats of a video that plays on, each connection a trainee who has the lesson open."""
    lesson = watched_lesson()
    path = reverse("courses:beat", args=[lesson.pk])
    sessions = [sign_in(user) for user in students()]
    for session in sessions:
        Client(SERVER_NAME="127.0.0.1").get(lesson_url(lesson), headers={"Cookie": f"sessionid={session}"})
    return [
        as_person(
            path,
            session,
            json=json.dumps(
                {
                    "position": position,
                    "playing": True,
                    "speed": 1,
                    "visible": True,
                    "session": f"bench-{number}",
                }
            ),
        )
        for position in range(1, int(lesson.video.duration_seconds))
        for number, session in enumerate(sessions)
    ]


def door() -> tuple[list[Request], dict[str, Any]]:
    """Return sign-ins of many trainees to a session that is open now, and the codes of the coming windows."""
    now = timezone.now()
    training_class = busiest_class()
    roster = Enrollment.objects.filter(training_class=training_class, status__in=ROSTER_STATUSES)
    expected = set(roster.values_list("trainee_id", flat=True))
    more = Trainee.objects.exclude(pk__in=expected).order_by("pk")[: max(0, AT_THE_DOOR - len(expected))]
    status = roster.values_list("status", flat=True)[0]
    Enrollment.objects.bulk_create(
        Enrollment(training_class=training_class, trainee=trainee, status=status) for trainee in more
    )
    session = Session.objects.create(
        training_class=training_class,
        title="Benchmark",
        audience=Audience.ROSTER,
        starts_at=now - dt.timedelta(minutes=5),
        ends_at=now + dt.timedelta(hours=2),
        hour_kind="classroom",
        quarters=4,
    )
    path = reverse("practicum:checkin", args=[session.pk])
    trainees = Trainee.objects.filter(enrollments__training_class=training_class).select_related("user")
    form = "code={code}&nonce={nonce}"
    requests = [
        as_person(path, sign_in(account_of(trainee)), form=form) for trainee in trainees[:AT_THE_DOOR]
    ]
    first = window_of(now)
    codes = {
        str(window): digits_for(secret=session.secret, session_id=session.pk, direction=IN, window=window)
        for window in range(first, first + int(CODES_FOR.total_seconds()) // WINDOW_SECONDS)
    }
    return requests, {"seconds": WINDOW_SECONDS, "values": codes}


def main() -> None:
    """Print every target with its queries."""
    checkins, codes = door()
    targets = described({**pages(), "progress_beat": beats(), "check_in": checkins}, rotating=codes)
    json.dump(targets, sys.stdout)


if __name__ == "__main__":
    main()
