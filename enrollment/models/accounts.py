"""Accounts, what they may do, and their sessions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from cms.prepared import Prepared


class Role(models.TextChoices):
    """What someone does in the academy; one person may hold several at once.

    Being a trainee is not granted: whoever has a ``Trainee`` record studies.
    """

    AFFAIRS_WORKER = "affairs_worker", _("Organization affairs worker")
    INSTRUCTOR = "instructor", _("Instructor")
    ADMINISTRATOR = "administrator", _("Academy administrator")
    BASE_HOST = "base_host", _("Base host")
    ZONE_LEADER = "zone_leader", _("Zone leader")
    AUDITOR = "auditor", _("Auditor")


#: Roles that work in the Wagtail admin; a second factor is asked of them.
STAFF_ROLES = frozenset({Role.INSTRUCTOR, Role.ADMINISTRATOR, Role.AUDITOR})


@dataclass(frozen=True)
class Scope:
    """What one user may see and manage, read once per request.

    ``managed_paths``, ``guided_paths`` and ``visible_paths`` are tree-path prefixes of organizations.
    """

    roles: frozenset[str] = frozenset()
    everything: bool = False
    managed_paths: tuple[str, ...] = field(default=())
    #: Organizations that the holder's service groups look after; seen, not edited.
    guided_paths: tuple[str, ...] = field(default=())
    visible_paths: tuple[str, ...] = field(default=())

    def has(self, *roles: str) -> bool:
        """Whether any of ``roles`` is held."""
        return bool(self.roles.intersection(roles))

    @property
    def is_administrator(self) -> bool:
        """Whether the holder runs the whole academy."""
        return self.everything


class User(AbstractUser):
    """Somebody who can sign in, by user name or by mobile phone."""

    # Django's way to drop an inherited field, which the stubs do not know.
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("name"), max_length=60, blank=True)
    phone = models.CharField(_("mobile phone"), max_length=20, null=True, blank=True, unique=True)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="zh-hans")
    failed_sign_ins = models.PositiveSmallIntegerField(_("failed sign-ins"), default=0, editable=False)
    locked_until = models.DateTimeField(_("locked until"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        """The name as people write it; Chinese names have no first and last part to join."""
        return self.name or self.username

    def get_short_name(self) -> str:
        """The same as the full name."""
        return self.get_full_name()

    @property
    def first_name(self) -> str:  # type: ignore[override]  # takes the inherited column's place
        """The same as the full name: what Wagtail's side bar calls whoever is signed in."""
        return self.get_full_name()

    @property
    def masked_phone(self) -> str:
        """The phone as it may stand in a page: 138****1234."""
        return f"{self.phone[:3]}****{self.phone[-4:]}" if self.phone and len(self.phone) >= 7 else ""

    @cached_property
    def _standing(self) -> tuple[list[tuple[str, str]], int]:
        """Grants of roles and places, and how many messages are unread: one query for the frame of a page."""
        rows = _GRANTS.run(user=self.pk)
        return (
            [(role, path) for role, path in rows if role != UNREAD],
            next((int(number) for role, number in rows if role == UNREAD), 0),
        )

    @property
    def unread_messages(self) -> int:
        """How many messages wait to be opened, as of this request's beginning."""
        return self._standing[1]

    @cached_property
    def scope(self) -> Scope:
        """Roles and organization scope (one query, kept on this instance)."""
        grants = self._standing[0]
        roles = frozenset(role for role, _path in grants if role != GUIDE)
        everything = self.is_superuser or Role.ADMINISTRATOR in roles
        managed = tuple(path for role, path in grants if role == Role.AFFAIRS_WORKER and path)
        guided = tuple(path for role, path in grants if role == GUIDE)
        led = tuple(path for role, path in grants if role == Role.ZONE_LEADER and path)
        return Scope(
            roles=roles,
            everything=everything,
            managed_paths=managed,
            guided_paths=guided,
            visible_paths=managed + led + guided,
        )


#: Not a role that is granted: whoever is in a service group guides its organizations.
GUIDE = "guide"
#: Nor this: the number of unread messages comes with the roles, so that the frame costs no second query.
UNREAD = "unread"


def _grants(user: int) -> models.QuerySet[RoleGrant, Any]:
    """Roles with their places, the places of one's service groups, and unread messages, by one query."""
    from enrollment.models.messages import Message
    from enrollment.models.organizations import Organization

    guided = Organization.objects.filter(
        service_group__guides__user=user, dissolved_on__isnull=True
    ).order_by()
    unread = (
        Message.objects.filter(recipient=user)
        .unread()
        .order_by()
        .values("recipient")
        .annotate(number=Cast(models.Count("pk"), models.CharField()))
    )
    return (
        RoleGrant.objects.filter(user=user)
        .order_by()
        .values_list("role", "organization__path")
        .union(
            guided.values_list(models.Value(GUIDE, output_field=models.CharField()), "path"),
            unread.values_list(models.Value(UNREAD, output_field=models.CharField()), "number"),
            all=True,
        )
    )


#: The frame of every page asks for them.
_GRANTS = Prepared(_grants, user=-1)


class RoleGrant(models.Model):
    """One role held by one user, for an organization and all below it where the role has a place."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants", verbose_name=_("user"))
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="grants",
        verbose_name=_("organization"),
        help_text=_("Affairs workers and zone leaders: the organization they look after, with all below it."),
    )
    granted_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("granted by")
    )
    granted_at = models.DateTimeField(_("granted at"), auto_now_add=True)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "organization"],
                name="enrollment_rolegrant_once_per_organization",
                violation_error_message=_("This person already holds that role there."),
            ),
            models.UniqueConstraint(
                fields=["user", "role"],
                condition=Q(organization__isnull=True),
                name="enrollment_rolegrant_once",
                violation_error_message=_("This person already holds that role."),
            ),
            models.CheckConstraint(
                condition=Q(organization__isnull=False)
                | ~Q(role__in=[Role.AFFAIRS_WORKER, Role.ZONE_LEADER]),
                name="enrollment_rolegrant_place_named",
                violation_error_message=_("Name the organization this role is for."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class UserSession(AbstractBaseSession):
    """A signed-in browser: listed to its owner, ended at will, read together with its user in one query."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, related_name="sessions", verbose_name=_("user")
    )
    created_at = models.DateTimeField(_("signed in at"), default=timezone.now)
    last_seen_at = models.DateTimeField(_("last seen at"))
    device = models.CharField(_("device"), max_length=200, blank=True)

    class Meta(AbstractBaseSession.Meta):
        verbose_name = _("device")  # type: ignore[assignment]  # the stubs take Django's lazy text for str
        verbose_name_plural = _("devices")  # type: ignore[assignment]

    @classmethod
    def get_session_store_class(cls) -> Any:
        """The store that reads and writes these rows."""
        from enrollment.sessions import SessionStore

        return SessionStore


class UnknownSignIn(models.Model):
    """Failed sign-ins under a name that nobody has: it is locked as a real one is, so that nothing shows.

    What was typed is kept as a keyed digest only; it may have been a password in the wrong field.
    """

    digest = models.CharField(_("digest"), max_length=64, primary_key=True)
    failed_sign_ins = models.PositiveSmallIntegerField(_("failed sign-ins"), default=0)
    locked_until = models.DateTimeField(_("locked until"), null=True, blank=True)
    seen_at = models.DateTimeField(_("last seen"), auto_now=True)

    class Meta:
        verbose_name = _("sign-in under an unknown name")
        verbose_name_plural = _("sign-ins under unknown names")

    def __str__(self) -> str:
        return self.digest[:8]


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Which invitations."""

    def open(self, now: dt.datetime) -> Self:
        """Those that can still be accepted at ``now``."""
        return self.filter(accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now)


class Invitation(models.Model):
    """A one-time code by which somebody chooses a password; only the code's digest is kept.

    For a trainee on the roster (who has or gets an account), or for an account that has no trainee.
    """

    trainee = models.ForeignKey(
        "enrollment.Trainee",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="invitations",
        verbose_name=_("trainee"),
    )
    user = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="invitations",
        verbose_name=_("account"),
    )
    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"))
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.CheckConstraint(
                condition=Q(trainee__isnull=False, user__isnull=True)
                | Q(trainee__isnull=True, user__isnull=False),
                name="enrollment_invitation_for_one",
                violation_error_message=_("An invitation is for one trainee or for one account."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trainee or self.user} · {timezone.localdate(self.created_at):%Y-%m-%d}"
