"""A table of training bases that was sent: read, judged row by row, shown, applied when confirmed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from enrollment.models import TableImport


class BaseImport(TableImport):
    """One uploaded table of training bases."""

    file = models.FileField(_("file"), upload_to="bases/%Y/%m/", blank=True)

    class Meta(TableImport.Meta):
        abstract = False
        verbose_name = _("import of training bases")
        verbose_name_plural = _("imports of training bases")
