"""Tags of the page editor."""

from __future__ import annotations

from typing import Any

from django import template
from wagtail.models import Page

from cms.reports import why_sent_back

register = template.Library()


@register.inclusion_tag("cms/admin/sent_back.html")
def sent_back_notice(page: Page) -> dict[str, Any]:
    """What the reviewer asks of ``page``, in full view; nothing where nothing is asked."""
    return {"sent_back": why_sent_back(page)}
