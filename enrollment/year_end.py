"""What is done besides when a year is closed. Higher apps add theirs when they start."""

from __future__ import annotations

from collections.abc import Callable

from enrollment.models import User

Deed = Callable[[int, User], None]

_deeds: list[Deed] = []


def register(deed: Deed) -> Deed:
    """Call ``deed`` with the year and who closed it, inside the transaction. Registering twice is once."""
    if deed not in _deeds:
        _deeds.append(deed)
    return deed


def close(year: int, actor: User) -> None:
    """Do what is registered."""
    for deed in _deeds:
        deed(year, actor)
