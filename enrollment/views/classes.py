"""The roster of a class for its teacher, administrators and affairs workers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from cms.actions import jobs
from cms.forms_on_paper import FORMS, Form
from cms.refusals import Refused
from enrollment.actions import certificates, classes, groups
from enrollment.forms import GroupsForm, PartForm, QuotaForm, SearchForm, WithdrawalForm, status_choices
from enrollment.jobs import BATCH as CERTIFICATES_AT_ONCE
from enrollment.jobs import CERTIFICATES, without_certificate
from enrollment.models import (
    ROSTER_STATUSES,
    SEATED_STATUSES,
    Appointment,
    ClassStatus,
    Enrollment,
    EnrollmentStatus,
    Post,
    Quota,
    Trainee,
    TrainingClass,
    User,
)
from enrollment.requests import number_in
from enrollment.rules import class_life
from enrollment.views.class_access import (
    Opened,
    Rights,
    class_sections,
    lists_classes,
    open_for_anybody,
    section_for,
)
from enrollment.views.class_archive import begin_archiving

PER_PAGE = 100
FOUND = 20
TONES = {
    EnrollmentStatus.ENROLLED: "good",
    EnrollmentStatus.COMPLETED: "good",
    EnrollmentStatus.NOMINATED: "gold",
    EnrollmentStatus.WAITLISTED: "info",
    EnrollmentStatus.WITHDRAWN: "",
}


def _class_for_staff(request: HttpRequest, pk: int) -> Opened:
    """A class whose roster ``request.user`` may look at; people merely on it are strangers here."""
    opened = open_for_anybody(request, pk)
    if not opened.rights.manages and not opened.sees_roster:
        raise Http404
    return opened


def _roster(training_class: TrainingClass, user: User) -> QuerySet[Enrollment]:
    """Everybody in the class whom ``user`` may see, with all that a row shows, by one query."""
    held = Appointment.objects.current().filter(trainee=OuterRef("trainee"))
    return (
        Enrollment.objects.filter(training_class=training_class)
        .visible_to(user)
        .select_related("trainee", "trainee__home_organization", "certificate")
        .annotate(post=Subquery(held.values("post")[:1]))
    )


def _row(enrollment: Any) -> dict[str, Any]:
    return {
        "enrollment": enrollment,
        "trainee": enrollment.trainee,
        "post": Post(enrollment.post).label if enrollment.post else "",
        "tone": TONES[EnrollmentStatus(enrollment.status)],
        "certificate": getattr(enrollment, "certificate", None),
        "is_waiting": enrollment.status == EnrollmentStatus.WAITLISTED,
        "is_nominated": enrollment.status == EnrollmentStatus.NOMINATED,
        "is_on_roster": enrollment.status == EnrollmentStatus.ENROLLED,
        "can_leave": enrollment.status
        in {EnrollmentStatus.ENROLLED, EnrollmentStatus.NOMINATED, EnrollmentStatus.WAITLISTED},
    }


@login_required
@require_GET
def class_list(request: HttpRequest) -> HttpResponse:
    """Classes that the person runs or may nominate for."""
    if not lists_classes(request.user):
        raise Http404
    rows = (
        TrainingClass.objects.visible_to(request.user)
        .select_related("cohort", "teacher")
        .annotate(
            on_roster=Count("enrollments", filter=Q(enrollments__status__in=ROSTER_STATUSES)),
            nominated=Count("enrollments", filter=Q(enrollments__status=EnrollmentStatus.NOMINATED)),
        )
        .order_by("-starts_on", "-pk")
    )
    page = Paginator(rows, 30).get_page(request.GET.get("page"))
    return render(
        request,
        "enrollment/class_list.html",
        {"page": page, "tabs": class_sections("class_list"), "section": section_for(request.user)},
    )


@login_required
@require_http_methods(["GET", "POST"])
def class_roster(request: HttpRequest, pk: int) -> HttpResponse:
    """The roster: who is in, who waits, and what can be done. Its queries do not grow with its rows."""
    opened = _class_for_staff(request, pk)
    training_class, rights = opened.training_class, opened.rights
    forms: dict[str, Any] = {}
    if request.method == "POST":
        response = _act(request, training_class, rights, forms)
        if response is not None:
            return response
    statuses = request.GET.get("status", "")
    everybody = _roster(training_class, request.user)
    if statuses in EnrollmentStatus.values:
        everybody = everybody.filter(status=statuses)
    else:
        everybody = everybody.exclude(status=EnrollmentStatus.WITHDRAWN)
    ordered = everybody.order_by("trainee__home_organization__path", "trainee__name", "pk")
    page = Paginator(ordered, PER_PAGE).get_page(request.GET.get("page"))
    following = class_life.next_statuses(training_class.status) if rights.manages else frozenset()
    context = {
        **opened.context("class_roster"),
        "page": page,
        "rows": [_row(held) for held in page],
        "counts": _counts(training_class),
        "quotas": _quotas(training_class, request.user),
        "next_statuses": status_choices(training_class, following),
        "statuses": EnrollmentStatus.choices,
        "chosen_status": statuses,
        "withdrawal_form": forms.get("withdrawal") or WithdrawalForm(),
        "quota_form": forms.get("quota") or QuotaForm(),
        "forms": _forms(rights),
        "groups_form": forms.get("groups") or GroupsForm(),
        **_found(request, training_class, rights),
    }
    return render(request, "enrollment/class_roster.html", context, status=422 if forms else 200)


#: Papers of a class in the order in which they are needed; those of staff belong to who runs it. The notice
#: and the summary of the survey stand on pages of their own.
FORM_CODES = ("quotas", "roster", "groups", "timetable")
FORM_CODES_OF_STAFF = ("attendance",)


def _forms(rights: Rights) -> list[Form]:
    """The printed forms that apps have registered for classes."""
    codes = (*FORM_CODES, *FORM_CODES_OF_STAFF) if rights.manages else FORM_CODES
    return [FORMS[code] for code in codes if code in FORMS]


def _counts(training_class: TrainingClass) -> dict[str, int]:
    return Enrollment.objects.filter(training_class=training_class).aggregate(
        on_roster=Count("pk", filter=Q(status__in=ROSTER_STATUSES)),
        nominated=Count("pk", filter=Q(status=EnrollmentStatus.NOMINATED)),
        waiting=Count("pk", filter=Q(status=EnrollmentStatus.WAITLISTED)),
        completed=Count("pk", filter=Q(status=EnrollmentStatus.COMPLETED)),
    )


def _quotas(training_class: TrainingClass, user: User) -> list[Any]:
    quotas = Quota.objects.filter(training_class=training_class)
    if not user.scope.everything and training_class.teacher_id != user.pk:
        paths = Q(pk__in=[])
        for path in user.scope.visible_paths:
            paths |= Q(organization__path__startswith=path)
        quotas = quotas.filter(paths)
    return list(
        quotas.select_related("organization")
        .annotate(taken=Count("enrollments", filter=Q(enrollments__status__in=SEATED_STATUSES)))
        .order_by("organization__path")[:300]
    )


def _found(request: HttpRequest, training_class: TrainingClass, rights: Rights) -> dict[str, Any]:
    """People to put on the roster, by part of a name or phone; never a list of everybody."""
    form = SearchForm(request.GET)
    words = form.cleaned_data["q"].strip() if form.is_valid() else ""
    context: dict[str, Any] = {"search_form": form, "words": words, "found": []}
    if not words or not (rights.manages or rights.nominates):
        return context
    people = Trainee.objects.active().select_related("home_organization")
    if not rights.manages:
        people = people.manageable_by(request.user)
    inside = Enrollment.objects.filter(training_class=training_class).exclude(
        status=EnrollmentStatus.WITHDRAWN
    )
    held = Appointment.objects.current().filter(trainee=OuterRef("pk"))
    people = (
        people.filter(Q(name__icontains=words) | Q(phone__startswith=words))
        .exclude(pk__in=inside.values("trainee"))
        .annotate(post=Subquery(held.values("post")[:1]))
        .order_by("home_organization__path", "name", "pk")[:FOUND]
    )
    context["found"] = [
        {"trainee": person, "post": Post(person.post).label if person.post else ""} for person in people
    ]
    return context


# --- What can be done ------------------------------------------------------------------------------

Deed = Callable[[HttpRequest, TrainingClass, dict[str, Any]], str | Promise | HttpResponse]


def _act(
    request: HttpRequest, training_class: TrainingClass, rights: Rights, forms: dict[str, Any]
) -> HttpResponse | None:
    """Do what was asked and say what came of it. Returns where to go; nothing where a form is wrong."""
    name = request.POST.get("do", "")
    deed = DEEDS.get(name)
    if deed is None:
        raise Http404
    if not rights.manages and not (rights.nominates and name in {"nominate", "withdraw"}):
        raise Http404
    back = redirect("enrollment:class_roster", pk=training_class.pk)
    try:
        came = deed(request, training_class, forms)
    except Refused as refused:
        messages.error(request, refused.sentence)
        return back
    if isinstance(came, HttpResponse):
        return came
    if came:
        messages.success(request, str(came))
    return None if forms else back


def _trainee(request: HttpRequest) -> Trainee:
    return get_object_or_404(Trainee.objects.active(), pk=number_in(request.POST.get("trainee", "")))


def _enrollment(request: HttpRequest, training_class: TrainingClass) -> Enrollment:
    pk = number_in(request.POST.get("enrollment", ""))
    rows = Enrollment.objects.filter(training_class=training_class).visible_to(request.user)
    return get_object_or_404(rows.select_related("training_class", "trainee"), pk=pk)


def _came_of(enrollment: Enrollment) -> str:
    name = enrollment.trainee.name
    if enrollment.status == EnrollmentStatus.WAITLISTED:
        return _("%(name)s is on the waitlist: no seat is free.") % {"name": name}
    if enrollment.status == EnrollmentStatus.NOMINATED:
        return _("%(name)s has been nominated.") % {"name": name}
    return _("%(name)s is on the roster.") % {"name": name}


def _nominate(request: HttpRequest, training_class: TrainingClass, _forms: dict[str, Any]) -> str:
    return _came_of(
        classes.nominate(training_class=training_class, trainee=_trainee(request), actor=request.user)
    )


def _enrol(request: HttpRequest, training_class: TrainingClass, _forms: dict[str, Any]) -> str:
    return _came_of(
        classes.enrol(training_class=training_class, trainee=_trainee(request), actor=request.user)
    )


def _withdraw(request: HttpRequest, training_class: TrainingClass, forms: dict[str, Any]) -> str:
    form = WithdrawalForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(class_life.WITHDRAWAL_REASON_MISSING))
        forms["withdrawal"] = form
        return ""
    held = _enrollment(request, training_class)
    promoted = classes.withdraw(enrollment=held, actor=request.user, reason=form.cleaned_data["reason"])
    if promoted:
        names = "、".join(moved.trainee.name for moved in promoted)
        return _("%(name)s has been withdrawn; %(promoted)s moved up from the waitlist.") % {
            "name": held.trainee.name,
            "promoted": names,
        }
    return _("%(name)s has been withdrawn.") % {"name": held.trainee.name}


def _transition(
    request: HttpRequest, training_class: TrainingClass, _forms: dict[str, Any]
) -> str | HttpResponse:
    """Archiving takes a while: it is done in the background."""
    if request.POST.get("to") == ClassStatus.ARCHIVED:
        return begin_archiving(request, training_class)
    moved = classes.transition(
        training_class=training_class, to=request.POST.get("to", ""), actor=request.user
    )
    return _("The class is now: %(status)s.") % {"status": moved.get_status_display()}


def _quota(request: HttpRequest, training_class: TrainingClass, forms: dict[str, Any]) -> str:
    form = QuotaForm(request.POST)
    if not form.is_valid():
        forms["quota"] = form
        return ""
    organization = form.cleaned_data["organization"]
    classes.set_quota(
        training_class=training_class,
        organization=organization,
        seats=form.cleaned_data["seats"],
        actor=request.user,
    )
    return _("%(organization)s now has %(seats)s seats.") % {
        "organization": organization,
        "seats": form.cleaned_data["seats"],
    }


def _groups(request: HttpRequest, training_class: TrainingClass, forms: dict[str, Any]) -> str:
    form = GroupsForm(request.POST)
    if not form.is_valid():
        forms["groups"] = form
        return ""
    number = groups.divide_into_groups(
        training_class=training_class, actor=request.user, size=form.cleaned_data["size"]
    )
    return ngettext(
        "The roster is divided into %(number)s group.",
        "The roster is divided into %(number)s groups.",
        number,
    ) % {"number": number}


def _part(request: HttpRequest, training_class: TrainingClass, _forms: dict[str, Any]) -> str:
    form = PartForm(request.POST)
    if not form.is_valid():
        raise Refused(class_life.NO_SUCH_GROUP)
    held = groups.give_part(
        enrollment=_enrollment(request, training_class), actor=request.user, **form.cleaned_data
    )
    return _("Noted for %(name)s.") % {"name": held.trainee.name}


def _certify(
    request: HttpRequest, training_class: TrainingClass, _forms: dict[str, Any]
) -> str | HttpResponse:
    """A few at once; more than that in the background, with a bar to look at."""
    if without_certificate(training_class).count() > CERTIFICATES_AT_ONCE:
        job = jobs.begin(
            kind=CERTIFICATES,
            owner=request.user,
            title=_("Certificates of %(class)s") % {"class": training_class.title},
            parameters={"class": training_class.pk},
        )
        return redirect(job)
    issued = certificates.issue_in_bulk(training_class=training_class, actor=request.user)
    number = len(issued)
    if not number:
        raise Refused(class_life.NOT_COMPLETED)
    return ngettext(
        "%(number)s certificate is in force.", "%(number)s certificates are in force.", number
    ) % {"number": number}


DEEDS: dict[str, Deed] = {
    "nominate": _nominate,
    "enrol": _enrol,
    "withdraw": _withdraw,
    "transition": _transition,
    "quota": _quota,
    "groups": _groups,
    "part": _part,
    "certify": _certify,
}
