"""What a stranger sees of the academy: the same for everybody, read once a minute."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.urls import reverse

from cms.models import NewsPage
from courses.models.outlines import catalogue
from enrollment.models import Organization, OrganizationKind
from practicum.models import TrainingBase
from practicum.views.bases import COVER, photos

#: News is the same for all; a new piece is seen within a minute.
SECONDS = 60
NEWS = 5
BASES = 3


def news() -> list[dict[str, Any]]:
    """The latest news as links."""
    found: list[dict[str, Any]] | None = cache.get("portal:news")
    if found is None:
        found = [
            {
                "title": page.title,
                "url": page.url,
                "published_on": page.published_on,
                "introduction": page.introduction,
            }
            for page in NewsPage.objects.live().public().order_by("-published_on", "-pk")[:NEWS]
        ]
        cache.set("portal:news", found, SECONDS)
    return found


def front() -> dict[str, Any]:
    """Courses by category, some bases, and the figures of the academy."""
    found: dict[str, Any] | None = cache.get("portal:front")
    if found is None:
        found = _read()
        cache.set("portal:front", found, SECONDS)
    return found


def _read() -> dict[str, Any]:
    held = catalogue()
    bases = TrainingBase.objects.active()
    # Different parks, so that the choice says something of the zone's breadth.
    chosen: dict[int | None, TrainingBase] = {}
    for row in (
        bases.filter(photos__isnull=False).select_related("park").prefetch_related(photos()).distinct()
    ):
        chosen.setdefault(row.park_id, row)
        if len(chosen) == BASES:
            break
    return {
        "figures": {
            "courses": len(held.courses),
            "modules": len(held.modules),
            "bases": bases.count(),
            "parks": Organization.objects.filter(kind=OrganizationKind.PARK).count(),
        },
        "categories": [
            {
                "title": category.title,
                "summary": category.summary,
                "url": f"{reverse('courses:catalog')}?category={category.code}",
                "courses": len(list(category.courses)),
                "modules": [
                    {
                        "title": module.title,
                        "url": f"{reverse('courses:catalog')}?module={module.code}",
                    }
                    for module in category.modules
                ],
            }
            for category in held.categories
        ],
        "bases": [
            {
                "name": row.name,
                "theme": row.theme,
                "park": str(row.park or ""),
                "url": reverse("practicum:base", args=[row.code]),
                "picture": row.photos.all()[0].image.get_rendition(COVER).url,
            }
            for row in chosen.values()
        ],
    }
