"""Accounts in the Wagtail admin: name, phone, state; roles through grants; passwords by invitation."""

from __future__ import annotations

from typing import Any

import django_filters
from allauth.mfa.utils import is_mfa_enabled
from django import forms
from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import BooleanColumn, Column, DateColumn
from wagtail.users.views.users import CreateView as WagtailCreateView
from wagtail.users.views.users import DeleteView as WagtailDeleteView
from wagtail.users.views.users import EditView as WagtailEditView
from wagtail.users.views.users import IndexView as WagtailIndexView
from wagtail.users.views.users import UserColumn
from wagtail.users.views.users import UserViewSet as WagtailUserViewSet

from cms.refusals import Refused
from enrollment.actions import accounts, invitations
from enrollment.actions.roles import PLACED_ROLES, grant_role, revoke_role
from enrollment.models import Organization, Role, RoleGrant, User
from enrollment.roles import GROUP_NAMES
from enrollment.slips import slip_of

#: Roles for the whole academy: a tick is enough. The others name their organizations.
UNPLACED = [(role.value, role.label) for role in Role if role not in PLACED_ROLES]


class AccountForm(forms.ModelForm):
    """An account. There is no password here: the person chooses it, led by an invitation."""

    required_css_class = "required"

    roles = forms.MultipleChoiceField(
        label=_("Roles for the whole academy"),
        choices=UNPLACED,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    affairs_of = forms.CharField(
        label=_("Affairs worker of"),
        required=False,
        help_text=_("Codes of organizations, separated by commas; each includes all below it."),
    )
    leader_of = forms.CharField(
        label=_("Leader of"),
        required=False,
        help_text=_("Codes of the zone or of parks, separated by commas; each includes all below it."),
    )

    class Meta:
        model = User
        fields = ["username", "name", "phone", "email", "language", "is_active"]

    def __init__(self, *args: Any, editing_self: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True
        self.fields["email"].required = False
        self.actor: User | None = None
        if editing_self or self.instance.pk is None:
            del self.fields["is_active"]
        if self.instance.pk is not None and not self.is_bound:
            grants = list(self.instance.grants.values_list("role", "organization__code"))
            self.initial["roles"] = [role for role, code in grants if code is None]
            self.initial["affairs_of"] = ", ".join(
                sorted(code for role, code in grants if role == Role.AFFAIRS_WORKER)
            )
            self.initial["leader_of"] = ", ".join(
                sorted(code for role, code in grants if role == Role.ZONE_LEADER)
            )

    @property
    def separate_username_field(self) -> bool:
        """Wagtail's templates ask; ours shows every field."""
        return False

    def clean_phone(self) -> str | None:
        phone = (self.cleaned_data.get("phone") or "").strip() or None
        if phone and User.objects.filter(username=phone).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Somebody signs in with this number as their user name."))
        return phone

    def clean_username(self) -> str:
        username = self.cleaned_data["username"].strip()
        others = User.objects.exclude(pk=self.instance.pk)
        if others.filter(Q(username__iexact=username) | Q(phone=username)).exists():
            raise forms.ValidationError(_("That user name is taken. Choose another."))
        return username

    def _organizations(self, name: str) -> list[Organization]:
        codes = [
            code.strip() for code in self.cleaned_data[name].replace("，", ",").split(",") if code.strip()
        ]
        found = {one.code: one for one in Organization.objects.filter(code__in=codes)}
        if unknown := [code for code in codes if code not in found]:
            raise forms.ValidationError(
                _("There is no organization with the code %(codes)s."), params={"codes": ", ".join(unknown)}
            )
        return [found[code] for code in dict.fromkeys(codes)]

    def clean_affairs_of(self) -> list[Organization]:
        return self._organizations("affairs_of")

    def clean_leader_of(self) -> list[Organization]:
        return self._organizations("leader_of")

    def wanted_grants(self) -> set[tuple[str, Organization | None]]:
        """The roles the form asks for."""
        wanted: set[tuple[str, Organization | None]] = {(role, None) for role in self.cleaned_data["roles"]}
        wanted |= {(Role.AFFAIRS_WORKER.value, one) for one in self.cleaned_data["affairs_of"]}
        wanted |= {(Role.ZONE_LEADER.value, one) for one in self.cleaned_data["leader_of"]}
        return wanted


def save_account(form: AccountForm, actor: User) -> User:
    """Save the fields, then change roles and state through their actions, all or nothing."""
    with transaction.atomic():
        was_active = True
        if form.instance.pk is not None:
            was_active = User.objects.values_list("is_active", flat=True).get(pk=form.instance.pk)
        wants_active = form.cleaned_data.get("is_active", was_active)
        user: User = form.save(commit=False)
        user.is_active = was_active
        if user.pk is None:
            user.set_unusable_password()
        user.save()
        wanted = form.wanted_grants()
        held = {
            (grant.role, grant.organization)
            for grant in RoleGrant.objects.filter(user=user).select_related("organization")
        }
        for role, organization in wanted - held:
            grant_role(user=user, role=role, organization=organization, actor=actor)
        for role, organization in held - wanted:
            revoke_role(user=user, role=role, organization=organization, actor=actor)
        if wants_active != was_active:
            accounts.set_active(user=user, is_active=wants_active, actor=actor)
    return user


class SavingMixin:
    """Only administrators touch accounts; a refusal of an action becomes an error of the form."""

    request: HttpRequest
    form: Any

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.scope.everything:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    def form_valid(self, form: AccountForm) -> HttpResponse:
        try:
            with transaction.atomic():
                return super().form_valid(form)  # type: ignore[misc]
        except Refused as refused:
            form.add_error(None, refused.sentence)
            self.produced_error_message = self.get_error_message()  # type: ignore[attr-defined]
            return self.form_invalid(form)  # type: ignore[attr-defined]

    def save_instance(self) -> User:
        return save_account(self.form, self.request.user)


class CreateView(SavingMixin, WagtailCreateView):
    """A new account; its owner chooses the password by the invitation that follows."""

    def get_success_url(self) -> str:
        return reverse("wagtailusers_users:edit", args=[self.object.pk])


class EditView(SavingMixin, WagtailEditView):
    """An account, its roles, and what an administrator may do for its owner."""

    def get_object(self, *args: Any, **kwargs: Any) -> User:
        user = super().get_object(*args, **kwargs)
        if user.is_superuser and not self.request.user.is_superuser:
            raise PermissionDenied
        return user

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        user = self.object
        context.update(
            is_locked=user.locked_until is not None and user.locked_until > timezone.now(),
            has_second_factor=is_mfa_enabled(user),
            open_sessions=user.sessions.filter(expire_date__gt=timezone.now()).count(),
            editing_self=self.editing_self,
        )
        return context


class DeleteView(WagtailDeleteView):
    """Accounts are closed, not deleted."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        raise PermissionDenied


class AccountFilterSet(WagtailFilterSet):
    """What the list of accounts can be narrowed to."""

    is_active = django_filters.BooleanFilter(label=_("Active"))
    group = django_filters.ModelChoiceFilter(
        label=_("Role"), field_name="groups", queryset=Group.objects.filter(name__in=GROUP_NAMES.values())
    )

    def __init__(self, *args: Any, is_searching: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    class Meta:
        model = User
        fields: list[str] = []


class IndexView(WagtailIndexView):
    """The accounts, with their roles, at a constant number of queries."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.scope.everything:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    default_ordering = "username"

    @cached_property
    def columns(self) -> list[Any]:
        title_column = self._get_title_column_class(UserColumn)
        return [
            title_column(
                "name",
                accessor=str,
                label=_("Name"),
                sort_key="name",
                get_url=self.get_edit_url,
                classname="name",
            ),
            Column("username", label=_("User name"), sort_key="username"),
            Column("roles", label=_("Roles"), accessor=roles_of),
            BooleanColumn("is_active", label=_("Active"), sort_key="is_active"),
            DateColumn("last_login", label=_("Last sign-in"), sort_key="last_login"),
        ]

    @cached_property
    def search_fields(self) -> set[str]:
        return {"username", "name", "phone"}

    def get_delete_url(self, instance: User) -> None:
        """Accounts are closed, not deleted: the log must go on naming who did what."""

    def get_base_queryset(self) -> Any:
        users = super().get_base_queryset().prefetch_related("grants")
        return users if self.request.user.is_superuser else users.filter(is_superuser=False)

    def order_queryset(self, queryset: Any) -> Any:
        if self.ordering in {"name", "-name"}:
            return queryset.order_by(self.ordering, "pk")
        return super().order_queryset(queryset)


def roles_of(user: User) -> str:
    """The roles of ``user`` as one text."""
    held = {grant.role for grant in user.grants.all()}
    return "、".join(str(role.label) for role in Role if role in held)


class UserViewSet(WagtailUserViewSet):
    """Wagtail's, with our forms, and what an administrator may do for somebody."""

    index_view_class = IndexView
    add_view_class = CreateView
    edit_view_class = EditView
    delete_view_class = DeleteView
    create_template_name = "enrollment/admin/user_form.html"
    edit_template_name = "enrollment/admin/user_form.html"
    filterset_class = AccountFilterSet
    copy_view_enabled = False
    inspect_view_enabled = False

    def get_form_class(self, for_update: bool = False) -> type[forms.ModelForm]:
        return AccountForm

    def get_urlpatterns(self) -> list[Any]:
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/invite/", self.invite, name="invite"),
            path("<int:pk>/unlock/", self.unlock, name="unlock"),
            path("<int:pk>/end-sessions/", self.end_sessions, name="end_sessions"),
            path("<int:pk>/reset-second-factor/", self.reset_second_factor, name="reset_second_factor"),
        ]

    def _person(self, request: HttpRequest, pk: int) -> User:
        """The account to act upon; only by POST, only for administrators, never somebody mightier."""
        if request.method != "POST" or not request.user.scope.everything:
            raise PermissionDenied
        user = get_object_or_404(User, pk=pk)
        if user.is_superuser and not request.user.is_superuser:
            raise PermissionDenied
        return user

    def _back(self, user: User) -> HttpResponse:
        return redirect("wagtailusers_users:edit", user.pk)

    def invite(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make an invitation and show its code once."""
        user = self._person(request, pk)
        issued = invitations.invite_user(user=user, actor=request.user)
        response = TemplateResponse(
            request,
            "account/invitation_list.html",
            {
                "slips": [slip_of(request, issued, user)],
                "expires_at": issued.invitation.expires_at,
                "back": reverse("wagtailusers_users:edit", args=[user.pk]),
            },
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    def unlock(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Lift the lock-out."""
        user = self._person(request, pk)
        accounts.unlock(user=user, actor=request.user)
        messages.success(request, _("%(name)s can sign in again.") % {"name": user})
        return self._back(user)

    def end_sessions(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Sign somebody out everywhere."""
        user = self._person(request, pk)
        keep = request.session.session_key if user == request.user else None
        accounts.end_sessions(user=user, actor=request.user, keep_session=keep)
        messages.success(request, _("%(name)s was signed out everywhere.") % {"name": user})
        return self._back(user)

    def reset_second_factor(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Remove a lost authenticator."""
        user = self._person(request, pk)
        try:
            accounts.reset_second_factor(user=user, actor=request.user)
        except Refused as refused:
            messages.error(request, refused.sentence)
        else:
            messages.success(
                request, _("%(name)s sets up a new second factor at the next sign-in.") % {"name": user}
            )
        return self._back(user)
