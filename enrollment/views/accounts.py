"""A person's own account: devices, sign-in log, invitations. Signing in itself is allauth's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from allauth.account.views import password_change as allauth_change_password
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Max, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from wagtail.admin.auth import require_admin_access
from wagtail.admin.views.account import AccountView
from wagtail.models import ModelLogEntry

from cms.refusals import Refused
from enrollment.actions import accounts, invitations
from enrollment.forms_accounts import AcceptInvitationForm, InvitationCodeForm
from enrollment.models import Invitation, Organization, Trainee, User, UserSession
from enrollment.requests import AuthenticatedHttpRequest, number_in, numbers_in
from enrollment.rules.devices import device_name
from enrollment.rules.invitations import normalized
from enrollment.slips import slip_of

LOG_ENTRIES = 30
#: People on one printable list; larger organizations print page after page.
LIST_SIZE = 200


@dataclass(frozen=True)
class Device:
    """A signed-in browser as its owner sees it."""

    handle: str
    name: str
    signed_in_at: Any
    last_seen_at: Any
    is_this: bool


@require_GET
@never_cache
def standing(request: HttpRequest) -> JsonResponse:
    """Who stands behind a page that was opened a while ago, and the token that its next form needs.

    ``person`` is empty when nobody is signed in any more: a page with unsaved work asks before it sends.
    """
    person = f"{request.user.pk:d}" if request.user.is_authenticated else ""
    return JsonResponse({"person": person, "token": get_token(request) if person else ""})


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """The address above the account pages leads to the first of them."""
    return redirect("accounts:devices")


@require_GET
@login_required
@never_cache
def devices(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Where the person is signed in, what protects the account, and its recent history."""
    user = request.user
    sessions = UserSession.objects.filter(user=user, expire_date__gt=timezone.now()).order_by("-last_seen_at")
    entries = ModelLogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk)
    ).filter(
        Q(action__startswith="enrollment.sign_in")
        | Q(action="enrollment.sign_out")
        | Q(action__startswith="enrollment.account.")
        | Q(action__startswith="enrollment.session.")
        | Q(action__startswith="enrollment.second_factor.")
        | Q(action__startswith="enrollment.role.")
        | Q(action__startswith="enrollment.invitation.")
    )
    return render(
        request,
        "account/devices.html",
        {
            "devices": [
                Device(
                    handle=accounts.device_handle(session),
                    name=device_name(session.device),
                    signed_in_at=session.created_at,
                    last_seen_at=session.last_seen_at,
                    is_this=session.session_key == request.session.session_key,
                )
                for session in sessions
            ],
            "entries": [
                {
                    "at": entry.timestamp,
                    "what": entry.message,
                    "device": device_name(entry.data.get("device", "")) if entry.data.get("device") else "",
                    "address": entry.data.get("address", ""),
                    "failed": entry.action in {"enrollment.sign_in.fail", "enrollment.sign_in.lock"},
                }
                for entry in entries.order_by("-timestamp", "-pk")[:LOG_ENTRIES]
            ],
            "has_second_factor": is_mfa_enabled(user),
        },
    )


@require_POST
@login_required
def end_device(request: HttpRequest, handle: str) -> HttpResponse:
    """Sign one of the person's devices out."""
    if not accounts.end_session(user=request.user, handle=handle, actor=request.user):
        messages.info(request, _("That device was already signed out."))
    else:
        messages.success(request, _("The device was signed out."))
    return redirect("accounts:devices")


@require_POST
@login_required
def end_other_devices(request: HttpRequest) -> HttpResponse:
    """Sign the person out everywhere else."""
    ended = accounts.end_sessions(
        user=request.user, actor=request.user, keep_session=request.session.session_key
    )
    if ended:
        messages.success(
            request,
            ngettext("One other device was signed out.", "%(count)s other devices were signed out.", ended)
            % {"count": ended},
        )
    else:
        messages.info(request, _("You were signed in nowhere else."))
    return redirect("accounts:devices")


# --- Invitations ----------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@csrf_protect
@never_cache
def enter_code(request: HttpRequest) -> HttpResponse:
    """Where a printed code is typed."""
    form = InvitationCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code = normalized(form.cleaned_data["code"])
        try:
            invitations.find(code=code)
        except Refused as refused:
            form.add_error("code", refused.sentence)
        else:
            return redirect("accounts:invitation", code=code)
    return render(request, "account/invitation_code.html", {"form": form})


@require_http_methods(["GET", "POST"])
@csrf_protect
@never_cache
@sensitive_post_parameters("password1", "password2")
def invitation(request: HttpRequest, code: str) -> HttpResponse:
    """Accept an invitation: choose a user name and a password, and be signed in."""
    try:
        found = invitations.find(code=code)
        person = invitations.account_of(found)
    except Refused as refused:
        status = 404 if refused.code == "invitation_unknown" else 410
        return render(request, "account/invitation_refused.html", {"reason": refused.sentence}, status=status)
    form = AcceptInvitationForm(request.POST or None, person=person, initial={"username": person.username})
    if request.method == "POST" and form.is_valid():
        try:
            user = invitations.accept(
                code=code, username=form.cleaned_data["username"], password=form.cleaned_data["password1"]
            )
        except Refused as refused:
            for reason in refused.reasons:
                form.add_error(reason.field or None, str(reason))
        else:
            if request.user.is_authenticated:
                # Somebody else was signed in on this device.
                request.session.flush()
            login = Login(user=user)
            response: HttpResponse = perform_password_login(request, {"username": user.username}, login)
            request.session.set_expiry(0)
            return response
    organization = found.trainee.home_organization if found.trainee is not None else None
    return render(
        request,
        "account/invitation.html",
        {"form": form, "person": person, "is_new": person.pk is None, "organization": organization},
    )


@login_required
@require_http_methods(["GET", "POST"])
def manage(request: HttpRequest) -> HttpResponse:
    """Invite the people of an organization, see who has been invited, and print the codes."""
    organizations = Organization.objects.manageable_by(request.user).active()
    if not organizations.exists():
        raise PermissionDenied
    query = request.GET.get("q", "").strip()
    chosen = request.POST.get("organization") or request.GET.get("organization") or ""
    organization = None
    if chosen:
        organization = get_object_or_404(organizations, pk=number_in(chosen))
    if request.method == "POST":
        return _issue(request, organization)
    found: list[Organization] = []
    if organization is None:
        matching = (
            organizations.filter(Q(name__icontains=query) | Q(code__iexact=query)) if query else organizations
        )
        found = list(matching[:21])
        if len(found) == 1:
            organization = found[0]
    people: list[Trainee] = []
    if organization is not None:
        people = list(
            Trainee.objects.filter(home_organization=organization, left_on__isnull=True)
            .select_related("user")
            .annotate(
                invited_until=Max(
                    "invitations__expires_at",
                    filter=Q(
                        invitations__accepted_at__isnull=True,
                        invitations__revoked_at__isnull=True,
                        invitations__expires_at__gt=timezone.now(),
                    ),
                )
            )
            .order_by("name", "pk")[:LIST_SIZE]
        )
    return render(
        request,
        "account/invitations.html",
        {
            "organization": organization,
            "organizations": found[:20],
            "has_more": len(found) > 20,
            "query": query,
            "people": people,
            "without_account": sum(person.user_id is None for person in people),
            "size": LIST_SIZE,
        },
    )


def _issue(request: HttpRequest, organization: Organization | None) -> HttpResponse:
    """Make the invitations and show the printable list: the only time that the codes can be read."""
    if organization is None:
        raise Http404
    ids = numbers_in(request.POST.getlist("trainee"))[:LIST_SIZE]
    trainees = list(
        Trainee.objects.filter(home_organization=organization, left_on__isnull=True, pk__in=ids).order_by(
            "name", "pk"
        )
    )
    back = f"{reverse('accounts:invitations')}?organization={organization.pk}"
    if not trainees:
        messages.warning(request, _("Choose at least one person."))
        return redirect(back)
    try:
        issued = invitations.invite_trainees(trainees=trainees, actor=request.user)
    except Refused as refused:
        messages.error(request, refused.sentence)
        return redirect(back)
    by_trainee = {one.invitation.trainee_id: one for one in issued}
    response = render(
        request,
        "account/invitation_list.html",
        {
            "organization": organization,
            "slips": [slip_of(request, by_trainee[person.pk], person) for person in trainees],
            "expires_at": issued[0].invitation.expires_at,
            "back": back,
        },
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def revoke(request: HttpRequest, trainee_id: int) -> HttpResponse:
    """Withdraw the open invitation of one person."""
    allowed = Organization.objects.manageable_by(request.user)
    person = get_object_or_404(Trainee, pk=trainee_id, home_organization__in=allowed)
    for one in Invitation.objects.filter(trainee=person).open(timezone.now()):
        invitations.revoke(invitation=one, actor=request.user)
    messages.success(request, _("The invitation was withdrawn."))
    return redirect(f"{reverse('accounts:invitations')}?organization={person.home_organization_id}")


def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """The admin has no door of its own: whoever comes to it is led to the one of the academy.

    Wagtail sends people here who are signed in but may not enter the admin; signing in would not help them.
    """
    if request.user.is_authenticated and not request.user.has_perm("wagtailadmin.access_admin"):
        raise PermissionDenied
    wanted = request.GET.get(REDIRECT_FIELD_NAME) or reverse("wagtailadmin_home")
    return redirect(f"{reverse('account_login')}?{urlencode({REDIRECT_FIELD_NAME: wanted})}")


def site_sign_in(request: HttpRequest) -> HttpResponse:
    """Wagtail's own sign-in page for restricted pages; its address leads to the one door too."""
    wanted = request.GET.get(REDIRECT_FIELD_NAME, "/")
    return redirect(f"{reverse('account_login')}?{urlencode({REDIRECT_FIELD_NAME: wanted})}")


class AdminAccountView(AccountView):
    """Wagtail's page of preferences without name, mail and password: those belong to the account pages."""

    def get_panels(self) -> list[Any]:
        return [panel for panel in super().get_panels() if panel.name not in {"name_email", "password"}]


admin_account = require_admin_access(AdminAccountView.as_view())


def closed(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """An address of Wagtail that would go round our actions."""
    raise Http404


@login_required
def change_password(request: HttpRequest) -> HttpResponse:
    """allauth's page, for those who have a password; others get theirs by invitation."""
    if not request.user.has_usable_password():
        messages.info(request, _("You have no password yet. Ask the academy for an invitation."))
        return redirect("accounts:devices")
    return allauth_change_password(request)
