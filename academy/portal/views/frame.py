"""What the frame itself needs: the choice of language, and what a phone learns when installing it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

YEAR_IN_SECONDS = 365 * 24 * 3600


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language in a cookie, and with the account where there is one."""
    chosen = request.POST.get("language", "")
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        back = reverse("portal:home")
    response = HttpResponseRedirect(back)
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=YEAR_IN_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        if request.user.is_authenticated and request.user.language != chosen:
            request.user.language = chosen
            request.user.save(update_fields=["language"])
    return response


@require_GET
@cache_control(max_age=3600, public=True)
def manifest(request: HttpRequest) -> JsonResponse:
    """The web app manifest: the academy can be put on a phone's first screen."""
    return JsonResponse(
        {
            "name": gettext("Party-building Academy"),
            "short_name": gettext("Academy"),
            "lang": request.LANGUAGE_CODE,
            "start_url": reverse("portal:home"),
            "scope": "/",
            "display": "standalone",
            "background_color": "#faf8f5",
            "theme_color": "#a61b1f",
            "icons": [
                {"src": static("academy/emblem.svg"), "sizes": "any", "type": "image/svg+xml"},
                {"src": static("academy/emblem-192.png"), "sizes": "192x192", "type": "image/png"},
                {"src": static("academy/emblem-512.png"), "sizes": "512x512", "type": "image/png"},
            ],
        },
        content_type="application/manifest+json",
    )
