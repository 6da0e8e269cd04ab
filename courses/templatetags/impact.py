"""Tags of the page editor for courses and lessons."""

from __future__ import annotations

from typing import Any

from django import template
from wagtail.models import Page

from courses.reports.impact import impact_of_draft, impact_of_unpublishing

register = template.Library()


@register.inclusion_tag("courses/admin/impact_notice.html")
def impact_notice(page: Any, title: str = "") -> dict[str, Any]:
    """What publishing the draft of ``page`` does; ``title`` names it among several."""
    impact = impact_of_draft(page.specific) if isinstance(page, Page) and page.pk else None
    return {"impact": impact, "title": title}


@register.inclusion_tag("courses/admin/impact_notice.html")
def unpublishing_notice(page: Any, title: str = "") -> dict[str, Any]:
    """What taking ``page`` out of its course does. ``title`` among several."""
    impact = impact_of_unpublishing(page.specific) if isinstance(page, Page) and page.pk else None
    return {"impact": impact, "unpublishes": True, "title": title}
