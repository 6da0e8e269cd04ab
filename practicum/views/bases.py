"""The directory of training bases, open to everybody."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from wagtail.images import get_image_model
from wagtail.search.backends import get_search_backend

from enrollment.requests import AuthenticatedHttpRequest
from practicum.actions import host_links
from practicum.forms import BaseFilterForm
from practicum.models import BasePhoto, HostLink, Session, TrainingBase, Visit
from practicum.models.bases import TrainingBaseQuerySet
from practicum.rules.outline import Spot, outline
from practicum.views.link_card import link_card

PAGE_SIZE = 24
COVER = "fill-640x400|format-webp"


def photos() -> Prefetch:
    """Photos with their renditions, however many bases: two queries."""
    images = get_image_model().objects.prefetch_renditions(COVER)
    return Prefetch("photos", BasePhoto.objects.prefetch_related(Prefetch("image", images)))


def _found(request: HttpRequest, form: BaseFilterForm) -> TrainingBaseQuerySet:
    """The bases that ``request`` may see and asks for."""
    bases = TrainingBase.objects.visible_to(request.user)
    found = bases
    if form.is_valid():
        if park := form.cleaned_data["park"]:
            found = found.filter(park=park)
        if field := form.cleaned_data["field"]:
            found = found.filter(field=field)
        if title := form.cleaned_data["title"]:
            found = found.filter(title_level=title)
        if words := form.cleaned_data["q"].strip():
            hits = get_search_backend().search(words, bases)
            found = found.filter(pk__in=[hit.pk for hit in hits])
    return found


def map_tiles() -> dict[str, Any]:
    """Where the map's ground comes from; without an address the schematic map stands alone."""
    return {
        "url": settings.MAP_TILES_URL,
        "attribution": settings.MAP_TILES_ATTRIBUTION,
        "max_zoom": settings.MAP_TILES_MAX_ZOOM,
    }


@require_safe
def base_list(request: HttpRequest) -> HttpResponse:
    """Bases by search, park, field and title."""
    form = BaseFilterForm(request.GET)
    found = _found(request, form).select_related("park", "field").prefetch_related(photos())
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "practicum/base_list.html",
        {
            "form": form,
            "page": page,
            "tiles": map_tiles(),
            "reset_url": reverse("practicum:base_list"),
            "is_filtered": bool(request.GET),
        },
    )


@require_safe
def base_map(request: HttpRequest) -> JsonResponse:
    """The same bases as GeoJSON: parks as outlines around all their bases, the bases found as points.

    Two queries, however many bases there are.
    """
    found = set(_found(request, BaseFilterForm(request.GET)).values_list("pk", flat=True))
    rows = list(
        TrainingBase.objects.visible_to(request.user)
        .filter(latitude__isnull=False, longitude__isnull=False)
        .select_related("park")
        .only("code", "name", "theme", "latitude", "longitude", "park__name", "park__short_name")
        .order_by("park__path", "code")
    )
    features: list[dict[str, Any]] = []
    for _park_id, bases in groupby(rows, key=lambda row: row.park_id):
        of_park = list(bases)
        if (park := of_park[0].park) is not None:
            ring = outline(Spot(float(row.longitude), float(row.latitude)) for row in of_park)  # type: ignore[arg-type]
            features.append(
                {
                    "type": "Feature",
                    "properties": {"kind": "park", "name": str(park), "bases": len(of_park)},
                    "geometry": {
                        "type": "Polygon",
                        "coordinates": [[[spot.longitude, spot.latitude] for spot in ring]],
                    },
                }
            )
    features += [
        {
            "type": "Feature",
            "properties": {
                "kind": "base",
                "code": row.code,
                "name": row.name,
                "text": row.theme,
                "park": str(row.park or ""),
                "url": reverse("practicum:base", args=[row.code]),
            },
            "geometry": {"type": "Point", "coordinates": [float(row.longitude), float(row.latitude)]},  # type: ignore[arg-type]
        }
        for row in rows
        if row.pk in found
    ]
    return JsonResponse({"type": "FeatureCollection", "features": features})


@require_safe
def base(request: HttpRequest, code: str) -> HttpResponse:
    """One base: its story, teaching points, rules and how to get there."""
    rows = TrainingBase.objects.visible_to(request.user).select_related(
        "park", "field", "chain", "organization"
    )
    found = get_object_or_404(rows.prefetch_related(photos(), "modules"), code=code)
    mine: list[Session] = []
    is_host = False
    if request.user.is_authenticated:
        mine = list(
            Session.objects.attended_by(request.user)
            .filter(base=found, ends_at__gte=timezone.now())
            .with_place()
        )
        is_host = TrainingBase.objects.hosted_by(request.user).filter(pk=found.pk).exists()
    manages = request.user.is_authenticated and request.user.scope.everything
    context = {
        "base": found,
        "pictures": list(found.photos.all()),
        "sessions": mine,
        "is_host": is_host,
        "tiles": map_tiles(),
        # Who guides is for those who come; a stranger learns of no person.
        "sees_people": request.user.is_authenticated,
        "sees_contact": manages or is_host,
        "manages": manages,
        "year_report_url": reverse(
            "forms:form", args=["base-year", f"{found.code}-{timezone.localdate().year}"]
        ),
        "visits": list(Visit.objects.open().filter(base=found)[:10]) if manages else [],
        "crumbs": [{"label": _("Training bases"), "url": reverse("practicum:base_list")}],
    }
    return render(request, "practicum/base.html", context)


@login_required
def link(request: AuthenticatedHttpRequest, code: str) -> HttpResponse:
    """The link by which a base sees and answers all its visits: made, renewed, taken back, its uses."""
    found = get_object_or_404(TrainingBase.objects.manageable_by(request.user), code=code)
    now = timezone.now()
    standing = HostLink.objects.standing().filter(base=found).first()
    if request.method == "POST":
        if "revoke" in request.POST:
            if standing is not None:
                host_links.revoke(link=standing, actor=request.user, now=now)
            messages.success(request, _("The link was taken back. Whoever has it is turned away."))
        else:
            host_links.issue(base=found, actor=request.user, now=now)
            messages.success(request, _("Here is the link. Send it to the base."))
        return redirect("practicum:base_link", code=found.code)
    context = {
        "base": found,
        "card": link_card(request, standing, now=now, most=30),
        "crumbs": [
            {"label": _("Training bases"), "url": reverse("practicum:base_list")},
            {"label": str(found), "url": reverse("practicum:base", args=[found.code])},
        ],
    }
    return render(request, "practicum/base_link.html", context)
