"""Hour rules, the append-only ledger of study hours, and its projections.

Hours are stored as whole **quarters** (four to the hour): sums are exact on every database, and
“recorded in quarter hours” (domain §2) needs no check.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.models.organizations import under

if TYPE_CHECKING:
    from enrollment.models.accounts import User

QUARTERS_PER_HOUR = 4


def as_hours(quarters: int) -> Decimal:
    """``quarters`` as hours, without trailing zeros: 6 → 1.5."""
    hours = Decimal(quarters) / QUARTERS_PER_HOUR
    return hours.quantize(Decimal(1)) if hours == hours.to_integral_value() else hours.normalize()


class HourKind(models.TextChoices):
    """How hours were earned."""

    ONLINE = "online", _("Online course")
    LIVE = "live", _("Live class")
    CLASSROOM = "classroom", _("Classroom")
    BASE_VISIT = "base_visit", _("Base visit")
    FORUM = "forum", _("Forum or salon")
    BRANCH = "branch", _("Branch life")
    EXTERNAL = "external", _("External training")
    ADJUSTMENT = "adjustment", _("Adjustment")


#: Kinds that count as online study where a cap on its share is set.
ONLINE_KINDS = frozenset({HourKind.ONLINE, HourKind.LIVE})


class HourRuleCode(models.TextChoices):
    """What an hour rule decides. ``value`` is in the unit named here."""

    TARGET_MEMBER = "target_member", _("Annual target of members (hours)")
    TARGET_COMMITTEE = "target_committee", _("Annual target of secretaries and committee members (hours)")
    CENTRALIZED_COMMITTEE = (
        "centralized_committee",
        _("Centralized trainings a year for committee members (times)"),
    )
    NEW_SECRETARY_MONTHS = "new_secretary_months", _("New secretaries are trained within (months)")
    HOUR_MINUTES = "hour_minutes", _("Length of one study hour (minutes)")
    HALF_DAY = "half_day", _("Half a day (hours)")
    DAY = "day", _("A day (hours)")
    ONLINE_LONG = "online_long", _("Online lesson of 30 minutes or more (hours)")
    ONLINE_MEDIUM = "online_medium", _("Online lesson of 15 to 30 minutes (hours)")
    ONLINE_SHORT = "online_short", _("Online lesson under 15 minutes (hours)")
    QUIZ_PASSED = "quiz_passed", _("A passed test (hours)")
    ONLINE_CAP = "online_cap", _("Highest share of online hours (percent; 0 means no cap)")
    LATE_DAYS = "late_days", _("Late records are taken after a year is closed for (days)")
    BRANCH_HOURS = "branch_hours", _("A branch activity needs no approval up to (hours; 0: all need it)")
    BRANCH_DAYS = "branch_days", _("A branch activity needs no approval if recorded within (days; 0: ever)")
    BRANCH_CHECKS = "branch_checks", _("Share of branch activities drawn for a check (percent)")


class HourRuleQuerySet(models.QuerySet["HourRule"]):
    """Which rules."""

    def on(self, day: Any) -> Self:
        """Those in force on ``day``."""
        return self.filter(Q(effective_to__isnull=True) | Q(effective_to__gte=day), effective_from__lte=day)


class HourRule(models.Model):
    """One version of one rule about study hours, with its source; a figure is never a constant in code."""

    code = models.CharField(_("rule"), max_length=30, choices=HourRuleCode.choices)
    value = models.DecimalField(_("value"), max_digits=8, decimal_places=2)
    effective_from = models.DateField(_("effective from"))
    effective_to = models.DateField(_("effective to"), null=True, blank=True)
    source = models.CharField(
        _("source"), max_length=300, help_text=_("Document, level and year it comes from.")
    )
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects = HourRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("hour rule")
        verbose_name_plural = _("hour rules")
        ordering = ["code", "-effective_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "effective_from"],
                name="enrollment_hourrule_one_version_a_day",
                violation_error_message=_("This rule already has a version from that day."),
            ),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True) | Q(effective_to__gte=F("effective_from")),
                name="enrollment_hourrule_dates_in_order",
                violation_error_message=_("A rule cannot end before it takes effect."),
            ),
            models.CheckConstraint(
                condition=Q(value__gte=0),
                name="enrollment_hourrule_value_not_negative",
                violation_error_message=_("A rule's value cannot be negative."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_code_display()} = {self.value.normalize():f} ({self.effective_from})"


class LedgerIsAppendOnly(TypeError):
    """Somebody tried to change or delete a ledger entry; a mistake is corrected by a reversing entry."""


class HourEntryQuerySet(models.QuerySet["HourEntry"]):
    """Which entries. Updating and deleting are refused."""

    def visible_to(self, user: User) -> Self:
        """One's own, and those of people in scope."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        condition = Q(trainee__user=user)
        if paths := user.scope.visible_paths:
            condition |= under(paths, "trainee__home_organization__path")
            condition |= under(paths, "trainee__host_organization__path")
        return self.filter(condition)

    def standing(self) -> Self:
        """Entries that still count: neither reversed nor reversing."""
        return self.filter(reverses__isnull=True, reversal__isnull=True)

    def update(self, **kwargs: Any) -> NoReturn:
        raise LedgerIsAppendOnly("Ledger entries are never updated.")

    def delete(self) -> NoReturn:
        raise LedgerIsAppendOnly("Ledger entries are never deleted.")


class HourEntry(models.Model):
    """One line of the ledger: hours earned by one trainee, with the evidence and the rule behind them."""

    trainee = models.ForeignKey(
        "enrollment.Trainee", on_delete=models.PROTECT, related_name="hour_entries", verbose_name=_("trainee")
    )
    organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("organization"),
        help_text=_("Home organization when the hours were earned: past figures stay with it."),
    )
    year = models.PositiveSmallIntegerField(_("year"))
    kind = models.CharField(_("kind"), max_length=12, choices=HourKind.choices)
    quarters = models.IntegerField(_("quarter hours"))
    title = models.CharField(_("what for"), max_length=200)
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("to"), null=True, blank=True)
    rule = models.ForeignKey(
        HourRule, on_delete=models.PROTECT, null=True, related_name="entries", verbose_name=_("rule version")
    )
    evidence_type = models.CharField(_("evidence"), max_length=40)
    evidence_id = models.CharField(_("evidence number"), max_length=64)
    sequence = models.PositiveSmallIntegerField(
        _("sequence"),
        default=1,
        help_text=_("1 for the first credit of this evidence; one more after each reversal."),
    )
    reverses = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reversal",
        verbose_name=_("reverses"),
    )
    is_centralized = models.BooleanField(
        _("part of a centralized training"),
        default=False,
        help_text=_("As the training class said when the hours were posted."),
    )
    dimension = models.CharField(
        _("category and module"),
        max_length=80,
        blank=True,
        default="",
        help_text=_("What the evidence taught when the hours were posted: category/module; empty for none."),
    )
    is_late = models.BooleanField(_("posted after the year was closed"), default=False)
    recorded_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    note = models.CharField(_("reason"), max_length=300, blank=True)

    objects = HourEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["-recorded_at", "-pk"]
        indexes = [
            models.Index(fields=["trainee", "year", "kind"], name="enrollment_entry_year_kind"),
            models.Index(fields=["evidence_type", "evidence_id"], name="enrollment_entry_evidence"),
        ]
        constraints = [
            # The same evidence never counts twice, however often and from however many processes it is sent.
            models.UniqueConstraint(
                fields=["trainee", "evidence_type", "evidence_id", "sequence"],
                condition=Q(reverses__isnull=True),
                name="enrollment_hourentry_evidence_once",
                violation_error_message=_("This evidence has already been counted."),
            ),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True, quarters__gt=0)
                | Q(reverses__isnull=False, quarters__lt=0)
                | Q(kind=HourKind.ADJUSTMENT),
                name="enrollment_hourentry_sign_fits",
                violation_error_message=_("A credit is positive and a reversal negative."),
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True, ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="enrollment_hourentry_period_in_order",
                violation_error_message=_("A period ends after it begins."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trainee} · {self.title} · {as_hours(self.quarters)}"

    @property
    def hours(self) -> Decimal:
        """Hours of this entry; negative for a reversal."""
        return as_hours(self.quarters)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise LedgerIsAppendOnly("Ledger entries are never updated.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise LedgerIsAppendOnly("Ledger entries are never deleted.")


class HourSpan(models.Model):
    """The time that one standing entry occupies; two spans of one trainee never overlap.

    It goes when its entry is reversed. PostgreSQL guards it with an exclusion constraint; on SQLite the
    immediate transaction of the action does.
    """

    entry = models.OneToOneField(
        HourEntry, on_delete=models.CASCADE, related_name="span", verbose_name=_("entry")
    )
    trainee = models.ForeignKey(
        "enrollment.Trainee", on_delete=models.CASCADE, related_name="hour_spans", verbose_name=_("trainee")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))

    class Meta:
        verbose_name = _("occupied time")
        verbose_name_plural = _("occupied times")
        indexes = [models.Index(fields=["trainee", "starts_at"], name="enrollment_span_start")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="enrollment_hourspan_in_order",
                violation_error_message=_("A period ends after it begins."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}–{self.ends_at:%H:%M}"


class HourBalance(models.Model):
    """Projection: what one trainee has earned in one year by kind. Rebuilt from the ledger at will."""

    trainee = models.ForeignKey(
        "enrollment.Trainee", on_delete=models.CASCADE, related_name="balances", verbose_name=_("trainee")
    )
    year = models.PositiveSmallIntegerField(_("year"))
    kind = models.CharField(_("kind"), max_length=12, choices=HourKind.choices)
    quarters = models.IntegerField(_("quarter hours"), default=0)

    class Meta:
        verbose_name = _("balance")
        verbose_name_plural = _("balances")
        constraints = [
            models.UniqueConstraint(
                fields=["trainee", "year", "kind"], name="enrollment_hourbalance_one_per_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.trainee_id} {self.year} {self.kind} {as_hours(self.quarters)}"


class StandingQuerySet(models.QuerySet["Standing"]):
    """Which standings."""

    def visible_to(self, user: User) -> Self:
        """One's own, and those of people in scope."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        condition = Q(trainee__user=user)
        if paths := user.scope.visible_paths:
            condition |= under(paths, "organization__path")
        return self.filter(condition)


class Standing(models.Model):
    """Projection: what one trainee owes and has in one year, and where it counts.

    ``organization`` and ``cohort`` are those of the last post held in the year, as far as it is known now: at
    the year's end on 31 December. So the row changes only when a record changes, never by time passing.
    """

    trainee = models.ForeignKey(
        "enrollment.Trainee", on_delete=models.CASCADE, related_name="standings", verbose_name=_("trainee")
    )
    year = models.PositiveSmallIntegerField(_("year"))
    organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.PROTECT,
        related_name="standings",
        verbose_name=_("organization"),
    )
    cohort = models.CharField(_("cohort"), max_length=20)
    required_quarters = models.PositiveIntegerField(_("required quarter hours"))
    earned_quarters = models.IntegerField(_("earned quarter hours"), default=0)
    counted_quarters = models.IntegerField(
        _("quarter hours that count"),
        default=0,
        help_text=_("Of the earned ones: online hours only up to the cap, where there is one."),
    )
    centralized_required = models.PositiveSmallIntegerField(_("centralized trainings required"), default=0)
    centralized_entries = models.SmallIntegerField(_("centralized trainings held"), default=0)
    is_exempt = models.BooleanField(_("exempt"), default=False)
    has_reached = models.BooleanField(_("reached the target"), default=False)

    objects = StandingQuerySet.as_manager()

    class Meta:
        verbose_name = _("standing of the year")
        verbose_name_plural = _("standings of the year")
        indexes = [models.Index(fields=["year", "organization", "cohort"], name="enrollment_standing_org")]
        constraints = [
            models.UniqueConstraint(fields=["trainee", "year"], name="enrollment_standing_one_per_year")
        ]

    def __str__(self) -> str:
        earned, required = as_hours(self.earned_quarters), as_hours(self.required_quarters)
        return f"{self.trainee_id} {self.year} {earned}/{required}"

    @property
    def earned(self) -> Decimal:
        """Hours earned."""
        return as_hours(self.earned_quarters)

    @property
    def required(self) -> Decimal:
        """Hours required."""
        return as_hours(self.required_quarters)

    @property
    def shortfall(self) -> Decimal:
        """Hours still missing; 0 when exempt or reached."""
        return as_hours(self.shortfall_quarters)

    @property
    def shortfall_quarters(self) -> int:
        """The same in quarters."""
        return 0 if self.is_exempt else max(0, self.required_quarters - self.counted_quarters)

    @property
    def lacks_centralized(self) -> bool:
        """Whether a centralized training is asked for and not held yet."""
        return not self.is_exempt and self.centralized_entries < self.centralized_required


class OrganizationStanding(models.Model):
    """Projection: figures of one organization's own people (not those below it) by cohort and year.

    The zone, a park or any subtree is a sum over these rows by tree path.
    """

    organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.CASCADE,
        related_name="figures",
        verbose_name=_("organization"),
    )
    year = models.PositiveSmallIntegerField(_("year"))
    cohort = models.CharField(_("cohort"), max_length=20)
    people = models.PositiveIntegerField(_("people"), default=0)
    exempt = models.PositiveIntegerField(_("exempt"), default=0)
    reached = models.PositiveIntegerField(_("reached the target"), default=0)
    required_quarters = models.PositiveBigIntegerField(_("required quarter hours"), default=0)
    earned_quarters = models.BigIntegerField(_("earned quarter hours"), default=0)

    class Meta:
        verbose_name = _("organization figures")
        verbose_name_plural = _("organization figures")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "year", "cohort"], name="enrollment_organizationstanding_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.organization_id} {self.year} {self.cohort} {self.reached}/{self.people}"


class ParkFigure(models.Model):
    """Projection: the figures of a park, as sums and the differences that have come since.

    A sum has a ``place``: the tree path of the park, or of the zone for who stands directly in it. A
    difference has the ``organization`` it arose in instead, and belongs to the park above that one when it is
    read. Differences are only added, so that nobody waits for a row that all share; every few minutes they
    are folded into the sums. Rows with a ``cohort`` count people and what is asked of them; rows with a
    ``kind``, the hours of that kind and month.
    """

    place = models.CharField(_("place"), max_length=8, null=True)
    organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        verbose_name=_("organization"),
    )
    year = models.PositiveSmallIntegerField(_("year"))
    cohort = models.CharField(_("cohort"), max_length=20, blank=True)
    kind = models.CharField(_("kind"), max_length=12, blank=True)
    month = models.PositiveSmallIntegerField(_("month"), default=0)
    people = models.BigIntegerField(_("people"), default=0)
    exempt = models.BigIntegerField(_("exempt"), default=0)
    reached = models.BigIntegerField(_("reached the target"), default=0)
    required_quarters = models.BigIntegerField(_("required quarter hours"), default=0)
    earned_quarters = models.BigIntegerField(_("earned quarter hours"), default=0)

    class Meta:
        verbose_name = _("park figures")
        verbose_name_plural = _("park figures")
        indexes = [models.Index(fields=["year"], name="enrollment_park_year")]
        constraints = [
            models.CheckConstraint(
                condition=Q(place__isnull=True, organization__isnull=False)
                | Q(place__isnull=False, organization__isnull=True),
                name="enrollment_parkfigure_sum_or_difference",
                violation_error_message=_("Figures of a park are a sum or a difference."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.place or self.organization_id} {self.year} {self.cohort or self.kind}"


class YearClosure(models.Model):
    """A closed year: later records are posted to it with a mark, and after ``late_until`` not at all.

    A trigger of the database refuses an entry of a closed year that carries no mark or comes too late.
    """

    year = models.PositiveSmallIntegerField(_("year"), unique=True)
    closed_at = models.DateTimeField(_("closed at"), auto_now_add=True)
    late_until = models.DateTimeField(
        _("late records until"),
        null=True,
        blank=True,
        help_text=_("From the rule in force when the year was closed; empty means without end."),
    )
    closed_by = models.ForeignKey(
        "enrollment.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("closed by")
    )

    class Meta:
        verbose_name = _("closed year")
        verbose_name_plural = _("closed years")

    def __str__(self) -> str:
        return str(self.year)
