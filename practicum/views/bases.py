"""The directory of training bases, open to everybody."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.images import get_image_model
from wagtail.search.backends import get_search_backend

from practicum.forms import BaseFilterForm
from practicum.models import BasePhoto, Session, TrainingBase, Visit

PAGE_SIZE = 24
COVER = "fill-640x400|format-webp"


def photos() -> Prefetch:
    """Photos with their renditions, however many bases: two queries."""
    images = get_image_model().objects.prefetch_renditions(COVER)
    return Prefetch("photos", BasePhoto.objects.prefetch_related(Prefetch("image", images)))


def base_list(request: HttpRequest) -> HttpResponse:
    """Bases by search, park, field and title."""
    form = BaseFilterForm(request.GET)
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
    found = found.select_related("park", "field").prefetch_related(photos())
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "practicum/base_list.html",
        {
            "form": form,
            "page": page,
            "reset_url": reverse("practicum:base_list"),
            "is_filtered": bool(request.GET),
        },
    )


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
        "sees_contact": manages or is_host,
        "visits": list(Visit.objects.open().filter(base=found)[:10]) if manages else [],
        "crumbs": [{"label": _("Training bases"), "url": reverse("practicum:base_list")}],
    }
    return render(request, "practicum/base.html", context)
