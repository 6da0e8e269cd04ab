"""Printed forms: on the screen, to print from the browser, as .xlsx and as PDF. Who took which is logged."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET
from wagtail.log_actions import log

from cms import pdf, spreadsheets
from cms.forms_on_paper import FORMS, Form, Sheet, as_spreadsheet
from cms.refusals import Refused


def _found(request: HttpRequest, code: str, key: str) -> tuple[Form, Any]:
    """A form with its subject; to whoever may not have it, neither exists."""
    form = FORMS.get(code)
    subject = form.find(request.user, key) if form is not None else None
    if form is None or subject is None:
        raise Http404
    return form, subject


def _taken(request: HttpRequest, form: Form, subject: Any, way: str) -> None:
    log(form.logged(subject), "cms.form.export", user=request.user, data={"form": form.code, "as": way})


def _name(sheet: Sheet, subject: Any, suffix: str) -> str:
    day = timezone.localdate().isoformat()
    return f"{sheet.title} {subject} {day}.{suffix}".replace("/", " ")


@require_GET
@login_required
def form(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """A form on the screen, with the ways to take it along."""
    found, subject = _found(request, code, key)
    context = {
        "form": found,
        "subject": subject,
        "key": key,
        "sheet": found.read(subject, request.user),
        "back": found.back(subject, request.user),
        "resting": pdf.why_resting(),
        "section": "workbench",
    }
    return render(request, "cms/form.html", context)


@require_GET
@login_required
def form_print(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """The form alone, in Chinese, for the browser's print command: what works where no PDF can be made."""
    found, subject = _found(request, code, key)
    with pdf.on_paper():
        _taken(request, found, subject, "print")
        return render(request, "cms/form_print.html", {"sheet": found.read(subject, request.user)})


@require_GET
@login_required
def form_pdf(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """The form as a PDF, in Chinese, with page numbers and repeated heads."""
    found, subject = _found(request, code, key)
    try:
        pdf.require()
        with pdf.on_paper():
            sheet = found.read(subject, request.user)
            content = pdf.render("pdf/form.html", {"sheet": sheet, "landscape": sheet.is_landscape})
            name = _name(sheet, subject, "pdf")
    except Refused as refused:
        messages.error(request, refused.sentence)
        return redirect("forms:form", code=code, key=key)
    _taken(request, found, subject, "pdf")
    return pdf.answer(content, name)


@require_GET
@login_required
def form_xlsx(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """The form as a spreadsheet, in Chinese."""
    found, subject = _found(request, code, key)
    with pdf.on_paper():
        sheet = found.read(subject, request.user)
        content, name = as_spreadsheet(sheet), _name(sheet, subject, "xlsx")
    _taken(request, found, subject, "xlsx")
    return spreadsheets.attachment(content, name)
