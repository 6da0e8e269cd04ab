"""Pages and answers for trainees and instructors."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from courses.models.access import may_study
from courses.rules.refusals import MAY_NOT_STUDY

View = Callable[..., HttpResponse]


def for_learners(view: View) -> View:
    """Strangers are asked to sign in; accounts that may not study are told so."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not may_study(request.user):
            return render(request, "courses/closed.html", {"reason": MAY_NOT_STUDY}, status=403)
        return view(request, *args, **kwargs)

    return guarded
