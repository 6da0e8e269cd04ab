"""What this app adds to the Wagtail admin."""

from __future__ import annotations

from typing import Any

from wagtail import hooks

from enrollment import log_actions


@hooks.register("register_log_actions")
def register_log_actions(actions: Any) -> None:
    """The sentences of the audit log."""
    log_actions.register(actions)
