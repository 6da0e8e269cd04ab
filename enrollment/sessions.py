"""Sessions as rows that are read together with their user, in one query.

Every page needs the session and the person behind it. Django reads them in two queries; this store joins
them, and `enrollment.middleware.AuthenticationMiddleware` uses the joined row. It also keeps when a
device was last seen, for the idle time-out and the list of devices. See docs/adr/0002 and docs/security.md.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import router
from django.db.models import Q
from django.utils import timezone

from cms.prepared import PreparedModels
from enrollment.models.accounts import STAFF_ROLES, RoleGrant, UnknownSignIn, User, UserSession

#: A device's last-seen time is written at most this often: one write a minute, not one a request.
LAST_SEEN_GRANULARITY = dt.timedelta(minutes=1)


class SessionStore(DatabaseStore):
    """Database sessions that remember their user, their device and when they were last used."""

    user_row: User | None = None
    last_seen_at: dt.datetime | None = None
    signed_in_at: dt.datetime | None = None
    has_timed_out = False
    device = ""

    @classmethod
    def get_model_class(cls) -> type[UserSession]:
        return UserSession

    def _get_session_from_db(self) -> UserSession | None:
        now = timezone.now()
        row = session_with_user(self.session_key or "", now)
        if row is None:
            self._session_key = None
            return None
        if row.user is not None and now - row.last_seen_at > idle_limit(row.user):
            self.has_timed_out = True
            UserSession.objects.filter(pk=row.pk).delete()
            self._session_key = None
            return None
        self.user_row = row.user
        self.last_seen_at = row.last_seen_at
        self.signed_in_at = row.created_at
        self.device = row.device
        return row

    def create_model_instance(self, data: dict[str, Any]) -> UserSession:
        row = super().create_model_instance(data)
        assert isinstance(row, UserSession)
        now = timezone.now()
        user_id = data.get(SESSION_KEY)
        before = self.user_row.pk if self.user_row is not None else None
        if self.signed_in_at is None or str(before or "") != str(user_id or ""):
            # A new session, or one that has just become somebody's.
            self.signed_in_at = now
        row.user_id = user_id
        row.created_at = self.signed_in_at
        row.last_seen_at = self.last_seen_at = now
        row.device = self.device
        return row

    def flush(self) -> None:
        super().flush()
        self.user_row = self.last_seen_at = self.signed_in_at = None

    def touch(self) -> None:
        """Note that the device is in use now; at most one write a minute."""
        now = timezone.now()
        if (
            self.user_row is not None
            and self.session_key is not None
            and self.last_seen_at is not None
            and now - self.last_seen_at > LAST_SEEN_GRANULARITY
        ):
            UserSession.objects.filter(pk=self.session_key).update(last_seen_at=now)
            self.last_seen_at = now

    @classmethod
    def clear_expired(cls) -> None:
        """Delete the sessions that can no longer be used: past their age, or idle for too long."""
        now = timezone.now()
        idle = now - dt.timedelta(
            minutes=max(settings.IDLE_TIMEOUT_MINUTES, settings.IDLE_TIMEOUT_MINUTES_STAFF)
        )
        UserSession.objects.filter(
            Q(expire_date__lt=now) | Q(user__isnull=False, last_seen_at__lt=idle)
        ).delete()


#: Read at every request.
_SESSION_WITH_USER = PreparedModels(
    lambda key, now: UserSession.objects.filter(session_key=key, expire_date__gt=now),
    model=UserSession,
    related=("user",),
    key="-",
    now=dt.datetime(1901, 1, 1, tzinfo=dt.UTC),
)


def session_with_user(session_key: str, now: dt.datetime) -> UserSession | None:
    """The session that has not expired at ``now``, with its user, in one query."""
    found = _SESSION_WITH_USER.run(router.db_for_read(UserSession), key=session_key, now=now)
    return found[0] if found else None


def idle_limit(user: User) -> dt.timedelta:
    """How long ``user`` may be idle (domain §7: 30 minutes, staff 15)."""
    minutes = settings.IDLE_TIMEOUT_MINUTES_STAFF if user.is_staff else settings.IDLE_TIMEOUT_MINUTES
    return dt.timedelta(minutes=minutes)


def is_staff(user: User) -> bool:
    """Whether the stricter rules for staff hold for ``user``, read from the roles themselves."""
    return user.is_superuser or RoleGrant.objects.filter(user=user, role__in=STAFF_ROLES).exists()


def clear_old() -> None:
    """Every hour: delete sessions that cannot be used any more, and failures under names that nobody has."""
    SessionStore.clear_expired()
    UnknownSignIn.objects.filter(seen_at__lt=timezone.now() - dt.timedelta(days=1)).delete()
