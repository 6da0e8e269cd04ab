"""Records that may be of one person, and records that were made one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.models.organizations import under
from enrollment.rules.duplicates import LEVEL_WORDS, SIGN_WORDS, Level, Sign, level_of

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from enrollment.models.accounts import User


class PairState(models.TextChoices):
    """What was decided about two records."""

    OPEN = "open", _("To be looked at")
    DIFFERENT = "different", _("Not the same person")
    MERGED = "merged", _("Merged")


class _PairQuerySet(models.QuerySet[Any]):
    """Rows about two people: only who keeps both records reaches them."""

    def _both_under(self, user: User, one: str, other: str) -> Self:
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        paths = user.scope.managed_paths
        if not paths:
            return self.none()
        return self.filter(
            under(paths, f"{one}__home_organization__path"), under(paths, f"{other}__home_organization__path")
        )


class DuplicatePairQuerySet(_PairQuerySet):
    """Which pairs."""

    def manageable_by(self, user: User) -> Self:
        """All for administrators; pairs wholly among one's own people. Nobody judges their own record."""
        pairs = self._both_under(user, "one", "other")
        if not user.is_authenticated:
            return pairs
        return pairs.exclude(one__user=user).exclude(other__user=user)

    def open(self) -> Self:
        """Those that nobody has decided."""
        return self.filter(state=PairState.OPEN)


class DuplicatePair(models.Model):
    """Two records with signs of being one person's. What was decided about them is never asked again."""

    one = models.ForeignKey(
        "enrollment.Trainee", on_delete=models.CASCADE, related_name="+", verbose_name=_("one record")
    )
    other = models.ForeignKey(
        "enrollment.Trainee", on_delete=models.CASCADE, related_name="+", verbose_name=_("the other record")
    )
    score = models.PositiveSmallIntegerField(_("likeness"))
    signs = models.JSONField(_("signs"), default=list)
    state = models.CharField(
        _("state"), max_length=10, choices=PairState.choices, default=PairState.OPEN, editable=False
    )
    found_at = models.DateTimeField(_("found at"), auto_now_add=True)
    decided_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    objects = DuplicatePairQuerySet.as_manager()

    class Meta:
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        ordering = ["-score", "pk"]
        indexes = [
            models.Index(
                fields=["-score", "id"], condition=Q(state="open"), name="enrollment_pair_open_likeness"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["one", "other"],
                name="enrollment_duplicatepair_once",
                violation_error_message=_("These two records are compared already."),
            ),
            models.CheckConstraint(
                condition=Q(one__lt=F("other")),
                name="enrollment_duplicatepair_in_order",
                violation_error_message=_("The older record stands first."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.one_id} · {self.other_id} · {self.score}"

    @property
    def level(self) -> Level:
        """How likely it is, in three steps."""
        return level_of(self.score)

    @property
    def level_words(self) -> str | Promise:
        """The same in words."""
        return LEVEL_WORDS[self.level]

    @property
    def sign_words(self) -> list[str | Promise]:
        """The signs in words."""
        return [SIGN_WORDS[Sign(sign)] for sign in self.signs if sign in set(Sign)]


class PersonMergerQuerySet(_PairQuerySet):
    """Which mergers."""

    def manageable_by(self, user: User) -> Self:
        """All for administrators; those wholly among one's own people."""
        return self._both_under(user, "keeper", "other")

    def standing(self) -> Self:
        """Those that were not taken back."""
        return self.filter(undone_at__isnull=True)


class PersonMerger(models.Model):
    """Two records that were made one: what became of every row, so that it can be taken back.

    ``changes``: ``[{"model", "pk", "before", "after"}]``; a row that was made has no before, one that was
    taken away no after. ``ledger``: ``[{"entry", "fate", "moved_to"}]``, the entries of the ledger that were
    reversed. ``years``: the open years computed anew, and the closed ones whose standing went along as it
    was.
    """

    keeper = models.ForeignKey(
        "enrollment.Trainee",
        on_delete=models.PROTECT,
        related_name="mergers_kept",
        verbose_name=_("record that stays"),
    )
    other = models.ForeignKey(
        "enrollment.Trainee",
        on_delete=models.PROTECT,
        related_name="mergers_left",
        verbose_name=_("record that was merged into it"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    changes = models.JSONField(default=list, encoder=DjangoJSONEncoder, editable=False)
    ledger = models.JSONField(default=list, editable=False)
    years = models.JSONField(default=dict, editable=False)
    account = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("account that stays"),
    )
    closed_account = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("account that was closed"),
    )
    merged_by = models.ForeignKey(
        "enrollment.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("merged by")
    )
    merged_at = models.DateTimeField(_("merged at"), auto_now_add=True)
    undone_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("taken back by"),
    )
    undone_at = models.DateTimeField(_("taken back at"), null=True, blank=True)

    objects = PersonMergerQuerySet.as_manager()

    class Meta:
        verbose_name = _("merger of two records")
        verbose_name_plural = _("mergers of records")
        ordering = ["-merged_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["other"],
                condition=Q(undone_at__isnull=True),
                name="enrollment_personmerger_once",
                violation_error_message=_("This record has been merged into another one already."),
            ),
            models.CheckConstraint(
                condition=~Q(keeper=F("other")),
                name="enrollment_personmerger_of_two",
                violation_error_message=_("A record cannot be merged into itself."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.other_id} → {self.keeper_id}"

    @property
    def is_standing(self) -> bool:
        """Whether it was not taken back."""
        return self.undone_at is None
