"""Who vouches for an item of a class's closing checklist."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ClosingTick(models.Model):
    """Somebody says by name that an item is done, or why it is not needed."""

    training_class = models.ForeignKey(
        "enrollment.TrainingClass",
        on_delete=models.CASCADE,
        related_name="closing_ticks",
        verbose_name=_("training class"),
    )
    code = models.CharField(_("item"), max_length=30)
    note = models.CharField(_("note"), max_length=200)
    ticked_by = models.ForeignKey(
        "enrollment.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("vouched by")
    )
    ticked_at = models.DateTimeField(_("vouched at"))

    class Meta:
        verbose_name = _("item vouched for")
        verbose_name_plural = _("items vouched for")
        constraints = [
            models.UniqueConstraint(
                fields=["training_class", "code"],
                name="enrollment_closingtick_once_per_item",
                violation_error_message=_("Somebody vouches for this item already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.training_class_id} · {self.code}"
