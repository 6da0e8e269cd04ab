"""Erasing people who left: what no law requires to keep goes, what stands in the ledger stays nameless.

Stays: ledger entries, standings and posts with their dates (past years' figures are computed from them),
enrolments, attendance and certificate numbers, all without a name. What goes: see ``_erase_*`` and the
erasers of the other apps. It cannot be taken back; the log keeps who did it and when, nothing of the person.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import CharField, Exists, F, Model, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from wagtail.models import ModelLogEntry
from wagtail.search.backends import get_search_backend

from cms.jobs import Progress
from cms.refusals import Refused
from enrollment.actions.erasure_of_papers import erase_papers
from enrollment.actions.erasure_of_words import erase_words
from enrollment.actions.journal import note_many
from enrollment.actions.standings import lock_trainees
from enrollment.actions.uploads import forget_file
from enrollment.erasure import DUTIES, ERASERS
from enrollment.models import (
    ERASED_NAME,
    Appointment,
    ClassStatus,
    CorrectionRequest,
    Exemption,
    Guidance,
    Guide,
    Invitation,
    Message,
    MessagePreference,
    RetentionSubject,
    RoleGrant,
    RosterImport,
    Trainee,
    TrainingClass,
    User,
    UserSession,
    kept_since,
)
from enrollment.rules import retention as rules

#: So many people are erased in one transaction.
BATCH = 100
#: Text that guides write freely about organizations.
GUIDANCE_TEXTS = ("summary", "follow_up", "settlement")


def due(today: dt.date) -> QuerySet[Any]:
    """Those who left so long ago that they are to be erased; ``is_held``: their account still has duties.

    Nobody while no retention period for people is in force.
    """
    since = kept_since(RetentionSubject.PEOPLE, today)
    people = Trainee.objects.filter(erased_at__isnull=True)
    if since is None:
        return people.none()
    duties: Any = (
        Exists(RoleGrant.objects.filter(user=OuterRef("user")))
        | Exists(Guide.objects.filter(user=OuterRef("user")))
        | Exists(User.objects.filter(pk=OuterRef("user"), is_superuser=True))
        | Exists(
            TrainingClass.objects.filter(teacher=OuterRef("user")).exclude(
                status__in=(ClassStatus.CLOSED, ClassStatus.ARCHIVED, ClassStatus.CANCELLED)
            )
        )
    )
    for model, field in DUTIES:
        duties |= Exists(model._base_manager.filter(**{field: OuterRef("user")}))
    return people.filter(left_on__lt=since).annotate(is_held=duties).order_by("left_on", "pk")


def erase_due(*, today: dt.date, actor: User, progress: Progress | None = None) -> int:
    """Erase everybody who is due and whose account holds no duty any more; returns how many.

    Each batch stands on its own: broken off, the next run goes on where this one ended.

    Raises:
        Refused: no retention period is in force.
    """
    if kept_since(RetentionSubject.PEOPLE, today) is None:
        raise Refused(rules.NO_PERIOD)
    ids = list(due(today).filter(is_held=False).values_list("pk", flat=True))
    erased = 0
    for start in range(0, len(ids), BATCH):
        if progress is not None:
            progress.step(start, len(ids))
        erased += _erase(ids[start : start + BATCH], today, actor)
    return erased


@transaction.atomic
def _erase(ids: Collection[int], today: dt.date, actor: User) -> int:
    """Erase those of ``ids`` who, under their lock, are still due."""
    lock_trainees(ids)
    people = list(due(today).filter(pk__in=list(ids), is_held=False))
    trainees = [person.pk for person in people]
    users = [person.user_id for person in people if person.user_id is not None]
    if not trainees:
        return 0
    # First, because it asks for rows that go below.
    _erase_from_log(trainees, users)
    for eraser in ERASERS:
        eraser(trainees, users)
    erase_papers(trainees)
    erase_words(trainees, users)
    _erase_words_of_guides(people)
    _erase_from_imports(trainees)
    _erase_trainees(people)
    _erase_accounts(users)
    note_many(people, "enrollment.person.erase", actor=actor)
    return len(people)


def _erase_trainees(people: Sequence[Trainee]) -> None:
    """The person's own row, and what hangs on it; exemptions keep the days that requirements came from."""
    now = timezone.now()
    pks = [person.pk for person in people]
    bare: dict[str, Any] = {
        "name": ERASED_NAME,
        "user_id": None,
        "gender": "",
        "ethnicity": "",
        "born_on": None,
        "education": "",
        "phone": None,
        "identity_digest": None,
        "identity_tail": "",
        "joined_on": None,
        "host_organization_id": None,
        "note": "",
        "erased_at": now,
        "updated_at": now,
    }
    Trainee.objects.filter(pk__in=pks).update(**bare)
    Exemption.objects.filter(trainee__in=pks).update(ground=Exemption.Ground.OTHER, reason=ERASED_NAME)
    CorrectionRequest.objects.filter(trainee__in=pks).delete()
    Invitation.objects.filter(trainee__in=pks).delete()
    for person in people:
        for name, value in bare.items():
            setattr(person, name, value)
    # Writing a set of rows sends no signal: the search would go on finding them by name.
    get_search_backend().get_index_for_model(Trainee).add_items(Trainee, list(people))


def _erase_accounts(users: Collection[int]) -> None:
    """Accounts are closed, not deleted: what they recorded goes on naming a row, which names nobody."""
    for model, field in (
        (UserSession, "user"),
        (Authenticator, "user"),
        (EmailAddress, "user"),
        (Invitation, "user"),
        (MessagePreference, "user"),
        (Message, "recipient"),
    ):
        rows: Any = model._default_manager
        rows.filter(**{f"{field}__in": users}).delete()
    User.objects.filter(pk__in=users).update(
        username=Concat(Value("erased-"), F("pk"), output_field=CharField()),
        name="",
        email="",
        phone=None,
        password=make_password(None),
        is_active=False,
        last_login=None,
    )


def _erase_words_of_guides(people: Sequence[Trainee]) -> None:
    """Names in what guides wrote about the organizations that these people belonged to."""
    names = {person.pk: person.name for person in people if len(person.name) > 1}
    borne: dict[int, set[str]] = defaultdict(set)
    for person in people:
        if person.pk in names:
            borne[person.home_organization_id].add(person.name)
    posts = Appointment.objects.filter(trainee__in=names).values_list("trainee_id", "organization_id")
    for trainee, organization in posts:
        borne[organization].add(names[trainee])
    changed = [
        record
        for record in Guidance.objects.filter(organization__in=borne)
        if _without_names(record, borne[record.organization_id])
    ]
    Guidance.objects.bulk_update(changed, GUIDANCE_TEXTS, batch_size=200)


def _without_names(record: Guidance, names: Collection[str]) -> bool:
    """Put ``ERASED_NAME`` in the place of each of ``names``; whether there was any."""
    found = False
    for field in GUIDANCE_TEXTS:
        text = getattr(record, field)
        # Longer names first: 张三丰 is not 张三 with a remainder.
        for name in sorted(names, key=len, reverse=True):
            text = text.replace(name, ERASED_NAME)
        found = found or text != getattr(record, field)
        setattr(record, field, text)
    return found


def _erase_from_imports(trainees: Collection[int]) -> None:
    """The rows of roster imports that were about them; the import stays with its counts."""
    gone = set(trainees)
    for pk in list(RosterImport.objects.values_list("pk", flat=True)):
        verdict = RosterImport.objects.values_list("verdict", flat=True).get(pk=pk)
        found = False
        for row in verdict.get("rows", ()):
            if row.get("trainee") in gone:
                found = True
                _strip(row)
        for person in verdict.get("missing", ()):
            if person.get("trainee") in gone:
                found = True
                person["name"] = ERASED_NAME
        if found:
            RosterImport.objects.filter(pk=pk).update(verdict=verdict)
            # The file itself says it all once more; what was applied needs it no longer.
            forget_file(RosterImport, pk)


def _strip(row: dict[str, Any]) -> None:
    """Take everything personal out of one row of a verdict."""
    organization = row.get("person", {}).get("organization_id")
    row["person"] = {"name": ERASED_NAME} | ({"organization_id": organization} if organization else {})
    for name in ("changes", "raw", "own", "problems", "identity_tail_before"):
        row.pop(name, None)


def _erase_from_log(trainees: Collection[int], users: Collection[int]) -> None:
    """Who did what, and when, stays; the name of whom it was about, and what it said of them, goes.

    Entries about a post, an exemption, an enrolment … are called by the person's name, too.
    """
    about: list[tuple[type[Model], QuerySet[Any]]] = [
        (Trainee, Trainee.objects.filter(pk__in=trainees)),
        (User, User.objects.filter(pk__in=users)),
    ]
    about += [
        (model, model._base_manager.filter(**{f"{field.name}__in": trainees}))
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.related_model is Trainee
    ]
    for model, rows in about:
        ids = rows.annotate(key=Cast("pk", CharField())).values("key")
        ModelLogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(model), object_id__in=ids
        ).update(label=ERASED_NAME, data={})
