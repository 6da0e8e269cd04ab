"""Sessions as rows that are read together with their user, in one query.

Every page needs the session and the person behind it. Django reads them in two queries; this store joins
them, and `enrollment.middleware.AuthenticationMiddleware` uses the joined row. It also keeps when a
device was last seen, for the idle time-out and the list of devices. See docs/adr/0002.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from enrollment.models.accounts import STAFF_ROLES, RoleGrant, User, UserSession

#: Set in the session at sign-in; staff are timed out sooner.
IS_STAFF_KEY = "is_staff"
#: A device's last-seen time is written at most this often: one write a minute, not one a request.
LAST_SEEN_GRANULARITY = dt.timedelta(minutes=1)


class SessionStore(DatabaseStore):
    """Database sessions that remember their user, their device and when they were last used."""

    user_row: User | None = None
    last_seen_at: dt.datetime | None = None
    has_timed_out = False
    device = ""

    @classmethod
    def get_model_class(cls) -> type[UserSession]:
        return UserSession

    def _get_session_from_db(self) -> UserSession | None:
        now = timezone.now()
        row = (
            UserSession.objects.select_related("user")
            .filter(session_key=self.session_key, expire_date__gt=now)
            .first()
        )
        if row is None:
            self._session_key = None
            return None
        if row.user_id is not None and now - row.last_seen_at > idle_limit(self.decode(row.session_data)):
            self.has_timed_out = True
            row.delete()
            self._session_key = None
            return None
        self.user_row = row.user
        self.last_seen_at = row.last_seen_at
        self.device = row.device
        return row

    def create_model_instance(self, data: dict[str, Any]) -> UserSession:
        row: UserSession = super().create_model_instance(data)
        row.user_id = data.get(SESSION_KEY)
        row.last_seen_at = timezone.now()
        row.device = self.device
        row.created_at = self._created_at(row)
        return row

    def _created_at(self, row: UserSession) -> dt.datetime:
        earlier = UserSession.objects.filter(pk=row.session_key).values_list("created_at", flat=True).first()
        return earlier or timezone.now()

    def touch(self) -> None:
        """Note that the device is in use now; at most one write a minute."""
        now = timezone.now()
        if self.last_seen_at is not None and now - self.last_seen_at > LAST_SEEN_GRANULARITY:
            UserSession.objects.filter(pk=self.session_key).update(last_seen_at=now)
            self.last_seen_at = now


def idle_limit(data: dict[str, Any]) -> dt.timedelta:
    """How long the owner of session ``data`` may be idle (domain §7: 30 minutes, staff 15)."""
    minutes = settings.IDLE_TIMEOUT_MINUTES_STAFF if data.get(IS_STAFF_KEY) else settings.IDLE_TIMEOUT_MINUTES
    return dt.timedelta(minutes=minutes)


def is_staff(user: User) -> bool:
    """Whether the stricter rules for staff hold for ``user``."""
    return user.is_superuser or RoleGrant.objects.filter(user=user, role__in=STAFF_ROLES).exists()
