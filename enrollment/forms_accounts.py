"""Forms of the account pages. Codes and present passwords count towards the same lock-out as signing in."""

from __future__ import annotations

import re
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter as get_second_factor_adapter
from allauth.mfa.base.forms import AuthenticateForm as AllauthAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as AllauthSecondFactorAgainForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm as AllauthActivateForm
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from enrollment.actions import accounts
from enrollment.authentication import address_of, device_of, locked
from enrollment.models import User
from enrollment.rules.sign_in import Verdict

PASSWORD_HELP = _("At least 10 characters; not only digits, and not your name, user name or phone.")


class SignInForm(AllauthLoginForm):
    """User name or mobile phone, and the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login = self.fields["login"]
        login.label = _("User name or mobile phone")
        login.widget = forms.TextInput(
            attrs={
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        )
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        self.fields["password"].widget.attrs.pop("placeholder", None)


class PasswordAgainForm(AllauthReauthenticateForm):
    """The present password, before something sensitive."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""
        self.fields["password"].widget.attrs.pop("placeholder", None)


class ChangePasswordForm(AllauthChangePasswordForm):
    """The present password and a new one, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {
            "oldpassword": _("Present password"),
            "password1": _("New password"),
            "password2": _("New password again"),
        }
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].help_text = ""
            self.fields[name].widget.attrs.pop("placeholder", None)
        self.fields["password1"].help_text = PASSWORD_HELP

    def clean_oldpassword(self) -> str:
        password = self.cleaned_data.get("oldpassword", "")
        if not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("enter_current_password")
        return password


def matching_counter(authenticator: Authenticator, code: str) -> int | None:
    """The time step whose code of ``authenticator`` is ``code``, if any is near now."""
    secret = decrypt(authenticator.data["secret"])
    if not secret:
        return None
    for counter in yield_hotp_counters_from_time():
        if constant_time_compare(format_hotp_value(hotp_value(secret, counter)), code):
            return counter
    return None


def use_code(user: User, typed: str) -> Authenticator | None:
    """The authenticator of ``user`` that gave ``typed``; each code works once, on any server process."""
    code = re.sub(r"[\s-]", "", typed)
    with transaction.atomic():
        # The row of the person is the lock: two processes cannot both use one code.
        User.objects.select_for_update().get(pk=user.pk)
        for authenticator in Authenticator.objects.filter(
            user_id=user.pk, type__in=[Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES]
        ):
            if authenticator.type == Authenticator.Type.TOTP:
                counter = matching_counter(authenticator, code)
                if counter is None or counter <= authenticator.data.get("last_counter", -1):
                    continue
                authenticator.data["last_counter"] = counter
                authenticator.save(update_fields=["data"])
            elif not authenticator.wrap().validate_code(code):
                continue
            authenticator.user = user
            return authenticator
    return None


class CodeMixin(forms.Form):
    """A code of the second factor, counted like a password."""

    user: User
    authenticator: Authenticator

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("One-time code")
        self.fields["code"].widget = forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "text",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        )

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        begun = accounts.begin_sign_in(user=self.user, identifier="")
        if begun.verdict is Verdict.LOCKED:
            raise locked(begun)
        found = use_code(self.user, code) if begun.verdict is Verdict.JUDGE else None
        if found is None:
            request = context.request
            outcome = accounts.fail_sign_in(
                user=self.user, identifier="", address=address_of(request), device=device_of(request)
            )
            if outcome.verdict is Verdict.LOCKED:
                raise locked(outcome)
            raise get_second_factor_adapter().validation_error("incorrect_code")
        self.authenticator = found
        accounts.pass_sign_in(user=self.user)
        return code


class SecondFactorForm(CodeMixin, AllauthAuthenticateForm):
    """The second step of signing in."""


class SecondFactorAgainForm(CodeMixin, AllauthSecondFactorAgainForm):
    """The second factor once more, before something sensitive."""


class ActivateSecondFactorForm(AllauthActivateForm):
    """The first code of a new authenticator."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code shown by the app")
        self.fields["code"].widget = forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": 10}
        )


class InvitationCodeForm(forms.Form):
    """The code from a printed invitation, typed by hand."""

    code = forms.CharField(
        label=_("Invitation code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        help_text=_("Sixteen letters and digits on your invitation, for example ABCD-EFGH-JKLM-NPQR."),
    )


class AcceptInvitationForm(forms.Form):
    """Choosing a user name and a password."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        validators=User._meta.get_field("username").validators,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
        help_text=_("Your mobile phone, or a name that you will remember."),
    )
    password1 = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=PASSWORD_HELP,
    )
    password2 = forms.CharField(
        label=_("Password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        """``person`` is the account, saved or not, that the password must not resemble."""
        super().__init__(*args, **kwargs)
        self.person = person
        if person.pk is not None:
            self.fields["username"].disabled = True
            self.fields["username"].help_text = ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, second = data.get("password1"), data.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("The two passwords differ."))
        elif first:
            self.person.username = data.get("username", self.person.username)
            try:
                validate_password(first, user=self.person)
            except forms.ValidationError as error:
                self.add_error("password1", error)
        return data
