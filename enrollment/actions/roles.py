"""Giving and taking roles: the grant, the Wagtail group and the stricter rules for staff change together."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cms.refusals import Reason, Refused
from enrollment.actions.journal import note
from enrollment.models import STAFF_ROLES, Organization, Role, RoleGrant, User
from enrollment.roles import GROUP_NAMES

#: Roles that are held for one organization and all below it.
PLACED_ROLES = frozenset({Role.AFFAIRS_WORKER, Role.ZONE_LEADER})


def grant_role(
    *, user: User, role: str, organization: Organization | None = None, actor: User | None = None
) -> RoleGrant:
    """Let ``user`` act as ``role``, in ``organization`` where the role has a place. Granting twice is once.

    Raises:
        Refused: ``role_unknown``, ``role_needs_place`` or ``role_has_no_place``.
    """
    role = _known(role)
    if role in PLACED_ROLES and organization is None:
        raise Refused(
            Reason("role_needs_place", _("Name the organization this role is for."), field="organization")
        )
    if role not in PLACED_ROLES and organization is not None:
        raise Refused(
            Reason(
                "role_has_no_place",
                _("This role holds for the whole academy; leave the organization empty."),
                field="organization",
            )
        )
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        grant, is_new = RoleGrant.objects.get_or_create(
            user=locked, role=role, organization=organization, defaults={"granted_by": actor}
        )
        if is_new:
            _follow(locked)
            note(
                locked,
                "enrollment.role.grant",
                actor=actor,
                data={"role": role, "organization": organization.code if organization else ""},
            )
    _forget_scope(user)
    return grant


def revoke_role(
    *, user: User, role: str, organization: Organization | None = None, actor: User | None = None
) -> bool:
    """Take ``role`` (in ``organization``) away again; return whether it was held.

    Raises:
        Refused: ``role_unknown``; ``last_administrator`` when nobody would be left to run the academy.
    """
    role = _known(role)
    with transaction.atomic():
        if role == Role.ADMINISTRATOR and RoleGrant.objects.filter(user=user, role=role).exists():
            # Two administrators who remove each other at the same moment wait for one another here.
            others = User.objects.select_for_update(of=("self",)).filter(
                is_active=True, grants__role=Role.ADMINISTRATOR
            )
            rest = {other.pk for other in others.order_by("pk")} - {user.pk}
            # Read after the lock: the one who waited sees what the other did.
            rest &= set(RoleGrant.objects.filter(role=role).values_list("user_id", flat=True))
            superusers = User.objects.filter(is_active=True, is_superuser=True)
            has_superuser = superusers.exclude(pk=user.pk).exists()
            if not rest and not has_superuser:
                raise Refused(
                    Reason("last_administrator", _("The academy needs at least one administrator."))
                )
        locked = User.objects.select_for_update().get(pk=user.pk)
        held, _per_model = RoleGrant.objects.filter(
            user=locked, role=role, organization=organization
        ).delete()
        if held:
            _follow(locked)
            note(
                locked,
                "enrollment.role.revoke",
                actor=actor,
                data={"role": role, "organization": organization.code if organization else ""},
            )
    _forget_scope(user)
    return bool(held)


def synchronize_groups(*, user: User) -> None:
    """Bring Wagtail groups and the staff mark of ``user`` in line with the roles held."""
    with transaction.atomic():
        _follow(User.objects.select_for_update().get(pk=user.pk))
    _forget_scope(user)


def _known(role: str) -> Role:
    try:
        return Role(role)
    except ValueError:
        raise Refused(Reason("role_unknown", _("There is no such role."), field="role")) from None


def _follow(user: User) -> None:
    """Groups that belong to roles and ``is_staff`` follow the grants; other groups stay."""
    held = set(RoleGrant.objects.filter(user=user).values_list("role", flat=True))
    wanted = {GROUP_NAMES[Role(role)] for role in held}
    ours = set(GROUP_NAMES.values())
    present = dict(user.groups.filter(name__in=ours).values_list("name", "pk"))
    if leaving := [pk for name, pk in present.items() if name not in wanted]:
        user.groups.remove(*leaving)
    for name in sorted(wanted - present.keys()):
        group, _is_new = Group.objects.get_or_create(name=name)
        user.groups.add(group)
    is_staff = user.is_superuser or bool(held & STAFF_ROLES)
    if user.is_staff != is_staff:
        user.is_staff = is_staff
        user.save(update_fields=["is_staff"])


def _forget_scope(user: User) -> None:
    """Let an instance in hand see its new roles and permissions."""
    for name in ("scope", "_perm_cache", "_user_perm_cache", "_group_perm_cache"):
        user.__dict__.pop(name, None)
    user.refresh_from_db(fields=["is_staff"])
