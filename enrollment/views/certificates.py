"""Certificates: for anybody who checks one, for its owner, and for those who run the class."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from cms import pdf
from cms.actions import jobs
from cms.refusals import Refused
from enrollment import certificate_pages, throttling
from enrollment.actions import certificates as actions
from enrollment.actions.certificate_templates import composed, save_template
from enrollment.actions.journal import note
from enrollment.forms import CheckForm, ReasonForm, TemplateForm
from enrollment.jobs import CERTIFICATES_PRINT, without_certificate
from enrollment.models import Certificate, CertificateTemplate, TrainingClass
from enrollment.reports_proofs import Confirmation, confirmed
from enrollment.rules.certificate_template import PLACEHOLDERS, QR, Draft, braced

#: What failures of strangers are counted under.
CHECKING = "check"
PER_PAGE = 50


# --- For anybody -----------------------------------------------------------------------------------


def _answer(request: HttpRequest, found: Confirmation | None, form: CheckForm | None) -> HttpResponse:
    """What a stranger is told; the same page for whatever is not confirmed."""
    if found is None:
        throttling.count_failure(request, CHECKING)
    context = {"found": found, "form": form or CheckForm()}
    response = render(request, "enrollment/certificate.html", context, status=200 if found else 404)
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


def _worn_out(request: HttpRequest) -> HttpResponse:
    response = render(request, "enrollment/certificate_later.html", status=429)
    response["Retry-After"] = str(throttling.SECONDS)
    return response


@require_GET
def certificate(request: HttpRequest, code: str) -> HttpResponse:
    """Whether the paper with this code is the academy's; what is told is in :class:`Confirmation`."""
    if throttling.is_worn_out(request, CHECKING):
        return _worn_out(request)
    return _answer(request, confirmed(code), None)


@require_http_methods(["GET", "POST"])
def certificate_check(request: HttpRequest) -> HttpResponse:
    """Where anybody types number and code. Sent as a form, so that they stand in no log of addresses."""
    if request.method == "GET":
        return render(request, "enrollment/certificate_check.html", {"form": CheckForm()})
    if throttling.is_worn_out(request, CHECKING):
        return _worn_out(request)
    form = CheckForm(request.POST)
    if not form.is_valid():
        return render(request, "enrollment/certificate_check.html", {"form": form}, status=422)
    found = confirmed(form.cleaned_data["code"], form.cleaned_data["number"])
    return _answer(request, found, form)


# --- For the owner and those who keep records ------------------------------------------------------


@require_GET
@login_required
def certificate_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """One certificate in force as a PDF, to its owner, the class teacher and staff; who took it is logged."""
    rows = Certificate.objects.visible_to(request.user).in_force().select_related("template")
    row = get_object_or_404(rows, pk=pk)
    try:
        content = certificate_pages.one(row)
    except Refused as refused:
        messages.error(request, refused.sentence)
        return redirect("portal:certificates")
    note(row, "enrollment.certificate.print", actor=request.user, data={"as": "pdf", "certificates": 1})
    return pdf.answer(content, f"{row.number}.pdf")


# --- For those who run the class -------------------------------------------------------------------


def _run_class(request: HttpRequest, pk: int) -> TrainingClass:
    rows = TrainingClass.objects.manageable_by(request.user).select_related("teacher")
    return get_object_or_404(rows, pk=pk)


@require_http_methods(["GET", "POST"])
@login_required
def class_certificates(request: HttpRequest, pk: int) -> HttpResponse:
    """The certificates of a class: in force, revoked and replaced; printed all together in the background."""
    training_class = _run_class(request, pk)
    if request.method == "POST":
        return _print_all(request, training_class)
    rows = (
        Certificate.objects.filter(training_class=training_class)
        .select_related("replaced_by", "enrollment__trainee")
        .order_by("number")
    )
    context = {
        "training_class": training_class,
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "in_force": rows.in_force().count(),
        "missing": without_certificate(training_class).count(),
        "resting": pdf.why_resting(),
        "section": "workbench",
    }
    return render(request, "enrollment/class_certificates.html", context)


def _print_all(request: HttpRequest, training_class: TrainingClass) -> HttpResponse:
    form = request.POST.get("as", "")
    if form not in {"pdf", "zip"}:
        raise Http404
    try:
        pdf.require()
        job = jobs.begin(
            kind=CERTIFICATES_PRINT,
            owner=request.user,
            title=_("Certificates of %(class)s") % {"class": training_class.title},
            parameters={"class": training_class.pk, "as": form},
        )
    except Refused as refused:
        messages.error(request, refused.sentence)
        return redirect("enrollment:class_certificates", pk=training_class.pk)
    return redirect(job)


@require_http_methods(["GET", "POST"])
@login_required
def certificate_manage(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke a certificate, or issue another one in its place."""
    rows = Certificate.objects.manageable_by(request.user).select_related(
        "training_class", "enrollment__trainee", "template", "issued_by", "replaced_by"
    )
    row = get_object_or_404(rows, pk=pk)
    form, deed = ReasonForm(request.POST or None), request.POST.get("do", "")
    if request.method == "POST":
        if deed not in {"revoke", "reissue"}:
            raise Http404
        if form.is_valid():
            try:
                return _done(request, row, deed, form.cleaned_data["reason"])
            except Refused as refused:
                form.add_error(None, refused.sentence)
    context = {"certificate": row, "form": form, "deed": deed, "section": "workbench"}
    return render(
        request, "enrollment/certificate_manage.html", context, status=422 if form.is_bound else 200
    )


def _done(request: HttpRequest, row: Certificate, deed: str, reason: str) -> HttpResponse:
    if deed == "revoke":
        actions.revoke(certificate=row, actor=request.user, reason=reason)
        messages.success(request, _("Certificate %(number)s has been revoked.") % {"number": row.number})
        return redirect("enrollment:certificate_manage", pk=row.pk)
    new = actions.reissue(certificate=row, actor=request.user, reason=reason)
    messages.success(
        request,
        _("Certificate %(new)s has taken the place of %(old)s.") % {"new": new.number, "old": row.number},
    )
    return redirect("enrollment:certificate_manage", pk=new.pk)


# --- The template ----------------------------------------------------------------------------------


def _administrator_only(request: HttpRequest) -> None:
    if not request.user.scope.everything:
        raise PermissionDenied


def _written(form: TemplateForm) -> dict[str, Any]:
    """The form as the action wants it."""
    given = form.cleaned_data
    seal = given["seal"]
    return {
        "draft": Draft(given["title"], given["body"], given["footer"], given["signatory"]),
        "orientation": given["orientation"],
        "seal": seal.read() if seal else None,
        "keep_seal": not given["without_seal"],
    }


def _refused(form: TemplateForm, refused: Refused) -> None:
    for reason in refused.reasons:
        form.add_error(reason.field if reason.field in form.fields else None, str(reason))


@require_http_methods(["GET", "POST"])
@login_required
def certificate_template(request: HttpRequest) -> HttpResponse:
    """What stands on certificates: looked at as a PDF of a sample, and put in force as a new version."""
    _administrator_only(request)
    current = CertificateTemplate.in_force()
    if request.method == "POST":
        form = TemplateForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                if request.POST.get("do") == "preview":
                    content, _pages = certificate_pages.sample(composed(**_written(form)))
                    return pdf.answer(content, _("Sample certificate.pdf"), inline=True)
                saved = save_template(
                    **_written(form), based_on=form.cleaned_data["based_on"], actor=request.user
                )
                messages.success(
                    request,
                    _("Version %(version)s is in force; certificates issued before stay as they are.")
                    % {"version": saved.version},
                )
                return redirect("enrollment:certificate_template")
            except Refused as refused:
                _refused(form, refused)
    else:
        names = ("title", "body", "footer", "signatory", "orientation")
        initial = {name: getattr(current, name) for name in names}
        form = TemplateForm(initial={**initial, "based_on": current.version})
    context = {
        "form": form,
        "current": current,
        "versions": CertificateTemplate.objects.defer("seal").select_related("created_by")[:20],
        "placeholders": [braced(name) for name in (*PLACEHOLDERS, QR)],
        "resting": pdf.why_resting(),
        "section": "admin",
    }
    status = 422 if form.is_bound else 200
    return render(request, "enrollment/certificate_template.html", context, status=status)


@require_GET
@login_required
def certificate_sample(request: HttpRequest, version: int) -> HttpResponse:
    """A version as a PDF of a sample person, as it was in force."""
    _administrator_only(request)
    template = get_object_or_404(CertificateTemplate, version=version)
    try:
        content, _pages = certificate_pages.sample(template)
    except Refused as refused:
        messages.error(request, refused.sentence)
        return redirect("enrollment:certificate_template")
    return pdf.answer(content, _("Sample certificate.pdf"), inline=True)
