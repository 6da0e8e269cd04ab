"""The printed slip that carries an invitation: its code, its link, and the link as a picture."""

from __future__ import annotations

from typing import Any

import segno
from django.http import HttpRequest
from django.urls import reverse

from enrollment.actions.invitations import Issued
from enrollment.models import Trainee, User
from enrollment.rules.invitations import spelled


def slip_of(request: HttpRequest, issued: Issued, person: Trainee | User) -> dict[str, Any]:
    """What is printed for one person."""
    link = request.build_absolute_uri(reverse("accounts:invitation", args=[issued.code]))
    picture = segno.make_qr(link, error="m")
    return {
        "person": person,
        "code": spelled(issued.code),
        "link": link,
        "qr": picture.svg_inline(scale=3, border=2, omitsize=True, svgclass="invitation-qr"),
    }
