"""Who hears that the roster of a class has changed. Higher apps subscribe when they start."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from enrollment.models import TrainingClass

Listener = Callable[[TrainingClass], None]

_listeners: list[Listener] = []


def subscribe(listener: Listener) -> Listener:
    """Call ``listener`` with the class after each change of its roster. Subscribing twice is once."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def announce(training_class: TrainingClass) -> None:
    """Say, once this transaction is committed, that people joined or left the roster of ``training_class``.

    Each listener opens a transaction of its own. One that fails is logged and undoes nothing; what it missed
    is made good by its app's own task.
    """

    def telling(listener: Listener) -> Callable[[], None]:
        return lambda: listener(training_class)

    for listener in _listeners:
        transaction.on_commit(telling(listener), robust=True)
