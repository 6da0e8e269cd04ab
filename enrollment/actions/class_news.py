"""What people are told of their places in training classes; actions on classes call these, inside their lock.

People without an account hear it from their organization, as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.urls import reverse
from django.utils import timezone

from enrollment.actions.messages import Notice, notify_each
from enrollment.models import Certificate, Enrollment, EnrollmentStatus, Trainee, TrainingClass, User


def _accounts(enrollments: Iterable[Enrollment]) -> dict[int, tuple[int, str]]:
    """Account and name of each trainee who has an account (one query)."""
    rows = Trainee.objects.filter(
        pk__in=[held.trainee_id for held in enrollments], user__isnull=False
    ).values_list("pk", "user_id", "name")
    return {pk: (user_id, name) for pk, user_id, name in rows if user_id is not None}


def _key(held: Enrollment, news: str) -> str:
    """Told once for each change: who withdraws and comes back is told again."""
    return f"enrollment:{held.pk}:{news}:{held.updated_at.timestamp():.6f}"


def tell_enrolled(training_class: TrainingClass, enrollments: Sequence[Enrollment]) -> None:
    """Tell those of ``enrollments`` who are on the roster now; of a class that is over nobody hears."""
    if training_class.ends_on < timezone.localdate():
        # Entered afterwards, for the record.
        return
    joined = [held for held in enrollments if held.status == EnrollmentStatus.ENROLLED]
    if not joined:
        return
    accounts = _accounts(joined)
    context = {
        "title": training_class.title,
        "starts_on": training_class.starts_on,
        "ends_on": training_class.ends_on,
    }
    notify_each(
        kind="class_enrolled",
        notices=[
            Notice(
                accounts[held.trainee_id][0], _key(held, "enrolled"), context, reverse("practicum:schedule")
            )
            for held in joined
            if held.trainee_id in accounts
        ],
    )


def tell_promoted(training_class: TrainingClass, enrollments: Sequence[Enrollment]) -> None:
    """Tell those who moved up from the waitlist."""
    if not enrollments:
        return
    accounts = _accounts(enrollments)
    notify_each(
        kind="class_promoted",
        notices=[
            Notice(
                accounts[held.trainee_id][0],
                _key(held, "promoted"),
                {
                    "title": training_class.title,
                    "starts_on": training_class.starts_on,
                    "is_enrolled": held.status == EnrollmentStatus.ENROLLED,
                },
                reverse("portal:me"),
            )
            for held in enrollments
            if held.trainee_id in accounts
        ],
    )


def tell_left_out(
    training_class: TrainingClass,
    enrollments: Sequence[Enrollment],
    *,
    actor: User | None,
    reason: str = "",
    cause: str = "",
) -> None:
    """Tell those who are no longer in the class, and whoever nominated them (not who did it).

    ``reason`` is what somebody wrote; ``cause`` is ``"cancelled"`` or ``"closed"`` where the class ended.
    """
    if not enrollments:
        return
    accounts = _accounts(enrollments)
    names = dict(
        Trainee.objects.filter(pk__in=[held.trainee_id for held in enrollments]).values_list("pk", "name")
    )
    actor_id = actor.pk if actor is not None else None
    notices = []
    for held in enrollments:
        context = {
            "title": training_class.title,
            "person": names[held.trainee_id],
            "reason": reason,
            "cause": cause,
            "for_others": False,
        }
        user_id = accounts.get(held.trainee_id, (None, ""))[0]
        if user_id is not None and user_id != actor_id:
            notices.append(Notice(user_id, _key(held, "left"), context, reverse("portal:me")))
        nominator = held.nominated_by_id
        # A class that was called off is one piece of news, not one for each person.
        if not cause and nominator is not None and nominator not in {actor_id, user_id}:
            notices.append(
                Notice(
                    nominator,
                    _key(held, "left"),
                    {**context, "for_others": True},
                    reverse("portal:workbench_class", args=[training_class.pk]),
                )
            )
    notify_each(kind="class_refused", notices=notices)


def tell_certified(training_class: TrainingClass, certificates: Sequence[Certificate]) -> None:
    """Tell those whose certificate was issued."""
    if not certificates:
        return
    accounts = _accounts([certificate.enrollment for certificate in certificates if certificate.enrollment])
    notify_each(
        kind="certificate_issued",
        notices=[
            Notice(
                accounts[one.enrollment.trainee_id][0],
                f"certificate:{one.number}",
                {"title": training_class.title, "number": one.number},
                reverse("portal:certificates"),
            )
            for one in certificates
            if one.enrollment is not None and one.enrollment.trainee_id in accounts
        ],
    )
