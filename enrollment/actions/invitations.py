"""Invitations: the only way to an account, and the way back to one whose password is forgotten.

Only a keyed digest of each code is kept, so codes are shown once, when they are made.
Lock order: the people by number, then the account, then invitations.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from cms.refusals import Reason, Refused
from enrollment.actions.accounts import change_password
from enrollment.actions.journal import note, note_many
from enrollment.models import Invitation, Organization, Trainee, User
from enrollment.rules.invitations import ALPHABET, LENGTH, normalized

MISSING = Reason(
    "invitation_unknown", _("There is no such invitation. Check the code, or ask for a new one.")
)
USED = Reason("invitation_used", _("This invitation has been used. Sign in, or ask for a new one."))
EXPIRED = Reason("invitation_expired", _("This invitation has expired. Ask your organization for a new one."))
REVOKED = Reason(
    "invitation_revoked", _("This invitation was withdrawn. Ask your organization for a new one.")
)
CLOSED = Reason("account_closed", _("This account is closed. Ask the academy."))


@dataclass(frozen=True)
class Issued:
    """An invitation with its code, which nobody can read again later."""

    invitation: Invitation
    code: str


def digest_of(code: str) -> str:
    """What is kept of ``code``."""
    return salted_hmac("enrollment.invitation", normalized(code), algorithm="sha256").hexdigest()


def new_code() -> str:
    """A fresh code."""
    return "".join(secrets.choice(ALPHABET) for _position in range(LENGTH))


def invite_trainees(
    *, trainees: Sequence[Trainee], actor: User, now: dt.datetime | None = None
) -> list[Issued]:
    """Make one invitation for each of ``trainees``; earlier ones that were not used stop working.

    A trainee who has an account gets a way to a new password for it.

    Raises:
        Refused: ``not_manageable`` when ``actor`` does not look after all of them; ``account_of_staff`` when
            one of the accounts belongs to staff and ``actor`` is no administrator.
    """
    now = now or timezone.now()
    ids = sorted({trainee.pk for trainee in trainees})
    with transaction.atomic():
        locked = Trainee.objects.select_for_update(of=("self",), no_key=True)
        people = list(locked.filter(pk__in=ids).select_related("user").order_by("pk"))
        if not actor.scope.everything:
            allowed = Organization.objects.manageable_by(actor)
            own = Trainee.objects.filter(pk__in=ids, home_organization__in=allowed).count()
            if own != len(ids):
                raise Refused(Reason("not_manageable", _("You do not look after all of these people.")))
            if any(person.user is not None and person.user.is_staff for person in people):
                raise Refused(
                    Reason("account_of_staff", _("Only an administrator may invite members of staff again."))
                )
        Invitation.objects.filter(trainee__in=people).open(now).update(revoked_at=now)
        issued = [
            Issued(
                Invitation(
                    trainee=person,
                    digest=digest_of(code),
                    created_by=actor,
                    expires_at=now + dt.timedelta(days=settings.INVITATION_DAYS),
                ),
                code,
            )
            for person, code in ((person, new_code()) for person in people)
        ]
        Invitation.objects.bulk_create([one.invitation for one in issued])
        note_many(people, "enrollment.invitation.issue", actor=actor)
    return issued


def invite_user(*, user: User, actor: User, now: dt.datetime | None = None) -> Issued:
    """Make an invitation for an account without a trainee, or one whose password is forgotten.

    Raises:
        Refused: ``not_administrator``.
    """
    now = now or timezone.now()
    if not actor.scope.everything:
        raise Refused(Reason("not_administrator", _("Only an administrator may do this.")))
    code = new_code()
    with transaction.atomic():
        _lock_person(Invitation(user=user))
        Invitation.objects.filter(Q(user=user) | Q(trainee__user=user)).open(now).update(revoked_at=now)
        invitation = Invitation.objects.create(
            user=user,
            digest=digest_of(code),
            created_by=actor,
            expires_at=now + dt.timedelta(days=settings.INVITATION_DAYS),
        )
        note(user, "enrollment.invitation.issue", actor=actor)
    return Issued(invitation, code)


def revoke(*, invitation: Invitation, actor: User, now: dt.datetime | None = None) -> None:
    """Withdraw an invitation.

    Raises:
        Refused: ``invitation_used``.
    """
    now = now or timezone.now()
    with transaction.atomic():
        row = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if row.accepted_at is not None:
            raise Refused(USED)
        if row.revoked_at is None:
            row.revoked_at = now
            row.save(update_fields=["revoked_at"])
            person = row.trainee or row.user
            assert person is not None  # the constraint enrollment_invitation_for_one
            note(person, "enrollment.invitation.revoke", actor=actor)


def find(*, code: str, now: dt.datetime | None = None) -> Invitation:
    """The invitation behind ``code``, if it can be accepted now.

    Raises:
        Refused: ``invitation_unknown``, ``invitation_used``, ``invitation_revoked``, ``invitation_expired``
            or ``account_closed``.
    """
    return _acceptable(_find(code), now or timezone.now())


def accept(*, code: str, username: str, password: str, now: dt.datetime | None = None) -> User:
    """Give the invited person an account (or a new password for the one they have); each code works once.

    Raises:
        Refused: as ``find``; ``username_taken``; ``password_weak`` with the sentences of the password rules.
    """
    now = now or timezone.now()
    username = username.strip()
    with transaction.atomic():
        _lock_person(_find(code))
        # Whoever sent the code a second time has waited for the first, and now finds it used.
        invitation = _acceptable(_find(code, lock=True), now)
        user = account_of(invitation)
        if user._state.adding:
            user = _new_account(user, username)
        _judge_password(user, password)
        if user._state.adding:
            user.set_password(password)
            user.save()
            assert invitation.trainee_id is not None
            Trainee.objects.filter(pk=invitation.trainee_id).update(user=user)
            note(user, "enrollment.account.open", actor=user)
        else:
            change_password(user=user, password=password, actor=user)
        invitation.accepted_at = now
        invitation.save(update_fields=["accepted_at"])
        note(user, "enrollment.invitation.accept", actor=user)
    return user


def _lock_person(invitation: Invitation) -> None:
    """Lock the trainee and the account that an invitation is for, in this order, where there is one."""
    trainees = Trainee.objects.filter(user=invitation.user) if invitation.user_id else None
    if invitation.trainee_id is not None:
        trainees = Trainee.objects.filter(pk=invitation.trainee_id)
    assert trainees is not None  # the constraint enrollment_invitation_for_one
    trainee = trainees.select_related(None).select_for_update(no_key=True).first()
    account = invitation.user_id or (trainee.user_id if trainee is not None else None)
    if account is not None:
        User.objects.select_for_update().get(pk=account)


def account_of(invitation: Invitation) -> User:
    """The account an invitation is for; one that is not saved yet when the trainee has none."""
    if invitation.user is not None:
        return invitation.user
    trainee = invitation.trainee
    if trainee is None:
        raise Refused(MISSING)
    if trainee.user is not None:
        return trainee.user
    phone = trainee.phone or None
    if phone and User.objects.filter(Q(phone=phone) | Q(username=phone)).exists():
        # Somebody else's account already signs in with it; the trainee chooses a name instead.
        phone = None
    return User(name=trainee.name, phone=phone, username=phone or "")


def _new_account(user: User, username: str) -> User:
    if not username or User.objects.filter(Q(username__iexact=username) | Q(phone=username)).exists():
        raise Refused(
            Reason("username_taken", _("That user name is taken. Choose another."), field="username")
        )
    user.username = username
    return user


def _judge_password(user: User, password: str) -> None:
    try:
        validate_password(password, user=user)
    except ValidationError as error:
        raise Refused(
            *[Reason("password_weak", message, field="password1") for message in error.messages]
        ) from None


def _find(code: str, *, lock: bool = False) -> Invitation:
    code = normalized(code)
    if not code:
        raise Refused(MISSING)
    rows = Invitation.objects.filter(digest=digest_of(code))
    if lock:
        rows = rows.select_for_update()
    invitation = rows.first()
    if invitation is None:
        raise Refused(MISSING)
    return invitation


def _acceptable(invitation: Invitation, now: dt.datetime) -> Invitation:
    if invitation.accepted_at is not None:
        raise Refused(USED)
    if invitation.revoked_at is not None:
        raise Refused(REVOKED)
    if invitation.expires_at <= now:
        raise Refused(EXPIRED)
    person = invitation.user or (invitation.trainee.user if invitation.trainee is not None else None)
    if person is not None and not person.is_active:
        raise Refused(CLOSED)
    return invitation
