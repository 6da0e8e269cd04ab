"""Renaming, moving, merging, splitting and dissolving in the admin: a form, what would happen, then the deed.

What would happen is found out by doing it inside a transaction that is taken back; so the preview refuses
exactly what the deed would refuse.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.generic.edit import FormMixin, ProcessFormView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import BaseObjectMixin, WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.widgets import AdminDateInput

from cms.refusals import Refused
from enrollment.actions import organization_mergers as mergers
from enrollment.actions import organizations as actions
from enrollment.actions.organization_history import DOCUMENT_LENGTH, REASON_LENGTH, Basis
from enrollment.models import Organization, Trainee
from enrollment.organization_records import Followed
from enrollment.reports_organizations import Consequences, consequences_for
from enrollment.viewsets.organization_chooser import organization_chooser
from enrollment.viewsets.scoped import InScopeMixin, show_refusal

#: So many organizations merge into one at a time; more follow in a second round.
SOURCES = 5


class BasisForm(forms.Form):
    """From when a change holds, why, and by which document."""

    on = forms.DateField(label=_("Effective on"), widget=AdminDateInput)
    reason = forms.CharField(label=_("Reason"), max_length=REASON_LENGTH, required=False)
    document_number = forms.CharField(label=_("Document number"), max_length=DOCUMENT_LENGTH, required=False)

    field_order: Iterable[str] | None = None

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        self.fields["on"].initial = timezone.localdate
        # What is changed stands before why.
        self.order_fields([name for name in self.fields if name not in BasisForm.base_fields])

    @property
    def basis(self) -> Basis:
        """What was filled in."""
        data = self.cleaned_data
        return Basis(data["on"], data["reason"], data["document_number"])


class RenameForm(BasisForm):
    """The new name."""

    name = forms.CharField(label=_("New name"), max_length=120)
    short_name = forms.CharField(label=_("Short name"), max_length=60, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].initial = self.organization.name
        self.fields["short_name"].initial = self.organization.short_name


class MoveForm(BasisForm):
    """The organization it will stand under."""

    parent = forms.ModelChoiceField(
        label=_("New organization above"),
        queryset=Organization.objects.active(),
        widget=organization_chooser.widget_class(),
    )


class MergeForm(BasisForm):
    """Those that merge into this one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, SOURCES + 1):
            self.fields[f"source_{number}"] = forms.ModelChoiceField(
                label=_("Merges into this one") if number == 1 else _("And this one"),
                queryset=Organization.objects.active(),
                widget=organization_chooser.widget_class(),
                required=number == 1,
            )
        self.order_fields([name for name in self.fields if name not in BasisForm.base_fields])

    @property
    def sources(self) -> list[Organization]:
        """Each once."""
        chosen = [self.cleaned_data.get(f"source_{number}") for number in range(1, SOURCES + 1)]
        return list({one.pk: one for one in chosen if one is not None}.values())


class SplitForm(BasisForm):
    """The new organization, and who and what goes to it."""

    code = forms.CharField(label=_("Code of the new organization"), max_length=40)
    name = forms.CharField(label=_("Name of the new organization"), max_length=120)
    short_name = forms.CharField(label=_("Short name"), max_length=60, required=False)
    people = forms.ModelMultipleChoiceField(
        label=_("People who go"),
        queryset=Trainee.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    children = forms.ModelMultipleChoiceField(
        label=_("Organizations below that go"),
        queryset=Organization.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = self.organization
        roster = Trainee.objects.active().filter(home_organization=here).order_by("name")
        below = Organization.objects.below(here).filter(depth=here.depth + 1).active()
        for name, queryset in (("people", roster), ("children", below)):
            choice = self.fields[name]
            assert isinstance(choice, forms.ModelMultipleChoiceField)
            choice.queryset = queryset
        if not below.exists():
            del self.fields["children"]


class DissolveForm(BasisForm):
    """Only the day, the reason and the document."""


class ChangeView(
    InScopeMixin,
    PermissionCheckedMixin,
    BaseObjectMixin,
    WagtailAdminTemplateMixin,
    FormMixin,
    ProcessFormView,
):
    """One change of one organization: asked, previewed, confirmed."""

    model = Organization
    permission_required = "change"
    template_name = "enrollment/admin/organization_change.html"
    form_class: type[BasisForm]
    button: Any = ""
    icon_name = "edit"
    done: Any = ""
    object: Organization
    request: HttpRequest
    #: What hangs on the organizations concerned and follows or is settled, once the deed was done.
    followed: list[Followed]

    def setup(self, *args: Any, **kwargs: Any) -> None:
        """Nothing has followed yet."""
        super().setup(*args, **kwargs)
        self.followed = []

    def get_page_title(self) -> str:
        """The deed."""
        return str(self.button)

    def get_page_subtitle(self) -> str:
        """The organization."""
        return self.object.name

    def get_header_icon(self) -> str:
        """Of the button that leads here."""
        return self.icon_name

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Listing, organization, deed."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("organizations:index"), "label": gettext("Organizations")},
            {"url": self.get_success_url(), "label": self.object.name},
            {"url": "", "label": self.button},
        ]

    def get_success_url(self) -> str:
        """The organization's page."""
        return reverse("organizations:inspect", args=[self.object.pk])

    def get_form_kwargs(self) -> dict[str, Any]:
        """The form asks about this organization."""
        return {**super().get_form_kwargs(), "organization": self.object}

    def perform(self, form: Any) -> Organization:
        """Do it; return the organization to look at afterwards."""
        raise NotImplementedError

    def concerned(self, form: Any) -> list[Organization]:
        """Whose people, organizations below and classes the preview counts."""
        return [self.object]

    def sentences(self, form: Any, found: Consequences) -> list[str]:
        """What will happen."""
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponse:
        """Preview first; the deed when it is confirmed and nothing was altered since."""
        confirmed = self.request.POST.get("confirmed") == self.fingerprint()
        try:
            if confirmed:
                after = self.perform(form)
                messages.success(self.request, self.done)
                return HttpResponseRedirect(reverse("organizations:inspect", args=[after.pk]))
            found = consequences_for(self.concerned(form))
            with transaction.atomic():
                self.perform(form)
                transaction.set_rollback(True)
        except Refused as refused:
            show_refusal(form, refused)
            return self.form_invalid(form)
        return self.render_to_response(
            self.get_context_data(
                form=form, preview=self.sentences(form, found), fingerprint=self.fingerprint()
            )
        )

    def fingerprint(self) -> str:
        """Of what was filled in: a confirmation holds for exactly that."""
        told = sorted(
            (name, self.request.POST.getlist(name))
            for name in self.request.POST
            if name not in {"csrfmiddlewaretoken", "confirmed"}
        )
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The way back, and the scripts of the choosers."""
        context = super().get_context_data(**kwargs)
        return context | {"back_url": self.get_success_url(), "media": context["form"].media}


class RenameView(ChangeView):
    """更名."""

    form_class = RenameForm
    button = _("Change its name")
    icon_name = "edit"
    done = _("The organization has a new name; the old one stays in its history.")

    def perform(self, form: Any) -> Organization:
        """By the action."""
        data = form.cleaned_data
        return actions.rename(
            organization=self.object,
            name=data["name"],
            short_name=data["short_name"],
            actor=self.request.user,
            basis=form.basis,
        )

    def sentences(self, form: Any, found: Consequences) -> list[str]:
        """Before and after."""
        names = {"before": self.object.name, "after": form.cleaned_data["name"]}
        return [
            gettext("%(before)s is called %(after)s.") % names,
            gettext(
                "Papers and figures made from now on bear the new name; certificates already issued stay."
            ),
        ]


class MoveView(ChangeView):
    """调整隶属."""

    form_class = MoveForm
    button = _("Change the organization above")
    icon_name = "order"
    done = _("The organization stands in its new place, with all below it.")

    def perform(self, form: Any) -> Organization:
        """By the action."""
        return actions.move(
            organization=self.object,
            parent=form.cleaned_data["parent"],
            actor=self.request.user,
            basis=form.basis,
        )

    def sentences(self, form: Any, found: Consequences) -> list[str]:
        """Who goes along."""
        return [
            gettext("%(name)s comes to stand under %(parent)s.")
            % {"name": self.object.name, "parent": form.cleaned_data["parent"].name},
            *_what_goes_along(found),
            gettext(
                "Whoever looks after the old place no longer sees them; whoever looks after the new one does."
            ),
        ]


class MergeView(ChangeView):
    """合并: others into this one."""

    form_class = MergeForm
    button = _("Merge others into it")
    icon_name = "collapse-down"
    done = _("The organizations have merged.")

    def perform(self, form: Any) -> Organization:
        """By the action."""
        return mergers.merge(
            sources=form.sources,
            target=self.object,
            actor=self.request.user,
            basis=form.basis,
            followed=self.followed,
        )

    def concerned(self, form: Any) -> list[Organization]:
        """Those that merge into it."""
        return list(form.sources)

    def sentences(self, form: Any, found: Consequences) -> list[str]:
        """Who comes over."""
        names = "、".join(one.name for one in form.sources)
        told = [
            gettext("%(names)s merges into %(target)s and is dissolved.")
            % {"names": names, "target": self.object.name},
            ngettext(
                "%(number)s person comes over, with the post held now.",
                "%(number)s people come over, with the posts held now.",
                found.people,
            )
            % {"number": found.people},
        ]
        if found.children:
            told.append(
                ngettext(
                    "%(number)s organization below comes to stand under it.",
                    "%(number)s organizations below come to stand under it.",
                    found.children,
                )
                % {"number": found.children}
            )
        told += _what_is_under_way(found) + _what_follows(self.followed)
        if found.roles:
            told.append(
                ngettext(
                    "%(number)s role granted there ends with it; grant it anew where it is needed.",
                    "%(number)s roles granted there end with it; grant them anew where they are needed.",
                    found.roles,
                )
                % {"number": found.roles}
            )
        return [
            *told,
            gettext("Hours and figures of the past stay with the organizations they were earned in."),
        ]


class SplitView(ChangeView):
    """拆分."""

    form_class = SplitForm
    button = _("Split")
    icon_name = "cut"
    done = _("The new organization is founded.")

    def perform(self, form: Any) -> Organization:
        """By the action."""
        data = form.cleaned_data
        return mergers.split(
            organization=self.object,
            code=data["code"],
            name=data["name"],
            short_name=data["short_name"],
            people=[person.pk for person in data["people"]],
            children=[child.pk for child in data.get("children", [])],
            actor=self.request.user,
            basis=form.basis,
            followed=self.followed,
        )

    def sentences(self, form: Any, found: Consequences) -> list[str]:
        """Who goes, who stays."""
        data = form.cleaned_data
        going, below = len(data["people"]), len(data.get("children", []))
        return [
            gettext("%(name)s is founded beside %(old)s.") % {"name": data["name"], "old": self.object.name},
            gettext("People: %(going)s go, %(staying)s stay.")
            % {"going": going, "staying": found.people - going},
            gettext("Organizations below: %(going)s go, %(staying)s stay.")
            % {"going": below, "staying": found.children - below},
            gettext("Quotas of classes under way stay with the old organization."),
            *_what_follows(self.followed),
            gettext("Hours and figures of the past stay with the organizations they were earned in."),
        ]


class DissolveView(ChangeView):
    """撤销."""

    form_class = DissolveForm
    button = _("Dissolve")
    icon_name = "bin"
    done = _("The organization is dissolved; its past stays.")

    def perform(self, form: Any) -> Organization:
        """By the action."""
        basis = form.basis
        return actions.dissolve(
            organization=self.object,
            on=basis.day,
            actor=self.request.user,
            reason=basis.reason,
            document_number=basis.document_number,
            followed=self.followed,
        )

    def sentences(self, form: Any, found: Consequences) -> list[str]:
        """What ends."""
        return [
            gettext("%(name)s is dissolved; nobody can be put on its roster any more.")
            % {"name": self.object.name},
            *_what_is_under_way(found),
            *_what_is_settled(self.followed),
            gettext("Hours and figures of the past stay with the organizations they were earned in."),
        ]


def _what_goes_along(found: Consequences) -> list[str]:
    told = [
        ngettext(
            "%(number)s organization below goes along.",
            "%(number)s organizations below go along.",
            found.below,
        )
        % {"number": found.below},
        ngettext(
            "%(number)s person is on their rosters this year.",
            "%(number)s people are on their rosters this year.",
            found.people_below,
        )
        % {"number": found.people_below},
    ]
    return told + _what_is_under_way(found)


def _what_is_under_way(found: Consequences) -> list[str]:
    if not found.open_classes:
        return []
    return [
        ngettext(
            "It has seats in %(number)s class under way.",
            "It has seats in %(number)s classes under way.",
            found.open_classes,
        )
        % {"number": found.open_classes}
    ]


def _what_follows(followed: list[Followed]) -> list[str]:
    if not followed:
        return []
    return [gettext("What is under way there goes along: %(what)s.") % {"what": _in_words(followed)}]


def _what_is_settled(followed: list[Followed]) -> list[str]:
    if not followed:
        return []
    return [gettext("What hangs on it is settled: %(what)s.") % {"what": _in_words(followed)}]


def _in_words(followed: list[Followed]) -> str:
    return "、".join(f"{one.label} {one.number}" for one in followed)


#: The deeds in the order of their buttons: name of the address, view.
CHANGES: tuple[tuple[str, type[ChangeView]], ...] = (
    ("rename", RenameView),
    ("move", MoveView),
    ("merge", MergeView),
    ("split", SplitView),
    ("dissolve", DissolveView),
)
