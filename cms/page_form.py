"""The form in which pages are written."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.text import slugify
from wagtail.admin.forms import WagtailAdminPageForm


class AddressedPageForm(WagtailAdminPageForm):
    """Finds an address for a page whose author gives none.

    A Chinese title yields no slug by itself; without this, saving a draft would end in “required” on a tab
    that the author never opened.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False

    def clean_slug(self) -> str:
        """What was typed, else what the page has, else the title's letters, else kind and moment."""
        kind = str(self.instance._meta.model_name).removesuffix("page")
        return (
            self.cleaned_data["slug"]
            or self.instance.slug
            or slugify(self.cleaned_data.get("title", ""))
            or f"{kind}-{timezone.localtime():%Y%m%d-%H%M%S}"
        )
