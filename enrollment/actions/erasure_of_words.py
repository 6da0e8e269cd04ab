"""Names of an erased person in what others wrote: reasons, findings, needs, contacts, messages to others."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, F
from django.db.models.functions import Cast
from wagtail.admin.models import EditingSession, FormState
from wagtail.models import APIToken, PageSubscription
from wagtail.users.models import UserProfile

from enrollment.erasure import replace_names
from enrollment.models import (
    ERASED_NAME,
    BranchActivity,
    Certificate,
    Enrollment,
    ExternalTraining,
    HourAdjustment,
    Message,
    OrganizationContact,
    Trainee,
    TrainingNeed,
)

#: Free text about people: rows, how they lead to the person, and where a name may stand.
WORDS: tuple[tuple[Any, str, tuple[str, ...]], ...] = (
    (Enrollment, "trainee", ("note",)),
    (ExternalTraining, "trainee", ("title", "organizer", "decision", "withdrawal")),
    (HourAdjustment, "trainee", ("title", "reason", "decision", "withdrawal")),
    (Certificate, "enrollment__trainee", ("revoked_reason", "replaced_reason")),
    (BranchActivity, "attendees", ("title", "place", "approval_reason", "findings")),
    (TrainingNeed, "asked_by__trainee", ("text", "answer_text")),
)
#: What Wagtail keeps for an account: half-filled forms, keys, a picture, what it follows.
OF_THE_ACCOUNT = (EditingSession, FormState, APIToken, PageSubscription, UserProfile)


def erase_words(trainees: Collection[int], users: Collection[int]) -> None:
    """Erase ``trainees`` from free text, before their own rows lose their names. They are locked."""
    people = {row.pk: row for row in Trainee.objects.filter(pk__in=trainees)}
    names = {pk: row.name for pk, row in people.items()}
    for model, named, fields in WORDS:
        rows = model._default_manager.all()
        replace_names(rows, fields, named=named, names=names, by=ERASED_NAME)
    TrainingNeed.objects.filter(asked_by__in=users).update(asked_by=None)
    phones = {row.phone for row in people.values() if row.phone}
    OrganizationContact.objects.filter(phone__in=phones).update(name=ERASED_NAME, phone="")
    _erase_from_messages(set(names.values()))
    _erase_from_admin(trainees, users)


def _erase_from_messages(names: Collection[str]) -> None:
    """Messages to others that name somebody. Who bears the same name is not told apart, and loses it too."""
    rows = list(Message.objects.filter(context__name__in=[name for name in names if len(name) > 1]))
    for row in rows:
        told = {key: _without(value, row.context["name"]) for key, value in row.context.items()}
        # What they wrote themselves goes with them.
        row.context = told | ({"text": ERASED_NAME} if "text" in told else {})
    Message.objects.bulk_update(rows, ["context"], batch_size=200)


def _without(value: Any, name: str) -> Any:
    return value.replace(name, ERASED_NAME) if isinstance(value, str) else value


def _erase_from_admin(trainees: Collection[int], users: Collection[int]) -> None:
    """What the admin keeps of them and for them: forms somebody left half-filled, keys, a picture."""
    ids = Trainee.objects.filter(pk__in=trainees).annotate(key=Cast(F("pk"), CharField())).values("key")
    FormState.objects.filter(
        content_type=ContentType.objects.get_for_model(Trainee), object_id__in=ids
    ).delete()
    for profile in UserProfile.objects.filter(user__in=users).exclude(avatar=""):
        profile.avatar.delete(save=False)
    for model in OF_THE_ACCOUNT:
        rows: Any = model._default_manager
        rows.filter(user__in=users).delete()
