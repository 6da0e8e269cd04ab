"""Who enters the pages of a class, and what they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from enrollment.models import (
    ROSTER_STATUSES,
    STAFF_ROLES,
    ClassStatus,
    Enrollment,
    EnrollmentStatus,
    TrainingClass,
    User,
)


@dataclass(frozen=True)
class Rights:
    """What one user may do with one class."""

    manages: bool
    nominates: bool
    #: Whether they take part in it.
    is_on_roster: bool = False

    @classmethod
    def of(cls, user: User, training_class: TrainingClass, own_status: str | None = None) -> Rights:
        """Teachers and administrators run it; affairs workers nominate while that is open."""
        return cls(
            manages=training_class.is_run_by(user),
            nominates=bool(user.scope.managed_paths) and training_class.status == ClassStatus.NOMINATING,
            is_on_roster=own_status in ROSTER_STATUSES,
        )


@dataclass(frozen=True)
class Opened:
    """A class with what the person who opened it may do, and what its pages show of it."""

    training_class: TrainingClass
    rights: Rights
    user: User

    def context(self, here: str, **more: Any) -> dict[str, Any]:
        """The variables of a page of this class."""
        return {
            "training_class": self.training_class,
            "rights": self.rights,
            "tabs": tabs(self, here),
            "crumbs": [{"label": _("Training classes"), "url": reverse("enrollment:class_list")}]
            if lists_classes(self.user)
            else [{"label": _("My study record"), "url": reverse("portal:me")}],
            "section": section_for(self.user),
            **more,
        }

    @property
    def enrollment(self) -> Enrollment | None:
        """The person's own place in it, if they have one."""
        return (
            Enrollment.objects.filter(training_class=self.training_class, trainee__user=self.user)
            .exclude(status=EnrollmentStatus.WITHDRAWN)
            .first()
        )

    @property
    def sees_roster(self) -> bool:
        """Whether they look after people in it."""
        return bool(self.user.scope.visible_paths)


def section_for(user: User) -> str:
    """Which part of the frame the pages of classes belong to for ``user``."""
    if user.scope.everything or user.scope.has(*STAFF_ROLES):
        return "classes"
    return "workbench" if user.scope.managed_paths else "me"


def lists_classes(user: User) -> bool:
    """Whether the list of classes exists for ``user``."""
    scope = user.scope
    return bool(scope.everything or scope.visible_paths or scope.roles)


def class_sections(here: str) -> list[dict[str, Any]]:
    """Classes, plans and needs, as components/tabs.html wants them."""
    labels = {"class_list": _("Training classes"), "plans": _("Annual plan"), "needs": _("Training needs")}
    return [
        {"label": label, "url": reverse(f"enrollment:{name}"), "current": name == here}
        for name, label in labels.items()
    ]


def open_for_anybody(request: HttpRequest, pk: int) -> Opened:
    """A class that the person may see.

    Raises:
        Http404: it is none of theirs.
    """
    own = Enrollment.objects.filter(training_class=OuterRef("pk"), trainee__user=request.user.pk)
    rows: Any = (
        TrainingClass.objects.visible_to(request.user)
        .select_related("teacher", "cohort")
        .annotate(own_status=Subquery(own.values("status")[:1]))
    )
    training_class = get_object_or_404(rows, pk=pk)
    rights = Rights.of(request.user, training_class, training_class.own_status)
    return Opened(training_class, rights, request.user)


def open_for_managers(request: HttpRequest, pk: int) -> Opened:
    """A class that the person runs.

    Raises:
        Http404: they do not.
    """
    opened = open_for_anybody(request, pk)
    if not opened.rights.manages:
        raise Http404
    return opened


def tabs(opened: Opened, here: str) -> list[dict[str, Any]]:
    """The pages of a class that this person has, as components/tabs.html wants them."""
    rights, status = opened.rights, opened.training_class.status
    offered = [("class_page", _("Overview"), True)]
    offered += [
        ("class_notice", _("Notice"), True),
        ("class_roster", _("Roster"), rights.manages or opened.sees_roster),
        ("class_quotas", _("Quotas"), rights.manages),
        ("class_leave", _("Leave"), rights.manages or rights.is_on_roster),
        (
            "class_survey",
            _("Survey"),
            status in {"running", "closed", "archived"} and (rights.manages or rights.is_on_roster),
        ),
        ("class_terms", _("Terms"), rights.manages and status in {"draft", "nominating", "running"}),
        (
            "class_closing",
            _("Closing"),
            rights.manages and status not in {"draft", "nominating", "cancelled"},
        ),
        (
            "class_archive",
            _("Archive of the class"),
            rights.manages and status in {"closed", "archived"},
        ),
    ]
    return [
        {
            "label": label,
            "url": reverse(f"enrollment:{name}", args=[opened.training_class.pk]),
            "current": name == here,
        }
        for name, label, is_offered in offered
        if is_offered
    ]
