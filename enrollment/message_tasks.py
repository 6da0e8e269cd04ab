"""Background work on messages; a run that is cut short is taken up by the next."""

from django.utils import timezone

from enrollment.actions import messages, reminders, stuck_messages, surveys, transfers


def send_messages() -> str:
    """After each deed that tells somebody, and every minute: messages that are due go out."""
    reminders.withdraw_outdated(now=timezone.now())
    sent = messages.send_due()
    return f"{sent.sent} sent, {sent.failed} failed, {sent.given_up} given up"


def remind() -> str:
    """Every morning: whoever is short of the year's hours and due for it is reminded, and whom a transfer
    or a survey waits for.
    """
    done = reminders.remind(now=timezone.now())
    waiting = transfers.remind_of_transfers(now=timezone.now())
    asked = surveys.remind_before_the_end(now=timezone.now())
    return f"{done.people} people, {done.summaries} summaries, {waiting} transfers, {asked} asked in surveys"


def clear_messages() -> int:
    """Every night: messages beyond their retention period go."""
    return stuck_messages.clear_messages(today=timezone.localdate())
