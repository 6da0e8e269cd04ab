"""What is kept beside an organization: its dated history, whom it is paired with, and its contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.models.organizations import Organization, OrganizationKind, under

if TYPE_CHECKING:
    from enrollment.models.accounts import User


class ChangeKind(models.TextChoices):
    """What may happen to an organization."""

    FOUNDED = "founded", _("Founded")
    SPLIT_OFF = "split_off", _("Founded out of another")
    RENAMED = "renamed", _("Renamed")
    MOVED = "moved", _("Placed under another")
    REGRADED = "regraded", _("Kind changed")
    MERGED = "merged", _("Merged into another")
    DISSOLVED = "dissolved", _("Dissolved")


class HistoryIsAppendOnly(TypeError):
    """Somebody tried to change or delete a line of an organization's history."""


class OrganizationChangeQuerySet(models.QuerySet["OrganizationChange"]):
    """Which changes. Updating and deleting are refused."""

    def visible_to(self, user: User) -> Self:
        """Those of organizations in scope."""
        return self.filter(organization__in=Organization.objects.visible_to(user))

    def about(self, organization: Organization) -> Self:
        """Those of ``organization``, and those of others that merged into it or were founded out of it."""
        return self.filter(Q(organization=organization) | Q(other=organization))

    def update(self, **kwargs: Any) -> NoReturn:
        raise HistoryIsAppendOnly("The history of organizations is never updated.")

    def delete(self) -> NoReturn:
        raise HistoryIsAppendOnly("The history of organizations is never deleted.")


class OrganizationChange(models.Model):
    """One dated line of an organization's history; it is added and never altered.

    ``before`` and ``after`` are what changed, as it was called then: the name, the name of the organization
    above, the kind, or nothing where ``kind`` says it all. Where the change is about a place,
    ``parent_before`` and ``parent_after`` lead to the rows.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="changes", verbose_name=_("organization")
    )
    kind = models.CharField(_("what happened"), max_length=12, choices=ChangeKind.choices)
    effective_on = models.DateField(_("effective on"))
    before = models.CharField(_("before"), max_length=120, blank=True)
    after = models.CharField(_("after"), max_length=120, blank=True)
    parent_before = models.ForeignKey(
        Organization,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("organization above before"),
    )
    parent_after = models.ForeignKey(
        Organization,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("organization above after"),
    )
    other = models.ForeignKey(
        Organization,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="changes_of_others",
        verbose_name=_("other organization"),
        help_text=_("The one it merged into, or was founded out of."),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    document_number = models.CharField(_("document number"), max_length=60, blank=True)
    recorded_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    objects = OrganizationChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of an organization")
        verbose_name_plural = _("changes of organizations")
        ordering = ["-effective_on", "-pk"]
        indexes = [models.Index(fields=["organization", "effective_on"], name="enrollment_orgchange_day")]
        constraints = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(kind__in=["merged", "dissolved"]),
                name="enrollment_organizationchange_ends_once",
                violation_error_message=_("This organization has already been dissolved."),
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["merged", "split_off"]) | Q(other__isnull=False),
                name="enrollment_organizationchange_other_named",
                violation_error_message=_("Name the other organization."),
            ),
            models.CheckConstraint(
                condition=Q(other__isnull=True) | ~Q(other=F("organization")),
                name="enrollment_organizationchange_not_itself",
                violation_error_message=_("An organization cannot merge with itself."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.effective_on} {self.get_kind_display()}"

    def before_text(self) -> str:
        """``before`` in words."""
        return self._in_words(self.before)

    def after_text(self) -> str:
        """``after`` in words."""
        return self._in_words(self.after)

    def _in_words(self, value: str) -> str:
        if self.kind == ChangeKind.REGRADED and value in OrganizationKind.values:
            return str(OrganizationKind(value).label)
        return value

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise HistoryIsAppendOnly("The history of organizations is never updated.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise HistoryIsAppendOnly("The history of organizations is never deleted.")


class OfAnOrganizationQuerySet(models.QuerySet[Any]):
    """Rows that belong to an organization and are seen with it."""

    def visible_to(self, user: User) -> Self:
        """Those of organizations in scope."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        paths = user.scope.visible_paths
        return self.filter(under(paths, "organization__path")) if paths else self.none()

    def manageable_by(self, user: User) -> Self:
        """Those of organizations whose people ``user`` may edit."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        paths = user.scope.managed_paths
        return self.filter(under(paths, "organization__path")) if paths else self.none()


class Pairing(models.Model):
    """结对共建: two organizations that build together; the partner may stand outside the tree."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="pairings", verbose_name=_("organization")
    )
    partner = models.ForeignKey(
        Organization,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="pairings_of_others",
        verbose_name=_("paired organization"),
    )
    partner_name = models.CharField(
        _("name of the paired organization"),
        max_length=120,
        blank=True,
        help_text=_("Only where it is not in the tree: a community, a government office, a village."),
    )
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = OfAnOrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = _("pairing")
        verbose_name_plural = _("pairings")
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(partner__isnull=False) & Q(partner_name=""))
                | (Q(partner__isnull=True) & ~Q(partner_name="")),
                name="enrollment_pairing_one_partner",
                violation_error_message=_(
                    "Choose the paired organization, or write its name where it is not in the tree."
                ),
            ),
            models.CheckConstraint(
                condition=Q(partner__isnull=True) | ~Q(partner=F("organization")),
                name="enrollment_pairing_not_itself",
                violation_error_message=_("An organization cannot be paired with itself."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="enrollment_pairing_dates_in_order",
                violation_error_message=_("A pairing cannot end before it begins."),
            ),
            models.UniqueConstraint(
                fields=["organization", "partner"],
                condition=Q(ends_on__isnull=True, partner__isnull=False),
                name="enrollment_pairing_once_at_a_time",
                violation_error_message=_("These two organizations are already paired."),
            ),
            models.UniqueConstraint(
                fields=["organization", "partner_name"],
                condition=Q(ends_on__isnull=True, partner__isnull=True),
                name="enrollment_pairing_once_with_an_outsider",
                violation_error_message=_("This organization is already paired with that unit."),
            ),
            models.UniqueConstraint(
                fields=["organization", "partner", "starts_on"],
                condition=Q(partner__isnull=False),
                name="enrollment_pairing_begins_once",
                violation_error_message=_("This pairing from that day is already kept."),
            ),
            models.UniqueConstraint(
                fields=["organization", "partner_name", "starts_on"],
                condition=Q(partner__isnull=True),
                name="enrollment_pairing_begins_once_with_an_outsider",
                violation_error_message=_("This pairing from that day is already kept."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization} · {self.partner or self.partner_name}"


class OrganizationContact(models.Model):
    """“五个一” contact: a person or a unit that an organization can turn to, in a named role.

    The zone names its five roles itself, so a role is text; one role has one contact at a time.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="contacts", verbose_name=_("organization")
    )
    role = models.CharField(
        _("role"), max_length=40, help_text=_("As the zone's “five ones” names it, e.g. liaison leader.")
    )
    name = models.CharField(_("name"), max_length=60, help_text=_("A person, or a unit."))
    unit = models.CharField(_("unit and post"), max_length=120, blank=True)
    phone = models.CharField(_("telephone"), max_length=20, blank=True)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)

    objects = OfAnOrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact of an organization")
        verbose_name_plural = _("contacts of organizations")
        ordering = ["role", "-starts_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "role"],
                condition=Q(ends_on__isnull=True),
                name="enrollment_organizationcontact_one_a_role",
                violation_error_message=_(
                    "This organization already has a contact in this role; give the present one an end first."
                ),
            ),
            models.UniqueConstraint(
                fields=["organization", "role", "starts_on"],
                name="enrollment_organizationcontact_begins_once",
                violation_error_message=_("In this role a contact from that day is already kept."),
            ),
            models.CheckConstraint(
                condition=~Q(role=""),
                name="enrollment_organizationcontact_role_named",
                violation_error_message=_("Name the role of the contact."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="enrollment_organizationcontact_dates_in_order",
                violation_error_message=_("A contact cannot end before it begins."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} · {self.name}"

    @property
    def masked_phone(self) -> str:
        """The telephone as others see it: 138****1234."""
        return f"{self.phone[:3]}****{self.phone[-4:]}" if len(self.phone) >= 7 else ""
