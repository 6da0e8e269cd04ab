"""What the frame itself needs: the choice of language, and what a phone learns when installing it."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_cookie

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


@require_safe
@vary_on_cookie
@cache_control(max_age=3600)
def manifest(request: HttpRequest) -> JsonResponse:
    """The web app manifest: the academy can be put on a phone's first screen."""
    return JsonResponse(
        {
            "id": "/",
            "name": gettext("Party-building Academy"),
            "short_name": gettext("Academy"),
            "description": gettext(
                "Courses, classes and visits for secretaries, affairs workers and members, "
                "with one ledger of study hours."
            ),
            "lang": request.LANGUAGE_CODE,
            "dir": "ltr",
            "start_url": reverse("portal:home"),
            "scope": "/",
            "display": "standalone",
            "background_color": "#faf8f5",
            "theme_color": "#a61b1f",
            "categories": ["education"],
            "icons": [
                {"src": static("academy/emblem.svg"), "sizes": "any", "type": "image/svg+xml"},
                {"src": static("academy/emblem-192.png"), "sizes": "192x192", "type": "image/png"},
                {"src": static("academy/emblem-512.png"), "sizes": "512x512", "type": "image/png"},
                {
                    "src": static("academy/emblem-maskable-512.png"),
                    "sizes": "512x512",
                    "type": "image/png",
                    "purpose": "maskable",
                },
            ],
            "shortcuts": [
                {"name": gettext("Schedule"), "url": reverse("practicum:schedule")},
                {"name": gettext("Sign in by code"), "url": reverse("practicum:enter")},
                {"name": gettext("Courses"), "url": reverse("courses:catalog")},
            ],
        },
        content_type="application/manifest+json",
    )


# --- Without a network -------------------------------------------------------------------------------------

#: Entries of the front end whose files the shell of an offline page or lesson needs.
SHELL_ENTRIES = ("src/main.ts", "src/lesson.ts", "src/offline.ts")
SHELL_STYLES = ("styles/main.scss", "styles/lesson.scss", "styles/account.scss")
SHELL_FILES = ("academy/emblem.svg", "academy/emblem-192.png", "academy/icons.svg")


def _files_of(entry: str, built: dict[str, Any], found: dict[str, None]) -> None:
    """Add the file of ``entry`` and of all that it imports, in order."""
    file = built[entry]["file"]
    if file not in found:
        found[file] = None
        for name in built[entry].get("imports", ()):
            _files_of(name, built, found)


@cache
def _worker() -> str:
    """The worker as it is built, preceded by what it keeps; its version changes with any of that."""
    folder = settings.BASE_DIR / "frontend" / "dist"
    built = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    files: dict[str, None] = {}
    for entry in (*SHELL_ENTRIES, *SHELL_STYLES):
        _files_of(entry, built, files)
    code = (folder / built["src/service_worker.ts"]["file"]).read_text(encoding="utf-8")
    notice = {}
    for language, tag in (("zh-hans", "zh-Hans"), ("en", "en")):
        with translation.override(language):
            notice[tag] = render_to_string("academy/pieces/offline_copy.html")
    offline_url = reverse("portal:offline")
    academy: dict[str, Any] = {
        "shell": [*(static(name) for name in (*files, *SHELL_FILES)), offline_url],
        "offline": offline_url,
        "notice": notice,
    }
    pictures = settings.BASE_DIR / "academy" / "static"
    parts = [
        json.dumps(academy).encode(),
        code.encode(),
        _offline_page().encode(),
        *((pictures / name).read_bytes() for name in SHELL_FILES),
    ]
    academy["version"] = hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
    return f"self.ACADEMY = {json.dumps(academy)};\n{code}"


@cache
def _offline_page() -> str:
    """The page has no person and no token: it is the same for everybody, and stays in the browser."""
    with translation.override("zh-hans"):
        return render_to_string("academy/offline.html", {"bare_title": True})


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker; it stands at the root, because it serves pages below it."""
    return HttpResponse(_worker(), content_type="text/javascript; charset=utf-8")


@require_safe
@cache_control(no_cache=True)
def offline(request: HttpRequest) -> HttpResponse:
    """What a browser shows when the academy cannot be reached, in Chinese and English."""
    return HttpResponse(_offline_page())
