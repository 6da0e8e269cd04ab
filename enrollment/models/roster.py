"""What was said about the columns of rosters, to be used with the next file that has the same headings."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from enrollment.models.organization_records import OfAnOrganizationQuerySet
from enrollment.models.organizations import Organization


class RosterColumns(models.Model):
    """What each column of a roster holds, as somebody of ``organization`` said for these headings.

    ``told``: heading → column (``enrollment.rules.roster.Column``); headings that are left out are missing.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="roster_columns", verbose_name=_("organization")
    )
    digest = models.CharField(_("digest of the headings"), max_length=64)
    headings = models.JSONField(_("headings"), default=list)
    told = models.JSONField(_("columns"), default=dict)
    chosen_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("chosen by"),
    )
    chosen_at = models.DateTimeField(_("chosen at"), auto_now=True)

    objects = OfAnOrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = _("columns of a roster")
        verbose_name_plural = _("columns of rosters")
        ordering = ["-chosen_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "digest"],
                name="enrollment_rostercolumns_once_a_heading",
                violation_error_message=_("The columns of these headings are already known."),
            )
        ]

    def __str__(self) -> str:
        return "、".join(self.headings)[:120]
