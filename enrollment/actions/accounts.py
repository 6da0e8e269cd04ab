"""What happens to an account: attempts to sign in, the lock-out, passwords, devices, the second factor."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from cms.refusals import Reason, Refused
from enrollment.actions.journal import note
from enrollment.models import UnknownSignIn, User, UserSession
from enrollment.rules.sign_in import LockOut, Record, Verdict, attempt, failure, success


@dataclass(frozen=True)
class Attempt:
    """An attempt to sign in that has been counted; ``locked_until`` is set when it may not be judged."""

    verdict: Verdict
    locked_until: dt.datetime | None


def lock_out() -> LockOut:
    """The limits in force."""
    return LockOut(failures=settings.LOCKOUT_FAILURES, minutes=settings.LOCKOUT_MINUTES)


def begin_sign_in(*, user: User | None, identifier: str, now: dt.datetime | None = None) -> Attempt:
    """Count an attempt before its password is judged. The same work is done for a name nobody has."""
    now = now or timezone.now()
    with transaction.atomic():
        row = _locked_row(user, identifier)
        before = _record(row)
        verdict, record = attempt(before, now=now, limit=lock_out())
        if record != before:
            _store(row, record)
    return Attempt(verdict, record.locked_until)


def fail_sign_in(
    *, user: User | None, identifier: str, address: str = "", device: str = "", now: dt.datetime | None = None
) -> Attempt:
    """The attempt proved wrong; the account is locked when it was one too many."""
    now = now or timezone.now()
    with transaction.atomic():
        row = _locked_row(user, identifier)
        before = _record(row)
        record = failure(before, now=now, limit=lock_out())
        if record != before:
            _store(row, record)
        if user is not None:
            note(user, "enrollment.sign_in.fail", actor=None, data={"address": address, "device": device})
            if record.locked_until != before.locked_until:
                note(user, "enrollment.sign_in.lock", actor=None, data={"minutes": lock_out().minutes})
    is_locked = record.locked_until is not None and record.locked_until > now
    return Attempt(Verdict.LOCKED if is_locked else Verdict.JUDGE, record.locked_until)


def pass_sign_in(*, user: User) -> None:
    """The password was right: what was held against the account is forgotten."""
    with transaction.atomic():
        row = User.objects.select_for_update().only("pk", "failed_sign_ins", "locked_until").get(pk=user.pk)
        if _record(row) != success():
            _store(row, success())
    user.failed_sign_ins, user.locked_until = 0, None


def lock_after_silence(*, user: User | None, identifier: str, now: dt.datetime | None = None) -> Attempt:
    """Attempts that were begun have not been judged for too long (a process died): count them as failures."""
    now = now or timezone.now()
    with transaction.atomic():
        row = _locked_row(user, identifier)
        record = failure(_record(row), now=now, limit=lock_out())
        _store(row, record)
    return Attempt(Verdict.LOCKED, record.locked_until)


def unlock(*, user: User, actor: User) -> None:
    """Let someone sign in again before the lock-out ends."""
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=user.pk)
        _store(row, success())
        note(row, "enrollment.account.unlock", actor=actor)
    user.failed_sign_ins, user.locked_until = 0, None


def note_sign_in(*, user: User, address: str, device: str) -> None:
    """Write a sign-in into the person's log."""
    note(user, "enrollment.sign_in", actor=user, data={"address": address, "device": device})


def note_sign_out(*, user: User) -> None:
    """Write a sign-out into the person's log."""
    note(user, "enrollment.sign_out", actor=user)


def change_password(
    *, user: User, password: str, actor: User | None, keep_session: str | None = None
) -> None:
    """Set a new password and end every session but ``keep_session``."""
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=user.pk)
        row.set_password(password)
        row.failed_sign_ins, row.locked_until = 0, None
        row.save(update_fields=["password", "failed_sign_ins", "locked_until"])
        UserSession.objects.filter(user=row).exclude(session_key=keep_session or "").delete()
        note(row, "enrollment.account.password", actor=actor)
    user.password = row.password
    user.failed_sign_ins, user.locked_until = 0, None


def set_language(*, user: User, language: str) -> None:
    """Remember the language someone chose.

    Raises:
        Refused: ``language_unknown``.
    """
    if language not in dict(settings.LANGUAGES):
        raise Refused(Reason("language_unknown", _("The academy does not speak that language.")))
    User.objects.filter(pk=user.pk).update(language=language)
    user.language = language


def set_active(*, user: User, is_active: bool, actor: User) -> None:
    """Close an account, or open it again; closing ends its sessions at once.

    Raises:
        Refused: ``own_account`` when someone would close their own.
    """
    if not is_active and user.pk == actor.pk:
        raise Refused(Reason("own_account", _("You cannot close your own account.")))
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=user.pk)
        row.is_active = is_active
        row.save(update_fields=["is_active"])
        if not is_active:
            UserSession.objects.filter(user=row).delete()
        note(row, "enrollment.account.open" if is_active else "enrollment.account.close", actor=actor)
    user.is_active = is_active


def end_session(*, user: User, handle: str, actor: User) -> bool:
    """Sign one device of ``user`` out (``handle``: its ``device_handle``). Returns whether it stood."""
    with transaction.atomic():
        for session in UserSession.objects.filter(user=user):
            if device_handle(session) == handle:
                session.delete()
                note(user, "enrollment.session.end", actor=actor, data={"device": session.device})
                return True
    return False


def end_sessions(*, user: User, actor: User | None, keep_session: str | None = None) -> int:
    """Sign ``user`` out everywhere, but for the session ``keep_session``; return how many ended."""
    with transaction.atomic():
        sessions = UserSession.objects.filter(user=user).exclude(session_key=keep_session or "")
        _total, per_model = sessions.delete()
        ended = per_model.get(UserSession._meta.label, 0)
        note(user, "enrollment.session.end_all", actor=actor, data={"ended": ended})
    return ended


def reset_second_factor(*, user: User, actor: User) -> bool:
    """Remove a lost authenticator; staff set up a new one at their next sign-in. Whether there was one.

    Raises:
        Refused: ``own_second_factor``; somebody else must look at the person first.
    """
    if user.pk == actor.pk:
        raise Refused(Reason("own_second_factor", _("Another administrator must reset your second factor.")))
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        removed, _per_model = Authenticator.objects.filter(user_id=user.pk).delete()
        if removed:
            UserSession.objects.filter(user=user).delete()
            note(user, "enrollment.second_factor.reset", actor=actor)
    return bool(removed)


def device_handle(session: UserSession) -> str:
    """A name for a session that may stand in a page: the session key itself never leaves the server."""
    return salted_hmac("enrollment.device", session.session_key).hexdigest()[:32]


def _locked_row(user: User | None, identifier: str) -> User | UnknownSignIn:
    if user is not None:
        return User.objects.select_for_update().only("pk", "failed_sign_ins", "locked_until").get(pk=user.pk)
    digest = salted_hmac("enrollment.unknown", identifier.strip().casefold(), algorithm="sha256").hexdigest()
    row, _is_new = UnknownSignIn.objects.select_for_update().get_or_create(digest=digest)
    return row


def _record(row: User | UnknownSignIn) -> Record:
    return Record(row.failed_sign_ins, row.locked_until)


def _store(row: User | UnknownSignIn, record: Record) -> None:
    row.failed_sign_ins, row.locked_until = record.failures, record.locked_until
    fields = ["failed_sign_ins", "locked_until"]
    row.save(update_fields=fields if isinstance(row, User) else [*fields, "seen_at"])
