"""Reads over the life of pages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, IntegerField, OuterRef, Q
from django.db.models.functions import Cast
from wagtail.coreutils import get_content_type_label
from wagtail.models import Page, TaskState, WorkflowState, get_default_page_content_type

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


@dataclass(frozen=True)
class SentBack:
    """A page that its reviewer wants changed: which, who said so, when, and what is asked."""

    page_id: int
    title: str
    kind: str
    reviewer: str
    sent_back_at: dt.datetime | None
    comment: str


def _told(state: WorkflowState, page: Page) -> SentBack:
    verdict: TaskState = state.current_task_state
    return SentBack(
        page_id=page.pk,
        title=page.get_admin_display_title(),
        kind=str(get_content_type_label(page.content_type)),
        reviewer=verdict.finished_by.get_full_name() if verdict.finished_by else "",
        sent_back_at=verdict.finished_at,
        comment=verdict.comment,
    )


def why_sent_back(page: Page) -> SentBack | None:
    """What the reviewer asks of ``page``; None where nothing is asked or it is under review again."""
    state = page.current_workflow_state
    if state is None or state.status != WorkflowState.STATUS_NEEDS_CHANGES or not state.current_task_state:
        return None
    return _told(state, page)


def sent_back_to(user: AbstractBaseUser) -> list[SentBack]:
    """The pages that ``user`` wrote or submitted and that were sent back, latest first (three queries)."""
    # Object numbers of workflow states are text.
    own = Page.objects.filter(owner=user, pk=Cast(OuterRef("object_id"), output_field=IntegerField()))
    states = (
        WorkflowState.objects.filter(
            Q(requested_by=user) | Exists(own),
            base_content_type=get_default_page_content_type(),
            status=WorkflowState.STATUS_NEEDS_CHANGES,
            current_task_state__isnull=False,
        )
        .select_related("current_task_state__finished_by")
        .order_by("-current_task_state__finished_at")
    )
    found = list(states)
    pages = Page.objects.select_related("content_type").in_bulk([int(state.object_id) for state in found])
    return [_told(state, pages[pk]) for state in found if (pk := int(state.object_id)) in pages]
