"""Who hears that leave of a class was decided. Higher apps subscribe when they start."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from enrollment.models import ClassLeave

Listener = Callable[[ClassLeave], None]

_listeners: list[Listener] = []


def subscribe(listener: Listener) -> Listener:
    """Call ``listener`` with each slip that was decided. Subscribing twice is once."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def announce(leave: ClassLeave) -> None:
    """Say, once this transaction is committed, that ``leave`` was decided; one that fails undoes nothing."""

    def telling(listener: Listener) -> Callable[[], None]:
        return lambda: listener(leave)

    for listener in _listeners:
        transaction.on_commit(telling(listener), robust=True)
