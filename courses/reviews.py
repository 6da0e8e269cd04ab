"""Hears of pages that reviewers send back. Plumbing only: no rule lives here."""

from __future__ import annotations

from typing import Any

from wagtail.models import Page, WorkflowState
from wagtail.signals import workflow_rejected

from courses.actions.news import tell_sent_back


def _sent_back(*, instance: WorkflowState, **kwargs: Any) -> None:
    if isinstance(instance.content_object, Page):
        tell_sent_back(state=instance)


def connect() -> None:
    """Listen to Wagtail's review of pages."""
    workflow_rejected.connect(_sent_back, dispatch_uid="courses.reviews.sent_back")
