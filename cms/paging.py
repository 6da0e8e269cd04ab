"""Pages of lists that may be very long."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.admin.paginator import WagtailPaginator


class CountedSoFar(WagtailPaginator):
    """Pages of a list that may have a million rows: counted, and gone through, up to a limit."""

    #: More than all people of the academy as it is; nobody pages through more.
    most = 20_000

    @cached_property
    def count(self) -> int:
        """How many rows there are, ``most`` if there are more (one query that reads no more than those)."""
        return min(self._seen, self.most)

    @property
    def is_cut(self) -> bool:
        """Whether there are more rows than are counted."""
        return self._seen > self.most

    @cached_property
    def _seen(self) -> int:
        rows: Any = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        return int(rows.order_by().values("pk")[: self.most + 1].count())

    @cached_property
    def items_count_label(self) -> str:
        """In words below the list."""
        if not self.is_cut:
            return str(super().items_count_label)
        return _("more than %(number)s %(name)s") % {"number": self.most, "name": self.verbose_name_plural}
