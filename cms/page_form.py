"""The form in which pages are written."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.text import slugify
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.models import Page

SLUG_LENGTH: int = Page._meta.get_field("slug").max_length or 255


class AddressedPageForm(WagtailAdminPageForm):
    """Finds an address for a page whose author gives none.

    A Chinese title yields no slug by itself; without this, saving a draft would end in “required” on a tab
    that the author never opened. What the author types is taken as it is, or refused.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False

    def clean_slug(self) -> str:
        """What was typed, else what the page has, else the title's letters, else kind and moment."""
        typed: str = self.cleaned_data["slug"] or self.instance.slug
        return typed or self._free(slugify(self.cleaned_data.get("title", "")) or self._kind_and_moment())

    def _kind_and_moment(self) -> str:
        kind = str(self.instance._meta.model_name).removesuffix("page")
        return f"{kind}-{timezone.localtime():%Y%m%d-%H%M%S}"

    def _free(self, wanted: str) -> str:
        """``wanted``, shortened to what the database holds and numbered until no neighbour has it."""
        taken = self._taken()
        candidate, number = wanted[:SLUG_LENGTH], 1
        while candidate in taken:
            number += 1
            suffix = f"-{number}"
            candidate = wanted[: SLUG_LENGTH - len(suffix)] + suffix
        return candidate

    def _taken(self) -> set[str]:
        """The addresses of the page's neighbours."""
        if self.parent_page is None:
            return set()
        neighbours = self.parent_page.get_children().exclude(pk=self.instance.pk)
        return set(neighbours.values_list("slug", flat=True))
