"""What must be in order before a class is closed. Higher apps add their checks when they start."""

from __future__ import annotations

from collections.abc import Callable

from cms.refusals import Reason
from enrollment.models import TrainingClass

Check = Callable[[TrainingClass], list[Reason]]

_checks: list[Check] = []


def register(check: Check) -> Check:
    """Ask ``check`` before any class is closed; it returns the reasons against. Registering twice is once."""
    if check not in _checks:
        _checks.append(check)
    return check


def reasons_against(training_class: TrainingClass) -> tuple[Reason, ...]:
    """Everything that still stands against closing ``training_class``."""
    return tuple(reason for check in _checks for reason in check(training_class))
