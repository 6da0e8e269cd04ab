"""Training bases 实训基地, who receives visitors there, and when they are closed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from modelcluster.models import ClusterableModel
from wagtail.fields import RichTextField
from wagtail.models import Orderable
from wagtail.search import index

from enrollment.models import IndustryTag, TagKind, TitleLevel
from practicum.rules.visits import BaseTerms

if TYPE_CHECKING:
    from enrollment.models import User

WEEKDAYS = [
    ("1", _("Monday")),
    ("2", _("Tuesday")),
    ("3", _("Wednesday")),
    ("4", _("Thursday")),
    ("5", _("Friday")),
    ("6", _("Saturday")),
    ("7", _("Sunday")),
]


class BaseStatus(models.TextChoices):
    """Whether a base receives visitors."""

    DRAFT = "draft", _("In preparation")
    ACTIVE = "active", _("Receives visitors")
    SUSPENDED = "suspended", _("Suspended")
    RETIRED = "retired", _("No longer a base")


#: What the directory shows.
LISTED = (BaseStatus.ACTIVE, BaseStatus.SUSPENDED)


class TrainingBaseQuerySet(models.QuerySet["TrainingBase"]):
    """Which bases."""

    def active(self) -> Self:
        """Those that receive visitors."""
        return self.filter(status=BaseStatus.ACTIVE)

    def listed(self) -> Self:
        """Those of the directory: a suspended base stays in it, with a word that it receives nobody."""
        return self.filter(status__in=LISTED)

    def visible_to(self, user: User) -> Self:
        """All for administrators; one's own as host; for everybody those of the directory."""
        if not user.is_authenticated or not user.is_active:
            return self.listed()
        if user.scope.everything:
            return self
        mine = BaseHost.objects.filter(user=user).values("base")
        return self.filter(Q(status__in=LISTED) | Q(pk__in=mine))

    def hosted_by(self, user: User) -> Self:
        """Those ``user`` receives visitors for."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(pk__in=BaseHost.objects.filter(user=user).values("base"))

    def manageable_by(self, user: User) -> Self:
        """All for administrators, none for others."""
        if not user.is_authenticated or not user.is_active or not user.scope.everything:
            return self.none()
        return self


class TrainingBase(index.Indexed, ClusterableModel):
    """A company or site that hosts experiential visits, with everything a visit needs (domain §4)."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name of the base"), max_length=80)
    status = models.CharField(
        _("status"), max_length=12, choices=BaseStatus.choices, default=BaseStatus.ACTIVE
    )
    unit = models.CharField(_("unit"), max_length=120)
    organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="bases",
        verbose_name=_("Party organization"),
    )
    organization_name = models.CharField(
        _("name of the Party organization"),
        max_length=120,
        blank=True,
        help_text=_("Only where the organization is not in the tree."),
    )
    park = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="park_bases",
        verbose_name=_("park"),
    )
    field = models.ForeignKey(
        IndustryTag,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="field_bases",
        limit_choices_to={"kind": TagKind.FIELD},
        verbose_name=_("industry field"),
    )
    chain = models.ForeignKey(
        IndustryTag,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="chain_bases",
        limit_choices_to={"kind": TagKind.CHAIN},
        verbose_name=_("industry chain"),
    )

    theme = models.CharField(_("theme"), max_length=120)
    summary = models.CharField(_("summary"), max_length=200, blank=True)
    story = RichTextField(
        _("story"), blank=True, features=["h3", "bold", "ol", "ul", "link", "image", "blockquote"]
    )
    teaching_points = models.TextField(_("teaching points"), blank=True, help_text=_("One a line."))
    guides = models.TextField(
        _("guides and lecturers"), blank=True, help_text=_("One a line: name, then what they speak about.")
    )
    lecturers = ParentalManyToManyField(
        "practicum.Lecturer", blank=True, related_name="bases", verbose_name=_("lecturers of the register")
    )

    address = models.CharField(_("address"), max_length=160)
    latitude = models.DecimalField(
        _("latitude"),
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )
    longitude = models.DecimalField(
        _("longitude"),
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )
    route = models.TextField(_("how to get there"), blank=True)
    coach_spaces = models.PositiveSmallIntegerField(_("coach parking spaces"), default=0)
    parking_note = models.CharField(_("about parking"), max_length=120, blank=True)
    is_step_free = models.BooleanField(_("step-free"), default=False)
    accessibility = models.CharField(_("accessibility"), max_length=200, blank=True)

    capacity_per_batch = models.PositiveSmallIntegerField(_("people per batch"), default=40)
    batches_per_day = models.PositiveSmallIntegerField(_("batches per day"), default=2)
    visit_minutes = models.PositiveSmallIntegerField(_("length of a visit (minutes)"), default=120)
    open_weekdays = models.CharField(
        _("open on"),
        max_length=7,
        default="12345",
        validators=[RegexValidator(r"^[1-7]{1,7}$", _("Days are digits from 1 (Monday) to 7 (Sunday)."))],
    )
    opens_at = models.TimeField(_("opens at"), default=dt.time(9, 0))
    closes_at = models.TimeField(_("closes at"), default=dt.time(17, 0))
    lead_days = models.PositiveSmallIntegerField(_("lead time (working days)"), default=5)

    contact_name = models.CharField(_("contact"), max_length=60, blank=True, help_text=_("Internal."))
    contact_phone = models.CharField(
        _("contact's phone"), max_length=30, blank=True, help_text=_("Internal.")
    )
    photo_rule = models.CharField(_("rule about photographs"), max_length=160, blank=True)
    confidentiality_rule = models.CharField(_("rule about confidentiality"), max_length=160, blank=True)
    dress_rule = models.CharField(_("rule about dress"), max_length=160, blank=True)

    modules = ParentalManyToManyField(
        "courses.ModulePage", blank=True, related_name="bases", verbose_name=_("modules it serves")
    )
    title_level = models.CharField(_("title level"), max_length=10, choices=TitleLevel.choices, blank=True)
    title_awarded_on = models.DateField(_("title awarded on"), null=True, blank=True)
    title_expires_on = models.DateField(_("title expires on"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = TrainingBaseQuerySet.as_manager()

    search_fields = [
        index.SearchField("name"),
        index.SearchField("unit"),
        index.SearchField("theme"),
        index.SearchField("summary"),
        index.SearchField("teaching_points"),
        index.AutocompleteField("name"),
        index.AutocompleteField("unit"),
        index.FilterField("status"),
        index.FilterField("park_id"),
        index.FilterField("field_id"),
        index.FilterField("chain_id"),
        index.FilterField("title_level"),
    ]

    class Meta:
        verbose_name = _("training base")
        verbose_name_plural = _("training bases")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(capacity_per_batch__gte=1, batches_per_day__gte=1, visit_minutes__gte=15),
                name="practicum_trainingbase_can_receive",
                violation_error_message=_(
                    "A base takes at least one person a batch and one batch a day, for a quarter of an hour."
                ),
            ),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")),
                name="practicum_trainingbase_hours_in_order",
                violation_error_message=_("A base closes after it opens."),
            ),
            models.CheckConstraint(
                condition=Q(title_expires_on__isnull=True)
                | Q(title_awarded_on__isnull=True)
                | Q(title_expires_on__gt=F("title_awarded_on")),
                name="practicum_trainingbase_title_dates_in_order",
                violation_error_message=_("A title cannot expire before it was awarded."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def teaching_point_list(self) -> list[str]:
        """Teaching points, one each."""
        return [line.strip() for line in self.teaching_points.splitlines() if line.strip()]

    @property
    def guide_list(self) -> list[str]:
        """Guides and lecturers, one each."""
        return [line.strip() for line in self.guides.splitlines() if line.strip()]

    @property
    def open_weekday_names(self) -> list[str]:
        """The days on which the base is open, as words."""
        return [str(name) for digit, name in WEEKDAYS if digit in self.open_weekdays]

    @property
    def terms(self) -> BaseTerms:
        """What the base offers, for the rules."""
        return BaseTerms(
            capacity_per_batch=self.capacity_per_batch,
            batches_per_day=self.batches_per_day,
            open_weekdays=frozenset(int(digit) for digit in self.open_weekdays),
            opens_at=self.opens_at,
            closes_at=self.closes_at,
            lead_days=self.lead_days,
            is_active=self.status == BaseStatus.ACTIVE,
        )

    @property
    def title_has_expired(self) -> bool:
        """Whether the title ran out; it lasts about three years."""
        return self.title_expires_on is not None and self.title_expires_on < timezone.localdate()


class BasePhoto(Orderable):
    """A picture of a base."""

    base = ParentalKey(
        TrainingBase, on_delete=models.CASCADE, related_name="photos", verbose_name=_("training base")
    )
    image = models.ForeignKey(
        "cms.AcademyImage", on_delete=models.CASCADE, related_name="+", verbose_name=_("picture")
    )
    caption = models.CharField(_("caption"), max_length=120, blank=True)

    class Meta(Orderable.Meta):
        verbose_name = _("photo")
        verbose_name_plural = _("photos")

    def __str__(self) -> str:
        return self.caption or str(self.image)


class BaseHost(models.Model):
    """Somebody of a base who answers requests and receives visitors."""

    base = ParentalKey(
        TrainingBase, on_delete=models.CASCADE, related_name="hosts", verbose_name=_("training base")
    )
    user = models.ForeignKey(
        "enrollment.User", on_delete=models.CASCADE, related_name="hosted_bases", verbose_name=_("account")
    )

    class Meta:
        verbose_name = _("base host")
        verbose_name_plural = _("base hosts")
        constraints = [
            models.UniqueConstraint(
                fields=["base", "user"],
                name="practicum_basehost_once",
                violation_error_message=_("This person is already a host of the base."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.base}"


class BlackoutQuerySet(models.QuerySet["Blackout"]):
    """Which closures."""

    def touching(self, first: dt.date, last: dt.date) -> Self:
        """Those that share a day with ``first`` to ``last``."""
        return self.filter(starts_on__lte=last, ends_on__gte=first)

    def not_over(self, today: dt.date) -> Self:
        """Those whose last day is not past, with what they close (one query)."""
        things = ("base", "room__venue", "vehicle", "lecturer")
        return self.filter(ends_on__gte=today).select_related(*things)


class Blackout(models.Model):
    """Days (both included) on which a base, room, vehicle or lecturer cannot be had.

    It may be entered over sessions that are already planned: those are then listed for staff to move.
    """

    base = ParentalKey(
        TrainingBase,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="blackouts",
        verbose_name=_("training base"),
    )
    room = models.ForeignKey(
        "practicum.Room",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="blackouts",
        verbose_name=_("room"),
    )
    vehicle = models.ForeignKey(
        "practicum.Vehicle",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="blackouts",
        verbose_name=_("vehicle"),
    )
    lecturer = models.ForeignKey(
        "practicum.Lecturer",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="blackouts",
        verbose_name=_("lecturer"),
    )
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"))
    reason = models.CharField(_("reason"), max_length=120)

    objects = BlackoutQuerySet.as_manager()

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        ordering = ["starts_on"]
        indexes = [models.Index(fields=["starts_on", "ends_on"], name="practicum_blackout_days")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="practicum_blackout_dates_in_order",
                violation_error_message=_("A closure cannot end before it begins."),
            ),
            models.CheckConstraint(
                condition=(
                    Q(base__isnull=False, room__isnull=True, vehicle__isnull=True, lecturer__isnull=True)
                    | Q(base__isnull=True, room__isnull=False, vehicle__isnull=True, lecturer__isnull=True)
                    | Q(base__isnull=True, room__isnull=True, vehicle__isnull=False, lecturer__isnull=True)
                    | Q(base__isnull=True, room__isnull=True, vehicle__isnull=True, lecturer__isnull=False)
                ),
                name="practicum_blackout_of_one_thing",
                violation_error_message=_("Name one base, room, vehicle or lecturer that is closed."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_on}–{self.ends_on} {self.reason}"

    @property
    def kind(self) -> str:
        """Which of the four it closes: base, room, vehicle or lecturer."""
        names = ("base", "room", "vehicle", "lecturer")
        return next(name for name in names if getattr(self, f"{name}_id") is not None)

    @property
    def thing(self) -> models.Model:
        """What it closes."""
        found: models.Model = getattr(self, self.kind)
        return found
