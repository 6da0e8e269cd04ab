"""The tree of “1+7+N” and what is known of each organization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from treebeard.mp_tree import MP_Node, MP_NodeManager, MP_NodeQuerySet
from wagtail.search import index

if TYPE_CHECKING:
    from enrollment.models.accounts import User

#: Length of one step of ``Organization.path``: the zone is 4 characters, a park 8.
STEP = 4


def under(paths: tuple[str, ...], field: str = "path") -> Q:
    """A condition that is true for rows whose tree path ``field`` lies at or below one of ``paths``."""
    condition = Q(pk__in=[])
    for path in paths:
        condition |= Q(**{f"{field}__startswith": path})
    return condition


def neighbours(paths: Sequence[str], field: str = "path") -> Q:
    """A condition that is true at or below organizations that stand beside one another in the tree.

    ``paths`` are of one level and under one parent. One range of the index instead of one for each of them;
    what lies between two of them belongs to one that is not asked for.
    """
    if not paths:
        return Q(pk__in=[])
    return Q(**{f"{field}__gte": min(paths), f"{field}__lt": Organization(path=max(paths))._inc_path()})


class OrganizationKind(models.TextChoices):
    """Levels of the tree."""

    ZONE = "zone", _("Zone committee")
    PARK = "park", _("Park organization")
    COMMITTEE = "committee", _("Party committee")
    GENERAL_BRANCH = "general_branch", _("General branch")
    BRANCH = "branch", _("Branch")
    JOINT_BRANCH = "joint_branch", _("Joint branch")


class Area(models.Model):
    """An area committee 片区党委: an overlay on the tree, not a level of it."""

    code = models.SlugField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class TagKind(models.TextChoices):
    """Ways in which industry is grouped."""

    FIELD = "field", _("Industry field")
    CHAIN = "chain", _("Industry chain")
    ALLIANCE = "alliance", _("Party-building alliance")


class IndustryTag(models.Model):
    """One of 7 fields 领域, 10 chains 产业党建链 or 8 alliances 党建联盟."""

    kind = models.CharField(_("kind"), max_length=10, choices=TagKind.choices)
    code = models.SlugField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        verbose_name = _("industry grouping")
        verbose_name_plural = _("industry groupings")
        ordering = ["kind", "code"]

    def __str__(self) -> str:
        return self.name


class ServiceGroup(models.Model):
    """One of 32 groups of “2510” guidance; its members look after organizations and do not lecture."""

    code = models.SlugField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        verbose_name = _("service group")
        verbose_name_plural = _("service groups")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class GuideKind(models.TextChoices):
    """Who is in a service group."""

    ADVISER = "adviser", _("Part-time adviser")
    LIAISON_OFFICER = "liaison_officer", _("Liaison officer")
    SPECIALIST = "specialist", _("Party-building specialist")


class Guide(models.Model):
    """A member of a service group."""

    group = models.ForeignKey(
        ServiceGroup, on_delete=models.CASCADE, related_name="guides", verbose_name=_("service group")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=GuideKind.choices)
    name = models.CharField(_("name"), max_length=60)
    phone = models.CharField(_("mobile phone"), max_length=20, blank=True)
    user = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="guide_posts",
        verbose_name=_("account"),
    )

    class Meta:
        verbose_name = _("guide")
        verbose_name_plural = _("guides")

    def __str__(self) -> str:
        return self.name


class OrganizationQuerySet(MP_NodeQuerySet):
    """Which organizations."""

    def visible_to(self, user: User) -> Self:
        """Those whose figures and people ``user`` may see."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        return self.filter(under(user.scope.visible_paths)) if user.scope.visible_paths else self.none()

    def manageable_by(self, user: User) -> Self:
        """Those whose people ``user`` may edit."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        return self.filter(under(user.scope.managed_paths)) if user.scope.managed_paths else self.none()

    def guided_by(self, user: User) -> Self:
        """Those that the service groups of ``user`` look after; those below have groups of their own."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        groups = Guide.objects.filter(user=user).values("group")
        return self.filter(service_group__in=groups).active()

    def below(self, organization: Organization) -> Self:
        """``organization`` itself and everything under it."""
        return self.filter(path__startswith=organization.path)

    def active(self) -> Self:
        """Those not dissolved."""
        return self.filter(dissolved_on__isnull=True)


class OrganizationManager(MP_NodeManager.from_queryset(OrganizationQuerySet)):  # type: ignore[misc]
    """Organizations in tree order."""

    def get_queryset(self) -> OrganizationQuerySet:
        return OrganizationQuerySet(self.model, using=self._db).order_by("path")


class Organization(index.Indexed, MP_Node):
    """A Party organization in the tree zone → park → committee / branch."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    short_name = models.CharField(_("short name"), max_length=60, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=OrganizationKind.choices)
    area = models.ForeignKey(
        Area,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="organizations",
        verbose_name=_("area"),
    )
    tags = models.ManyToManyField(
        IndustryTag, blank=True, related_name="organizations", verbose_name=_("industry groupings")
    )
    service_group = models.ForeignKey(
        ServiceGroup,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="organizations",
        verbose_name=_("service group"),
    )
    star = models.PositiveSmallIntegerField(_("star rating"), null=True, blank=True)
    is_social = models.BooleanField(
        _("social organization"), default=False, help_text=_("Otherwise a non-public enterprise.")
    )
    founded_on = models.DateField(_("founded on"), null=True, blank=True)
    dissolved_on = models.DateField(_("dissolved on"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged_sources",
        verbose_name=_("merged into"),
    )

    steplen = STEP
    node_order_by: ClassVar[list[str]] = []

    objects = OrganizationManager()

    search_fields = [
        index.SearchField("name"),
        index.SearchField("short_name"),
        index.AutocompleteField("name"),
        index.AutocompleteField("code"),
        index.FilterField("path"),
        index.FilterField("kind"),
    ]

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        indexes = [
            models.Index(fields=["name"], name="enrollment_org_name"),
            # The few at the top are found without reading all that lies below them.
            models.Index(fields=["depth", "path"], name="enrollment_org_level"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(star__isnull=True) | Q(star__gte=1, star__lte=5),
                name="enrollment_organization_star_1_to_5",
                violation_error_message=_("A star rating lies between 1 and 5."),
            ),
            models.CheckConstraint(
                condition=Q(dissolved_on__isnull=True)
                | Q(founded_on__isnull=True)
                | Q(dissolved_on__gte=models.F("founded_on")),
                name="enrollment_organization_dissolved_after_founded",
                violation_error_message=_("An organization cannot be dissolved before it was founded."),
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True)
                | (Q(dissolved_on__isnull=False) & ~Q(merged_into=models.F("id"))),
                name="enrollment_organization_merged_is_dissolved",
                violation_error_message=_("An organization that merged into another one is dissolved."),
            ),
        ]

    def __str__(self) -> str:
        return self.short_name or self.name

    @property
    def park_path(self) -> str:
        """Path of the park this organization belongs to (its first two steps)."""
        return self.path[: 2 * STEP]


class TitleLevel(models.TextChoices):
    """Who awarded a demonstration title."""

    PROVINCE = "province", _("Province")
    CITY = "city", _("City")
    DISTRICT = "district", _("District")


class DemonstrationTitleQuerySet(models.QuerySet["DemonstrationTitle"]):
    """Which titles."""

    def visible_to(self, user: User) -> Self:
        """Those of organizations in scope."""
        return self.filter(organization__in=Organization.objects.visible_to(user))

    def held_on(self, day: Any) -> Self:
        """Those that hold on ``day``."""
        return self.filter(Q(expires_on__isnull=True) | Q(expires_on__gte=day), awarded_on__lte=day)


class DemonstrationTitle(models.Model):
    """示范培育对象: a title with the dates it holds."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="titles", verbose_name=_("organization")
    )
    level = models.CharField(_("level"), max_length=10, choices=TitleLevel.choices)
    awarded_on = models.DateField(_("awarded on"))
    expires_on = models.DateField(_("expires on"), null=True, blank=True)

    objects = DemonstrationTitleQuerySet.as_manager()

    class Meta:
        verbose_name = _("demonstration title")
        verbose_name_plural = _("demonstration titles")
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_on__isnull=True) | Q(expires_on__gt=models.F("awarded_on")),
                name="enrollment_demonstrationtitle_dates_in_order",
                violation_error_message=_("A title cannot expire before it was awarded."),
            ),
            models.UniqueConstraint(
                fields=["organization", "level", "awarded_on"],
                name="enrollment_demonstrationtitle_awarded_once",
                violation_error_message=_("This organization was awarded this title on that day already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization} · {self.get_level_display()}"
