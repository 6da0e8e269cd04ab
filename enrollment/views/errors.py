"""Pages for what went wrong. They read nothing: neither the session nor the database is asked."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import loader

PAGES = {400: "400.html", 403: "403.html", 404: "404.html", 500: "500.html"}


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    if request.headers.get("Accept", "").startswith("application/json"):
        return HttpResponse(status=status)
    return HttpResponse(
        loader.render_to_string(PAGES[status], {"status": status}, request=request), status=status
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What was sent cannot be understood."""
    return _answer(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The person may not do this."""
    return _answer(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """There is nothing at this address, or nothing this person may know of."""
    return _answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """The academy failed; the page depends on nothing that may have failed too."""
    return HttpResponse(loader.get_template(PAGES[500]).render({"status": 500}), status=500)
